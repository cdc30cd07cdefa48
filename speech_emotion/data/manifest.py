"""The manifest of a dataset: one row per utterance, checked whenever it is written or read."""

import csv
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.dataset import EMOTIONS, Shard, Utterance

COLUMNS = tuple(field.name for field in fields(Utterance))

_WORD = pa.Check.str_matches(r"^[^\s/\\]+$", error="has white space or a slash")
SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(str, _WORD, unique=True),
        "source_id": pa.Column(str, _WORD),
        "variant": pa.Column(str, _WORD),
        "corpus": pa.Column(str, _WORD),
        "synthetic": pa.Column(bool),
        "channel": pa.Column(str, pa.Check.isin(["speech", "song"])),
        "speaker": pa.Column(str, _WORD),
        "sex": pa.Column(str, pa.Check.isin(["female", "male"])),
        "emotion": pa.Column(str, pa.Check.isin(EMOTIONS)),
        "intensity": pa.Column(str, pa.Check.isin(["normal", "strong"])),
        "statement": pa.Column(str, _WORD),
        "repetition": pa.Column(str, _WORD),
        "sample_rate": pa.Column(int, pa.Check.ge(1)),
        "duration": pa.Column(float, pa.Check.gt(0)),
        "shard": pa.Column(str, _WORD),
    },
    strict=True,
    ordered=True,
)


def check_manifest(manifest: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the manifest if it satisfies `SCHEMA`; raise a `PipelineError` that says where not."""
    try:
        return SCHEMA.validate(manifest, lazy=True)
    except pa.errors.SchemaErrors as error:
        faults = error.failure_cases[["column", "check", "failure_case", "index"]].head(3)
        listed = "; ".join(
            f"column {fault.column}, row {fault.index}: {fault.failure_case!r} fails {fault.check}"
            for fault in faults.itertuples()
        )
        raise PipelineError(
            f"{where} is not a valid manifest: {listed}. Rerun the stage that wrote it."
        ) from None


def write_manifest(utterances: Iterable[Utterance], folder: Path) -> pd.DataFrame:
    """Write ``folder/manifest.csv``, one row per utterance in the given order, checked."""
    rows = [[getattr(utterance, column) for column in COLUMNS] for utterance in utterances]
    manifest = pd.DataFrame(rows, columns=list(COLUMNS))
    path = folder / "manifest.csv"
    if manifest.empty:
        raise PipelineError(f"{path} would have no utterance: nothing usable went into this stage.")
    check_manifest(manifest, str(path))
    manifest.to_csv(path, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    return manifest


def read_manifest(folder: Path) -> pd.DataFrame:
    """Read and check ``folder/manifest.csv``; one row per utterance, columns as in `Utterance`."""
    path = folder / "manifest.csv"
    types = {field.name: field.type for field in fields(Utterance)}
    try:
        # "None" and "nan" are words that a speaker may say, not missing values
        manifest = pd.read_csv(path, dtype=types, keep_default_na=False)
    except FileNotFoundError:
        raise PipelineError(f"{path} does not exist: run `dvc repro` to make it.") from None
    except ValueError as error:
        raise PipelineError(f"{path} is not a valid manifest: {error}.") from None
    return check_manifest(manifest, str(path))


def read_shards(folder: Path) -> list[Shard]:
    """The shards of a dataset with their utterances, in the order of the manifest.

    Raises
    ------
    PipelineError
        If the manifest can't be read, or a shard that it names is missing.
    """
    manifest = read_manifest(folder)
    shards = [
        Shard(
            folder.absolute() / "shards" / f"{name}.tar",
            tuple(Utterance(**dict(zip(COLUMNS, row, strict=True))) for row in rows.to_numpy()),
        )
        for name, rows in manifest.groupby("shard", sort=False)
    ]
    for shard in shards:
        if not shard.path.is_file():
            raise PipelineError(f"{shard.path} is missing: rerun the stage that wrote it.")
    return shards


def corpus_names(recordings: pd.DataFrame) -> str:
    """What a result was measured on, such as "ravdess, tess" or "synthetic ravdess".

    Parameters
    ----------
    recordings : pd.DataFrame
        With the columns corpus and synthetic.
    """
    kinds = (
        recordings[["corpus", "synthetic"]].drop_duplicates().sort_values(["corpus", "synthetic"])
    )
    return ", ".join(
        f"synthetic {kind.corpus}" if kind.synthetic else str(kind.corpus)
        for kind in kinds.itertuples()
    )
