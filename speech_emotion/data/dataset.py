"""The one on-disk dataset of recordings: a manifest and its shards.

A dataset is a folder with ``manifest.csv``, one row per utterance, and ``shards/*.tar``, whose
members are audio files named by utterance id: any ``tar`` unpacks them, any player plays them.
The table itself is read and written in `manifest`, which workers on shards need not import.
"""

import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from speech_emotion.base.errors import AudioError, PipelineError

SAME_AUDIO = "same_audio"
"""The extra column of which recordings with equal samples share a value."""

MAX_SHARD_UTTERANCES = 256
MAX_SHARD_BYTES = 64 * 2**20
MAX_SPEAKER_GROUPS = 512
SPEAKER_BUCKETS = 256


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """One row of a manifest: a recording, or a variant made of one.

    What a corpus does not tell is an empty text.

    Attributes
    ----------
    id : str
        Unique in its dataset; the name of the audio file in its shard.
    source_id : str
        The recording that a variant was made from; its own id for an original.
    variant : str
        "original", or what was done to the source, such as "pitch-2p5".
    corpus : str
        The corpus' name, such as "ravdess".
    synthetic : bool
        True for audio that code made; every report on it says so.
    channel : str
        "speech", "song" or a word of the corpus' own.
    speaker : str
        The speaker's name, unique across corpora from the merged dataset on.
    sex : str
        "female" or "male".
    emotion : str
        In the corpus' own word. Which classes a model tells apart is up to the params; see
        `speech_emotion.data.task`.
    intensity : str
        Such as "normal" or "strong".
    statement : str
        What was said, by the corpus' own code or word.
    repetition : str
        "01", "02".
    sample_rate : int
        Of the stored audio, in Hz.
    duration : float
        Of the stored audio, in s.
    shard : str
        The stem of the tar file that holds the audio.
    extra : dict of str to str
        Whatever else is known of it, by column, such as its language. Only the columns that some
        utterance of a dataset has stand in its manifest.
    """

    id: str
    source_id: str
    variant: str
    corpus: str
    synthetic: bool
    channel: str
    speaker: str
    sex: str
    emotion: str
    intensity: str
    statement: str
    repetition: str
    sample_rate: int
    duration: float
    shard: str
    extra: Mapping[str, str] = field(default_factory=dict)


def published(
    *,
    id: str,
    corpus: str,
    emotion: str,
    speaker: str,
    sex: str = "",
    channel: str = "",
    intensity: str = "",
    statement: str = "",
    repetition: str = "",
    extra: Mapping[str, str] | None = None,
) -> Utterance:
    """A recording of which nothing is known but what was published: ingest measures its audio.

    Parameters are as the attributes of `Utterance`.
    """
    return Utterance(
        id=id,
        source_id=id,
        variant="original",
        corpus=corpus,
        synthetic=False,
        channel=channel,
        speaker=speaker,
        sex=sex,
        emotion=emotion,
        intensity=intensity,
        statement=statement,
        repetition=repetition,
        sample_rate=0,
        duration=0.0,
        shard="",
        extra=extra or {},
    )


@dataclass(frozen=True)
class Shard:
    """A tar file of audio and the utterances in it, in the order of its members.

    Attributes
    ----------
    path : Path
        The file.
    utterances : tuple of Utterance
        One of them for each member.
    source : Shard or None
        The shard that it was made from, for a stage that needs both.
    """

    path: Path
    utterances: tuple[Utterance, ...]
    source: Self | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    def __iter__(self) -> Iterator[tuple[Utterance, str, bytes]]:
        """Yield every utterance with the name and the bytes of its audio file."""
        try:
            with tarfile.open(self.path) as tar:
                for utterance, member in zip(self.utterances, tar, strict=True):
                    content = tar.extractfile(member)
                    if content is None or Path(member.name).stem != utterance.id:
                        raise PipelineError(
                            f"{self.path} holds {member.name!r} where its manifest has "
                            f"{utterance.id!r}: rerun the stage that wrote it."
                        )
                    yield utterance, member.name, content.read()
        except (tarfile.TarError, FileNotFoundError, ValueError) as error:
            raise PipelineError(
                f"{self.path} is damaged or does not match its manifest ({error}): "
                "rerun the stage that wrote it."
            ) from error

    @contextmanager
    def decoding(self, utterance: Utterance) -> Iterator[None]:
        """Turn an `AudioError` into a `PipelineError` that names the shard and the utterance."""
        try:
            yield
        except AudioError as error:
            raise PipelineError(f"{self.path}: {AudioError(error.fault, utterance.id)}") from None


class ShardWriter:
    """Writes the audio files of one shard into a tar file; same files, same bytes.

    Headers carry no time, user or mode that could differ between two runs.
    """

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115

    def add(self, name: str, content: bytes) -> None:
        """Append one audio file. The name must fit a USTAR header (100 bytes)."""
        header = tarfile.TarInfo(name)
        header.size = len(content)
        self._tar.addfile(header, io.BytesIO(content))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tar.close()


def shard_groups(
    sizes: Sequence[tuple[str, str, int]],
) -> list[tuple[str, list[int]]]:
    """Group recordings into shards, by speaker and capped in size.

    A speaker's recordings stay together, so that a new speaker touches only shards of its own.
    Where there are more than `MAX_SPEAKER_GROUPS` speakers, each with little, speakers share
    `SPEAKER_BUCKETS` buckets instead, by a hash of the name that never changes.

    Parameters
    ----------
    sizes : sequence of (speaker, id, bytes)
        One entry a recording, in any order.

    Returns
    -------
    list of (str, list of int)
        The name of each shard, and the positions in ``sizes`` of what goes in, by id.
    """
    bucketed = len({speaker for speaker, _, _ in sizes}) > MAX_SPEAKER_GROUPS

    def group(speaker: str) -> str:
        if not bucketed:
            return speaker
        return f"bucket{zlib.crc32(speaker.encode()) % SPEAKER_BUCKETS:03d}"

    order = sorted(range(len(sizes)), key=lambda i: (group(sizes[i][0]), sizes[i][1]))
    shards: list[tuple[str, list[int]]] = []
    current, count, filled = "", 0, 0
    for position in order:
        speaker, _, size = sizes[position]
        if group(speaker) != current:
            current, count, filled = group(speaker), -1, MAX_SHARD_BYTES
        full = shards and len(shards[-1][1]) >= MAX_SHARD_UTTERANCES
        if count < 0 or full or filled + size > MAX_SHARD_BYTES:
            count, filled = count + 1, 0
            shards.append((f"{current}-{count:03d}", []))
        shards[-1][1].append(position)
        filled += size
    return shards
