"""Frame embeddings by the encoder of Whisper (Radford et al., 2022), through KerasHub.

Keras and TensorFlow are imported when the first recording is embedded: other kinds of features
neither need nor wait for them.
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from stages.lib import presets
from stages.lib.errors import PipelineError

if TYPE_CHECKING:
    from stages.lib.params.featurize import WhisperParams

SPECTRA_A_FRAME = 2
"""The encoder's second convolution has a stride of 2: 10 ms become frames of 20 ms."""

FLOAT16_LARGEST = float(np.finfo(np.float16).max)


def pinned(params: WhisperParams) -> WhisperParams:
    """The params with the revision that the preset has now, if they do not name one."""
    preset = presets.find(params.preset, params.revision)
    return params.model_copy(update={"revision": preset.revision})


def embed(samples: np.ndarray, sample_rate: int, params: WhisperParams) -> np.ndarray:
    """Embed a recording, whatever its length.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Full scale 1.
    sample_rate : int
        In Hz.
    params : WhisperParams
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
    return load(params).embed(samples, sample_rate)


@lru_cache(maxsize=1)
def load(params: WhisperParams) -> Encoder:
    """The encoder that the params ask for, read once a process."""
    return Encoder(params)


class Encoder:
    """The encoder of a preset, without the decoder.

    Whisper was trained on 30 s at a time, shorter speech followed by silence. Here the encoder
    sees the speech alone: positions are counted from the start of the recording, so that those of
    the silence are just not used, and attention has no silence to attend to. What lasts longer
    than 30 s is cut into blocks of equal length.

    Parameters
    ----------
    params : WhisperParams
        Which preset, and which layers to keep.
    """

    def __init__(self, params: WhisperParams) -> None:
        import keras
        import keras_hub
        import tensorflow as tf

        preset = presets.find(params.preset, params.revision)
        # As all work on shards, on one thread a process; where TensorFlow has begun to compute,
        # as in prediction, its threads stay as they are.
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.experimental.enable_op_determinism()
        try:
            backbone = keras_hub.models.WhisperBackbone.from_preset(str(preset.folder))
            self._converter = keras_hub.layers.WhisperAudioConverter.from_preset(str(preset.folder))
        # KerasHub lets through whatever its readers of JSON and HDF5 raise
        except Exception as error:
            raise PipelineError(
                f"featurize.whisper.preset is {params.preset!r}, and {preset.folder} is not a "
                f"preset of Whisper that KerasHub can load ({error}): expected the files that its "
                f"save_to_preset writes, {', '.join(presets.FILES)}."
            ) from error
        self._converters = {self._converter.max_audio_length: self._converter}
        self._longest = min(
            self._converter.num_samples,
            backbone.max_encoder_sequence_length * self._converter.stride,
        )
        encoder = keras.Model(
            backbone.input["encoder_features"],
            keras.ops.stack(_chosen(_layers(backbone), params.layers), axis=2),
        )
        spectra = tf.TensorSpec((1, None, backbone.num_mels), tf.float32)
        self._encode = tf.function(
            lambda log_mel: encoder(log_mel, training=False),
            input_signature=[spectra],
        )

    def embed(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Frame embeddings [shape=(frames, layers, dimensions), float32] of a recording."""
        if sample_rate != self._converter.sampling_rate:
            samples = soxr.resample(samples, sample_rate, self._converter.sampling_rate)
        blocks = np.array_split(samples, -(-len(samples) // self._longest))
        embedded = [self._encode(self.log_mel(block)[None]).numpy()[0] for block in blocks]
        # stored as float16, whose end is better than infinity
        return np.clip(np.concatenate(embedded), -FLOAT16_LARGEST, FLOAT16_LARGEST)

    def log_mel(self, samples: np.ndarray) -> np.ndarray:
        """The log-mel spectrogram as Whisper takes it, less that of the silence behind.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,), float32]
            At the preset's own sample rate, 30 s at most.

        Returns
        -------
        np.ndarray [shape=(2 * frames, mels), float32]
            The beginning of what KerasHub's converter makes of the recording padded to 30 s.
        """
        hop = self._converter.stride
        spectra = SPECTRA_A_FRAME * -(-len(samples) // (SPECTRA_A_FRAME * hop))
        # a whole number of seconds that the last window does not reach beyond
        seconds = (len(samples) + self._converter.num_fft_bins) // self._converter.sampling_rate + 1
        converter = self._padding_to(min(seconds, self._converter.max_audio_length))
        return np.asarray(converter(samples))[:spectra]

    def _padding_to(self, seconds: int) -> Any:
        """The preset's converter, but one that pads to so many s instead of 30."""
        if seconds not in self._converters:
            config = {**self._converter.get_config(), "max_audio_length": seconds}
            self._converters[seconds] = type(self._converter).from_config(config)
        return self._converters[seconds]


def _layers(backbone: Any) -> list[Any]:
    """What goes into the first layer, and what comes out of each; the last one normalised.

    As in the ``hidden_states`` of other Whisper libraries.
    """
    return [
        backbone.encoder_embeddings_dropout.output,
        *(layer.output for layer in backbone.encoder_transformer_layers[:-1]),
        backbone.encoder_layer_norm.output,
    ]


def _chosen(layers: list[Any], told: int | str) -> list[Any]:
    if told == "all":
        return layers
    if told == "last":
        return layers[-1:]
    if int(told) >= len(layers):
        raise PipelineError(
            f"featurize.whisper.layers is {told}: expected last, all or a number up to "
            f"{len(layers) - 1}, the preset's last layer."
        )
    return [layers[int(told)]]
