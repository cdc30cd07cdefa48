"""Packages of the extras, which need not be there."""

from importlib.util import find_spec

from speech_emotion.base.errors import PipelineError


def require_package(name: str, extra: str, why: str) -> None:
    """Raise a `PipelineError` that names the extra, unless a package is installed."""
    if find_spec(name) is None:
        raise PipelineError(
            f"{why}, which needs the package {name}: install this project's extra `{extra}`, by "
            f"`pip install '.[{extra}]'` in its repository."
        )
