"""What the train section of params.yaml may hold."""

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


class TrainParams(Section):
    """How a network is trained.

    Attributes
    ----------
    network : str
        The name of a module of `speech_emotion.networks`.
    seed : int
        Of every random choice in training.
    epochs, batch_size : int
        An epoch draws one variant of each training recording.
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
    """

    network: str
    seed: Count
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
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
