"""Stage 7, evaluate: the trained model on the test recordings of its fold, numbers and pictures.

Only recordings as they are count, never their variants. The split is derived anew from the
manifest, with the params that train used too.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from stages.lib import figures
from stages.lib.audio import decode, mix_down
from stages.lib.calibration import calibrated
from stages.lib.dataset import EMOTIONS, replaced_folder
from stages.lib.errors import PipelineError, run
from stages.lib.feature_store import FeatureStore
from stages.lib.files import write_whole
from stages.lib.manifest import read_manifest, read_shards
from stages.lib.networks.trained import TrainedModel
from stages.lib.params.loader import load
from stages.lib.params.split import SplitParams
from stages.lib.scoring import DIGITS, calibration_error, corpus_names, score
from stages.lib.spectra import mel_bank, mel_edges, spectrogram
from stages.lib.splits import originals, split

WINDOW, HOP = 0.025, 0.01
MELS, HIGHEST = 64, 8000.0
"""The spectrogram of the cleaning picture: in s, in s, bands, in Hz."""


def evaluate(
    params: SplitParams,
    *,
    features: Path,
    model: Path,
    curves: Path,
    merged: Path,
    clean: Path,
    metrics: Path,
) -> dict[str, Any]:
    """Measure a model on its test recordings; write and return the metrics.

    Parameters
    ----------
    params : SplitParams
        The split that the model was trained with.
    features : Path
        What featurize wrote.
    model : Path
        The trained model.
    curves : Path
        What DVCLive wrote while it trained.
    merged, clean : Path
        The datasets before and after cleaning, for one picture.
    metrics : Path
        Where metrics.json, predictions.csv and the folder figures go. Each takes the place of its
        predecessor once it is whole; nothing else there is touched.

    Raises
    ------
    PipelineError
        If the split doesn't fit the data, the features don't fit the model, or the model is no
        good.
    """
    store = FeatureStore(features)
    recordings = originals(store.manifest).assign(side=split(store.manifest, params))
    test = recordings[recordings["side"] == "test"]

    trained = TrainedModel.load(model)
    if trained.labels != EMOTIONS:
        raise PipelineError(
            f"the model in {model} tells apart {', '.join(trained.labels)}, but the data have "
            f"{', '.join(EMOTIONS)}: run `dvc repro train` to train it on them."
        )
    store.require(trained.kinds, trained.network)
    # the manifest is numbered from 0, so an index is also the place in the store
    probabilities = trained.probabilities(
        store.features(trained.kinds, index) for index in test.index
    )

    named = test.assign(
        corpus=np.where(test["synthetic"], "synthetic " + test["corpus"], test["corpus"])
    )
    values = {
        **score(named, probabilities),
        "uncalibrated": _uncalibrated(test, probabilities, trained.temperature),
        **_setting(recordings, params, trained.network),
    }
    predictions = _predictions(named, probabilities)
    metrics.mkdir(parents=True, exist_ok=True)
    with replaced_folder(metrics / "figures") as folder:
        for name, figure in _pictures(
            recordings, predictions, values, read_curves(curves), (merged, clean)
        ).items():
            figures.save(figure, folder / f"{name}.png")
    write_whole(
        metrics / "predictions.csv",
        predictions.to_csv(index=False, lineterminator="\n", float_format="%.6f"),
    )
    write_whole(metrics / "metrics.json", json.dumps(values, indent=2) + "\n")
    return values


def _uncalibrated(
    test: pd.DataFrame, probabilities: np.ndarray, temperature: float
) -> dict[str, float]:
    """How far confidence was from accuracy before calibration, and the temperature that did it."""
    before = calibrated(probabilities, 1 / temperature)
    correct = np.array(EMOTIONS)[before.argmax(axis=1)] == test["emotion"].to_numpy()
    return {
        "calibration_error": round(calibration_error(before, correct), DIGITS),
        "temperature": temperature,
    }


def _setting(recordings: pd.DataFrame, params: SplitParams, network: str) -> dict[str, Any]:
    """What the scores are worth: on which data, and whether training knew the speakers."""
    sides = recordings.groupby("side")
    names = {str(side): corpus_names(rows) for side, rows in sides}
    speakers = {str(side): set(rows["speaker"]) for side, rows in sides}
    shared = speakers["train"] & speakers["test"]
    used = ("train", "validation", "test")
    return {
        "corpora": {"train": names["train"], "test": names["test"]},
        "protocol": params.protocol,
        "fold": params.fold,
        "test_speakers": "shared with training" if shared else "never heard in training",
        "network": network,
        "recordings": {side: int((recordings["side"] == side).sum()) for side in used},
        "speakers": {side: len(speakers.get(side, ())) for side in used},
    }


def _predictions(test: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    """A row a test recording: who, what it is, what it was taken for, and a column an emotion."""
    table = test[["id", "speaker", "sex", "corpus"]].reset_index(drop=True)
    table["truth"] = test["emotion"].to_numpy()
    table["predicted"] = np.array(EMOTIONS)[probabilities.argmax(axis=1)]
    table[list(EMOTIONS)] = probabilities
    return table


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


def _pictures(
    recordings: pd.DataFrame,
    predictions: pd.DataFrame,
    values: dict[str, Any],
    curves: pd.DataFrame,
    datasets: tuple[Path, Path],
) -> dict[str, Figure]:
    """Every picture by its name."""
    corpora, protocol = values["corpora"], f"{values['protocol']}, fold {values['fold']}"
    tested = f"{corpora['test']}; {protocol}; test speakers {values['test_speakers']}"
    trained = (
        f"{values['network']} on {corpora['train']}; {protocol}. Training: what is fitted step by "
        "step, on augmented features; validation: the whole network, on features as they are"
    )
    used = recordings[recordings["side"] != "unused"]
    speakers = predictions[["speaker", "sex"]].drop_duplicates().sort_values("speaker")
    speakers["accuracy"] = speakers["speaker"].map(values["accuracy_by_speaker"])
    example = _typical_cut(recordings[recordings["side"] == "test"], datasets[0])
    identity, emotion = example[["id", "emotion"]].iloc[0]
    return {
        "confusion": figures.confusion(
            confusion_matrix(predictions["truth"], predictions["predicted"], labels=EMOTIONS),
            EMOTIONS,
            tested,
        ),
        "accuracy_by_speaker": figures.accuracy_by_speaker(
            speakers.reset_index(drop=True), values["accuracy"], tested
        ),
        "training_curves": figures.training_curves(curves, trained),
        "label_distribution": figures.label_distribution(
            pd.crosstab(used["emotion"], used["corpus"] + " " + used["channel"]).reindex(
                EMOTIONS, fill_value=0
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
    high = min(HIGHEST, rate_before / 2, rate_after / 2)
    return figures.cleaning(
        (before, after),
        (rate_before, rate_after),
        (_log_mel(before, rate_before, high), _log_mel(after, rate_after, high)),
        mel_edges(MELS, 0.0, high)[1:-1],
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


def _log_mel(samples: np.ndarray, rate: int, high: float) -> np.ndarray:
    """Mel power in dB below the loudest [shape=(bands, frames)], up to ``high`` Hz."""
    window = round(WINDOW * rate)
    power = spectrogram(samples, window, window, round(HOP * rate))
    mel = power @ mel_bank(rate, window, MELS, 0.0, high, False)
    decibel: np.ndarray = 10 * np.log10(np.maximum(mel, 1e-10)).T
    return decibel - decibel.max()


def main() -> None:
    evaluate(
        load("split", SplitParams),
        features=Path("data/features"),
        model=Path("models/keras"),
        curves=Path("metrics/training"),
        merged=Path("data/merged"),
        clean=Path("data/clean"),
        metrics=Path("metrics"),
    )


if __name__ == "__main__":
    run(main)
