"""An utterance as a pretrained encoder hears it: statistics of each layer over time.

The encoder is Whisper's (Radford et al., 2022), which nothing here trains. Layers in the middle
tell more of emotions than the last one, and which do depends on the emotion: several are kept.
"""

import math
import threading
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from speech_emotion.base.errors import PipelineError
from speech_emotion.features.parts.whisper_encoder import (
    FRAME,
    LONGEST,
    SAMPLE_RATE,
    EncoderParams,
    layer_outputs,
    log_mel,
    pinned,
    read_backbone,
    resampled,
    within_float16,
)

FRAMED = False

DTYPE = np.float16
"""2 bytes a value: 12 kB per recording for four layers of Whisper base."""

CREDIT = "Whisper (Radford et al., 2022), OpenAI, MIT licence"

SECTION_NAME = "featurize.whisper_pooled"

prepare = partial(pinned, section=SECTION_NAME)

SILENCE = SAMPLE_RATE // 2
"""Samples of silence that the encoder gets behind the speech, as in all that it learnt from. Their
frames are not pooled."""

SPEECH = LONGEST - SILENCE
"""Most samples of speech that the encoder gets at once."""

LITERT, ONNX = ".tflite", ".onnx"
"""End the name of a preset that is an encoder as LiteRT or ONNX, as `speech_emotion.serving` writes
them."""


Statistic = Literal["mean", "deviation", "loud_mean"]


class Params(EncoderParams):
    """Which layers of which encoder are pooled.

    Attributes
    ----------
    layers : str or tuple of int
        "all", or their numbers, 0 for what goes into the first one. Those above the last one that
        is named are not computed.
    statistics : tuple of str
        What is kept of each layer: of every dimension the mean over the frames, the standard
        deviation, and the mean in which loud frames count more.
    """

    preset: str = "whisper_base_multi"
    layers: str | tuple[int, ...] = (1, 2, 3, 4)
    statistics: tuple[Statistic, ...] = Field(
        default=("mean", "deviation", "loud_mean"), min_length=1
    )

    @field_validator("layers", mode="before")
    @classmethod
    def _all_or_numbers(cls, layers: Any) -> Any:
        are_numbers = isinstance(layers, list | tuple) and all(
            type(layer) is int and layer >= 0 for layer in layers
        )
        if layers == "all" or (are_numbers and layers and list(layers) == sorted(set(layers))):
            return layers
        raise ValueError("expected all or a list of layers, such as [2, 3], in ascending order")

    @field_validator("statistics")
    @classmethod
    def _different(cls, statistics: tuple[Statistic, ...]) -> tuple[Statistic, ...]:
        if len(set(statistics)) < len(statistics):
            raise ValueError(f"{', '.join(statistics)} lists one more than once")
        return statistics


def compute(samples: np.ndarray, sample_rate: int, params: Params) -> np.ndarray:
    """Pool what the encoder makes of a recording, whatever its length.

    What lasts longer than 29.5 s is cut into blocks of equal length, over which the values are
    averaged.

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
    np.ndarray [shape=(layers * statistics * dimensions,)]
        Layer by layer, of each the statistics one after the other.

    Raises
    ------
    PipelineError
        If the preset or a layer does not exist.
    """
    pool, mels = load(params)
    samples = resampled(samples, sample_rate)
    pooled = []
    for block in np.array_split(samples, -(-len(samples) // SPEECH)):
        whole_frames = -len(block) % FRAME
        pooled.append(pool(log_mel(np.pad(block, (0, whole_frames + SILENCE)), mels)))
    return within_float16(np.mean(pooled, axis=0))


@lru_cache(maxsize=1)
def load(params: Params) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    """What pools a spectrogram [spectra, mels], read once a process, and how many mels it takes."""
    if params.preset.endswith(LITERT):
        return _on_litert(Path(params.preset))
    if params.preset.endswith(ONNX):
        return _on_onnx(params.preset)
    return _on_keras(params)


def encoder(params: Params) -> Any:
    """The pooling encoder: {"log_mel": [1, spectra, mels]} -> [1, values in `compute`'s order].

    In the loud mean a frame counts by its power, of which Whisper's spectrogram has the logarithm,
    to the power of a quarter: near what loudness grows by, 0.3 (Stevens, "On the psychophysical
    law", 1957).

    Raises
    ------
    PipelineError
        If the preset or a layer does not exist.
    """
    from speech_emotion.base.quiet_keras import keras

    ops = keras.ops
    backbone = read_backbone(params, SECTION_NAME)
    outputs = layer_outputs(backbone)
    wanted = range(len(outputs)) if isinstance(params.layers, str) else params.layers
    if max(wanted) >= len(outputs):
        raise PipelineError(
            f"{SECTION_NAME}.layers is {list(wanted)}: expected all or numbers up to "
            f"{len(outputs) - 1}, the preset's last layer."
        )
    spectra = backbone.input["encoder_features"]
    # its unit is four powers of ten; two spectra are a frame
    loudness = ops.average_pool(ops.mean(spectra, axis=2, keepdims=True), 2, 2, padding="same")
    shares = ops.softmax(math.log(10) * loudness, axis=1)[:, : -(SILENCE // FRAME)]
    shares = shares / ops.sum(shares, axis=1, keepdims=True)
    pool: dict[Statistic, Callable[[Any], Any]] = {
        "mean": lambda frames: ops.mean(frames, axis=1),
        "deviation": lambda frames: ops.std(frames, axis=1),
        "loud_mean": lambda frames: ops.sum(shares * frames, axis=1),
    }
    values = []
    for layer in wanted:
        frames = outputs[layer][:, : -(SILENCE // FRAME)]
        values += [pool[statistic](frames) for statistic in params.statistics]
    spectrogram = keras.layers.Input((None, backbone.num_mels), batch_size=1, name="log_mel")
    pooled = keras.Model(spectra, ops.concatenate(values, axis=1))
    return keras.Model({"log_mel": spectrogram}, pooled(spectrogram), name="encoder")


def _on_keras(params: Params) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    from speech_emotion.base.quiet_keras import tf

    model = encoder(params)
    spectrogram = model.input["log_mel"]
    call = tf.function(
        lambda spectra: model({"log_mel": spectra}, training=False),
        input_signature=[tf.TensorSpec(spectrogram.shape, tf.float32)],
    )
    return lambda spectra: call(spectra[None]).numpy()[0], spectrogram.shape[2]


def _on_litert(path: Path) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    from speech_emotion.base.litert import interpreter

    loaded = interpreter(path)
    [taken], [given] = loaded.get_input_details(), loaded.get_output_details()
    turn = threading.Lock()

    def pool(spectra: np.ndarray) -> np.ndarray:
        with turn:
            loaded.resize_tensor_input(taken["index"], (1, *spectra.shape))
            loaded.allocate_tensors()
            loaded.set_tensor(taken["index"], spectra[None])
            loaded.invoke()
            values: np.ndarray = loaded.get_tensor(given["index"])[0]
        return values

    return pool, int(taken["shape"][2])


def _on_onnx(path: str) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [taken] = session.get_inputs()

    def pool(spectra: np.ndarray) -> np.ndarray:
        [values] = session.run(None, {taken.name: spectra[None]})
        pooled: np.ndarray = values[0]
        return pooled

    return pool, int(taken.shape[2])
