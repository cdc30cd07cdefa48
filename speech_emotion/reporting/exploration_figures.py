"""Pictures of a dataset: numbers by emotion, recordings by speaker, what features are worth.

They have no title: they stand under headings of a page, two beside each other where it is wide.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec

import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from speech_emotion.reporting.exploration import Measure
from speech_emotion.reporting.figures import (
    BLUE,
    GREEN,
    INK,
    LONG,
    ORANGE,
    PALE,
    PINK,
    RED,
    SKY,
    STYLE,
)

WIDTH, HEIGHT = 5.6, 3.3
"""In inches: half a page in a browser, and legible on a telephone."""

MANY_SPEAKERS = 60
"""More of them have no names below their bars."""

COLOURS = (BLUE, SKY, ORANGE, GREEN, PINK, RED)

SEXES = {"female": ORANGE, "male": BLUE, "": PALE}

WHISKERS = (5, 95)
"""Where the whiskers of a box end, in percent of the recordings."""

Arguments = ParamSpec("Arguments")


def _in_style(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    @wraps(draw)
    def styled(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        with style.context(["default", STYLE]):
            return draw(*args, **kwargs)

    return styled


def _empty(width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


@_in_style
def counts(recordings: pd.DataFrame) -> Figure:
    """Recordings by emotion as bars, stacked by where they are from.

    Parameters
    ----------
    recordings : pd.DataFrame
        One row per emotion, one column per corpus and channel.
    """
    figure, axes = _empty()
    bottom = np.zeros(len(recordings))
    for place, column in enumerate(recordings.columns):
        colour = COLOURS[place % len(COLOURS)]
        axes.bar(range(len(bottom)), recordings[column], 0.7, bottom, label=column, color=colour)
        bottom += recordings[column].to_numpy()
    for place, total in enumerate(bottom):
        axes.annotate(
            f"{total:.0f}", (place, total), (0, 2), textcoords="offset points", ha="center"
        )
    _name_emotions(axes, list(recordings.index))
    axes.set_ylabel("recordings")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.1)
    figure.legend(loc="outside upper left", ncols=len(recordings.columns))
    return figure


def _name_emotions(axes: Axes, emotions: Sequence[str]) -> None:
    axes.set_xticks(range(len(emotions)), emotions, rotation=30, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(emotions) - 0.4)
    axes.grid(axis="y")


@_in_style
def by_emotion(
    recordings: pd.DataFrame, column: str, measure: Measure, emotions: Sequence[str]
) -> Figure:
    """A measure by emotion as boxes, one for each corpus and channel.

    A box holds the middle half of the recordings, its line is the median, and the whiskers end
    where `WHISKERS` says.

    Parameters
    ----------
    recordings : pd.DataFrame
        With the columns emotion, material and ``column``.
    column : str
        What is drawn.
    measure : Measure
        What that is.
    emotions : sequence of str
        In the order that they are drawn in.
    """
    figure, axes = _empty()
    materials = sorted(set(recordings["material"]))
    step = 0.8 / len(materials)
    for place, material in enumerate(materials):
        rows = recordings[recordings["material"] == material].dropna(subset=column)
        values = [rows.loc[rows["emotion"] == emotion, column] for emotion in emotions]
        drawn = axes.boxplot(
            values,
            positions=np.arange(len(emotions)) + (place - (len(materials) - 1) / 2) * step,
            widths=0.8 * step,
            whis=WHISKERS,
            showfliers=False,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"linewidth": 0, "facecolor": COLOURS[place % len(COLOURS)]},
            medianprops={"color": INK, "linewidth": 1.2},
            whiskerprops={"color": COLOURS[place % len(COLOURS)], "linewidth": 1},
            capprops={"linewidth": 0},
        )
        drawn["boxes"][0].set_label(material)
    if measure.by_factor:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(ScalarFormatter())
        axes.minorticks_off()
    _name_emotions(axes, emotions)
    axes.set_ylabel(measure.unit)
    figure.legend(loc="outside upper left", ncols=len(materials))
    return figure


@_in_style
def by_speaker(counts: pd.DataFrame) -> Figure:
    """Recordings of each speaker as bars, coloured by sex.

    Parameters
    ----------
    counts : pd.DataFrame
        One row per speaker, with the columns speaker, sex ("" where it is not known), recordings.
    """
    figure, axes = _empty()
    place = np.arange(len(counts))
    for sex, colour in SEXES.items():
        of_sex = (counts["sex"] == sex).to_numpy()
        if of_sex.any():
            heights = counts.loc[of_sex, "recordings"]
            axes.bar(place[of_sex], heights, 0.75, color=colour, label=sex or "sex unknown")
    if len(counts) <= MANY_SPEAKERS:
        names = [speaker or "?" for speaker in counts["speaker"]]
        upright = 90 if max(map(len, names)) > LONG or len(names) > 16 else 0
        axes.set_xticks(place, names, rotation=upright)
    else:
        axes.set_xticks([])
    axes.tick_params(axis="x", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="speaker", ylabel="recordings", xlim=(-0.7, len(counts) - 0.3))
    axes.grid(axis="y")
    figure.legend(loc="outside upper left", ncols=len(SEXES))
    return figure


@_in_style
def worth(groups: pd.DataFrame) -> Figure:
    """The drop in UAR without each group of features as bars, with its interval.

    Parameters
    ----------
    groups : pd.DataFrame
        By group: ``drop``, ``low`` and ``high``, 0 to 1; bounds may not be numbers.
    """
    figure, axes = _empty()
    upwards = groups.iloc[::-1]
    points = 100 * upwards["drop"]
    beside = (points - 100 * upwards["low"], 100 * upwards["high"] - points)
    axes.barh(upwards.index, points, 0.65, color=SKY)
    axes.errorbar(points, upwards.index, xerr=beside, fmt="none", ecolor=INK, elinewidth=1.1)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("UAR lost when shuffled, points")
    axes.grid(axis="x")
    return figure
