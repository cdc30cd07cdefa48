"""Maps a function over the parts of a dataset, in order: on this machine's cores or a cluster."""

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.memory import keep_freed_memory

Part = TypeVar("Part")
Result = TypeVar("Result")

WORKERS_VARIABLE = "SER_WORKERS"
SCHEDULER_VARIABLE = "SER_DASK_SCHEDULER"


def worker_count() -> int:
    """How many processes to use: the environment's SER_WORKERS, or one per core."""
    wanted = os.environ.get(WORKERS_VARIABLE, "")
    if not wanted:
        return cpu_count()
    if not wanted.isdecimal() or int(wanted) < 1:
        raise PipelineError(
            f"{WORKERS_VARIABLE} is {wanted!r}: expected a number of processes, 1 or more."
        )
    return int(wanted)


def on_cluster() -> bool:
    """Whether parts go to a Dask cluster."""
    return bool(os.environ.get(SCHEDULER_VARIABLE))


def map_parts(
    function: Callable[[Part], Result], parts: Sequence[Part], label: str
) -> Iterable[Result]:
    """Apply a function to every part; yield the results in the order of the parts.

    Workers read and write files themselves, so that no audio crosses between processes. Each
    runs its arithmetic on one thread: results then can't depend on the number of workers.

    Parameters
    ----------
    function : callable
        Picklable; one part in, one small result out.
    parts : sequence
        Picklable parts.
    label : str
        Shown before the progress bar, which stays away where the output is no terminal.
    """
    scheduler = os.environ.get(SCHEDULER_VARIABLE)
    results = (
        _on_cluster(function, parts, scheduler) if scheduler else _on_this_machine(function, parts)
    )
    return tqdm(results, total=len(parts), desc=label, unit="shard", disable=None)


def _on_this_machine(function: Callable[[Part], Result], parts: Sequence[Part]) -> Iterable[Result]:
    workers = min(worker_count(), max(len(parts), 1))
    results: Iterable[Result] = Parallel(n_jobs=workers, return_as="generator")(
        delayed(_on_one_thread)(function, part) for part in parts
    )
    return results


def _on_cluster(
    function: Callable[[Part], Result], parts: Sequence[Part], scheduler: str
) -> Iterable[Result]:
    try:
        from distributed import Client
    except ImportError:
        raise PipelineError(
            f"{SCHEDULER_VARIABLE} is {scheduler!r}, but Dask is not installed: install this "
            "project's extra `cluster`, or unset it."
        ) from None
    try:
        client = Client(scheduler, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise PipelineError(
            f"{SCHEDULER_VARIABLE} is {scheduler!r}, where no Dask scheduler answers ({error}): "
            "start one, or unset it."
        ) from None
    with client:
        # a worker that dies costs its shards some time: Dask gives them to another one
        for future in client.map(partial(_on_one_thread, function), parts, pure=False):
            yield future.result()


def _on_one_thread(function: Callable[[Part], Result], part: Part) -> Result:
    keep_freed_memory()
    with threadpool_limits(limits=1):
        return function(part)
