"""The errors that reach a user, each with the whole story in its message."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class PipelineError(Exception):
    """Input, params or data that the pipeline or a model can't work with.

    The message is the whole story for the user: which file or key, which value, what was
    expected, what to do.
    """


class AudioError(ValueError):
    """Audio that can't be used; the message is a sentence that names it.

    Parameters
    ----------
    fault : str
        What is wrong with it, such as "is cut short".
    subject : str
        What the sentence begins with: a file's name where one is known.

    Examples
    --------
    >>> print(AudioError("lasts less than 0.01 s", "call.wav"))
    call.wav lasts less than 0.01 s.
    """

    def __init__(self, fault: str, subject: str = "The recording") -> None:
        super().__init__(fault, subject)
        self.fault = fault
        self.subject = subject

    def __str__(self) -> str:
        # what libraries say is wrong may be a sentence already
        return f"{self.subject} {self.fault.removesuffix('.')}."


class AudioWarning(UserWarning):
    """What a user should know of audio that can be used; the message is a sentence that names it.

    Parameters
    ----------
    remark : str
        What is to be known, such as "has a sample rate of 8000 Hz".
    subject : str
        What the sentence begins with: a file's name where one is known.
    """

    def __init__(self, remark: str, subject: str = "The recording") -> None:
        super().__init__(remark, subject)
        self.remark = remark
        self.subject = subject

    def __str__(self) -> str:
        return f"{self.subject} {self.remark}."


class NoSpeechError(AudioError):
    """A recording that can be read, but holds no speech: music, noise or a pause.

    Parameters
    ----------
    duration : float
        Of the recording, in s.
    subject : str
        What the sentence begins with.
    """

    def __init__(self, duration: float, subject: str = "The recording") -> None:
        super().__init__("holds no speech", subject)
        self.args = (duration, subject)
        self.duration = duration


@contextmanager
def naming(subject: str) -> Iterator[None]:
    """Have an `AudioError` that is raised inside begin with a subject."""
    try:
        yield
    except AudioError as error:
        raise type(error)(error.args[0], subject) from None


def run(main: Callable[[], None]) -> None:
    """Run a program's ``main``; a `PipelineError` ends it with one sentence and exit code 1."""
    try:
        main()
    except PipelineError as error:
        sys.exit(f"error: {error}")
