"""Reads one section of params.yaml into its typed, validated form."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from speech_emotion.base.errors import PipelineError

PARAMS_FILE = Path("params.yaml")


class Section(BaseModel):
    """A section of params.yaml: immutable, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def keys(cls) -> dict[str, Any]:
        """The keys of the section in the file, each with the type of its value."""
        return {field.alias or name: field.annotation for name, field in cls.model_fields.items()}


SectionType = TypeVar("SectionType", bound=Section)


def load(name: str, section: type[SectionType], path: Path = PARAMS_FILE) -> SectionType:
    """Read and check one section of a YAML file of params.

    Parameters
    ----------
    name : str
        The section's key at the top of the file, for example ``"clean"``.
    section : type
        The `Section` that the values must satisfy.
    path : Path
        The file, params.yaml by default.

    Raises
    ------
    PipelineError
        If the file or the section is missing, or a value is not what the section expects. The
        message names the file, the key, the value and what was expected.
    """
    values = read_sections(path).get(name)
    if not isinstance(values, dict):
        raise PipelineError(f"{path} has no section {name!r}: add one, as in the committed file.")
    return check(values, section, f"{path}: {name}")


def read_sections(path: Path) -> dict[str, object]:
    """The sections of a YAML file, as yet unchecked.

    Raises
    ------
    PipelineError
        If the file is missing, is not YAML or holds no sections.
    """
    import yaml  # prediction reads no YAML and does without it

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(
            f"{path} does not exist in {Path.cwd()}: run the stages from the repository's root."
        ) from None
    except yaml.YAMLError as error:
        raise PipelineError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(document, dict):
        raise PipelineError(f"{path} has no sections: take the committed file.")
    return document


def check(values: object, section: type[SectionType], where: str) -> SectionType:
    """Turn plain values into a `Section`, or raise a `PipelineError` with a sentence per fault.

    Parameters
    ----------
    values : object
        What YAML or JSON held.
    section : type
        The `Section` that the values must satisfy.
    where : str
        The file, and the key in it if any, that the message begins with.
    """
    try:
        return section.model_validate(values)
    except ValidationError as error:
        faults = []
        for fault in error.errors():
            key = ".".join([where, *(str(part) for part in fault["loc"])])
            if fault["type"] == "extra_forbidden":
                known = ", ".join(_keys_at(section, fault["loc"][:-1]))
                faults.append(f"{key} is not known{f'; known here: {known}' if known else ''}.")
            elif fault["type"] == "missing":
                faults.append(f"{key} is missing; add it.")
            else:
                message = fault["msg"].removeprefix("Value error, ")
                faults.append(f"{key} is {fault['input']!r}: {message}.")
        raise PipelineError(" ".join(faults)) from None


def _keys_at(section: type[Section], place: tuple[int | str, ...]) -> list[str]:
    """The keys of the section at a place inside another; none where that is no section."""
    for part in place:
        inner = section.keys().get(str(part))
        if not (isinstance(inner, type) and issubclass(inner, Section)):
            return []
        section = inner
    return list(section.keys())
