"""A search for better training params: `make tune MINUTES=30`.

Each trial trains by other values of the train section and is measured on speakers who validate; no
speaker whom `split.fold` tests is ever heard. Trials are experiments of DVC. What is known of them
lies in a folder that git ignores, so that a search that was stopped goes on.
"""

import fcntl
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import yaml
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

from scripts.fingerprints import of_features, of_training
from scripts.tune_experiments import Experiments, names
from scripts.tune_report import write_report
from scripts.tune_trial import CURVES, FACTS, FAULT, FEATURES, PREDICTIONS
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import write_whole
from speech_emotion.params.section import PARAMS_FILE, load, read_sections
from speech_emotion.params.train import TrainParams
from speech_emotion.reporting.comparison import emotions, read_predictions
from speech_emotion.reporting.scoring import score

FOLDER = Path("tune")
"""Git ignores it; without it, a search begins anew."""

STARTUP = 4
"""Trials that are finished whatever they show, before others are dropped."""

FAULTS_IN_A_ROW = 3
"""So many failed trials mean that something else is wrong than their params."""

NAME = "tune-"

Params = dict[str, Any]
"""Values by their path in params.yaml, such as train.learning_rate."""


@dataclass(frozen=True)
class Knob:
    """A value that is searched.

    Attributes
    ----------
    key : str
        Its path in params.yaml.
    range : tuple
        The least and the greatest value, or, if there are more than two, the values.
    logarithmic : bool
        Whether factors count rather than differences.
    """

    key: str
    range: tuple[Any, ...]
    logarithmic: bool = False

    def distribution(self, current: Any) -> BaseDistribution:
        """For Optuna, with room for what params.yaml has now."""
        if len(self.range) > 2:
            more = () if current in self.range else (current,)
            return CategoricalDistribution((*self.range, *more))
        low, high = min(self.range[0], current), max(self.range[1], current)
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high)
        return FloatDistribution(low, high, log=self.logarithmic)


OF_STEPS = (
    # a third of a power of ten to either side of what suits AdamW with a single cycle
    Knob("train.learning_rate", (3e-4, 1e-2), logarithmic=True),
    Knob("train.weight_decay", (0.0, 0.2)),
    # a quarter of the label is more than any of the published recipes spreads
    Knob("train.label_smoothing", (0.0, 0.25)),
    Knob("train.batch_size", (8, 16, 32, 64)),
    # the last averages over most of a short training
    Knob("train.weight_averaging", (None, 0.9, 0.97, 0.99, 0.997)),
)
"""Of networks that learn in steps. Not among them are epochs, of which more are better and slower,
and what trials must share to be compared: the seed, and how validation decides."""

OF_SPECTROGRAMS = (
    Knob("train.augmentation.time_stretch", (0.0, 0.4)),
    Knob("train.augmentation.mel_warp", (0.0, 0.2)),
    Knob("train.augmentation.frequency_masks.max_width", (1, 12)),
    Knob("train.augmentation.time_masks.max_width", (1, 40)),
)
"""Where train.augmentation is there, which networks without spectrograms refuse."""

OF_VARIANTS = (Knob("train.as_recorded", (None, 0.3, 0.5, 0.7)),)
"""Where augment made variants; analyses that are fitted at once weigh them too."""


class TimeIsUpError(Exception):
    """The minutes are over; the trial is only half done."""


class TrialFailedError(Exception):
    """The trial can't be trained; the message says why."""


def search(seconds: float) -> None:
    """Search for so long, then apply the best trial to params.yaml and report.

    Raises
    ------
    PipelineError
        If nothing that the network heeds is searched, or the time is too short for one trial.
    """
    deadline = time.monotonic() + seconds
    experiments = Experiments.begun_from_here()
    text = PARAMS_FILE.read_text(encoding="utf-8")
    load("train", TrainParams)  # refuses params that are wrong before anything starts
    sections: dict[str, Any] = read_sections(PARAMS_FILE)
    keys = [knob.key for knob in (*OF_STEPS, *OF_SPECTROGRAMS, *OF_VARIANTS)]
    with _alone():
        fixed = yaml.safe_load(changed(text, {key: None for key in keys if _has(sections, key)}))
        spaces = [[knob.key, knob.range] for knob in (*OF_STEPS, *OF_SPECTROGRAMS, *OF_VARIANTS)]
        made_from = of_training(fixed["train"], fixed["split"], fixed["labels"], {"knobs": spaces})
        folder = FOLDER / f"{made_from[:8]}-{of_features(FEATURES)[:8]}"
        study = _study(folder)
        try:
            if "space" not in study.user_attrs:
                _as_it_is(study, text, experiments, folder, deadline)
            space = {
                key: optuna.distributions.json_to_distribution(one)
                for key, one in study.user_attrs["space"].items()
            }
            _go_on(study, space, text, experiments, folder, deadline)
        except TimeIsUpError:
            pass
        if not study.get_trials(states=(TrialState.COMPLETE,)):
            raise PipelineError(
                f"MINUTES={seconds / 60:g} is too short for a single trial of "
                f"{sections['train']['network']}: nothing was changed. Give it more, or set "
                "train.epochs in params.yaml lower."
            )
        best = study.best_trial
        write_whole(
            PARAMS_FILE, changed(PARAMS_FILE.read_text(encoding="utf-8"), best.user_attrs["params"])
        )
        print(f"\n{write_report(study, folder)}\n{PARAMS_FILE} holds {best.user_attrs['name']}.")


