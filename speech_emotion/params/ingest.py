"""The ``ingest`` section of params.yaml."""

from pathlib import Path

from pydantic import Field, field_validator

from speech_emotion.params.section import Section


class IngestParams(Section):
    """Where the recordings come from.

    Attributes
    ----------
    sources : tuple of Path
        ``from`` in the file, one path or a list of them: a folder of corpora, a table of
        recordings, or a small file that describes a source (data/synthetic.yaml,
        data/published.yaml).
    max_rejected : float
        Share of the recordings, 0 to 1, that may fail the checks before the stage fails.
    """

    sources: tuple[Path, ...] = Field(alias="from")
    max_rejected: float = Field(ge=0, le=1)

    @field_validator("sources", mode="before")
    @classmethod
    def _paths(cls, sources: object) -> object:
        paths = sources if isinstance(sources, list | tuple) else [sources]
        if not paths or not all(path and not str(path).startswith("~") for path in paths):
            raise ValueError(
                "expected a path that is written out, such as data/corpora, or a list of such paths"
            )
        if len(set(map(str, paths))) < len(paths):
            raise ValueError("names a path twice")
        return paths
