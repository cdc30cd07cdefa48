"""Last benchmark stage: the tables of benchmarks/README.md and its pictures, from the results.

What has not been run is left out and listed, so that the report can be made at any time.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks import published
from benchmarks.comparison import (
    Counts,
    Difference,
    Measured,
    collect,
    difference,
    interval,
    pooled,
    pooled_accuracy,
    recalls,
)
from benchmarks.params import Item, load_items
from benchmarks.published import Published
from benchmarks.results import RESULTS
from stages.lib import figures
from stages.lib.dataset import EMOTIONS, replaced_folder
from stages.lib.errors import run
from stages.lib.files import write_whole
from stages.lib.scoring import uar
from stages.lib.splits import TEST_SPEAKERS

REPORT = Path("benchmarks/README.md")
FIGURES = Path("benchmarks/figures")
NOTES = Path("benchmarks/notes.md")

ACTORS = frozenset(speaker for fold in TEST_SPEAKERS["emobox6"].values() for speaker in fold)
"""The speakers of RAVDESS."""

UNTOUCHED = ("5", "6")
"""Folds of emobox6 whose actors no choice of this pipeline was made on."""

SYSTEMS = {
    "best": "the default recipe",
    "speech_only": "the default recipe, trained on RAVDESS speech only",
    "longer": "the default recipe for 200 epochs",
    "longest": "the default recipe for 500 epochs",
    "eight_variants": "the default recipe, trained on eight variants of each recording as well",
    "cnn2d": "`cnn2d` alone",
    "original": "the original recipe",
    "original_speech": "the original recipe, trained on RAVDESS speech only",
}
CONDITIONS = {
    "as_recorded": "as recorded",
    "quieter": "20 dB softer",
    "telephone": "resampled to 8 kHz, as a telephone's are",
    "noise20": "white noise at 20 dB",
    "noise10": "white noise at 10 dB",
    "pink20": "pink noise at 20 dB",
}
SPEAKERS_APART = {
    "emobox6": (
        "This pipeline's choices were made on the actors of folds 1 to 4 only; what it took over "
        "from a prototype had seen all of them (What was tried on what, below). The others train "
        "on a fold's speech alone, ours on the same actors' song as well, or on what the row "
        "says; what that is worth stands in Training material."
    ),
    "luna_jimenez5": (
        "The actors that this pipeline's choices were made on are among those tested here. "
        "ResLSTM-SA trains on speech alone, ours on song as well."
    ),
}
LEAKS = {
    "not at all": ("leak_random_none", "emobox6_original"),
    "after the split: variants of training recordings only": (
        "leak_random_after",
        "leak_speakers_after",
    ),
    "before the split: variants are dealt out like recordings": (
        "leak_random_before",
        "leak_speakers_before",
    ),
}

INTRODUCTION = """\
<!-- written by `python -m benchmarks.summary` from benchmarks/results; notes.md holds the words -->
# Published protocols

What this pipeline reaches on protocols that others report, rebuilt as a DVC pipeline of its own.
UA is the unweighted average recall over the eight emotions, in %: the mean over the folds of a
protocol, and over seeds where there are several, with their range. Intervals (95 %) are over
speakers, of the recordings of all folds together. No speaker is held out of training to choose
epochs: their number is fixed. Each row of ours names the command that makes it.

With RAVDESS and TESS in `data/corpora` (a link will do, or another `ingest.from` in
`benchmarks/params.yaml`), `dvc --cd benchmarks repro` runs all of it. It can be stopped at any
time: a training that is done is not run again. A training computes on one thread. To use more
cores, make the features once, then run several items side by side:

