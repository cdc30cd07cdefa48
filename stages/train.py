"""Stage 6, train: a network on the training part of the features."""

from pathlib import Path

from speech_emotion import networks
from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.manifest import corpus_names
from speech_emotion.data.task import set_task
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.params.split import SplitParams
from speech_emotion.params.train import TrainParams
from speech_emotion.training.calibration import fit_temperature
from speech_emotion.training.model_settings import ModelSettings, TrainingSummary
from speech_emotion.training.prediction import probabilities
from speech_emotion.training.trained_model import save
from speech_emotion.training.training import train
from speech_emotion.training.voices import voices_of, write_voices


def train_model(
    features: Path,
    target: Path,
    curves: Path,
    params: TrainParams,
    split_params: SplitParams,
    label_params: LabelParams,
) -> None:
    """Train on what the split allows, and write the model with all that prediction must know."""
    store = FeatureStore(features)
    network = networks.find(params.network, store.utterance_kinds, store.frame_kinds)
    store.require(network.training_kinds, network.name)
    task = set_task(store.manifest, split_params, label_params)
    training = FeatureSubset(
        store,
        network.training_kinds,
        task,
        task.rows("train", with_variants=True),
        params.as_recorded,
    )
    validation = FeatureSubset(store, network.kinds, task, task.rows("validation"))
    trained = train(network, training, validation, params, curves)
    # in noise and by telephone, too: that is where a recogniser should know how sure it is
    in_every_state = FeatureSubset(
        store, network.kinds, task, task.rows("validation", with_variants=True)
    )
    temperature = fit_temperature(
        probabilities(trained.model, network, in_every_state), in_every_state.classes
    )
    settings = ModelSettings(
        labels=task.labels,
        network=network.name,
        kinds=network.kinds,
        front_end=store.front_end(),
        temperature=temperature,
        training=TrainingSummary(
            corpora=corpus_names(training.manifest),
            epochs=trained.epochs,
            parameters=trained.model.count_params(),
        ),
    )
    with replaced_folder(target) as folder:
        save(trained.model, settings, folder)
        write_voices(voices_of(training, network.kinds), folder)


def main() -> None:
    train_model(
        Path("data/features"),
        Path("models/keras"),
        Path("metrics/training"),
        load("train", TrainParams),
        load("split", SplitParams),
        load("labels", LabelParams),
    )


if __name__ == "__main__":
    run(main)
