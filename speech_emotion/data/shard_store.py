"""Finished shards, kept in the user's cache: what was computed once is linked, not computed again.

DVC reruns a stage whole. A stage that maps a function over shards asks here first: an entry is
found under the hash of all that it was made from (input shard, the stage's params, the code and
the libraries that it imports) and carries the hash of every file in it.
"""

import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.imports import (
    ROOT,
    code_fingerprint,
    imported_distributions,
    imported_files,
)
from speech_emotion.base.parallel import map_parts, on_cluster, worker_count
from speech_emotion.base.user_cache import user_cache
from speech_emotion.data.dataset import Shard, Utterance
from speech_emotion.params.section import SectionType

SIZE_VARIABLE = "SER_STORE_GIB"
DEFAULT_SIZE = 20.0
"""Most that the store may hold, in GiB."""

ENTRY = "entry.json"

UNFINISHED = "unfinished-"
"""Begins the name of a folder in which an entry is being written."""

ABANDONED = 24 * 3600
"""An unfinished entry that is older was left by a process that is gone, in s."""

SHARDS_BETWEEN = 64
"""How many shards are finished before the store is held to its size again."""


@dataclass(frozen=True)
class Finished:
    """What a stage made of a shard, beside the files.

    Attributes
    ----------
    utterances : tuple of Utterance
        The rows of the files' utterances.
    rescued : int
        How many of them kept only their loudest part.
    """

    utterances: tuple[Utterance, ...]
    rescued: int = 0


ShardFunction = Callable[[SectionType, Path, Shard], Finished]
"""Makes the files of one shard below a folder: (params, folder, shard) -> rows."""


@dataclass(frozen=True)
class Task(Generic[SectionType]):
    """How a stage makes its shards, as it is sent to workers.

    Attributes
    ----------
    function : callable
        What makes a shard's files.
    params : Section
        Its settings.
    fingerprint : str
        Of params, code and libraries.
    folder : Path
        Where the files go.
    store : Path
        Where finished shards are kept.
    """

    function: ShardFunction[SectionType]
    params: SectionType
    fingerprint: str
    folder: Path
    store: Path


def map_shards(
    function: ShardFunction[SectionType],
    params: SectionType,
    shards: Sequence[Shard],
    folder: Path,
    label: str,
) -> list[Finished]:
    """Make the files of every shard, or take them from the store; in the order of the shards.

    Parameters
    ----------
    function : callable
        Writes files of a shard below the folder that it is given, and depends on nothing but its
        arguments and code.
    params : Section
        Passed on to the function.
    shards : sequence of Shard
        What to work on.
    folder : Path
        Where all files end up.
    label : str
        Shown before the progress bar.
    """
    store, size = user_cache("shards"), limit()
    task = Task(function, params, fingerprint(function, params), folder, store)
    # the largest first, so that no worker is left alone with one at the end
    order = sorted(range(len(shards)), key=lambda place: -shards[place].path.stat().st_size)
    entries, finished = ({}, {}) if on_cluster() else _found(task, shards)
    waiting = [place for place in order if place not in finished]
    parts = [(shards[place], entries.get(place)) for place in waiting]
    results = map_parts(partial(make_or_reuse, task), parts, label)
    for count, (place, result) in enumerate(zip(waiting, results, strict=True), start=1):
        finished[place] = result
        if count % SHARDS_BETWEEN == 0:
            make_room(store, size)
    shutil.rmtree(_scratch(folder), ignore_errors=True)
    make_room(store, size)
    return [finished[place] for place in range(len(shards))]


def fingerprint(function: ShardFunction[SectionType], params: SectionType) -> str:
    """Hash of what decides a stage's output beside its input: params, code, library versions.

    Code is what the modules do that the function's module imports, so that a better comment empties
    no store; libraries are those that they import and what those require.
    """
    module = function.__module__
    if module == "__main__":  # a stage that is run as python -m stages.NAME
        module = f"stages.{Path(function.__code__.co_filename).stem}"
    files = sorted(imported_files(module))
    code = {name: code_fingerprint((ROOT / name).read_text(encoding="utf-8")) for name in files}
    made_by = [
        function.__qualname__,
        params.model_dump(mode="json"),
        code,
        imported_distributions(files),
        [platform.python_version(), platform.machine()],
    ]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()


def _found(
    task: Task[SectionType], shards: Sequence[Shard]
) -> tuple[dict[int, Path], dict[int, Finished]]:
    """Bring the files of all shards that the store has into the task's folder.

    Threads are enough for that, since all they do is hash; processes would have to start first.

    Returns
    -------
    entries : dict
        The entry of every shard, by its place.
    finished : dict
        Of those that the store has.
    """
    with ThreadPoolExecutor(worker_count()) as threads:
        entries = dict(enumerate(threads.map(partial(_entry, task), shards)))
        found = enumerate(threads.map(partial(_reuse, task), entries.values()))
        return entries, {place: one for place, one in found if one is not None}


