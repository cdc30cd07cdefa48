"""The corpora that the pipeline knows: one module per corpus, found by its name.

A module of this folder is a corpus, and its name is the corpus' in manifests and params. It holds

- ``TITLE``, ``LANGUAGE``, ``LICENCE``, ``NON_COMMERCIAL``, ``CITATION``: what a model card
  says of it;
- ``PUBLISHED``: how many recordings of each channel were published;
- ``claims(stem)``: whether a file's name without its ending is of the corpus' form, valid or not;
- ``parse(stem, folder)``: what a published name says, as `speech_emotion.data.dataset.published`
  makes it; a `ValueError` says what is wrong with a name that was not published;
- ``merged(utterance)``, if it has a rule of its own: id, speaker and statement in the merged
  dataset. Otherwise the corpus keeps its own ids and speakers, behind its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType

from speech_emotion.base.discovery import modules
from speech_emotion.data.dataset import Utterance


@dataclass(frozen=True)
class Corpus:
    """A published corpus.

    Attributes
    ----------
    name : str
        In manifests and params.
    title : str
        As people call it.
    language : str
        What its speakers speak, such as "North American English".
    licence : str
        Under which it was published.
    non_commercial : bool
        Whether the licence forbids commercial use.
    citation : str
        Of the publication.
    published : dict of str to int
        Recordings by channel.
    claims, parse, merged : callable
        See the folder.
    has_ids_of_its_own : bool
        Whether it keeps its own ids in the merged dataset, or has a rule for them.
    """

    name: str
    title: str
    language: str
    licence: str
    non_commercial: bool
    citation: str
    published: Mapping[str, int]
    claims: Callable[[str], bool]
    parse: Callable[[str, str], Utterance]
    merged: Callable[[Utterance], tuple[str, str, str]]
    has_ids_of_its_own: bool


def _corpus(name: str, module: ModuleType) -> Corpus:
    return Corpus(
        name=name,
        title=module.TITLE,
        language=module.LANGUAGE,
        licence=module.LICENCE,
        non_commercial=module.NON_COMMERCIAL,
        citation=module.CITATION,
        published=module.PUBLISHED,
        claims=module.claims,
        parse=module.parse,
        merged=getattr(module, "merged", _behind_its_name),
        has_ids_of_its_own=hasattr(module, "merged"),
    )


def _behind_its_name(utterance: Utterance) -> tuple[str, str, str]:
    """Id and speaker behind the corpus' name, where they don't stand there already."""
    behind = f"{utterance.corpus}-"
    identity = behind + utterance.id.removeprefix(behind)
    speaker = behind + utterance.speaker if utterance.speaker else ""
    return identity, speaker, utterance.statement


def merged(utterance: Utterance) -> Utterance:
    """The row of a raw utterance in the merged dataset."""
    known = CORPORA.get(utterance.corpus)  # a table's corpus has no module
    rule = known.merged if known else _behind_its_name
    identity, speaker, statement = rule(utterance)
    return replace(utterance, id=identity, source_id=identity, speaker=speaker, statement=statement)


CORPORA: dict[str, Corpus] = {
    name: _corpus(name, module) for name, module in modules(__name__).items()
}