```bash
dvc --cd benchmarks repro features
dvc --cd benchmarks --wait-for-lock repro --single-item emobox6_best   # in one shell
dvc --cd benchmarks --wait-for-lock repro --single-item tuning         # in another
python -m benchmarks.summary                                           # this page, at any time
```
"""


class Report:
    """Builds the page from what was measured.

    Parameters
    ----------
    items : dict of str to Item
        What there is to be measured.
    results : Path
        The folder of results.
    """

    def __init__(self, items: dict[str, Item], results: Path) -> None:
        self.items = items
        found, self.missing = collect(items, results)
        self.found = {(one.item, one.recipe, one.speakers): one for one in found}

    def get(self, item: str, recipe: str) -> Measured | None:
        """A recipe on an item, trained on all whom a fold leaves; None before it has run."""
        return self.found.get((item, recipe, None))

    def of(self, *items: str) -> list[Measured]:
        """What was measured of some items, in the order of params.yaml."""
        return [one for one in self.found.values() if one.item in items]

    def text(self, notes: str) -> str:
        """The whole page."""
        sections = (
            self._state(),
            self._speakers_apart("emobox6", "EmoBox, 6 folds of RAVDESS speech", published.EMOBOX6),
            self._speakers_apart(
                "luna_jimenez5", "Luna-Jiménez, 5 folds of RAVDESS speech", published.LUNA_JIMENEZ5
            ),
            self._recalls(),
            self._conditions(),
            self._material(),
            self._one_speaker_out(),
            self._learning_curve(),
            self._ingredients(),
            self._leaks(),
            self._random(),
            self._time(),
        )
        return "\n".join([INTRODUCTION, *filter(None, sections), notes])

    def pictures(self) -> dict[str, Figure]:
        """Every picture by its name."""
        made = {}
        for item in ("emobox6_best", "luna_jimenez5_best"):
            if one := self.get(item, "best"):
                made[f"confusion_{item}"] = figures.confusion(
                    pooled(one.by_speaker()), EMOTIONS, self._subject(one)
                )
        if len(curve := self._curve()) > 1:
            made["learning_curve"] = figures.learning_curve(
                list(curve),
                np.array([list(one.fold_ua().values()) for one in curve.values()]),
                self._subject(next(iter(curve.values()))),
            )
        return made

    def _subject(self, one: Measured) -> str:
        synthetic = "synthetic " if any(result["synthetic"] for result in one.results) else ""
        count = len(one.seeds)
        return (
            f"{synthetic}RAVDESS speech, speakers never heard; "
            f"{self.items[one.item].setting.protocol}, all folds, "
            f"{count} seed{'s' if count > 1 else ''}"
        )

    def _state(self) -> str:
        told = []
        if any(result["synthetic"] for one in self.found.values() for result in one.results):
            told.append(
                "**Made from synthetic recordings: this proves that the pipeline runs, and says "
                "nothing about people.**\n"
            )
        if self.missing:
            listed = ", ".join(f"`{item}` ({count})" for item, count in self.missing.items())
            told.append(f"Not run yet, in trainings: {listed}.\n")
        return "\n".join(told)

    def _speakers_apart(self, protocol: str, title: str, others: Sequence[Published]) -> str:
        """Ours among theirs, by UA."""
        rows = [
            (
                one.percent,
                [one.system, one.what, one.told or f"{one.percent:.1f}", *[""] * 4, one.source],
            )
            for one in others
        ]
        ours = self.of(*(f"{protocol}_{kind}" for kind in ("original", "cnn2d", "best")))
        if protocol == "emobox6" and (speech := self.get("material", "speech_only")):
            ours.append(speech)  # as the others train
        for one in ours:
            counts = one.by_speaker()
            by_fold = one.fold_ua().values()
            rows.append(
                (
                    100 * float(np.mean(one.ua())),
                    [
                        f"**{SYSTEMS[one.recipe]}**",
                        _what(one),
                        f"**{_seeds(one.ua())}**",
                        f"{_percent(min(by_fold))} to {_percent(max(by_fold))}",
                        _interval(counts),
                        _percent(pooled_accuracy(counts)),
                        _percent(float(np.mean(one.ua(folds=UNTOUCHED))))
                        if protocol == "emobox6"
                        else "",
                        _command(one),
                    ],
                )
            )
        head = [
            *("system", "what it is", "UA", "worst to best fold", "interval", "accuracy"),
            *("folds 5, 6", "source"),
        ]
        table = [row for _, row in sorted(rows, key=lambda row: row[0])]
        if protocol != "emobox6":
            head.remove("folds 5, 6")
            table = [[*row[:6], row[7]] for row in table]
        picture = (
            f"\n![Confusion matrix](figures/confusion_{protocol}_best.png)\n"
            if self.get(f"{protocol}_best", "best")
            else ""
        )
        return f"## {title}\n\n{SPEAKERS_APART[protocol]}\n\n{_table(head, table)}{picture}"

    def _recalls(self) -> str:
        rows = []
        for one in self.of(
            *(
                f"{protocol}_{kind}"
                for protocol in ("emobox6", "luna_jimenez5")
                for kind in ("original", "cnn2d", "best")
            )
        ):
            everybody = one.by_speaker()
            groups = {"all": everybody}
            if one.recipe == "best":
                for intensity, matrix in one.by_intensity().items():
                    matrix[EMOTIONS.index("neutral")] = 0
                    groups[f"{intensity} intensity"] = {"": matrix}
                for sex in ("female", "male"):
                    groups[f"{sex} actors"] = {
                        speaker: matrix
                        for speaker, matrix in everybody.items()
                        if _sex(speaker) == sex
                    }
            for group, counts in groups.items():
                rows.append(
                    [
                        SYSTEMS[one.recipe],
                        self.items[one.item].setting.protocol,
                        group,
                        _percent(float(uar(pooled(counts)))),
                        *map(_percent, recalls(counts)),
                    ]
                )
        return _section(
            "Recall by emotion",
            "All folds together, UA too, which above is the mean over folds. Of the default recipe "
            "also by the intensity that was acted, without neutral, which has only one, and by the "
            "actors' sex.",
            ["system", "protocol", "recordings", "UA", *EMOTIONS],
            rows,
        )

    def _conditions(self) -> str:
        best = self.get("emobox6_best", "best")
        if best is None:
            return ""
        measured = [
            (told, best, condition)
            for condition, told in CONDITIONS.items()
            if condition in self.items[best.item].setting.conditions
        ]
        if narrow := self.get("emobox6_telephone", "telephone"):
            told = f"{CONDITIONS['telephone']}, by the recipe `telephone`"
            measured.append((told, narrow, "telephone"))
        rows = [
            [
                told,
                _seeds(one.ua(condition)),
                _interval(one.by_speaker(condition)),
                _percent(pooled_accuracy(one.by_speaker(condition))),
                "" if condition == "as_recorded" else _against(best, one, condition),
                _command(one),
            ]
            for told, one, condition in measured
        ]
        return _section(
            "Worse recordings",
            "The models of EmoBox' six folds. A test recording is spoilt before it goes through "
            "the front end; the noise is relative to the whole recording. The default recipe "
            "trains on each recording as it is and with white noise at 20 dB, and on nothing else "
            "of this. The recipe `telephone` is the same at 8 kHz (`benchmarks/params.yaml`).",
            ["test recordings", "UA", "interval", "accuracy", "difference (interval)", "command"],
            rows,
        )

    def _material(self) -> str:
        best = self.get("emobox6_best", "best")
        told = {
            "speech_only": "RAVDESS speech",
            "best": "RAVDESS speech and song",
            "with_tess": "RAVDESS speech and song, TESS",
        }
        measured = {one.recipe: one for one in [*self.of("material"), *([best] if best else [])]}
        rows = []
        for recipe, name in told.items():
            if one := measured.get(recipe):
                rows.append(
                    [
                        name,
                        _trained_on(one),
                        _seeds(one.ua()),
                        _interval(one.by_speaker()),
                        _against(best, one) if best and recipe != "best" else "",
                        _command(one),
                    ]
                )
        return _section(
            "Training material",
            "The default recipe on EmoBox' six folds; differences on the seeds that both have.",
            ["trained on", "recordings (fold 1)", "UA", "interval", "difference", "command"],
            rows,
        )

    def _one_speaker_out(self) -> str:
        one = self.get("leave_one_speaker_out", "best")
        if one is None:
            return ""
        rows = [
            [
                speaker,
                _sex(speaker),
                _percent(float(uar(matrix))),
                *(_percent(recall) for recall in recalls({speaker: matrix})),
            ]
            for speaker, matrix in one.by_speaker().items()
        ]
        counts = one.by_speaker()
        rows.append(
            ["all", "", _percent(float(uar(pooled(counts)))), *map(_percent, recalls(counts))]
        )
        return _section(
            "One speaker at a time",
            f"The default recipe trained on all other actors. {_command(one)}; interval over "
            f"speakers {_interval(counts)}. Neutral is 4 recordings of an actor, each other "
            "emotion 8.",
            ["actor", "sex", "UA", *EMOTIONS],
            rows,
        )

    def _curve(self) -> dict[int, Measured]:
        """What was measured with few training speakers, and with all of them, by their number."""
        found = {one.speakers or 0: one for one in self.of("learning_curve")}
        if found and (best := self.get("emobox6_best", "best")):
            # the others ran with fewer seeds
            seeds = next(iter(found.values())).seeds
            same = {seed: folds for seed, folds in best.seeds.items() if seed in seeds}
            if same:
                count = best.results[0]["trained_on"]["speakers"]
                found[count] = Measured(best.item, best.recipe, count, same)
        return dict(sorted(found.items()))

    def _learning_curve(self) -> str:
        curve = self._curve()
        if len(curve) < 2:
            return ""
        rows = [
            [
                str(count),
                _trained_on(one),
                _seeds(one.ua()),
                _interval(one.by_speaker()),
                _difference(difference(one.by_speaker(), fewer.by_speaker())) if fewer else "",
                _command(one),
            ]
            for (count, one), fewer in zip(curve.items(), [None, *curve.values()], strict=False)
        ]
        return (
            _section(
                "Learning curve",
                "The default recipe on EmoBox' six folds with fewer training speakers, women and "
                "men by turns, trained for as many steps; the first seed alone.",
                [
                    *("training speakers", "recordings (fold 1)", "UA", "interval"),
                    *("difference to the row above", "command"),
                ],
                rows,
            )
            + "\n![Learning curve](figures/learning_curve.png)\n"
        )

    def _ingredients(self) -> str:
        best = self.get("tuning", "best")
        if best is None:
            return ""
        worse = [one for one in self.items["tuning"].setting.conditions if one != "as_recorded"]

        def in_worse(one: Measured) -> list[str]:
            return [_seeds(one.ua(condition)) for condition in worse]

        rows = [["**the default recipe**", _seeds(best.ua()), "", "", *in_worse(best)]]
        for one in self.of("tuning", "tuning_front_ends"):
            seeds = sorted(set(one.seeds) & set(best.seeds))
            if one.recipe == "best" or not seeds:
                continue
            gain = difference(one.by_speaker(seeds=seeds), best.by_speaker(seeds=seeds))
            rows.append(
                [
                    one.recipe.replace("_", " "),
                    _seeds(one.ua()),
                    _difference(gain),
                    f"{gain.better:.0%}",
                    *in_worse(one),
                ]
            )
        return _section(
            "Ingredients",
            "Cross-validation among the 16 actors of EmoBox' folds 1 to 4, the only one that "
            "choices were made on: train on three folds' actors, test the fourth; the actors of "
            "folds 5 and 6 are in nothing. Differences are to the default recipe with the same "
            "seeds, from a bootstrap that draws speakers and takes both systems' recordings of "
            "each. Beside them UA on worse recordings, as above. What each recipe changes stands "
            "in `benchmarks/params.yaml` under its name. `dvc --cd benchmarks repro tuning "
            "tuning_front_ends`",
            [
                "recipe",
                "UA",
                "difference (interval)",
                "draws in which it is better",
                *(CONDITIONS[condition] for condition in worse),
            ],
            rows,
        )

    def _leaks(self) -> str:
        rows = []
        for told, items in LEAKS.items():
            cells = []
            for item in items:
                recipe = "original_variants" if "_none" not in item else "original_speech"
                if item == "emobox6_original":
                    recipe = "original_speech"
                one = self.get(item, recipe)
                if one is None:
                    cells.append("")
                    continue
                cell = _percent(pooled_accuracy(one.by_speaker()))
                if "with_variants" in self.items[item].setting.conditions:
                    cell += f" ({_percent(pooled_accuracy(one.by_speaker('with_variants')))})"
                cells.append(cell)
            if any(cells):
                rows.append([told, *cells])
        return _section(
            "The leak made visible",
            "The original recipe on RAVDESS speech: accuracy on the test recordings, in brackets "
            "with their variants among them, as a project counts that augments first. Split at "
            "random, a test recording's variants are in training where augmentation came "
            "before the split: what looks like recognition is memory. Split by speaker, variants "
            "go with their speaker either way: the last two rows are one training there, but for "
            "the variants that are tested. With variants it trains for 40 epochs of nine times as "
            "much, without for 200: 1.8 times the steps. `dvc --cd benchmarks repro --glob "
            "'leak_*'` and, for the row without variants by speaker, `emobox6_original`",
            ["augmented", "split at random, 6 folds", "split by speaker, EmoBox' 6 folds"],
            rows,
        )

    def _random(self) -> str:
        parts = []
        for items, test, others in (
            (
                ("random_all_original", "random_all_best", "random_all_variants"),
                "a random fifth of all 5,252 recordings",
                published.RANDOM_ALL,
            ),
            (
                ("random_speech_best",),
                "RAVDESS speech, ten random folds",
                published.RANDOM_SPEECH,
            ),
            ((), "other data than ours, split by its authors", published.RANDOM_OTHER),
        ):
            rows = [
                (
                    one.percent,
                    [one.system, one.what, test, f"{one.percent:.1f}", "", "", one.source],
                )
                for one in others
            ]
            for one in self.of(*items):
                counts = one.by_speaker()
                actors = {who: matrix for who, matrix in counts.items() if who in ACTORS}
                rows.append(
                    (
                        100 * pooled_accuracy(counts),
                        [
                            f"**{SYSTEMS[one.recipe]}**",
                            _what(one),
                            test,
                            f"**{_percent(pooled_accuracy(counts))}**",
                            _percent(pooled_accuracy(actors)) if len(actors) < len(counts) else "",
                            _percent(float(uar(pooled(counts)))),
                            _command(one),
                        ],
                    )
                )
            parts += [row for _, row in sorted(rows, key=lambda row: row[0])]
        return _section(
            "Random splits, for comparison only",
            "Test speakers are heard in training: this measures how well voices are remembered, "
            "not how well emotions are recognised. More than half of the random fifth is TESS, two "
            "speakers, of which nearly all is right.",
            ["system", "what it is", "test", "accuracy", "on RAVDESS", "UA", "source"],
            parts,
        )

    def _time(self) -> str:
        rows = []
        for item in self.items:
            results = [result for one in self.of(item) for result in one.results]
            if results:
                seconds = [result["seconds"] for result in results]
                rows.append(
                    [
                        f"`{item}`",
                        str(len(results)),
                        f"{np.median(seconds) / 60:.1f}",
                        f"{sum(seconds) / 3600:.2f}",
                    ]
                )
        total = sum(result["seconds"] for one in self.found.values() for result in one.results)
        return _section(
            "Time",
            f"Wall clock of training, one thread each: {total / 3600:.1f} hours for what is shown. "
            "Some of it was measured beside other work on the same two cores, and some on another "
            "machine, which makes up to a factor of 3: what the items say is not how their recipes "
            "compare.",
            ["item", "trainings", "minutes each (median)", "hours"],
            rows,
        )


def _section(title: str, told: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    return f"## {title}\n\n{told}{chr(10) * 2 if told else ''}{_table(head, rows)}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{100 * share:.1f}"


def _seeds(scores: Sequence[float]) -> str:
    mean = _percent(float(np.mean(scores)))
    if len(scores) == 1:
        return mean
    return f"{mean} ({_percent(min(scores))} to {_percent(max(scores))}, {len(scores)} seeds)"


def _interval(counts: Counts) -> str:
    bounds = interval(counts)
    return "" if bounds is None else " to ".join(_percent(bound) for bound in bounds)


def _difference(found: Difference) -> str:
    return f"{100 * found.value:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"


def _against(best: Measured, one: Measured, condition: str = "as_recorded") -> str:
    """A system in a condition against another on recordings as they are, on the seeds of both."""
    seeds = sorted(set(one.seeds) & set(best.seeds))
    if not seeds:
        return ""
    return _difference(
        difference(one.by_speaker(condition, seeds=seeds), best.by_speaker(seeds=seeds))
    )


def _sex(speaker: str) -> str:
    """Of an actor of RAVDESS, by the number."""
    return "female" if int(speaker) % 2 == 0 else "male"


def _what(one: Measured) -> str:
    parameters = one.results[0]["parameters"] / 1e6
    return f"{parameters:.2f} M parameters, from scratch on {_trained_on(one)} recordings"


def _trained_on(one: Measured) -> str:
    """How many recordings trained the first fold's model."""
    return f"{one.results[0]['trained_on']['recordings']:,}"


def _command(one: Measured) -> str:
    return f"`dvc --cd benchmarks repro {one.item}`"


def summarise(
    items: dict[str, Item], results: Path, notes: Path, report: Path, pictures: Path
) -> None:
    """Write the page and its pictures."""
    made = Report(items, results)
    with replaced_folder(pictures) as folder:
        for name, figure in made.pictures().items():
            figures.save(figure, folder / f"{name}.png")
    write_whole(report, made.text(notes.read_text(encoding="utf-8")))


def main() -> None:
    summarise(load_items(), RESULTS, NOTES, REPORT, FIGURES)


if __name__ == "__main__":
    run(main)
