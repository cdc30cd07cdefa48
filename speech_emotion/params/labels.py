"""The ``labels`` section of params.yaml."""

from pydantic import Field, field_validator

from speech_emotion.params.section import Section

MAX_CLASSES = 30


class LabelParams(Section):
    """Which classes the model tells apart, and what is counted as which.

    Attributes
    ----------
    map : dict of str to (str or None)
        From a corpus' word for an emotion to the class that it counts as; None leaves recordings of
        it out. The classes come in the order in which they are first named here.
    """

    map: dict[str, str | None] = Field(min_length=2)

    @field_validator("map", mode="before")
    @classmethod
    def _texts(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        for word in (*values.keys(), *values.values()):
            if isinstance(word, bool):
                raise ValueError("YAML reads yes, no, on and off as true and false: use quotes")
        # a corpus may number its emotions
        return {str(word): None if label is None else str(label) for word, label in values.items()}

    @field_validator("map")
    @classmethod
    def _some_classes(cls, values: dict[str, str | None]) -> dict[str, str | None]:
        classes = set(filter(None, values.values()))
        if not 2 <= len(classes) <= MAX_CLASSES:
            raise ValueError(f"expected 2 to {MAX_CLASSES} different classes")
        if any(label.strip() != label for label in classes):
            raise ValueError("expected classes without white space at their ends")
        return values

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order in which they are first named."""
        return tuple(dict.fromkeys(label for label in self.map.values() if label))
