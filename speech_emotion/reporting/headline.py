"""What `make repro` prints at its end: the numbers that matter, and where the rest lies."""

import json
from pathlib import Path
from typing import Any

from speech_emotion.base.errors import PipelineError, run

METRICS = Path("metrics/metrics.json")
NAMES = {"uar": "UAR", "accuracy": "accuracy", "macro_f1": "macro F1"}


def headline(metrics: dict[str, Any]) -> str:
    """The scores with their intervals, on what they were measured, and where the figures lie."""
    interval = metrics["interval"]
    lines = [
        f"{metrics['network']} on {metrics['corpora']['test']}, {metrics['protocol']} "
        f"fold {metrics['fold']}, {interval['speakers']} test speakers "
        f"{metrics['test_speakers']}, {metrics['recordings']['test']} recordings:"
    ]
    for key, name in NAMES.items():
        line = f"  {name:<9} {100 * metrics[key]:5.1f} %"
        if interval[key]["low"] is not None:
            low, high = (100 * interval[key][bound] for bound in ("low", "high"))
            line += f"  ({100 * interval['level']:g} % interval {low:.1f} to {high:.1f}, "
            line += f"{interval['method']})"
        lines.append(line)
    lines.append("All metrics are in metrics/metrics.json, the figures in metrics/figures/.")
    return "\n".join(lines)


def main() -> None:
    try:
        metrics = json.loads(METRICS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"{METRICS} does not exist: run `dvc repro` to make it.") from None
    print(headline(metrics))


if __name__ == "__main__":
    run(main)
