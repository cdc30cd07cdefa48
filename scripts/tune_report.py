"""What came out of `make tune`: a page, and a picture of what each searched value was worth."""

import json
import warnings
from pathlib import Path

import numpy as np
import optuna
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from benchmarks.tables import table
from speech_emotion.base.files import write_whole
from speech_emotion.reporting.comparison import compare, read_predictions
from speech_emotion.reporting.figures import BLUE, BROAD, ORANGE, QUIET, STYLE, save

PAGE, PICTURE = "tune.md", "importance.png"
SHOWN = 3
"""Of how many of the most important values the trials are drawn."""
FEWEST = 4
"""With fewer finished trials, nothing can be said of importance."""

TRIALS_A_VALUE = 3
"""With fewer finished trials for each value, the page says that importance is a guess."""


def write_report(study: optuna.Study, folder: Path) -> str:
    """Write the page and the picture of a search into its folder; what the page holds."""
    finished = study.get_trials(states=(TrialState.COMPLETE,))
    dropped = study.get_trials(states=(TrialState.PRUNED,))
    first, best = finished[0], study.best_trial
    lines = [
        f"# {len(finished) + len(dropped)} trials",
        "",
        f"{len(finished)} finished, {len(dropped)} dropped. The best is "
        f"{best.user_attrs['name']}: UAR **{100 * _uar(best):.1f} %** on speakers who validate, "
        f"{100 * _uar(first):.1f} % with the params as they were ({first.user_attrs['name']}).",
        _difference(first, best, folder),
        "",
    ]
    importance = importances(study) if len(finished) >= FEWEST else {}
    keys = importance or dict.fromkeys(best.user_attrs["params"])
    lines.append(
        table(
            ["value", "as it was", "best", "importance, %"],
            [
                [
                    key,
                    json.dumps(first.user_attrs["params"][key]),
                    json.dumps(best.user_attrs["params"][key]),
                    f"{100 * importance[key]:.0f}" if key in importance else "",
                ]
                for key in keys
            ],
        )
    )
    if importance:
        save(importance_figure(importance, finished, len(dropped)), folder / PICTURE)
        if len(finished) < TRIALS_A_VALUE * len(importance):
            lines.append("From so few trials for so many values, importance is a guess.")
        lines.append(f"The picture is in {folder / PICTURE}.")
    page = "\n".join(lines)
    write_whole(folder / PAGE, page + "\n")
    return page


def _uar(trial: FrozenTrial) -> float:
    assert trial.value is not None
    return trial.value


def _difference(first: FrozenTrial, best: FrozenTrial, folder: Path) -> str:
    """How much better the best is on the same speakers, and that it was chosen for being so."""
    if first.number == best.number:
        return "No trial was better than the params as they were."
    tables = (read_predictions(folder / f"{one.user_attrs['name']}.csv") for one in (first, best))
    compared = compare(*tables)
    if isinstance(compared, str):
        return compared
    uar = compared.differences["uar"]
    words = f"That is {100 * uar.value:+.1f} points"
    if uar.low is not None and uar.high is not None:
        words += f" ({100 * uar.low:+.1f} to {100 * uar.high:+.1f}, {compared.method})"
    return f"{words}, of which some is luck: it was chosen for being the best. `make cv` tells."


def importances(study: optuna.Study) -> dict[str, float]:
    """Share of the differences between finished trials that each value explains, greatest first.

    Functional analysis of variance over a random forest (Hutter et al., "An Efficient Approach for
    Assessing Hyperparameter Importance", 2014).
    """
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return dict(found)


def importance_figure(
    importance: dict[str, float], trials: list[FrozenTrial], dropped: int
) -> Figure:
    """Importance as bars, and the UAR of each trial by the most important values.

    Parameters
    ----------
    importance : dict of str to float
        Shares by path in params.yaml, greatest first.
    trials : list of FrozenTrial
        The finished ones, that with the params as they were first.
    dropped : int
        How many were not finished.
    """
    with style.context(["default", STYLE]):
        figure = Figure(figsize=(BROAD, 3.8), layout="constrained")
        heading = (
            "What the searched values are worth\n"
            f"{len(trials)} finished trials, {dropped} dropped; UAR on speakers who validate"
        )
        figure.suptitle(heading, x=0.01, ha="left", fontsize=10)
        shown = list(importance)[:SHOWN]
        bars, *others = figure.subplots(
            1, 1 + len(shown), width_ratios=[1.5, *[1] * len(shown)], squeeze=False
        )[0]
        names = [_name(key) for key in importance]
        drawn = bars.barh(names, list(importance.values()), 0.7, color=BLUE)
        bars.bar_label(drawn, [f"{one:.0%}" for one in importance.values()], padding=2)
        bars.invert_yaxis()
        bars.tick_params(axis="y", length=0)
        bars.set(
            xlabel="share of the differences in UAR", xlim=(0, 1.15 * max(importance.values()))
        )
        bars.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        bars.grid(axis="x")
        best = max(trials, key=_uar)
        for axes, key in zip(others, shown, strict=True):
            distribution = trials[0].distributions[key]
            values = [trial.params[key] for trial in trials]
            if isinstance(distribution, CategoricalDistribution):
                order = sorted(set(values), key=lambda one: (one is None, one or 0))
                values = [order.index(one) for one in values]
                axes.set_xticks(range(len(order)), [json.dumps(one) for one in order])
                axes.set_xlim(-0.5, len(order) - 0.5)
            elif getattr(distribution, "log", False):
                axes.set_xscale("log")
            else:
                axes.xaxis.set_major_locator(MaxNLocator(4))
            scores = np.array([_uar(trial) for trial in trials])
            axes.plot(values, scores, "o", color=BLUE, alpha=0.6, label="a trial")
            for one, colour, label in (
                (trials[0], QUIET, "as it was"),
                (best, ORANGE, "best"),
            ):
                place = trials.index(one)
                axes.plot(values[place], scores[place], "o", color=colour, label=label)
            axes.set_xlabel(_name(key))
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
            axes.grid(axis="y")
            axes.sharey(others[0])
        others[0].set_ylabel("UAR")
        figure.legend(*others[0].get_legend_handles_labels(), loc="outside lower right", ncols=3)
    return figure


def _name(key: str) -> str:
    return key.removeprefix("train.").replace("augmentation.", "")
