"""What a recogniser answers: of a recording, of a window of it, of what a stream was fed lately."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """The emotion of a recording.

    Attributes
    ----------
    emotion : str
        The most probable label.
    probabilities : dict of str to float
        By label, in the model's order; they sum to 1.
    duration : float
        Of the recording as it came, in s.
    """

    emotion: str
    probabilities: dict[str, float]
    duration: float


@dataclass(frozen=True)
class Window:
    """The emotion in one window of a timeline.

    Attributes
    ----------
    start, end : float
        In s from the start of the recording.
    speech : bool
        Whether there is speech in the window, by the rule in `speech_emotion.audio.speech`.
    emotion : str or None
        The most probable label; None without speech.
    probabilities : dict of str to float, or None
        By label; None without speech.
    """

    start: float
    end: float
    speech: bool
    emotion: str | None
    probabilities: dict[str, float] | None


@dataclass(frozen=True)
class Estimate:
    """The emotion in what a stream was fed lately.

    Attributes
    ----------
    time : float
        Of the last sample that went in, in s from the start of the stream.
    speech : bool
        Whether there was speech in the window before it.
    emotion : str or None
        The most probable label; None without speech.
    probabilities : dict of str to float, or None
        By label, smoothed over time; None without speech.
    """

    time: float
    speech: bool
    emotion: str | None
    probabilities: dict[str, float] | None
