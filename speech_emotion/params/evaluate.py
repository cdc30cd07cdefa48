"""The ``evaluate`` section of params.yaml."""

from pydantic import Field

from speech_emotion.params.section import Section


class EvaluateParams(Section):
    """What is measured beside the scores.

    Attributes
    ----------
    disturbed : int
        How many test recordings each disturbance is tried on, evenly chosen; 0 for none.
    """

    disturbed: int = Field(ge=0)
