"""Results in git: what each training came to, as counts that every figure can be made from."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speech_emotion.base.files import write_whole

RESULTS = Path("benchmarks/results")

_ROW_OF_NUMBERS = re.compile(r"\[\s+(\d+(?:,\s+\d+)*)\s+\]")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training.

    Attributes
    ----------
    item, recipe : str
        Their names in benchmarks/params.yaml.
    seed : int
        Of training.
    fold : str
        Which part is tested.
    speakers : int or None
        How many speakers train; None for all that the fold leaves.
    """

    item: str
    recipe: str
    seed: int
    fold: str
    speakers: int | None = None

    @property
    def file(self) -> Path:
        """Of its result, below `RESULTS`; benchmarks/dvc.yaml says the same."""
        parts = [self.recipe, self.seed, self.fold]
        if self.speakers is not None:
            parts.append(self.speakers)
        return Path(self.item) / f"{'-'.join(map(str, parts))}.json"


def write_result(of: Run, result: dict[str, Any], folder: Path) -> None:
    """Write a result, a line for each row of a confusion matrix."""
    written = {
        "item": of.item,
        "recipe": of.recipe,
        "seed": of.seed,
        "fold": of.fold,
        **({} if of.speakers is None else {"speakers": of.speakers}),
        **result,
    }
    text = _ROW_OF_NUMBERS.sub(
        lambda row: "[" + re.sub(r"\s+", " ", row[1]) + "]", json.dumps(written, indent=1)
    )
    write_whole(folder / of.file, text + "\n")


def read_result(of: Run, folder: Path) -> dict[str, Any] | None:
    """A result, or None where it has not been made yet."""
    path = folder / of.file
    if not path.is_file():
        return None
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result
