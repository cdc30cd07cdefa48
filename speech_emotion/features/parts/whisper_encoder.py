"""The encoder of Whisper (Radford et al., 2022), through KerasHub, and the spectrogram it takes.

Keras and TensorFlow are imported when an encoder is read: the spectrogram, and other kinds of
features, neither need nor wait for them.
"""

from contextlib import suppress
from typing import Any

import numpy as np
import soxr
from pydantic import Field

from speech_emotion.audio.spectra import hann, mel_bank, power_spectra
from speech_emotion.base import presets
from speech_emotion.base.errors import PipelineError
from speech_emotion.params.section import Section

SAMPLE_RATE = 16000
"""In Hz."""

FFT_SIZE = 400
HOP_LENGTH = 160
HIGHEST = 8000.0
"""Window and hop in samples, and the upper edge of the mel bands in Hz, of every Whisper model."""

LEAST_POWER = 1e-10
RANGE = 8.0
"""The least power that a logarithm is taken of, and how far below the loudest value of a recording
values may lie, in powers of ten."""

FRAME = 2 * HOP_LENGTH
"""Samples that a frame of the encoder stands for: its second convolution has a stride of 2."""

LONGEST = 30 * SAMPLE_RATE
"""The most that an encoder takes at once, in samples."""


class EncoderParams(Section):
    """Which encoder is taken.

    Attributes
    ----------
    preset : str
        A local folder that KerasHub wrote, ``hf://OWNER/NAME``, a Kaggle handle, or one of
        KerasHub's own names, such as "whisper_small_multi".
    revision : str or None
        Commit (Hugging Face), version (Kaggle) or SHA-256 (folder) that the preset must have.
        None takes what there is; the features say which it was.
    """

    preset: str = Field(min_length=1)
    revision: str | None = None


FLOAT16_LARGEST = float(np.finfo(np.float16).max)


def pinned(params: Any, sample_rate: int, section: str) -> Any:
    """The params with the revision that the preset has now, if they do not name one.

    With the section in params.yaml, such as "featurize.whisper", it is a kind's ``prepare``: any
    sample rate will do.
    """
    preset = presets.find(params.preset, params.revision, section)
    return params.model_copy(update={"revision": preset.revision})


def resampled(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """The samples at `SAMPLE_RATE`."""
    if sample_rate == SAMPLE_RATE:
        return samples
    return soxr.resample(samples, sample_rate, SAMPLE_RATE)


def within_float16(values: np.ndarray) -> np.ndarray:
    """Values to be stored as float16, whose end is better than infinity."""
    return np.clip(values, -FLOAT16_LARGEST, FLOAT16_LARGEST)


def log_mel(samples: np.ndarray, mels: int) -> np.ndarray:
    """The log-mel spectrogram as Whisper takes it, without the silence up to 30 s behind.

    Whisper was trained on 30 s at a time, shorter speech followed by silence. Here the encoder
    sees no more of that silence than it is given: positions are counted from the start, so that
    those of the silence are just not used.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        At `SAMPLE_RATE`, `LONGEST` at most.
    mels : int
        Number of bands: 80, or 128 from large-v3 on.

    Returns
    -------
    np.ndarray [shape=(2 * frames, mels), float32]
        Two spectra for each frame of `FRAME` samples, the last one filled up with silence.
    """
    count = 2 * -(-len(samples) // FRAME)
    half = FFT_SIZE // 2
    padded = np.zeros(half + count * HOP_LENGTH + half, np.float32)
    padded[half : half + len(samples)] = samples
    # both ends of 30 s are mirrored, as in every implementation: behind shorter speech is silence
    padded[:half] = padded[2 * half : half : -1]
    if len(samples) == LONGEST:
        padded[-half:] = padded[-half - 2 : -2 * half - 2 : -1]
    windows = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP_LENGTH][:count]
    power = power_spectra(windows, hann(FFT_SIZE), FFT_SIZE)
    bank = mel_bank(SAMPLE_RATE, FFT_SIZE, mels, 0.0, HIGHEST, normalised=True)
    values = np.log10(np.maximum(power @ bank, LEAST_POWER))
    normalised: np.ndarray = (np.maximum(values, values.max() - RANGE) + 4) / 4
    return normalised.astype(np.float32)


def read_backbone(params: EncoderParams, section: str) -> Any:
    """Whisper, encoder and decoder, as KerasHub has it.

    Parameters
    ----------
    params : EncoderParams
        Which one.
    section : str
        Where params.yaml names it, such as "featurize.whisper".

    Raises
    ------
    PipelineError
        If there is no such preset, or it is none of Whisper.
    """
    from speech_emotion.base.quiet_keras import tf

    import keras_hub  # isort: skip (it would start Keras before that is quiet)

    preset = presets.find(params.preset, params.revision, section)
    # As all work on shards, on one thread a process; where TensorFlow has begun to compute,
    # as in prediction, its threads stay as they are.
    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    try:
        return keras_hub.models.WhisperBackbone.from_preset(str(preset.folder))
    # KerasHub lets through whatever its readers of JSON and HDF5 raise
    except Exception as error:
        raise PipelineError(
            f"{section}.preset is {params.preset!r}, and {preset.folder} is not a preset of "
            f"Whisper that KerasHub can load ({error}): expected the files that its "
            f"save_to_preset writes, {', '.join(presets.FILES)}."
        ) from error


def layer_outputs(backbone: Any) -> list[Any]:
    """What goes into the first layer, and what comes out of each; the last one normalised.

    As in the ``hidden_states`` of other Whisper libraries.
    """
    return [
        backbone.encoder_embeddings_dropout.output,
        *(layer.output for layer in backbone.encoder_transformer_layers[:-1]),
        backbone.encoder_layer_norm.output,
    ]
