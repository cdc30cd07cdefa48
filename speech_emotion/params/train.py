"""What the train section of params.yaml may hold."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from speech_emotion.params.section import Section

Count = Annotated[int, Field(ge=0)]


class Masks(Section):
    """Stripes of a spectrogram hidden from the network, as in SpecAugment."""

    count: Count
    max_width: Annotated[int, Field(ge=1)]


class AugmentationParams(Section):
    """How a spectrogram is changed anew each time that training sees it.

    Attributes
    ----------
    time_stretch : float
        Bound of the random log tempo; 0.2 means from 0.82 to 1.22 times as fast.
    mel_warp : float
        Bound of the random log factor by which bands spread from the middle one.
    mel_shift : float
        Bound of the random shift along the bands, in bands.
    gain : float
        Bound of the random gain, in the unit of the log-mel (ln power; 1 is 4.3 dB).
    frequency_masks, time_masks : Masks
        Stripes of up to ``max_width`` bands or frames set to the training mean.
    """

    time_stretch: Annotated[float, Field(ge=0, le=1)]
    mel_warp: Annotated[float, Field(ge=0, le=1)]
    mel_shift: Annotated[float, Field(ge=0)]
    gain: Annotated[float, Field(ge=0)]
    frequency_masks: Masks
    time_masks: Masks


class CautionParams(Section):
    """What a model makes of recordings that are unlike all that trained it.

    Discriminant analyses go on in straight lines, so that an unknown microphone, room or voice
    makes them surer of some emotion, not less sure. Ordinary speech then counts as emotional.

    Attributes
    ----------
    power : float
        Log odds of an analysis are divided by how many times as far as the median training
        utterance a recording lies from the training mean, to this power, where it is farther.
    odds : dict of str to float
        How many times more frequent than the rest an emotion is taken to be; it decides where
        nothing else does. Emotions that a model does not know count for nothing.
    """

    power: Annotated[float, Field(ge=0, le=10)]
    odds: dict[str, Annotated[float, Field(gt=0)]]

    def odds_of(self, labels: Iterable[str]) -> list[float]:
        """Those of a model's labels, in their order."""
        return [self.odds.get(label, 1.0) for label in labels]


class TrainParams(Section):
    """How a network is trained.

    Attributes
    ----------
    network : str
        The name of a module of `speech_emotion.networks`.
    seed : int
        Of every random choice in training.
    epochs, batch_size : int
        An epoch draws each training recording once, as it is or as one of its variants.
    as_recorded : float or None
        Share of the draws that are the recording as it is, and its weight beside its variants in
        discriminant analyses; None draws it as often as each variant.
    optimizer, learning_rate, weight_decay, schedule
        ``one_cycle`` warms up from a tenth of the rate over 15 % of the steps and falls to a
        thousandth along a cosine. Biases and batch normalisation do not decay.
    label_smoothing : float
        The share of a label spread over all classes.
    gradient_norm : float or None
        Longer gradients are shortened to this norm.
    weight_averaging : float or None
        Decay by step of the moving average of weights that is validated and saved.
    class_weights : bool
        Weigh recordings so that every emotion counts the same.
    early_stopping : int or None
        Stop when this many epochs brought no better UAR on validation, and keep the best.
    augmentation : AugmentationParams or None
        Changes to spectrograms made during training.
    caution : CautionParams or None
        About what is unlike all that trained, in networks that hold discriminant analyses.
    """

    network: str
    seed: Count
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    as_recorded: Annotated[float, Field(gt=0, lt=1)] | None = None
    optimizer: Literal["adamw", "rmsprop"]
    learning_rate: Annotated[float, Field(gt=0)]
    schedule: Literal["one_cycle", "constant"]
    weight_decay: Annotated[float, Field(ge=0)]
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    gradient_norm: Annotated[float, Field(gt=0)] | None
    weight_averaging: Annotated[float, Field(gt=0, lt=1)] | None
    class_weights: bool
    early_stopping: Annotated[int, Field(ge=1)] | None
    augmentation: AugmentationParams | None
    caution: CautionParams | None = None
