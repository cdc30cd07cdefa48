"""The figures of an evaluation, from its metrics and the data behind them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.audio.spectra import below_loudest, mel_bank, mel_edges, spectrogram
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.manifest import corpus_names, read_manifest, read_shards
from speech_emotion.data.splits import material, originals
from speech_emotion.data.task import Task
from speech_emotion.reporting import figures
from speech_emotion.reporting.scoring import UNKNOWN

WINDOW, HOP = 0.025, 0.01
MELS, HIGHEST = 64, 8000.0
"""The spectrogram of the cleaning figure: in s, in s, bands, in Hz."""


def read_curves(folder: Path) -> pd.DataFrame:
    """The curves of a training as DVCLive wrote them, for `figures.training_curves`."""
    curves = []
    for metric, name in (("loss", "loss"), ("accuracy", "accuracy"), ("UAR", "uar")):
        for part, subfolder in (("train", "train"), ("validation", "eval")):
            path = folder / "plots" / "metrics" / subfolder / f"{name}.tsv"
            if path.is_file():
                table = pd.read_csv(path, sep="\t")
                curves.append(
                    pd.DataFrame(
                        {
                            "metric": metric,
                            "part": part,
                            "epoch": table["step"] + 1,
                            "value": table[name],
                        }
                    )
                )
    if not curves:
        raise PipelineError(
            f"{folder} holds no training curves: run `dvc repro train` to make them."
        )
    return pd.concat(curves, ignore_index=True)


def evaluation_figures(
    task: Task,
    predictions: pd.DataFrame,
    values: dict[str, Any],
    covered: pd.DataFrame,
    curves: pd.DataFrame,
    datasets: tuple[Path, Path],
) -> dict[str, Figure]:
    """Every figure of an evaluation by its name.

    Parameters
    ----------
    task : Task
        What the model was asked.
    predictions : pd.DataFrame
        As `speech_emotion.reporting.evaluation.predictions_table` makes it.
    values : dict
        The metrics.
    covered : pd.DataFrame
        As `speech_emotion.reporting.scoring.coverage` gives it.
    curves : pd.DataFrame
        As `read_curves` gives them.
    datasets : (Path, Path)
        The datasets before and after cleaning.
    """
    corpora, protocol = values["corpora"], f"{values['protocol']}, fold {values['fold']}"
    tested = f"{corpora['test']}; {protocol}; test speakers {values['test_speakers']}"
    trained = (
        f"{values['network']} on {corpora['train']}; {protocol}. Training: what is fitted step by "
        "step, on augmented features; validation: the whole network, on features as they are"
    )
    recordings = originals(task.manifest)
    used = recordings[recordings["part"] != "unused"]
    speakers = predictions[["speaker", "sex"]].drop_duplicates().sort_values("speaker")
    speakers = speakers.replace("", UNKNOWN)
    speakers["accuracy"] = speakers["speaker"].map(values["accuracy_by_speaker"])
    example = _typical_cut(recordings[recordings["part"] == "test"], datasets[0])
    identity, emotion = example[["id", "emotion"]].iloc[0]
    return {
        "confusion": figures.confusion(
            confusion_matrix(predictions["truth"], predictions["predicted"], labels=task.labels),
            task.labels,
            tested,
        ),
        "accuracy_by_speaker": figures.accuracy_by_speaker(
            speakers.reset_index(drop=True), values["accuracy"], tested
        ),
        "coverage": figures.coverage(covered, tested),
        "training_curves": figures.training_curves(curves, trained),
        "label_distribution": figures.label_distribution(
            pd.crosstab(used["emotion"], material(used).str.replace("/", " ")).reindex(
                task.labels, fill_value=0
            ),
            f"{corpus_names(used)}; train, validation and test of {protocol}",
        ),
        "cleaning": _cleaning_picture(
            identity, datasets, f"{corpus_names(example)}; {identity}, {emotion}"
        ),
    }


def _typical_cut(test: pd.DataFrame, merged: Path) -> pd.DataFrame:
    """The test recording of which cleaning cut neither much nor little, as a table of one row."""
    before = read_manifest(merged).set_index("id")["duration"]
    cut = test["id"].map(before) - test["duration"]
    order = test.assign(cut=cut).sort_values(["cut", "id"])
    return order.iloc[[len(order) // 2]]


def _cleaning_picture(identity: str, datasets: tuple[Path, Path], subject: str) -> Figure:
    (before, rate_before), (after, rate_after) = (read_mono(path, identity) for path in datasets)
    top = min(HIGHEST, rate_before / 2, rate_after / 2)
    return figures.cleaning(
        (before, after),
        (rate_before, rate_after),
        (_log_mel(before, rate_before, top), _log_mel(after, rate_after, top)),
        mel_edges(MELS, 0.0, top)[1:-1],
        subject,
    )


def read_mono(dataset: Path, identity: str) -> tuple[np.ndarray, int]:
    """One recording of a dataset, mixed down: samples [n], and the sample rate in Hz."""
    for shard in read_shards(dataset):
        if any(utterance.id == identity for utterance in shard.utterances):
            for utterance, _, content in shard:
                if utterance.id == identity:
                    with shard.decoding(utterance):
                        samples, rate = decode(content)
                    return mix_down(samples), rate
    raise PipelineError(
        f"{dataset} has no recording {identity!r}, which the features have: run `dvc repro`."
    )


def _log_mel(samples: np.ndarray, rate: int, top: float) -> np.ndarray:
    """Mel power in dB below the loudest [shape=(bands, frames)], up to ``top`` Hz."""
    window = round(WINDOW * rate)
    power = spectrogram(samples, window, window, round(HOP * rate))
    return below_loudest((power @ mel_bank(rate, window, MELS, 0.0, top, False)).T)