def _reuse(task: Task[SectionType], entry: Path) -> Finished | None:
    """Bring an entry's files into the task's folder; None where it is absent or not whole."""
    if not entry.is_dir():
        return None
    with _place(task) as made:
        finished = _fetch(entry, made)
        if finished is not None:
            _move(made, task.folder)
    return finished


def make_or_reuse(task: Task[SectionType], part: tuple[Shard, Path | None]) -> Finished:
    """Bring one shard's files into the task's folder, from the store where it has them.

    Parameters
    ----------
    task : Task
        How they are made.
    part : (Shard, Path or None)
        The shard, and its entry in the store, where that is known.
    """
    shard, entry = part
    entry = entry or _entry(task, shard)
    with _place(task) as made:
        finished = _fetch(entry, made)
        if finished is None:
            shutil.rmtree(entry, ignore_errors=True)
            for leftover in made.iterdir():
                shutil.rmtree(leftover)
            finished = task.function(task.params, made, shard)
            _keep(made, finished, entry)
        _move(made, task.folder)
    return finished


def _entry(task: Task[SectionType], shard: Shard) -> Path:
    """Where the store has what is made of a shard, if it has it."""
    rows = json.dumps([vars(utterance) for utterance in shard.utterances])
    made_from = [task.fingerprint, shard.name, rows, _sha256(shard.path)]
    if shard.source is not None:
        made_from.append(_sha256(shard.source.path))
    key = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    return task.store / key[:2] / key


@contextmanager
def _place(task: Task[SectionType]) -> Iterator[Path]:
    """An empty folder for the files of one shard."""
    scratch = _scratch(task.folder)
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        yield Path(place)


def _move(made: Path, folder: Path) -> None:
    for path in _files(made):
        target = folder / path.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def _scratch(folder: Path) -> Path:
    """Where unfinished files lie: on the same disk as the folder, and gone when it is finished."""
    return folder / ".scratch"


def _fetch(entry: Path, target: Path) -> Finished | None:
    """Link or copy an entry's files below the target; None where it is absent or not whole."""
    try:
        kept = json.loads((entry / ENTRY).read_text(encoding="utf-8"))
        for name, expected in kept["files"].items():
            if _sha256(entry / name) != expected:
                return None
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            _link(entry / name, target / name)
        os.utime(entry / ENTRY)  # the time of its last use
        return Finished(tuple(Utterance(**row) for row in kept["utterances"]), kept["rescued"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(made: Path, finished: Finished, entry: Path) -> None:
    """Put files into the store, whole or not at all; a store that can't be written is no fault."""
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=entry.parent, prefix=UNFINISHED) as place:
            unfinished = Path(place) / entry.name
            files = {path.relative_to(made).as_posix(): _sha256(path) for path in _files(made)}
            for name in files:
                (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
                _link(made / name, unfinished / name)
            rows = [vars(utterance) for utterance in finished.utterances]
            kept = {"files": files, "utterances": rows, "rescued": finished.rescued}
            (unfinished / ENTRY).write_text(json.dumps(kept), encoding="utf-8")
            unfinished.rename(entry)
    except OSError:
        return


def make_room(store: Path, size: float) -> None:
    """Remove the entries that were not used for the longest time until ``size`` bytes hold all.

    What killed processes left unfinished goes too.
    """
    for left in store.glob(f"??/{UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
    entries = []
    for listed in store.glob(f"??/*/{ENTRY}"):
        try:
            total = sum(path.stat().st_size for path in _files(listed.parent))
            entries.append((listed.stat().st_mtime_ns, total, listed.parent))
        except FileNotFoundError:
            continue  # another process made room at the same time
    excess = sum(total for _, total, _ in entries) - size
    for _, total, entry in sorted(entries):
        if excess <= 0:
            break
        shutil.rmtree(entry, ignore_errors=True)
        excess -= total


def limit() -> float:
    """Most that the store may hold, in bytes: the environment's SER_STORE_GIB, or 20 GiB."""
    wanted = os.environ.get(SIZE_VARIABLE, "")
    try:
        size = float(wanted or DEFAULT_SIZE)
    except ValueError:
        size = -1
    if not size >= 0:
        raise PipelineError(f"{SIZE_VARIABLE} is {wanted!r}: expected a size in GiB, 0 or more.")
    return size * 2**30


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