def changed(text: str, params: Params) -> str:
    """A YAML file's text with other values; all else, comments too, stays as it is to the byte.

    Parameters
    ----------
    text : str
        The file's.
    params : dict
        Numbers, or None, by their path in the file.
    """
    for key, value in params.items():
        node: Any = yaml.compose(text)
        for part in key.split("."):
            node = next(inner for name, inner in node.value if name.value == part)
        # "..." ends what YAML holds of a single value
        written = yaml.safe_dump(value).removesuffix("...\n").strip()
        text = text[: node.start_mark.index] + written + text[node.end_mark.index :]
    return text


def _has(sections: Mapping[str, Any], key: str) -> bool:
    """Whether params.yaml has a value at a path; an augmentation of null has none."""
    place: Any = sections
    for part in key.split("."):
        if not isinstance(place, dict) or part not in place:
            return False
        place = place[part]
    return True


def _space(text: str, facts: Mapping[str, bool]) -> dict[str, BaseDistribution]:
    """What is searched: what params.yaml has and the network heeds."""
    sections: dict[str, Any] = yaml.safe_load(text)
    knobs = [
        *(OF_STEPS if facts["learns"] else ()),
        *(OF_SPECTROGRAMS if facts["learns"] else ()),
        *(OF_VARIANTS if facts["has_variants"] else ()),
    ]
    space = {}
    for knob in knobs:
        if _has(sections, knob.key):
            *parents, last = knob.key.split(".")
            place = sections
            for part in parents:
                place = place[part]
            # the width of masks of which there are none
            if place.get("count") != 0:
                space[knob.key] = knob.distribution(place[last])
    return space


def _study(folder: Path) -> optuna.Study:
    """Open a search; a trial that was cut off begins again."""
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name="tune",
        storage=f"sqlite:///{folder / 'study.db'}",
        load_if_exists=True,
        direction="maximize",
    )
    finished = study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    print(
        f"Going on in {folder}. Finished trials: {len(finished)}."
        if finished
        else f"A new search, in {folder}.",
        flush=True,
    )
    # with the same seed, a search that goes on would draw the same trials again
    study.sampler = optuna.samplers.TPESampler(seed=len(study.trials))
    for half in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(half.number, state=TrialState.FAIL)
        # cut off before it had a name, it gets one when it begins again
        study.enqueue_trial(half.params, user_attrs=half.user_attrs)
    return study


def _as_it_is(
    study: optuna.Study, text: str, experiments: Experiments, folder: Path, deadline: float
) -> None:
    """The first trial, never dropped: the params as they are, which tell what can be searched."""
    curve: dict[int, float] = {}
    try:
        predictions, facts = _measure(text, folder, deadline, curve.__setitem__)
    except TrialFailedError as error:
        raise PipelineError(f"the params as they are can't be trained: {error}") from None
    space = _space(text, facts)
    if not space:
        network = yaml.safe_load(text)["train"]["network"]
        raise PipelineError(
            f"train.network is {network}, which is fitted at once: nothing that make tune searches "
            "changes it. Choose a network that learns in steps, or compare what it is made of by "
            "`dvc exp run -S`."
        )
    name, params = _next_name(study), _values(text, space)
    uar = _keep(name, params, text, predictions, experiments, folder)
    study.set_user_attr(
        "space",
        {key: optuna.distributions.distribution_to_json(one) for key, one in space.items()},
    )
    study.add_trial(
        optuna.create_trial(
            params=params,
            distributions=space,
            value=uar,
            intermediate_values=curve,
            user_attrs={"name": name, "params": params, "as_it_is": True},
        )
    )
    _say(name, uar, params)


