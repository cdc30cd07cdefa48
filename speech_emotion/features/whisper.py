"""Frame embeddings by the encoder of Whisper (Radford et al., 2022), through KerasHub."""

from functools import lru_cache, partial
from typing import Any

import numpy as np
from pydantic import field_validator

from speech_emotion.base.errors import PipelineError
from speech_emotion.features.parts.whisper_encoder import (
    LONGEST,
    EncoderParams,
    layer_outputs,
    log_mel,
    pinned,
    read_backbone,
    resampled,
    within_float16,
)

FRAMED = True

DTYPE = np.float16
"""100 bytes by dimension, layer and second: float32 would double what is large already."""

SECTION_NAME = "featurize.whisper"

prepare = partial(pinned, section=SECTION_NAME)


class Params(EncoderParams):
    """Embeddings of a pretrained Whisper encoder, through KerasHub.

    Attributes
    ----------
    layers : int or str
        "last"; "all", for a network that learns how to weigh them; or the number of one, 0 for
        what goes into the first.
    """

    preset: str = "whisper_small_multi"
    layers: int | str = "last"

    @field_validator("layers", mode="before")
    @classmethod
    def _last_all_or_one(cls, layers: object) -> object:
        if layers in ("last", "all") or (type(layers) is int and layers >= 0):
            return layers
        raise ValueError("expected last, all or the number of a layer, 0 or more")


def compute(samples: np.ndarray, sample_rate: int, params: Params) -> np.ndarray:
    """Embed a recording, whatever its length.

    The encoder sees the speech alone, without silence behind. What lasts longer than 30 s is cut
    into blocks of equal length.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Full scale 1.
    sample_rate : int
        In Hz.
    params : Params
        Which encoder, and which of its layers.

    Returns
    -------
    np.ndarray [shape=(frames, layers, dimensions)]
        A frame every 20 ms.

    Raises
    ------
    PipelineError
        If the preset or the layer does not exist.
    """
    encode, mels = load(params)
    samples = resampled(samples, sample_rate)
    blocks = np.array_split(samples, -(-len(samples) // LONGEST))
    embedded = [encode(log_mel(block, mels)[None]).numpy()[0] for block in blocks]
    return within_float16(np.concatenate(embedded))


@lru_cache(maxsize=1)
def load(params: Params) -> tuple[Any, int]:
    """The encoder that the params ask for, read once a process, and how many bands it takes."""
    from speech_emotion.base.quiet_keras import keras, tf

    backbone = read_backbone(params, SECTION_NAME)
    encoder = keras.Model(
        backbone.input["encoder_features"],
        keras.ops.stack(_chosen(layer_outputs(backbone), params.layers), axis=2),
    )
    encode = tf.function(
        lambda spectra: encoder(spectra, training=False),
        input_signature=[tf.TensorSpec((1, None, backbone.num_mels), tf.float32)],
    )
    return encode, backbone.num_mels


def _chosen(layers: list[Any], wanted: int | str) -> list[Any]:
    if wanted == "all":
        return layers
    if wanted == "last":
        return layers[-1:]
    if int(wanted) >= len(layers):
        raise PipelineError(
            f"{SECTION_NAME}.layers is {wanted}: expected last, all or a number up to "
            f"{len(layers) - 1}, the preset's last layer."
        )
    return [layers[int(wanted)]]
