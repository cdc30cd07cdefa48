"""Layers that saved models contain."""

from typing import Any, TypeVar

from speech_emotion.base.quiet_keras import keras

ops = keras.ops

LayerType = TypeVar("LayerType", bound=type)


def serializable(layer: LayerType) -> LayerType:
    """Let saved models name a layer; models saved before version 0.2 know it by another name."""
    keras.saving.get_custom_objects()[f"stages>{layer.__name__}"] = layer
    registered: LayerType = keras.saving.register_keras_serializable("speech_emotion")(layer)
    return registered


@serializable
class WeightedStatistics(keras.layers.Layer):  # type: ignore[misc]
    """Mean and standard deviation over time, weighted by a softmax of scores.

    Attentive statistics pooling (Okabe, Koshinaka and Shinoda, 2018), each channel with weights
    of its own as in ECAPA-TDNN: frames and scores, both [batch, time, channels], become
    [batch, 2 * channels].
    """

    def call(self, frames: Any, scores: Any) -> Any:
        weights = ops.softmax(scores, axis=1)
        mean = ops.sum(weights * frames, axis=1)
        variance = ops.sum(weights * ops.square(frames), axis=1) - ops.square(mean)
        # the floor keeps the gradient of the root finite where a channel is silent
        return ops.concatenate([mean, ops.sqrt(ops.maximum(variance, 1e-5))], axis=-1)

    def compute_output_shape(
        self, frames_shape: tuple[int | None, ...], scores_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (frames_shape[0], 2 * scores_shape[-1] if scores_shape[-1] else None)


@serializable
class LayerWeighting(keras.layers.Layer):  # type: ignore[misc]
    """Sum over the layers of an encoder, weighted by a learned softmax that starts even.

    [batch, time, layers, channels] -> [batch, time, channels], as in ELMo (Peters et al., 2018)
    and SUPERB (Yang et al., 2021).
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.logits = self.add_weight(shape=(input_shape[2],), initializer="zeros", name="logits")

    def call(self, frames: Any) -> Any:
        return ops.einsum("btlc,l->btc", frames, ops.softmax(self.logits))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:2], input_shape[3])