def _go_on(
    study: optuna.Study,
    space: dict[str, BaseDistribution],
    text: str,
    experiments: Experiments,
    folder: Path,
    deadline: float,
) -> None:
    """One trial after another, until time is up."""
    epochs = yaml.safe_load(text)["train"]["epochs"]
    study.pruner = optuna.pruners.MedianPruner(STARTUP, n_warmup_steps=epochs // 2)
    faults = 0
    while time.monotonic() < deadline:
        trial = study.ask(space)
        if "name" not in trial.user_attrs:
            trial.set_user_attr("name", _next_name(study))
        name = trial.user_attrs["name"]
        # two digits are as many as anybody wants to read
        params = {
            key: float(f"{value:.2g}") if isinstance(space[key], FloatDistribution) else value
            for key, value in trial.params.items()
        }
        trial.set_user_attr("params", params)
        last = 0

        def watch(epoch: int, uar: float, trial: optuna.Trial = trial) -> None:
            nonlocal last
            last = epoch
            trial.report(uar, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned

        try:
            predictions, _ = _measure(changed(text, params), folder, deadline, watch)
        except optuna.TrialPruned:
            experiments.keep(name, changed(text, params), _json({"tune_dropped": last}))
            study.tell(trial, state=TrialState.PRUNED)
            print(f"{name}: dropped after epoch {last} of {epochs}. {_listed(params)}", flush=True)
        except TrialFailedError as error:
            study.tell(trial, state=TrialState.FAIL)
            print(f"{name}: failed. {error} {_listed(params)}", flush=True)
            faults += 1
            if faults == FAULTS_IN_A_ROW:
                raise PipelineError(f"{faults} trials in a row failed, at last: {error}") from None
            continue
        else:
            uar = _keep(name, params, text, predictions, experiments, folder)
            study.tell(trial, uar)
            _say(name, uar, params)
        faults = 0


def _measure(
    text: str, folder: Path, deadline: float, watch: Callable[[int, float], None]
) -> tuple[pd.DataFrame, dict[str, bool]]:
    """Train and validate in a process of its own; every epoch of the first training is watched."""
    place = folder / "trial"
    shutil.rmtree(place, ignore_errors=True)
    write_whole(place / "params.yaml", text)
    curve = place / CURVES / "plots" / "metrics" / "eval" / "uar.tsv"
    seen = 0
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.tune_trial", str(place)],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the search, which then ends this
    )
    try:
        while process.poll() is None:
            time.sleep(0.2)
            if time.monotonic() > deadline:
                raise TimeIsUpError
            # the last line may be half written
            lines = curve.read_text().split("\n")[1:-1] if curve.exists() else []
            for line in lines[seen:]:
                seen += 1
                watch(seen, float(line.split("\t")[1]))
    finally:
        process.kill()
        process.communicate()
    if process.returncode:
        fault = place / FAULT
        raise TrialFailedError(
            fault.read_text(encoding="utf-8")
            if fault.exists()
            else f"its process ended with {process.returncode}, as where memory is too small."
        )
    predictions = read_predictions(place / PREDICTIONS)
    return predictions, json.loads((place / FACTS).read_text(encoding="utf-8"))


def _keep(
    name: str,
    params: Params,
    text: str,
    predictions: pd.DataFrame,
    experiments: Experiments,
    folder: Path,
) -> float:
    """Keep a finished trial as an experiment; its UAR over all who validated."""
    labels = emotions(predictions)
    recordings = predictions.rename(columns={"truth": "emotion"})
    found = score(recordings, predictions[labels].to_numpy(), labels)
    bounds = found["interval"]["uar"]
    numbers = {
        "tune_uar": round(found["uar"], 4),
        "tune_uar_low": None if bounds["low"] is None else round(bounds["low"], 4),
        "tune_uar_high": None if bounds["high"] is None else round(bounds["high"], 4),
    }
    write_whole(folder / f"{name}.csv", predictions.to_csv(index=False, lineterminator="\n"))
    experiments.keep(name, changed(text, params), _json(numbers))
    return float(found["uar"])


def _say(name: str, uar: float, params: Params) -> None:
    """Of a trial that is recorded, whatever happens next."""
    print(f"{name}: UAR {100 * uar:.1f} %. {_listed(params)}", flush=True)


def _next_name(study: optuna.Study) -> str:
    """A name that no experiment and no trial has."""
    taken = {*names(), *(trial.user_attrs.get("name", "") for trial in study.trials)}
    numbers = [one.removeprefix(NAME) for one in taken if one.startswith(NAME)]
    return f"{NAME}{max((int(one) for one in numbers if one.isdecimal()), default=0) + 1:02d}"


def _values(text: str, space: Mapping[str, BaseDistribution]) -> Params:
    """What params.yaml holds of what is searched."""
    values = {}
    for key in space:
        place: Any = yaml.safe_load(text)
        for part in key.split("."):
            place = place[part]
        values[key] = place
    return values


def _listed(params: Params) -> str:
    return ", ".join(
        f"{key.removeprefix('train.')} {json.dumps(value)}" for key, value in params.items()
    )


def _json(numbers: Mapping[str, Any]) -> str:
    return json.dumps(numbers, indent=2) + "\n"


@contextmanager
def _alone() -> Iterator[None]:
    """One search at a time: another would take this one's trial for one that was cut off."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PipelineError(
                "another make tune is at work in this clone: wait for it, or stop it."
            ) from None
        yield


def main() -> None:
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        minutes = float(asked)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < float("inf"):
        raise PipelineError(
            f"MINUTES is {asked!r}: say how long to search, such as `make tune MINUTES=30`; 0 "
            "applies the best trial so far."
        )
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        search(60 * minutes)
    except KeyboardInterrupt:
        raise PipelineError(
            "stopped. Finished trials are kept and params.yaml is as it was: the same command goes "
            "on, and MINUTES=0 applies the best trial so far."
        ) from None


if __name__ == "__main__":
    run(main)
