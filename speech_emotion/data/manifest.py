"""The manifest of a dataset: one row per utterance, checked whenever it is written or read."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.dataset import Shard, Utterance

COLUMNS = tuple(field.name for field in fields(Utterance) if field.name != "extra")
"""What every manifest has. Extra columns follow, sorted, where some utterance has a value."""

_NAME = pa.Check.str_matches(r"^[^\s/\\]+$", error="is empty, or has white space or a slash")
_NAME_IF_KNOWN = pa.Check.str_matches(r"^[^\s/\\]*$", error="has white space or a slash")
_TEXT = pa.Check.str_matches(r"\S", error="is empty")
SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(str, _NAME, unique=True),
        "source_id": pa.Column(str, _NAME),
        "variant": pa.Column(str, _NAME),
        "corpus": pa.Column(str, _NAME),
        "synthetic": pa.Column(bool),
        "channel": pa.Column(str, _NAME_IF_KNOWN),
        "speaker": pa.Column(str, _NAME_IF_KNOWN),
        "sex": pa.Column(str, pa.Check.isin(["female", "male", ""])),
        "emotion": pa.Column(str, _TEXT),
        "intensity": pa.Column(str),
        "statement": pa.Column(str),
        "repetition": pa.Column(str),
        "sample_rate": pa.Column(int, pa.Check.ge(1)),
        "duration": pa.Column(float, pa.Check.gt(0)),
        "shard": pa.Column(str, _NAME),
    },
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


def table(utterances: Iterable[Utterance]) -> pd.DataFrame:
    """One row per utterance in the given order, the columns as in a manifest; unchecked."""
    rows = list(utterances)
    extra = sorted({name for utterance in rows for name, value in utterance.extra.items() if value})
    return pd.DataFrame(
        [
            [
                *(getattr(one, name) for name in COLUMNS),
                *(one.extra.get(name, "") for name in extra),
            ]
            for one in rows
        ],
        columns=[*COLUMNS, *extra],
    )


def write_manifest(utterances: Iterable[Utterance], folder: Path) -> pd.DataFrame:
    """Write ``folder/manifest.csv``, one row per utterance in the given order, checked."""
    manifest = table(utterances)
    path = folder / "manifest.csv"
    if manifest.empty:
        raise PipelineError(f"{path} would have no utterance: nothing usable went into this stage.")
    check_manifest(manifest, str(path))
    manifest.to_csv(path, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    return manifest


def read_manifest(folder: Path) -> pd.DataFrame:
    """Read and check ``folder/manifest.csv``; one row per utterance, columns as in `Utterance`."""
    path = folder / "manifest.csv"
    types: defaultdict[str, Any] = defaultdict(lambda: str)
    types.update({field.name: field.type for field in fields(Utterance) if field.name in COLUMNS})
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
    extra = list(manifest.columns[len(COLUMNS) :])
    shards = [
        Shard(
            folder.absolute() / "shards" / f"{name}.tar",
            tuple(_utterance(row, extra) for row in rows.to_numpy()),
        )
        for name, rows in manifest.groupby("shard", sort=False)
    ]
    for shard in shards:
        if not shard.path.is_file():
            raise PipelineError(f"{shard.path} is missing: rerun the stage that wrote it.")
    return shards


def _utterance(row: Iterable[Any], extra: list[str]) -> Utterance:
    values = dict(zip([*COLUMNS, *extra], row, strict=True))
    known = {name: value for name in extra if (value := values.pop(name))}
    return Utterance(**values, extra=known)


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
