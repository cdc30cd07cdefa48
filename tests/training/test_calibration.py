"""Temperature scaling: confidence comes to mean what it says, predictions stay."""

import numpy as np
import pytest

from speech_emotion.reporting.scoring import calibration_error
from speech_emotion.training.calibration import TEMPERATURES, calibrated, fit_temperature


def answers(sharpness: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are ``sharpness`` times as sharp as the draws of the truth warrant."""
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 1.5, (count, 8))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (honest.cumsum(axis=1) > draw.uniform(size=(count, 1))).argmax(axis=1)
    return calibrated(honest, 1 / sharpness), truth


@pytest.mark.parametrize("sharpness", [0.5, 1, 3])
def test_the_temperature_of_a_wrongly_sure_model_is_found(sharpness: float) -> None:
    probabilities, truth = answers(sharpness)
    temperature = fit_temperature(probabilities, truth)
    assert temperature == pytest.approx(sharpness, rel=0.1)
    after = calibrated(probabilities, temperature)
    np.testing.assert_array_equal(after.argmax(axis=1), probabilities.argmax(axis=1))
    np.testing.assert_allclose(after.sum(axis=1), 1)
    assert calibration_error(after, after.argmax(axis=1) == truth) < 0.03


def test_a_reciprocal_temperature_undoes_it() -> None:
    probabilities, _ = answers(1)
    back = calibrated(calibrated(probabilities, 2.5), 0.4)
    np.testing.assert_allclose(back, probabilities, atol=1e-9)


def test_no_recordings_no_change_and_all_right_is_no_licence_for_certainty() -> None:
    assert fit_temperature(np.zeros((0, 8)), np.zeros(0, int)) == 1
    assert calibrated(np.zeros((0, 8)), 2).shape == (0, 8)
    sure = np.full((20, 8), 0.02)
    sure[:, 3] = 0.86
    assert fit_temperature(sure, np.full(20, 3)) >= TEMPERATURES[0]
    zero = np.eye(8)
    assert np.isfinite(calibrated(zero, 0.5)).all()
