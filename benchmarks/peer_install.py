"""How long the first import takes and how much disk: the light installation beside nkululeko's.

nkululeko (https://github.com/felixbur/nkululeko) trains, tests and predicts from a file of
settings. It has one installation for all of that, where ours for prediction leaves out what only
training needs.
"""

import json
import statistics
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.predict import install_light, installed_size

NKULULEKO = "nkululeko"
OURS = "this project"

PREDICTS = {
    OURS: "from speech_emotion import Recognizer",
    NKULULEKO: "import nkululeko.infer, nkululeko.feature_extractor",
}
"""What must be imported before there is an answer; what a model needs beside it is left out."""

STARTS = 5
"""New processes of each, in turns, whose median counts."""

IMPORT = "import time; {}; print(time.process_time())"
"""Prints the processor's seconds since the process began."""

ABOUT = """
import json
from importlib.metadata import distributions
print(json.dumps({one.name.lower(): one.version for one in distributions()}))
"""


def measure_installed(folder: Path, nkululeko: Path | None) -> dict[str, dict[str, Any]]:
    """Measure both installations.

    Parameters
    ----------
    folder : Path
        For an environment with the light installation.
    nkululeko : Path or None
        An environment with nkululeko and nothing else; None leaves it out.

    Returns
    -------
    dict
        By name: seconds to the first import, bytes, and how many packages are installed.
    """
    folder.mkdir(exist_ok=True)
    places = {OURS: install_light(folder)}
    if nkululeko is not None:
        places[NKULULEKO] = nkululeko
    seconds: dict[str, list[float]] = {name: [] for name in places}
    for _ in range(STARTS + 1):
        for name, place in places.items():
            seconds[name].append(float(_printed(place, IMPORT.format(PREDICTS[name]))))
    found = {}
    for name, place in places.items():
        packages = json.loads(_printed(place, ABOUT))
        found[name] = {
            # the first of each read from a cold disk
            "first_import_s": round(statistics.median(seconds[name][1:]), 2),
            "bytes": installed_size(place),
            "packages": len(packages),
            "version": packages.get(name, ""),
        }
    return found


def _printed(environment: Path, program: str) -> str:
    python = environment / "bin" / "python"
    done = subprocess.run(
        [python, "-c", program], cwd=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()[-1]
