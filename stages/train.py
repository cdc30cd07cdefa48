"""Stage 6, train: a network on the training part of the features."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from stages.lib.calibration import fit_temperature
from stages.lib.dataset import EMOTIONS, replaced_folder
from stages.lib.errors import PipelineError, run
from stages.lib.feature_store import FeatureStore
from stages.lib.feature_view import FeatureView
from stages.lib.networks.prediction import probabilities
from stages.lib.networks.registry import NETWORKS
from stages.lib.networks.settings import ModelSettings, TrainingSummary
from stages.lib.networks.trained import save
from stages.lib.params.loader import load
from stages.lib.params.split import SplitParams
from stages.lib.params.train import TrainParams
from stages.lib.scoring import corpus_names
from stages.lib.splits import split
from stages.lib.training import train


def train_model(
    features: Path, target: Path, curves: Path, params: TrainParams, split_params: SplitParams
) -> None:
    """Train on what the split allows, and write the model with all that prediction must know."""
    network = NETWORKS[params.network]
    store = FeatureStore(features)
    store.require(network.KINDS, network.NAME)
    side = split(store.manifest, split_params)
    original = store.manifest["variant"] == "original"
    training = FeatureView(store, network.KINDS, np.flatnonzero(side == "train"))
    validation = FeatureView(
        store, network.KINDS, np.flatnonzero((side == "validation") & original)
    )
    front_end = _read_front_end(features / "front_end.json")
    trained = train(network, training, validation, params, curves)
    temperature = fit_temperature(
        probabilities(trained.model, network, validation),
        np.asarray(pd.Categorical(validation.manifest["emotion"], categories=EMOTIONS).codes),
    )
    settings = ModelSettings(
        labels=EMOTIONS,
        network=network.NAME,
        kinds=network.KINDS,
        front_end=front_end,
        temperature=temperature,
        training=TrainingSummary(
            corpora=corpus_names(training.manifest),
            epochs=trained.epochs,
            parameters=trained.model.count_params(),
        ),
    )
    with replaced_folder(target) as folder:
        save(trained.model, settings, folder)


def _read_front_end(path: Path) -> dict[str, object]:
    try:
        settings: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise PipelineError(
            f"{path} can't be read ({error}): run `dvc repro featurize` to make it."
        ) from None
    return settings


def main() -> None:
    train_model(
        Path("data/features"),
        Path("models/keras"),
        Path("metrics/training"),
        load("train", TrainParams),
        load("split", SplitParams),
    )


if __name__ == "__main__":
    run(main)
