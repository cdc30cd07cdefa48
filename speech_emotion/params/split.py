"""The ``split`` section of params.yaml."""

import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from speech_emotion.params.section import Section

Protocol = Literal[
    "emobox6",
    "luna_jimenez5",
    "leave_one_speaker_out",
    "speakers",
    "cross_corpus",
    "given",
    "random",
]

PUBLISHED_FOLDS = {"emobox6": range(1, 7), "luna_jimenez5": range(5)}
"""The numbers that the authors of a protocol gave its folds."""

SINGLE_FOLD = ("cross_corpus", "given")
"""Protocols that test once."""


def fold_numbers(protocol: str, folds: int) -> range:
    """The folds of a protocol that counts them; those of leave_one_speaker_out are speakers."""
    if protocol in SINGLE_FOLD:
        return range(1, 2)
    return PUBLISHED_FOLDS.get(protocol, range(1, folds + 1))


class SplitParams(Section):
    """Who trains, who validates and who is tested.

    Attributes
    ----------
    protocol : str
        "emobox6" and "luna_jimenez5" test the RAVDESS speech of actors that neither train nor
        validate; "leave_one_speaker_out" tests the speech of any one speaker; "speakers" makes
        folds of the speakers of any material; "cross_corpus" tests corpora that nobody trains on;
        "given" takes the parts that the recordings came with; "random" lets speakers both train
        and be tested, and is for comparison only.
    folds : int
        How many folds "speakers" and "random" make; 5 gives 80/20. The other protocols have folds
        of their own.
    fold : int or str
        Which part is tested: 1 to 6 for "emobox6", 0 to 4 for "luna_jimenez5", 1 to `folds` for
        "speakers" and "random", 1 for "cross_corpus" and "given", the speaker's name such as "07"
        for "leave_one_speaker_out".
    train : list of str or None
        The material that trains, as corpus/channel or corpus; None for all that is not tested.
        Under "speakers" and "random" it is the tested material too; not read under "given".
    test : list of str or None
        The material that "cross_corpus" tests; of "speakers", if only some of `train` is to be
        tested. None under the others.
    validation_speakers : int
        How many of the training speakers validate instead, 0 for none; not read under "random" and
        "given".
    validation_share : float
        Under "random" only: the share of the training recordings that validates instead, 0 for
        none.
    seed : int
        Another seed chooses other validation speakers, other folds of speakers, and another random
        split.
    """

    protocol: Protocol
    folds: int = Field(default=5, ge=2)
    fold: int | str
    train: list[str] | None
    test: list[str] | None = None
    validation_speakers: int = Field(ge=0)
    validation_share: float = Field(ge=0, lt=1)
    seed: int = Field(ge=0)

    @field_validator("fold", mode="before")
    @classmethod
    def _one_of_the_protocol(cls, fold: object, info: ValidationInfo) -> object:
        if not {"protocol", "folds"} <= info.data.keys():
            return fold  # what folds there are is unknown until those two are right
        protocol = info.data["protocol"]
        # YAML reads 7 as a number, 07 as a number too, 08 and "07" as text
        name = str(fold)
        if protocol == "leave_one_speaker_out":
            if isinstance(fold, bool | float) or not re.fullmatch(r"[^\s/\\]+", name):
                raise ValueError('expected the name of the speaker to test, such as "07"')
            return name.zfill(2) if name.isdecimal() else name
        numbers = fold_numbers(protocol, info.data["folds"])
        if protocol in SINGLE_FOLD:
            if name != "1":
                raise ValueError(f"expected 1, the only fold of {protocol}")
        elif not name.isdecimal() or int(name) not in numbers:
            raise ValueError(
                f"expected a fold of {protocol}, a number from {numbers[0]} to {numbers[-1]}"
            )
        return int(name)

    @field_validator("train", "test")
    @classmethod
    def _corpora_and_channels(cls, material: list[str] | None) -> list[str] | None:
        if material is None:
            return None
        if not material or not all(
            re.fullmatch(r"[^\s/\\]+(/[^\s/\\]+)?", one) for one in material
        ):
            raise ValueError(
                "expected one or more corpora or corpus/channel, such as ravdess/speech"
            )
        return material

    @model_validator(mode="after")
    def _test_where_it_is_read(self) -> "SplitParams":
        if self.protocol == "cross_corpus" and self.test is None:
            raise ValueError(
                "under cross_corpus `test` names the corpora to test, such as [emodb/speech]"
            )
        if self.test is not None and self.protocol not in ("cross_corpus", "speakers"):
            raise ValueError(
                f"`test` is read under cross_corpus and speakers only, not under {self.protocol}: "
                "set it to null"
            )
        return self
