"""The models that come with the library, and which model speaks where none is named."""

from pathlib import Path

from speech_emotion.training.model_settings import SETTINGS_FILE

FOLDER = Path(__file__).parents[1] / "included"
"""Holds a folder for each, which `benchmarks.included` made; their licence lies beside them."""

DEFAULT = "ravdess"
"""The one that speaks where there is no model of the user's own."""

EXPORTED = Path("models/export")
"""Where the export stage puts the user's own, in the repository's folder."""


def names() -> list[str]:
    """Of the models that come with the library."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{SETTINGS_FILE}"))


def model_folder(model: Path | str | None) -> Path:
    """The folder of a model.

    Parameters
    ----------
    model : path, str or None
        A folder, or the name of a model that comes with the library. None is the model that the
        export stage wrote into the working folder, and where there is none, `DEFAULT`, if that
        comes along.
    """
    if model is None:
        return FOLDER / DEFAULT if DEFAULT in names() and not EXPORTED.exists() else EXPORTED
    return (
        FOLDER / str(model) if str(model) in names() and not Path(model).exists() else Path(model)
    )


def model_help() -> str:
    """Of the option --model."""
    return (
        f"folder of the model, or the name of one that comes with the library "
        f"({', '.join(names())}); the default is {EXPORTED} if there is such a folder, else "
        f"{DEFAULT}"
    )
