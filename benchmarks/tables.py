"""Tables in Markdown, and how scores stand in them."""

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.comparison import Counts, Difference, Measured, difference, interval


def section(title: str, words: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A section of a page: a title, a paragraph and a table; nothing where there are no rows."""
    return f"## {title}\n\n{words}\n\n{table(head, rows)}" if rows else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def percent(share: float) -> str:
    """A share from 0 to 1 in percent, empty where it is not a number."""
    return "" if np.isnan(share) else f"{100 * share:.1f}"


def seeds_text(scores: Sequence[float]) -> str:
    """The mean over seeds, and their range where there are several."""
    mean = percent(float(np.mean(scores)))
    if len(scores) == 1:
        return mean
    return f"{mean} ({percent(min(scores))} to {percent(max(scores))}, {len(scores)} seeds)"


def interval_text(counts: Counts) -> str:
    """The interval of the UAR over speakers, empty for one speaker."""
    bounds = interval(counts)
    return "" if bounds is None else " to ".join(percent(bound) for bound in bounds)


def difference_text(found: Difference) -> str:
    """A difference in points, with its interval."""
    return f"{100 * found.value:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"


def against(best: Measured, one: Measured, condition: str = "as_recorded") -> str:
    """A system in a condition against another on recordings as they are, on the seeds of both."""
    seeds = sorted(set(one.seeds) & set(best.seeds))
    if not seeds:
        return ""
    return difference_text(
        difference(one.by_speaker(condition, seeds=seeds), best.by_speaker(seeds=seeds))
    )


def change(one: Measured, condition: str) -> str:
    """What a condition changes for a system; nothing for recordings as they are."""
    return "" if condition == "as_recorded" else against(one, one, condition)


def sex(speaker: str) -> str:
    """Of an actor of RAVDESS, by the number."""
    return "female" if int(speaker) % 2 == 0 else "male"


def what(one: Measured) -> str:
    """What a system of ours is: its size, and what it was trained on."""
    result = one.results[0]
    parameters = f"{result['parameters'] / 1e6:.2f} M parameters"
    if "encoder_parameters" in result:
        frozen = f"{result['encoder_parameters'] / 1e6:.0f} M parameters, pretrained and frozen"
        return f"{frozen}; {parameters} fitted on {trained_on(one)} recordings"
    if result["network"] == "student":
        return f"{parameters}, trained on {trained_on(one)} recordings, taught by an encoder"
    return f"{parameters}, from scratch on {trained_on(one)} recordings"


def trained_on(one: Measured) -> str:
    """How many recordings trained the first fold's model."""
    return f"{one.results[0]['trained_on']['recordings']:,}"


def command(one: Measured) -> str:
    """What makes a row again."""
    return f"`dvc --cd benchmarks repro {one.item}`"
