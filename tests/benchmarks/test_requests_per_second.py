"""The benchmark of the REST interface, of a real server for a moment."""

from pathlib import Path

import pytest

from benchmarks import requests_per_second


def test_clients_at_a_time_are_measured(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests_per_second, "WARM_UP", 0.5)
    monkeypatch.setattr(requests_per_second, "MEASURED", 1.5)
    measured = requests_per_second.measure(models / "export")
    for path in requests_per_second.PATHS:
        for clients in requests_per_second.CLIENTS:
            one = measured[path][str(clients)]
            assert one["requests"] > 0
            assert one["per_second"] == pytest.approx(one["requests"] / 1.5, abs=0.1)
            assert 0 < one["median_ms"] <= one["p99_ms"]
            row = f"| {clients} | {one['per_second']:.0f} | {one['median_ms']:.0f} ms |"
            assert row in requests_per_second.table(measured)
