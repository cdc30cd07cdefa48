"""What a model is to tell apart, and on which recordings: a function of a manifest and the params.

Labels and parts are decided here, as late as they can be: no stage before train knows of either, so
that other labels or another fold make no feature again.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.splits import missing_channels, originals, split
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.split import SplitParams


@dataclass(frozen=True)
class Task:
    """Every utterance's part and class.

    Attributes
    ----------
    labels : tuple of str
        The classes, in the order of the model's outputs.
    manifest : pd.DataFrame
        The utterances with their class as the ``emotion`` and a column ``part``: "train",
        "validation", "test" or "unused".
    left_out : dict of str to int
        How many recordings of each class would be tested, but are of a class that nothing trains.
    remarks : tuple of str
        What a user should know of it, in sentences.
    """

    labels: tuple[str, ...]
    manifest: pd.DataFrame
    left_out: dict[str, int]
    remarks: tuple[str, ...]

    def rows(self, part: str, *, with_variants: bool = False) -> np.ndarray:
        """The places in the manifest of a part's recordings [shape=(n,)], and of their variants."""
        chosen = self.manifest["part"] == part
        if not with_variants:
            chosen &= self.manifest["variant"] == "original"
        return np.flatnonzero(chosen)


def set_task(manifest: pd.DataFrame, split_params: SplitParams, label_params: LabelParams) -> Task:
    """Derive a task from a manifest.

    Parameters
    ----------
    manifest : pd.DataFrame
        One row per utterance, columns as in `speech_emotion.data.dataset.Utterance`.
    split_params : SplitParams
        Who trains and who is tested.
    label_params : LabelParams
        What the emotions count as. A class that no recording trains is not among the labels.

    Raises
    ------
    PipelineError
        If the split fails, an emotion has no place in ``labels.map``, or fewer than two classes
        train.
    """
    part = split(manifest, split_params)
    words = manifest["emotion"]
    _require_mapped(words[part != "unused"], label_params)
    label = words.map(label_params.map)
    part = part.where(label.notna(), "unused")
    trained = set(label[part == "train"])
    labels = tuple(one for one in label_params.classes if one in trained)
    if len(labels) < 2:
        raise PipelineError(
            f"the training recordings have {f'one class, {labels[0]}' if labels else 'no class'}: "
            "a model tells two or more apart. Change labels.map or split in params.yaml."
        )
    strange = part.isin(["validation", "test"]) & ~label.isin(trained)
    is_original = manifest["variant"] == "original"
    left_out = Counter(label[strange & is_original & (part == "test")])
    part = part.mask(strange, "unused")
    task = Task(
        labels,
        manifest.assign(emotion=label.fillna(""), part=part),
        dict(sorted(left_out.items())),
        tuple(_remarks(manifest, split_params, label, left_out)),
    )
    if not len(task.rows("test")):
        raise PipelineError(
            f"no recording of fold {split_params.fold} of {split_params.protocol} has one of the "
            f"classes that train, {', '.join(labels)}: change labels.map in params.yaml."
        )
    return task


def _require_mapped(words: pd.Series, params: LabelParams) -> None:
    counts = Counter(word for word in words if word not in params.map)
    if counts:
        word, listed = min(counts), ", ".join(f"{one} ({counts[one]})" for one in sorted(counts))
        raise PipelineError(
            "labels.map in params.yaml does not say what these emotions of the data count as "
            f"(utterances): {listed}. Add each with its class, or with null to leave it out, such "
            f"as `-S '+labels.map.{word}=CLASS'`."
        )


def _remarks(
    manifest: pd.DataFrame,
    params: SplitParams,
    label: pd.Series,
    left_out: Counter[str],
) -> list[str]:
    remarks = []
    recordings = originals(manifest)
    missing = missing_channels(recordings, params)
    if missing:
        remarks.append(
            f"split in params.yaml names {', '.join(missing)}, which the data do not have: going "
            "on without."
        )
    if left_out:
        listed = ", ".join(f"{count} of {one}" for one, count in sorted(left_out.items()))
        remarks.append(f"test recordings left out, since nothing trains their class: {listed}.")
    if params.protocol == "speakers":
        of_recordings = label[recordings.index]
        for one in sorted(set(of_recordings.dropna())):
            known = recordings.loc[of_recordings == one, "speaker"].nunique()
            if known < params.folds:
                remarks.append(
                    f"{one} is heard from {known} speakers only, fewer than the {params.folds} "
                    "folds: some folds do not test it."
                )
    if params.protocol == "random":
        remarks.append(
            "split.protocol is random: the test speakers may be heard in training, which is "
            "easier than recognising new ones."
        )
    return remarks
