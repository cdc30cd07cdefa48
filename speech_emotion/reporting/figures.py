"""Every picture: arrays in, a figure out, and the same figure gives the same bytes.

Each function takes the ``subject`` that stands under its title: the corpora (and that they are
synthetic, where they are), the protocol and the fold.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator, PercentFormatter

if TYPE_CHECKING:  # the picture of a timeline does without pandas
    import pandas as pd

BLUE, ORANGE, GREEN, PINK, SKY, RED = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
)
"""Told apart by colour-blind readers too (Okabe & Ito 2008)."""

COMPARED = (BLUE, ORANGE)
"""Of what is compared, the first and the second."""

BROAD = 11.5
"""Width in inches of pictures that fill a page in a browser."""

INK, QUIET, PALE, GRID = "#222222", "#666666", "#aaaaaa", "#dddddd"
DPI = 150
MANY, LONG = 10, 4
"""More names below a picture stand aslant, names of more characters below bars upright."""

TITLE_SIZE, CHARACTERS_PER_INCH = 10, 13
STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that no machine lacks it
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
}

WHITE_TO_BLUE = LinearSegmentedColormap.from_list("white to blue", ["#ffffff", SKY, "#004a75"])

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def _in_our_style(draw: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Draw in one style, whatever the user's matplotlibrc says, and leave no trace of it."""

    @wraps(draw)
    def styled(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with style.context(["default", STYLE]):
            return draw(*args, **kwargs)

    return styled


@_in_our_style
def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, without the time or the version that made it."""
    figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


@_in_our_style
def confusion(counts: np.ndarray, labels: Sequence[str], subject: str) -> Figure:
    """Confusion matrix: shares of each true class, the recordings behind them in small print.

    Parameters
    ----------
    counts : np.ndarray [shape=(k, k)]
        Recordings by true class (rows) and predicted class.
    labels : sequence of str
        The k classes.
    subject : str
        What was measured.
    """
    side = max(6.4, 1.6 + 0.6 * len(labels))
    figure, axes = _figure("Confusion matrix", subject, width=side, height=side)
    _draw_confusion(axes, counts, labels)
    return figure


@_in_our_style
def confusions(counts: Mapping[str, np.ndarray], labels: Sequence[str], subject: str) -> Figure:
    """Confusion matrices of several models side by side, each as in `confusion`.

    Parameters
    ----------
    counts : mapping of str to np.ndarray [shape=(k, k)]
        By the model's name.
    labels : sequence of str
        The k classes.
    subject : str
        What was measured.
    """
    side = max(BROAD / 2, 1.2 + 0.55 * len(labels))
    figure, all_axes = _figures(
        "Confusion matrices", subject, columns=len(counts), width=side * len(counts), height=side
    )
    for axes, (name, matrix) in zip(all_axes, counts.items(), strict=True):
        _draw_confusion(axes, matrix, labels)
        axes.set_title(name, fontweight="bold", parse_math=False)
    return figure


def _draw_confusion(axes: Axes, counts: np.ndarray, labels: Sequence[str]) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    axes.imshow(shares, cmap=WHITE_TO_BLUE, vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        colour = "white" if shares[row, column] > 0.6 else INK
        weight = "bold" if row == column else "normal"
        axes.text(
            column, row - 0.1, f"{shares[row, column]:.0%}",
            ha="center", va="center", color=colour, fontweight=weight,
        )  # fmt: skip
        axes.text(
            column, row + 0.24, f"{counts[row, column]:d}",
            ha="center", va="center", color=colour, fontsize=6.5,
        )  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(
        range(len(labels)),
        [f"{label} ({total})" for label, total in zip(labels, totals[:, 0], strict=True)],
    )
    axes.set_xticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="predicted", ylabel="true (recordings)")


@_in_our_style
def training_curves(curves: pd.DataFrame, subject: str) -> Figure:
    """One panel per metric, training and validation by epoch.

    Parameters
    ----------
    curves : pd.DataFrame
        Columns metric, part ("train" or "validation"), epoch (from 1) and value.
    subject : str
        What was trained on.
    """
    panels = list(dict.fromkeys(curves["metric"]))
    figure, all_axes = _figures(
        "Training curves", subject, columns=len(panels), width=3.4 * len(panels), height=3.2
    )
    for axes, metric in zip(all_axes, panels, strict=True):
        for part, colour in (("train", BLUE), ("validation", RED)):
            curve = curves[(curves["metric"] == metric) & (curves["part"] == part)]
            if len(curve):
                axes.plot(curve["epoch"], curve["value"], color=colour, label=part)
        axes.set_title(metric)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
    all_axes[0].legend()
    return figure


@_in_our_style
def compared_curves(curves: Mapping[str, pd.DataFrame], subject: str) -> Figure:
    """Training curves of several models in the same panels, as in `training_curves`.

    Parameters
    ----------
    curves : mapping of str to pd.DataFrame
        By the model's name.
    subject : str
        What was trained.
    """
    panels = list(dict.fromkeys(metric for one in curves.values() for metric in one["metric"]))
    figure, all_axes = _figures(
        "Training curves", subject, columns=len(panels), width=BROAD, height=3.6
    )
    legend = {}
    for axes, metric in zip(all_axes, panels, strict=True):
        for (name, table), colour in zip(curves.items(), COMPARED, strict=False):
            for part, line, marker in (("train", ":", "x"), ("validation", "-", "o")):
                curve = table[(table["metric"] == metric) & (table["part"] == part)]
                if len(curve):
                    # what is fitted at once has one epoch, which makes no line
                    style = line if len(curve) > 1 else marker
                    [drawn] = axes.plot(curve["epoch"], curve["value"], style, color=colour)
                    legend[f"{name}, {part}"] = drawn
        axes.set_title(metric)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
    figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=len(legend))
    return figure


@_in_our_style
def recalls(shares: pd.DataFrame, subject: str) -> Figure:
    """Recall of each emotion as bars, those of several models next to each other.

    Parameters
    ----------
    shares : pd.DataFrame
        One row per emotion, one column per model, 0 to 1; not a number for an emotion that nobody
        expressed.
    subject : str
        What was measured.
    """
    width = max(BROAD, 1.2 + 0.9 * len(shares))
    figure, axes = _figure("Recall by emotion", subject, width=width, height=3.8)
    bar = 0.8 / len(shares.columns)
    for place, (name, colour) in enumerate(zip(shares.columns, COMPARED, strict=False)):
        left = np.arange(len(shares)) + (place - (len(shares.columns) - 1) / 2) * bar
        bars = axes.bar(left, shares[name], 0.92 * bar, color=colour, label=name)
        shown = ["" if np.isnan(one) else f"{100 * one:.0f}" for one in shares[name]]
        axes.bar_label(bars, shown, padding=1, fontsize=7.5)
    axes.set_xticks(range(len(shares)), shares.index)
    axes.tick_params(axis="x", length=0)
    if len(shares) > MANY:
        axes.set_xticks(axes.get_xticks(), shares.index, rotation=40, ha="right")
    axes.set(ylabel="recall", ylim=(0, 1.06))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@_in_our_style
def uar_by_speaker(scores: pd.DataFrame, subject: str) -> Figure:
    """UAR of each speaker under two models, a line from the first to the second.

    Parameters
    ----------
    scores : pd.DataFrame
        One row per speaker, by the speaker's name, and a column for each of two models, 0 to 1.
    subject : str
        What was measured.
    """
    width = max(BROAD, 1.8 + 0.26 * len(scores))
    figure, axes = _figure("UAR by speaker", subject, width=width, height=3.4)
    before, after = (scores[name].to_numpy() for name in scores.columns)
    axes.vlines(range(len(scores)), before, after, color=PALE, linewidth=2)
    for name, colour in zip(scores.columns, COMPARED, strict=True):
        axes.plot(range(len(scores)), scores[name], "o", color=colour, label=name)
    axes.set_xticks(range(len(scores)), scores.index)
    if scores.index.str.len().max() > LONG:
        axes.tick_params(axis="x", labelrotation=90)
    axes.tick_params(axis="x", length=0)
    axes.set(xlabel="speaker", ylim=(0, 1.03), xlim=(-0.6, len(scores) - 0.4))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


BETWEEN_LABELS = 0.05
"""Least distance of two labels of the curve of coverage, as a share of all recordings."""


@_in_our_style
def coverage(curve: pd.DataFrame, subject: str) -> Figure:
    """Accuracy of what is answered by the share that is, with the least confidence at some points.

    Parameters
    ----------
    curve : pd.DataFrame
        Columns ``at_least``, ``coverage``, ``accuracy``, each 0 to 1.
    subject : str
        What was tested.
    """
    figure, axes = _figure("Not answering when unsure", subject, width=5.6, height=3.8)
    axes.plot(curve["coverage"], curve["accuracy"], "o-", markersize=4, color=BLUE)
    labelled = np.inf
    for at_least, share, accuracy in curve[["at_least", "coverage", "accuracy"]].to_numpy():
        if share < labelled - BETWEEN_LABELS:  # or one would lie on another
            text, place = f"{at_least:.2g}", (share, accuracy)
            axes.annotate(text, place, (0, 6), textcoords="offset points", ha="center")
            labelled = share
    axes.set(xlabel="recordings answered, by the least confidence", ylabel="accuracy among these")
    axes.set(xlim=(0, 1.03), ylim=(0, 1.03))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    axes.grid()
    return figure


@_in_our_style
def label_distribution(counts: pd.DataFrame, subject: str) -> Figure:
    """Recordings by emotion, stacked by where they come from.

    Parameters
    ----------
    counts : pd.DataFrame
        One row per emotion, one column per corpus and channel.
    subject : str
        What was counted.
    """
    width = max(7.2, 2.4 + 0.6 * len(counts))
    figure, axes = _figure("Recordings by emotion", subject, width=width, height=3.8)
    bottom = np.zeros(len(counts))
    for place, column in enumerate(counts.columns):
        colour = (BLUE, SKY, ORANGE, GREEN, PINK, RED)[place % 6]
        axes.bar(counts.index, counts[column], 0.7, bottom, label=column, color=colour)
        bottom += counts[column].to_numpy()
    for place, total in enumerate(bottom):
        axes.annotate(
            f"{total:.0f}", (place, total), (0, 2), textcoords="offset points",
            ha="center", fontsize=8,
        )  # fmt: skip
    axes.grid(axis="y")
    axes.tick_params(axis="x", length=0)
    if len(counts) > MANY:
        axes.set_xticks(axes.get_xticks(), counts.index, rotation=40, ha="right")
    axes.set_ylabel("recordings")
    axes.margins(y=0.1)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@_in_our_style
def accuracy_by_speaker(accuracies: pd.DataFrame, overall: float, subject: str) -> Figure:
    """One bar per speaker, coloured by sex where it is known, with the accuracy of all as a line.

    Parameters
    ----------
    accuracies : pd.DataFrame
        Columns speaker, sex and accuracy, one row per speaker.
    overall : float
        Accuracy over all recordings.
    subject : str
        What was measured.
    """
    width = max(5.0, 1.8 + 0.26 * len(accuracies))
    figure, axes = _figure("Accuracy by speaker", subject, width=width, height=3.4)
    for sex, colour in (("female", ORANGE), ("male", BLUE), ("unknown", PALE)):
        rows = accuracies.index[accuracies["sex"] == sex]
        if len(rows):
            label = "sex unknown" if sex == "unknown" else sex
            axes.bar(rows, accuracies.loc[rows, "accuracy"], 0.7, color=colour, label=label)
    axes.axhline(overall, color=INK, linewidth=1, linestyle="--", label=f"all: {overall:.1%}")
    axes.set_xticks(accuracies.index, accuracies["speaker"])
    if accuracies["speaker"].str.len().max() > LONG:
        axes.tick_params(axis="x", labelrotation=90)
    axes.tick_params(axis="x", length=0)
    axes.set(xlabel="speaker", ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@_in_our_style
def cleaning(
    waves: tuple[np.ndarray, np.ndarray],
    rates: tuple[int, int],
    log_mels: tuple[np.ndarray, np.ndarray],
    frequencies: np.ndarray,
    subject: str,
) -> Figure:
    """Waveform and log-mel spectrogram of one recording before and after cleaning.

    Parameters
    ----------
    waves : two np.ndarray [shape=(samples,)]
        Before and after, full scale 1.
    rates : two int
        Of the waves, in Hz.
    log_mels : two np.ndarray [shape=(bands, frames)]
        In dB below each one's loudest, frames evenly over the wave.
    frequencies : np.ndarray [shape=(bands,)]
        The centres of the bands, in Hz.
    subject : str
        Which recording.
    """
    figure, all_axes = _figures(
        "Cleaning", subject, rows=2, columns=2, width=7.2, height=4.4, sharex="all", sharey="row"
    )
    for column, name in enumerate(("before", "after")):
        above, below = all_axes[column], all_axes[2 + column]
        seconds = len(waves[column]) / rates[column]
        time = np.arange(len(waves[column])) / rates[column]
        above.plot(time, waves[column], color=BLUE, linewidth=0.5)
        above.set_title(f"{name}: {seconds:.2f} s at {rates[column] / 1000:g} kHz")
        above.grid(axis="y")
        image = _spectrogram(below, log_mels[column], frequencies, seconds)
        below.set_xlabel("time (s)")
    all_axes[0].set_ylabel("amplitude")
    all_axes[2].set_ylabel("frequency (kHz)")
    all_axes[0].set_xlim(0, max(len(w) / r for w, r in zip(waves, rates, strict=True)))
    figure.colorbar(image, ax=all_axes[2:], label="level (dB)", aspect=12, pad=0.02)
    return figure


@_in_our_style
def learning_curve(speakers: Sequence[int], scores: np.ndarray, subject: str) -> Figure:
    """UAR by number of training speakers, the mean over folds as a line and each fold as a dot.

    Parameters
    ----------
    speakers : sequence of int
        How many trained.
    scores : np.ndarray [shape=(len(speakers), folds)]
        UAR of each fold, 0 to 1.
    subject : str
        What was measured.
    """
    figure, axes = _figure("Learning curve", subject, width=5.6, height=3.8)
    axes.plot(np.repeat(speakers, scores.shape[1]), scores.ravel(), "o", color=SKY, label="a fold")
    axes.plot(speakers, scores.mean(axis=1), "o-", color=BLUE, label="mean over folds")
    axes.set_xticks(speakers)
    axes.set(xlabel="training speakers", ylabel="UAR")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(axis="y")
    axes.legend(loc="lower right")
    return figure


@_in_our_style
def known_voices(scores: Mapping[str, Mapping[int, float]], subject: str) -> Figure:
    """UAR by number of known recordings of a speaker, a line for each system.

    Parameters
    ----------
    scores : mapping of str to mapping of int to float
        Of each system the UAR, 0 to 1, by the number of known recordings, from 0.
    subject : str
        What was measured.
    """
    figure, axes = _figure("Knowing a voice", subject, width=5.6, height=3.8)
    known = sorted({count for by_count in scores.values() for count in by_count})
    for (system, by_count), color in zip(scores.items(), (BLUE, RED, SKY), strict=False):
        label = textwrap.fill(system, 40)
        axes.plot(list(by_count), list(by_count.values()), "o-", color=color, label=label)
    # numbers double from each to the next, but for 0
    axes.set_xscale("symlog", base=2, linthresh=1, linscale=0.7)
    axes.set_xticks(known, map(str, known))
    axes.minorticks_off()
    axes.set(xlabel="known recordings of the speaker, without labels", ylabel="UAR")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="y")
    axes.legend(loc="lower right")
    return figure


@_in_our_style
def timeline(
    wave: tuple[np.ndarray, np.ndarray],
    log_mel: np.ndarray,
    frequencies: np.ndarray,
    duration: float,
    spans: np.ndarray,
    probabilities: np.ndarray,
    labels: Sequence[str],
    subject: str,
    width: float = 8.0,
) -> Figure:
    """Waveform, log-mel spectrogram and emotion of one recording over time.

    Parameters
    ----------
    wave : two np.ndarray [shape=(columns,)]
        Least and greatest sample of each column, evenly over the recording, full scale 1.
    log_mel : np.ndarray [shape=(bands, columns)]
        In dB below the loudest.
    frequencies : np.ndarray [shape=(bands,)]
        The centres of the bands, in Hz.
    duration : float
        Of the recording, in s.
    spans : np.ndarray [shape=(n, 2)]
        Where each window of the timeline starts and ends to be drawn, in s, ascending.
    probabilities : np.ndarray [shape=(n, k)]
        NaN in windows without speech.
    labels : sequence of str
        The k emotions.
    subject : str
        Which recording.
    width : float
        In inches; a telephone's screen shows about four.
    """
    figure, (above, middle, below) = _figures(
        "Timeline", subject, rows=3, width=width, height=6.0, sharex="all"
    )
    time = (np.arange(len(wave[0])) + 0.5) * duration / len(wave[0])
    above.fill_between(time, *wave, color=BLUE, linewidth=0.3)
    above.set_ylabel("amplitude")
    above.grid(axis="y")
    image = _spectrogram(middle, log_mel, frequencies, duration)
    middle.set_ylabel("frequency (kHz)")
    figure.colorbar(image, ax=middle, label="level (dB)", aspect=12, pad=0.02)
    edges = np.append(spans[:, 0], spans[-1:, 1])
    below.set_facecolor(GRID)
    mesh = below.pcolormesh(
        edges, np.arange(len(labels) + 1) - 0.5, np.ma.masked_invalid(probabilities.T),
        cmap=WHITE_TO_BLUE, vmin=0, vmax=1,
    )  # fmt: skip
    with_speech = np.isfinite(probabilities).all(axis=1)
    below.scatter(
        spans[with_speech].mean(axis=1), probabilities[with_speech].argmax(axis=1),
        s=8, color=RED, label="most probable", zorder=3,
    )  # fmt: skip
    below.set_yticks(range(len(labels)), labels)
    below.invert_yaxis()
    below.tick_params(axis="y", length=0)
    below.set(xlabel="time (s); grey: no speech", xlim=(0, duration))
    figure.colorbar(mesh, ax=below, label="probability", aspect=12, pad=0.02)
    return figure


def _spectrogram(
    axes: Axes, log_mel: np.ndarray, frequencies: np.ndarray, duration: float
) -> AxesImage:
    """Draw levels in dB below the loudest [bands, columns] over time, with a scale in kHz."""
    image = axes.imshow(
        log_mel, origin="lower", aspect="auto", cmap="magma", vmin=-80, vmax=0,
        extent=(0, duration, -0.5, len(frequencies) - 0.5), interpolation="nearest",
    )  # fmt: skip
    ticks = [hertz for hertz in (250, 500, 1000, 2000, 4000, 8000) if hertz <= frequencies[-1]]
    places = np.interp(ticks, frequencies, np.arange(len(frequencies)))
    axes.set_yticks(places, [f"{tick / 1000:g}" for tick in ticks])
    return image


def _figure(title: str, subject: str, width: float, height: float) -> tuple[Figure, Axes]:
    figure, all_axes = _figures(title, subject, width=width, height=height)
    return figure, all_axes[0]


def _figures(
    title: str,
    subject: str,
    *,
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    sharex: Literal["none", "all"] = "none",
    sharey: Literal["none", "row"] = "none",
) -> tuple[Figure, list[Axes]]:
    """An empty figure with its title, of a size in inches, and its axes row by row."""
    figure = Figure(figsize=(width, height), layout="constrained")
    wrapped = textwrap.fill(subject, int(CHARACTERS_PER_INCH * width))
    # a name of a file may hold what would be taken for mathematics
    heading = f"{title}\n{wrapped}"
    figure.suptitle(heading, x=0.01, ha="left", fontsize=TITLE_SIZE, parse_math=False)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey)
    return figure, list(axes.flat)
