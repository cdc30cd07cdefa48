"""The pictures: whole files, the same bytes every time, and honest about synthetic data."""

import io
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.reporting import figures

SUBJECT = "synthetic ravdess, synthetic tess; emobox6, fold 1"


def confusion() -> Figure:
    counts = np.random.default_rng(0).integers(0, 20, (8, 8))
    counts[1] = 0  # TESS has no calm
    return figures.confusion(counts, EMOTIONS, SUBJECT)


def training_curves() -> Figure:
    parts = [("loss", "train"), ("loss", "validation"), ("UAR", "validation")]
    curves = pd.DataFrame(
        [(*part, epoch, 1 / epoch) for part in parts for epoch in range(1, 6)],
        columns=["metric", "part", "epoch", "value"],
    )
    return figures.training_curves(curves, SUBJECT)


def label_distribution() -> Figure:
    counts = pd.DataFrame({"ravdess speech": range(8), "tess speech": range(8, 16)}, index=EMOTIONS)
    return figures.label_distribution(counts, SUBJECT)


def accuracy_by_speaker() -> Figure:
    accuracies = pd.DataFrame(
        {"speaker": ["01", "02"], "sex": ["male", "female"], "accuracy": [0.5, 0.75]}
    )
    return figures.accuracy_by_speaker(accuracies, 0.625, SUBJECT)


def cleaning() -> Figure:
    random = np.random.default_rng(0)
    waves = random.uniform(-0.5, 0.5, 48000), random.uniform(-0.5, 0.5, 8000)
    log_mels = random.uniform(-80, 0, (64, 100)), random.uniform(-80, 0, (64, 50))
    return figures.cleaning(waves, (48000, 16000), log_mels, np.linspace(50, 7900, 64), SUBJECT)


def coverage() -> Figure:
    curve = pd.DataFrame(
        {"at_least": [0.0, 0.5, 0.9], "coverage": [1.0, 0.6, 0.1], "accuracy": [0.5, 0.7, 1.0]}
    )
    return figures.coverage(curve, SUBJECT)


def learning_curve() -> Figure:
    scores = np.random.default_rng(0).uniform(0.3, 0.7, (4, 6))
    return figures.learning_curve([4, 8, 12, 20], scores, SUBJECT)


def known_voices() -> Figure:
    scores = {
        "one": {0: 0.7, 1: 0.71, 4: 0.74, 59: 0.8},
        "another": {0: 0.6, 1: 0.6, 4: 0.7, 59: 0.9},
    }
    return figures.known_voices(scores, SUBJECT)


def confusions() -> Figure:
    random = np.random.default_rng(0)
    counts = {name: random.integers(0, 20, (8, 8)) for name in ("main", "workspace")}
    return figures.confusions(counts, EMOTIONS, SUBJECT)


def compared_curves() -> Figure:
    curves = pd.DataFrame(
        [
            (metric, part, epoch, 1 / epoch)
            for metric in ("loss", "accuracy", "UAR")
            for part in ("train", "validation")
            for epoch in range(1, 6)
        ],
        columns=["metric", "part", "epoch", "value"],
    )
    fitted_at_once = curves[(curves["part"] == "validation") & (curves["epoch"] == 1)]
    return figures.compared_curves({"main": curves, "workspace": fitted_at_once}, SUBJECT)


def recalls() -> Figure:
    shares = pd.DataFrame(np.random.default_rng(0).uniform(0, 1, (8, 2)), index=EMOTIONS)
    shares.iloc[1] = np.nan  # TESS has no calm
    return figures.recalls(shares.set_axis(["main", "workspace"], axis="columns"), SUBJECT)


def uar_by_speaker() -> Figure:
    scores = pd.DataFrame({"main": [0.5, 0.75], "workspace": [0.6, 0.7]}, index=["01", "02"])
    return figures.uar_by_speaker(scores, SUBJECT)


PICTURES = [
    confusion,
    training_curves,
    label_distribution,
    accuracy_by_speaker,
    cleaning,
    coverage,
    learning_curve,
    known_voices,
    confusions,
    compared_curves,
    recalls,
    uar_by_speaker,
]


@pytest.mark.slow
@pytest.mark.parametrize("draw", PICTURES)
def test_same_data_give_the_same_whole_file(draw: Callable[[], Figure], tmp_path: Path) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    figures.save(draw(), first)
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red"}):  # as a user's matplotlibrc may
        figures.save(draw(), second)
    assert first.read_bytes() == second.read_bytes()
    pixels = imread(io.BytesIO(first.read_bytes()))
    height, width = pixels.shape[:2]
    assert 400 < height < 1500
    assert 600 < width < 2000
    assert pixels[..., :3].std() > 0.05
    assert b"Software" not in first.read_bytes()


@pytest.mark.parametrize("draw", PICTURES)
def test_title_says_synthetic(draw: Callable[[], Figure]) -> None:
    assert "synthetic" in draw().get_suptitle()


def test_confusion_shows_the_recall_on_its_diagonal() -> None:
    counts = np.array([[3, 1], [0, 2]])
    texts = [text.get_text() for text in figures.confusion(counts, ("a", "b"), "").axes[0].texts]
    assert texts == ["75%", "3", "25%", "1", "100%", "2"]


def test_bars_say_the_recall_above_them_and_nothing_of_an_emotion_that_nobody_expressed() -> None:
    shares = pd.DataFrame({"main": [0.5, np.nan], "workspace": [0.625, 1]}, index=["sad", "calm"])
    texts = [text.get_text() for text in figures.recalls(shares, "").axes[0].texts]
    assert texts == ["50", "", "62", "100"]


def test_a_long_subject_stays_inside_the_picture() -> None:
    accuracies = pd.DataFrame({"speaker": ["01"], "sex": ["male"], "accuracy": [0.5]})
    figure = figures.accuracy_by_speaker(accuracies, 0.5, "corpus, " * 20)
    figure.canvas.draw()
    title = figure.texts[0].get_window_extent()
    assert title.x1 < figure.bbox.x1
