"""A model as train and export leave it, made in seconds: it has learnt a few examples by heart."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from stages.lib.conversion import to_litert
from stages.lib.dataset import EMOTIONS
from stages.lib.feature_view import FeatureView
from stages.lib.lite import LITERT_FILE
from stages.lib.networks.network import Features
from stages.lib.networks.registry import NETWORKS
from stages.lib.networks.settings import ModelSettings, TrainingSummary, write_settings
from stages.lib.networks.trained import save
from stages.lib.networks.views import VIEWS

STEPS, RATE = 40, 3e-3


class Examples(FeatureView):
    """Utterances in memory, of the first, second, ... emotion and so on around."""

    def __init__(self, utterances: list[Features]) -> None:
        self._utterances = utterances
        emotions = [EMOTIONS[number % 8] for number in range(len(utterances))]
        self.manifest = pd.DataFrame({"emotion": emotions}).assign(
            source_id=range(len(utterances)), corpus="ravdess", channel="speech"
        )

    def __len__(self) -> int:
        return len(self._utterances)

    def __getitem__(self, position: int) -> Features:
        return self._utterances[position]


def write_models(
    folder: Path, network: str, utterances: list[Features], front_end: dict[str, Any]
) -> None:
    """Write ``folder/keras`` and ``folder/export``.

    Parameters
    ----------
    folder : Path
        Where.
    network : str
        The network's name.
    utterances : list of dict
        What to learn, as in `Examples`.
    front_end : dict
        The settings for cleaning and features.
    """
    keras.utils.set_random_seed(0)
    model = NETWORKS[network].build(Examples(utterances))
    views = [VIEWS[network](utterance) for utterance in utterances]
    batch = {kind: np.concatenate([view[kind] for view in views]) for kind in views[0]}
    counts = [len(next(iter(view.values()))) for view in views]
    if model.trainable_weights:
        model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy")
        truth = np.repeat(np.arange(len(utterances)) % 8, counts)
        model.fit(batch, truth, epochs=STEPS, verbose=0)
        learnt = model.predict(batch, verbose=0)[np.arange(len(truth)), truth]
        assert learnt.min() > 0.5, "it has learnt its examples by heart"
    settings = ModelSettings(
        labels=EMOTIONS,
        network=network,
        kinds=NETWORKS[network].KINDS,
        front_end=front_end,
        temperature=1.5,
        training=TrainingSummary(corpora="ravdess", epochs=1, parameters=model.count_params()),
    )
    for name in ("keras", "export"):
        (folder / name).mkdir(parents=True)
    save(model, settings, folder / "keras")
    write_settings(settings, folder / "export")
    (folder / "export" / LITERT_FILE).write_bytes(to_litert(model))


def say_synthetic(folder: Path) -> None:
    """Have a model say that synthetic recordings trained it."""
    path = folder / "settings.json"
    settings = json.loads(path.read_text())
    settings["training"]["corpora"] = "synthetic ravdess"
    path.write_text(json.dumps(settings))


def change_front_end(folder: Path, section: str, **changes: Any) -> None:
    """Change what an exported model says of its front end."""
    path = folder / "settings.json"
    settings = json.loads(path.read_text())
    settings["front_end"][section] |= changes
    path.unlink()
    path.write_text(json.dumps(settings))
