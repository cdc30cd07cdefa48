"""The numbers that commits are compared by are few, and those that were measured."""

import json
from typing import Any

import pytest
import yaml
from conftest import ROOT

from speech_emotion.reporting.evaluation import compared


@pytest.fixture
def values() -> dict[str, Any]:
    """What evaluate measured of the committed model."""
    measured: dict[str, Any] = json.loads((ROOT / "metrics" / "evaluation.json").read_text())
    return measured


def test_what_is_compared_was_measured(values: dict[str, Any]) -> None:
    values["model_tests"]["disturbed"] = {
        "babble": {"unchanged": 0.9, "uar_change": -0.3},
        "music": {"unchanged": 0.9, "uar_change": 0.1},
        "coughing": {"unchanged": None, "uar_change": None},
        "other room": {"unchanged": 0.1},
    }
    found = compared(values)
    assert found["uar"] == pytest.approx(values["uar"], abs=1e-4)
    assert found["uar_low"] == pytest.approx(values["interval"]["uar"]["low"], abs=1e-4)
    assert found["uar_high"] == pytest.approx(values["interval"]["uar"]["high"], abs=1e-4)
    assert found["ece"] == pytest.approx(values["calibration_error"], abs=1e-4)
    assert found["uar_known"] == pytest.approx(values["known_voice"]["16"], abs=1e-4)
    assert found["uar_drop"] == pytest.approx(0.1)


def test_what_was_not_measured_is_left_open(values: dict[str, Any]) -> None:
    values["interval"]["uar"] = {"low": None, "high": None}
    values["known_voice"]["16"] = None
    values["model_tests"]["disturbed"] = {}
    found = compared(values)
    open_ones = [name for name, value in found.items() if value is None]
    assert open_ones == ["uar_low", "uar_high", "uar_known", "uar_drop"]


def test_dvc_compares_a_dozen_numbers_at_most(values: dict[str, Any]) -> None:
    """Each is a column of `dvc exp show`, without a path before its name: one file has them."""
    assert len(compared(values)) <= 12
    assert json.loads((ROOT / "metrics" / "metrics.json").read_text()) == compared(values)
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    declared = [name for stage in stages for one in stage.get("metrics", []) for name in one]
    assert declared == ["metrics/metrics.json"]
