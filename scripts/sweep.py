"""What mattered among the experiments of a commit, folds put together: `make sweep`.

One fold tests a few speakers, so that a sweep runs each setting on several. Experiments that differ
in nothing but the fold count as one setting here, and every setting is compared with that of the
commit on the folds that both have, speaker by speaker.
"""

import argparse
from dataclasses import dataclass, field

import pandas as pd
from dvc.repo import Repo

from benchmarks.tables import table
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.reporting.comparison import compare, emotions
from speech_emotion.reporting.revisions import read_revision
from speech_emotion.reporting.scoring import LEVEL, score

FOLD = "split.fold"

Changes = tuple[tuple[str, str], ...]
"""Params by their paths, and their values as JSON, sorted."""


@dataclass
class Setting:
    """Params, and what was predicted with them.

    Attributes
    ----------
    changes : Changes
        What differs from the commit, the fold left out.
    predictions : dict of str to pd.DataFrame
        Of the test recordings, by fold.
    """

    changes: Changes
    predictions: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What differs, in words."""
        changed = (f"{path} = {value}".replace('"', "") for path, value in self.changes)
        return ", ".join(changed) or "as committed"

    def together(self, folds: list[str]) -> pd.DataFrame:
        """The predictions of some folds, whose recordings stay apart where folds share them."""
        rows = [
            one.assign(id=fold + "/" + one["id"])
            for fold, one in self.predictions.items()
            if fold in folds
        ]
        return pd.concat(rows, ignore_index=True)


def settings_of(commit: str) -> list[Setting]:
    """The commit and all its experiments, by their params; the commit's own setting comes first.

    Parameters
    ----------
    commit : str
        What git names it by.

    Raises
    ------
    PipelineError
        If there is no such commit, no run of the pipeline in it, or no experiment on top of it.
    """
    baseline = read_revision(commit)
    with Repo() as repo:
        names = [name for name, _ in next(iter(repo.experiments.ls(rev=commit).values()), [])]
    if not names:
        raise PipelineError(
            f"No experiment began from {commit}: run some, such as "
            "`dvc exp run --name fold-2 -S split.fold=2`, or name another commit with REV."
        )
    settings: dict[Changes, Setting] = {}
    for revision in [baseline, *map(read_revision, sorted(names))]:
        changes = _changes(baseline.params, revision.params)
        setting = settings.setdefault(changes, Setting(changes))
        setting.predictions.setdefault(revision.params[FOLD], revision.predictions)
    return list(settings.values())


def _changes(before: dict[str, str], after: dict[str, str]) -> Changes:
    """What the second holds otherwise; a section that is null there stands for its values."""
    return tuple(
        (path, value)
        for path, value in sorted(after.items())
        if path != FOLD and before.get(path) != value
    )


def page(settings: list[Setting]) -> str:
    """A table with a row for each setting, the best first.

    Parameters
    ----------
    settings : list of Setting
        The first one is what the others are compared with.
    """
    baseline = settings[0]
    rows, remarks = [], []
    for setting in settings:
        folds = sorted(set(setting.predictions) & set(baseline.predictions))
        if not folds:
            remarks.append(
                f"{setting.name}: left out, since no fold of it was run with the committed params."
            )
            continue
        predictions = setting.together(folds)
        compared = compare(baseline.together(folds), predictions)
        if isinstance(compared, str):
            remarks.append(f"{setting.name}: left out. {compared}")
            continue
        gain = compared.differences["uar"]
        difference = "" if setting is baseline else _with_interval(gain.value, gain.low, gain.high)
        row = [setting.name, ", ".join(folds), str(len(predictions)), _uar(predictions), difference]
        rows.append((gain.value, row))
    rows.sort(key=lambda row: -row[0])
    method = (
        f"Beside each number its {100 * LEVEL:g} % interval over speakers. UAR is of all "
        "recordings of the folds together, in %; a difference, in points, is to the committed "
        "params on the same recordings, and more than chance where its interval leaves zero out."
    )
    head = ["params", "folds", "recordings", "UAR", "difference"]
    return "\n".join([table(head, [row for _, row in rows]), method, *remarks])


def _uar(predictions: pd.DataFrame) -> str:
    labels = emotions(predictions)
    recordings = predictions.rename(columns={"truth": "emotion"})
    scores = score(recordings, predictions[labels].to_numpy(), labels)
    return _with_interval(scores["uar"], **scores["interval"]["uar"], sign="")


def _with_interval(value: float, low: float | None, high: float | None, sign: str = "+") -> str:
    """A share, in percent or points, and its bounds if there are any."""
    if low is None or high is None:
        return f"{100 * value:{sign}.1f}"
    return f"{100 * value:{sign}.1f} ({100 * low:{sign}.1f} to {100 * high:{sign}.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.sweep")
    parser.add_argument("commit", nargs="?", default="HEAD")
    print(page(settings_of(parser.parse_args().commit)))


if __name__ == "__main__":
    run(main)
