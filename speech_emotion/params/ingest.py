"""The ``ingest`` section of params.yaml."""

from pathlib import Path

from pydantic import Field, field_validator

from speech_emotion.params.section import Section


class IngestParams(Section):
    """Where the recordings come from.

    Attributes
    ----------
    source : Path
        ``from`` in the file: a folder of corpora, or a small file that describes a source
        (data/synthetic.yaml, data/published.yaml).
    max_rejected : float
        Share of the audio files, 0 to 1, that may fail the checks before the stage fails.
    """

    source: Path = Field(alias="from")
    max_rejected: float = Field(ge=0, le=1)

    @field_validator("source", mode="before")
    @classmethod
    def _a_path(cls, source: object) -> object:
        if not source or str(source).startswith("~"):
            raise ValueError("expected a path that is written out, such as data/corpora")
        return source
