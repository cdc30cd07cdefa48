"""Writes a trained model as LiteRT files, each held against the Keras model first."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from speech_emotion.audio.codec import decode_own
from speech_emotion.base.errors import PipelineError
from speech_emotion.data.feature_subset import FeatureSubset
from speech_emotion.data.manifest import read_shards
from speech_emotion.features import KINDS, FeaturizeParams, featurize
from speech_emotion.networks import Features
from speech_emotion.params.section import check
from speech_emotion.reporting.disturbed import evenly
from speech_emotion.reporting.model_card import encoder_described
from speech_emotion.reporting.scoring import uar_of
from speech_emotion.serving.conversion import to_int8, to_litert
from speech_emotion.serving.lite import LiteModel
from speech_emotion.training.model_settings import (
    INT8,
    ModelSettings,
    encoder_file,
    model_file,
    write_settings,
)
from speech_emotion.training.trained_model import TrainedModel

TOLERANCE = 1e-3
"""How far a probability of the float32 file may be from Keras' own."""

INT8_LOSS = 0.01
"""How much UAR on the validation speakers the 8-bit file may lose."""

COMPARED = 50
"""Training recordings, evenly spaced, that both files are compared with Keras on."""


def write_exported(
    trained: TrainedModel,
    settings: ModelSettings,
    training: FeatureSubset,
    validation: FeatureSubset,
    clean: Path,
    folder: Path,
) -> dict[str, Any]:
    """Write a model's LiteRT files and its settings into a folder, and hold them against it.

    Where a trained encoder makes some of the features, that is written beside the network, and both
    are compared with Keras from the audio on.

    Parameters
    ----------
    trained : TrainedModel
        The model.
    settings : ModelSettings
        What travels with the weights.
    training, validation : FeatureSubset
        Originals of the speakers that trained it, and of those that validated it, if any.
    clean : Path
        The dataset that their features were made of.
    folder : Path
        The folder.

    Returns
    -------
    dict
        For the report: ``keras``, ``float32``, ``int8`` and ``encoders``; see the export stage.

    Raises
    ------
    PipelineError
        If the converted model is not the same model.
    """
    write_settings(settings, folder)
    compared = evenly(len(training), COMPARED)
    expected = trained.probabilities(training[place] for place in compared)
    classes = validation.classes
    expected_uar = uar_of(trained.probabilities(validation), classes) if len(classes) else None
    featurizing = check(settings.front_end["featurize"], FeaturizeParams, str(folder))
    encoders = {
        kind: encoder for kind in settings.kinds if (encoder := KINDS[kind].encoder) is not None
    }

    def written(int8: bool) -> dict[str, Any]:
        convert = to_int8 if int8 else to_litert
        files = {folder / model_file(int8): convert(trained.model)}
        by_encoders = featurizing.only(encoders)
        for kind, encoder in encoders.items():
            path = folder / encoder_file(kind, int8)
            files[path] = convert(encoder(by_encoders.of(kind)))
            by_encoders = by_encoders.with_encoder(kind, path)
        for path, content in files.items():
            path.write_bytes(content)
        lite = LiteModel(folder / model_file(int8), settings)
        heard = partial(_heard, clean=clean, by_encoders=by_encoders)
        difference = np.abs(lite.probabilities(heard(training, compared)) - expected).max()
        everything = heard(validation, np.arange(len(validation)))
        return {
            "bytes": sum(map(len, files.values())),
            "largest_difference": float(f"{difference:.2g}"),
            "compared": len(compared),
            "validation_uar": (
                uar_of(lite.probabilities(everything), classes) if len(classes) else None
            ),
            "written": True,
        }

    float32 = written(int8=False)
    if not float32["largest_difference"] <= TOLERANCE:
        raise PipelineError(
            f"the LiteRT file's probabilities differ from Keras' own by up to "
            f"{float32['largest_difference']:g}, more than {TOLERANCE:g}: the conversion of the "
            f"network {settings.network!r} is at fault."
        )
    int8 = written(int8=True)
    if expected_uar is None or int8["validation_uar"] < expected_uar - INT8_LOSS:
        for path in folder.glob(f"*{INT8}"):
            path.unlink()
        int8["written"] = False
    return {
        "keras": {"validation_uar": expected_uar},
        "float32": float32,
        "int8": int8,
        "encoders": {
            kind: {
                **encoder_described(kind, featurizing),
                "bytes": (folder / encoder_file(kind, int8=False)).stat().st_size,
            }
            for kind in encoders
        },
    }


def _heard(
    subset: FeatureSubset, places: np.ndarray, *, clean: Path, by_encoders: FeaturizeParams
) -> Iterator[Features]:
    """Utterances of a subset, what encoders make of them made anew from the audio.

    The places ascend, and the subset is in the order of the dataset.
    """
    if not by_encoders.kinds:
        yield from (subset[int(place)] for place in places)
        return
    place_of = dict(zip(subset.manifest["id"].iloc[places], places, strict=True))
    for shard in read_shards(clean):
        if place_of.keys().isdisjoint(utterance.id for utterance in shard.utterances):
            continue
        for utterance, _, content in shard:
            if utterance.id in place_of:
                samples, sample_rate = decode_own(content)
                anew = featurize(samples, sample_rate, by_encoders)
                yield {**subset[int(place_of[utterance.id])], **anew}
