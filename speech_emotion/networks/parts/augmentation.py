"""Random changes to log-mel spectrograms, made while a network trains."""

from typing import Any

from speech_emotion.base.quiet_keras import keras
from speech_emotion.networks.parts.layers import serializable

ops = keras.ops


@serializable
class SpectrogramAugmentation(keras.layers.Layer):  # type: ignore[misc]
    """Warps, shifts, scales and masks spectrograms in training; passes them on otherwise.

    [batch, frames, bands] -> [batch, frames, bands], every example by its own draw. The warp
    imitates vocal tracts of other lengths, the masks are SpecAugment (Park et al., 2019).

    Parameters
    ----------
    mel_warp : float
        Bound of the random log factor by which bands spread from the middle one.
    mel_shift : float
        Bound of the random shift, in bands.
    gain : float
        Bound of the random number added to every value.
    frequency_masks, time_masks : (int, int)
        Number of masks, and the greatest width in bands or frames.
    fill : sequence of float
        What a masked value becomes, by band.
    seed : int
        Of the draws.
    """

    def __init__(
        self,
        mel_warp: float,
        mel_shift: float,
        gain: float,
        frequency_masks: tuple[int, int],
        time_masks: tuple[int, int],
        fill: list[float],
        seed: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mel_warp = mel_warp
        self.mel_shift = mel_shift
        self.gain = gain
        self.frequency_masks = frequency_masks
        self.time_masks = time_masks
        self.fill = fill
        self.seed = seed
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, spectrograms: Any, training: bool = False) -> Any:
        if not training:
            return spectrograms
        batch = ops.shape(spectrograms)[0]
        frames, bands = spectrograms.shape[1:]
        spectrograms = self._warp(spectrograms) + self._uniform((batch, 1, 1), self.gain)
        masked = ops.expand_dims(self._masks(batch, bands, *self.frequency_masks), 1)
        masked |= ops.expand_dims(self._masks(batch, frames, *self.time_masks), 2)
        return ops.where(masked, ops.cast(self.fill, spectrograms.dtype), spectrograms)

    def _uniform(self, shape: tuple[Any, ...], bound: float) -> Any:
        return keras.random.uniform(shape, -bound, bound, seed=self._draws)

    def _warp(self, spectrograms: Any) -> Any:
        """Read every band from its warped and shifted place, between bands linearly."""
        batch = ops.shape(spectrograms)[0]
        bands = spectrograms.shape[-1]
        band = ops.arange(bands, dtype="float32")
        middle = (bands - 1) / 2
        place = (
            middle
            + (band - middle) * ops.exp(self._uniform((batch, 1), self.mel_warp))
            + self._uniform((batch, 1), self.mel_shift)
        )
        place = ops.clip(place, 0, bands - 1)
        # [batch, from, to]: the share of each band that each warped band takes
        shares = ops.relu(1 - ops.abs(ops.expand_dims(place, 1) - ops.reshape(band, (1, -1, 1))))
        return ops.matmul(spectrograms, shares)

    def _masks(self, batch: Any, size: int, count: int, max_width: int) -> Any:
        """Which of ``size`` places are masked, by example: [batch, size]."""
        shape = (batch, count, 1)
        width = ops.floor(keras.random.uniform(shape, 0, max_width + 1, seed=self._draws))
        start = ops.floor(keras.random.uniform(shape, seed=self._draws) * (size - width + 1))
        place = ops.arange(size, dtype="float32")
        return ops.any((place >= start) & (place < start + width), axis=1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "mel_warp": self.mel_warp,
            "mel_shift": self.mel_shift,
            "gain": self.gain,
            "frequency_masks": self.frequency_masks,
            "time_masks": self.time_masks,
            "fill": self.fill,
            "seed": self.seed,
        }
