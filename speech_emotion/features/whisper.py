"""Frame embeddings by the encoder of Whisper (Radford et al., 2022), through KerasHub.

Keras and TensorFlow are imported when the first recording is embedded: other kinds of features
neither need nor wait for them.
"""

from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np
import soxr
from pydantic import Field, field_validator

from speech_emotion.base import presets
from speech_emotion.base.errors import PipelineError
from speech_emotion.params.section import Section

FRAMED = True

DTYPE = np.float16
"""100 bytes by dimension, layer and second: float32 would double what is large already."""

SPECTRA_A_FRAME = 2
"""The encoder's second convolution has a stride of 2: 10 ms become frames of 20 ms."""

FLOAT16_LARGEST = float(np.finfo(np.float16).max)


class Params(Section):
    """Embeddings of a pretrained Whisper encoder, through KerasHub.

    Attributes
    ----------
    preset : str
        A local folder that KerasHub wrote, ``hf://OWNER/NAME``, a Kaggle handle, or one of
        KerasHub's own names, such as "whisper_small_multi".
    revision : str or None
        Commit (Hugging Face), version (Kaggle) or SHA-256 (folder) that the preset must have.
        None takes what there is; the features say which it was.
    layers : int or str
        "last"; "all", for a network that learns how to weigh them; or the number of one, 0 for
        what goes into the first.
    """

    preset: str = Field(default="whisper_small_multi", min_length=1)
    revision: str | None = None
    layers: int | str = "last"

    @field_validator("layers", mode="before")
    @classmethod
    def _last_all_or_one(cls, layers: object) -> object:
        if layers in ("last", "all") or (type(layers) is int and layers >= 0):
            return layers
        raise ValueError("expected last, all or the number of a layer, 0 or more")


def prepare(params: Params, sample_rate: int) -> Params:
    """The params with the revision that the preset has now, if they do not name one."""
    preset = presets.find(params.preset, params.revision)
    return params.model_copy(update={"revision": preset.revision})


def compute(samples: np.ndarray, sample_rate: int, params: Params) -> np.ndarray:
    """Embed a recording, whatever its length.

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
    return load(params).embed(samples, sample_rate)


@lru_cache(maxsize=1)
def load(params: Params) -> "Encoder":
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
    params : Params
        Which preset, and which layers to keep.
    """

    def __init__(self, params: Params) -> None:
        from speech_emotion.base.quiet_keras import keras, tf

        import keras_hub  # isort: skip (it would start Keras before that is quiet)

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


def _chosen(layers: list[Any], wanted: int | str) -> list[Any]:
    if wanted == "all":
        return layers
    if wanted == "last":
        return layers[-1:]
    if int(wanted) >= len(layers):
        raise PipelineError(
            f"featurize.whisper.layers is {wanted}: expected last, all or a number up to "
            f"{len(layers) - 1}, the preset's last layer."
        )
    return [layers[int(wanted)]]
