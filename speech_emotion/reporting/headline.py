"""What `make repro` prints at its end: the numbers that matter, and where the rest lies."""

import json
from pathlib import Path
from typing import Any

from speech_emotion.base.errors import PipelineError, run
from speech_emotion.reporting.model_card import SCORES

EVALUATION = Path("metrics/evaluation.json")


def headline(values: dict[str, Any]) -> str:
    """The scores with their intervals, on what they were measured, and where the figures lie."""
    interval = values["interval"]
    lines = [
        f"{values['network']} on {values['corpora']['test']}, {values['protocol']} "
        f"fold {values['fold']}, {interval['speakers']} test speakers "
        f"{values['test_speakers']}, {values['recordings']['test']} recordings:"
    ]
    for key, name in SCORES.items():
        line = f"  {name:<9} {100 * values[key]:5.1f} %"
        if interval[key]["low"] is not None:
            low, high = (100 * interval[key][bound] for bound in ("low", "high"))
            line += f"  ({100 * interval['level']:g} % interval {low:.1f} to {high:.1f}, "
            line += f"{interval['method']})"
        lines.append(line)
    lines += [
        "All that was measured is in metrics/evaluation.json, the numbers to compare commits by in "
        "metrics/metrics.json, the figures in metrics/figures/."
    ]
    return "\n".join(lines)


def main() -> None:
    try:
        values = json.loads(EVALUATION.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"{EVALUATION} does not exist: run `dvc repro` to make it.") from None
    print(headline(values))


if __name__ == "__main__":
    run(main)
