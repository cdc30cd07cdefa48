"""Temperature scaling: one number that brings a model's confidence in line with its accuracy.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2. Predicted emotions
never change.
"""

import numpy as np

TEMPERATURES = (0.25, 10.0)
"""Where a temperature is looked for. Recordings that are all recognised would ask for 0, which is
boundless confidence on the word of a few speakers."""

SMALLEST = 1e-12
"""A probability of 0 is read as this, so that its logarithm is finite."""


def calibrated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of the log probabilities divided by a temperature.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, k)]
        As the model gives them; each row sums to 1.
    temperature : float
        Above 1 for less confidence, below 1 for more. Its reciprocal undoes it.

    Returns
    -------
    np.ndarray [shape=(n, k), float64]
        Each row sums to 1.
    """
    if temperature == 1:
        return probabilities
    logits = np.log(np.maximum(probabilities, SMALLEST, dtype=np.float64)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    scaled: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature under which the true classes are most likely.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, k)]
        Of recordings of speakers that neither trained the model nor test it.
    truth : np.ndarray [shape=(n,), int]
        The column of each recording's true class.

    Returns
    -------
    float
        1 where there are no recordings.
    """
    if not len(truth):
        return 1.0
    from scipy.optimize import minimize_scalar  # prediction applies a temperature without SciPy

    def cost(log_temperature: float) -> float:
        scaled = calibrated(probabilities, float(np.exp(log_temperature)))
        likelihood = scaled[np.arange(len(truth)), truth]
        return -float(np.log(np.maximum(likelihood, SMALLEST)).mean())

    found = minimize_scalar(cost, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return round(float(np.exp(found.x)), 4)
