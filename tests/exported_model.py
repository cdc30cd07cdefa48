"""A model as train and export leave it, made in seconds: it has learnt a few examples by heart."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.networks import Features, find
from speech_emotion.serving.conversion import to_litert
from speech_emotion.training.model_settings import (
    LITERT_FILE,
    ModelSettings,
    TrainingSummary,
    write_settings,
)
from speech_emotion.training.trained_model import save
from speech_emotion.training.voices import Voices, write_voices

STEPS, RATE = 40, 3e-3


class Examples(FeatureSubset):
    """Utterances in memory, of the first, second, ... class and so on around."""

    def __init__(
        self, utterances: list[Features], kinds: tuple[str, ...], labels: tuple[str, ...]
    ) -> None:
        self._utterances = utterances
        self.kinds = kinds
        self.labels = labels
        self.weights = np.ones(len(utterances))
        emotions = [labels[number % len(labels)] for number in range(len(utterances))]
        self.manifest = pd.DataFrame({"emotion": emotions}).assign(
            source_id=range(len(utterances)), corpus="ravdess", channel="speech"
        )

    def __len__(self) -> int:
        return len(self._utterances)

    def __getitem__(self, position: int) -> Features:
        return self._utterances[position]


def write_models(
    folder: Path,
    network: str,
    utterances: list[Features],
    front_end: dict[str, Any],
    steps: int = STEPS,
    labels: tuple[str, ...] = EMOTIONS,
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
    steps : int
        Fewer are not enough to learn them by heart.
    labels : tuple of str
        The classes.
    """
    keras.utils.set_random_seed(0)
    module = find(network, ("functionals",), ("log_mel",))
    model = module.build(Examples(utterances, module.kinds, labels), None)
    segments = [module.inputs(utterance) for utterance in utterances]
    batch = {kind: np.concatenate([one[kind] for one in segments]) for kind in segments[0]}
    counts = [len(next(iter(one.values()))) for one in segments]
    if model.trainable_weights:
        model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy")
        truth = np.repeat(np.arange(len(utterances)) % len(labels), counts)
        model.fit(batch, truth, epochs=steps, verbose=0)
        learnt = model.predict(batch, verbose=0)[np.arange(len(truth)), truth]
        assert steps < STEPS or learnt.min() > 0.5, "it has learnt its examples by heart"
    settings = ModelSettings(
        labels=labels,
        network=network,
        kinds=module.kinds,
        front_end=front_end,
        temperature=1.5,
        training=TrainingSummary(corpora="ravdess", epochs=1, parameters=model.count_params()),
    )
    for name in ("keras", "export"):
        (folder / name).mkdir(parents=True)
    save(model, settings, folder / "keras")
    if "functionals" in module.kinds:
        for name in ("keras", "export"):
            write_voices({"functionals": _voices(utterances, len(labels))}, folder / name)
    write_settings(settings, folder / "export")
    (folder / "export" / LITERT_FILE).write_bytes(to_litert(model))


def _voices(utterances: list[Features], labels: int) -> Voices:
    """As if everybody had always sounded like the fourth example."""
    values = utterances[3]["functionals"].astype(np.float64)
    ones = np.ones_like(values)
    return Voices(
        lowest=-1e30 * ones,
        highest=1e30 * ones,
        materials=values[None],
        emotions=np.tile(values, (1, labels, 1)),
        between=ones,
        within=ones / 4,
    )


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
