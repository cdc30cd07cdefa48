"""The one error that a stage ends in when its input is at fault, and how it reaches the user."""

import sys
from collections.abc import Callable


class PipelineError(Exception):
    """Input, params or data that a stage can't work with.

    The message is the whole story for the user: which file or key, which value, what was
    expected, what to do.
    """


def run(main: Callable[[], None]) -> None:
    """Run a stage's ``main``; a `PipelineError` ends it with one sentence and exit code 1."""
    try:
        main()
    except PipelineError as error:
        sys.exit(f"error: {error}")
