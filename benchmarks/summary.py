"""Last benchmark stage: the tables and figures of benchmarks/README.md, from the results.

What has not been run is left out and listed, so that the report can be made at any time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from benchmarks import published
from benchmarks.comparison import (
    Counts,
    Measured,
    collect,
    difference,
    pooled,
    pooled_accuracy,
    recalls,
)
from benchmarks.params import Item, load_items
from benchmarks.published import Published
from benchmarks.results import RESULTS
from benchmarks.tables import (
    against,
    command,
    difference_text,
    interval_text,
    percent,
    section,
    seeds_text,
    sex,
    table,
    trained_on,
    what,
)
from speech_emotion.base.errors import run
from speech_emotion.base.files import replaced_folder, write_whole
from speech_emotion.data.corpora import CORPORA
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.splits import TEST_SPEAKERS
from speech_emotion.reporting import figures
from speech_emotion.reporting.model_tests import ModelTest, as_markdown, model_tests, summary
from speech_emotion.reporting.scoring import uar

REPORT = Path("benchmarks/README.md")
FIGURES = Path("benchmarks/figures")
NOTES = Path("benchmarks/notes.md")

ACTORS = frozenset(speaker for fold in TEST_SPEAKERS["emobox6"].values() for speaker in fold)
"""The speakers of RAVDESS."""

FREQUENT = 0.1
"""Confusions below this share of an emotion's recordings are not listed."""

UNTOUCHED = ("5", "6")
"""Folds of emobox6 whose actors no choice of this pipeline was made on."""

SYSTEMS = {
    "best": "the default recipe",
    "speech_only": "the default recipe, trained on RAVDESS speech only",
    "longer": "the default recipe for 200 epochs",
    "longest": "the default recipe for 500 epochs",
    "eight_variants": "the default recipe, trained on eight variants of each recording as well",
    "cnn2d": "`cnn2d` alone",
    "telephone": "the recipe `telephone`",
    "encoder": "Whisper base and functionals",
    "encoder_speech": "Whisper base and functionals, trained on RAVDESS speech only",
    "student": "the student",
    "outside_student": "the student for outside the studio",
    "outside_encoder": "Whisper base and functionals for outside the studio",
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
    "babble20": "six people talking, at 20 dB",
    "babble10": "six people talking, at 10 dB",
    "talker20": "one other person talking, at 20 dB",
    "talker10": "one other person talking, at 10 dB",
    "hum20": "hum of the mains at 20 dB",
    "hum10": "hum of the mains at 10 dB",
    "room": "a desk in an office (reverberation 0.4 s, direct sound at 0 dB)",
    "far_room": "the far end of a room (0.7 s, -6 dB)",
    "g711": "telephone, G.711",
    "gsm": "mobile telephone, GSM 06.10",
    "opus": "Opus at 12 kbit/s",
    "clipping": "clipped at a twelfth of its peak",
}
SPEAKERS_APART = {
    "emobox6": (
        "The choices of this pipeline were made on the actors of folds 1 to 4 only. What it took "
        "over from a prototype had seen all of them (see What was tried on what, below). The other "
        "systems train on the speech of a fold's training actors alone. Ours trains on their song "
        "as well, unless the row says otherwise; Training material shows what that is worth. "
        "The recipe with Whisper base took its layers, its variants and the weights of its sum "
        "from the actors of folds 1 to 4, with those of folds 5 and 6 in training, and the idea "
        "from a second prototype that had tested all of them."
    ),
    "luna_jimenez5": (
        "The actors that the choices of this pipeline were made on are among those tested here. "
        "ResLSTM-SA trains on speech alone, ours on song as well, unless the row says otherwise."
    ),
    "leave_one_speaker_out": (
        "Each actor is tested by a model of all others. The study that the others are from trains "
        "on speech alone, and chooses each encoder's layer among the training actors. The default "
        "recipe trains on song as well. Choices of this pipeline were made on 16 of these actors."
    ),
}
OURS = {
    "emobox6": (
        "emobox6_original",
        "emobox6_cnn2d",
        "emobox6_best",
        "emobox6_student",
        "emobox6_encoder",
        "material_encoder",
    ),
    "luna_jimenez5": (
        "luna_jimenez5_original",
        "luna_jimenez5_cnn2d",
        "luna_jimenez5_best",
        "luna_jimenez5_encoder",
    ),
    "leave_one_speaker_out": ("leave_one_speaker_out", "leave_one_speaker_out_encoder"),
}
"""The items that stand among the published systems of a protocol."""

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

ACROSS_HEAD = (
    "trained on, tested on",
    "test speakers",
    "UA",
    "interval",
    "chance",
    "confidence",
    "accuracy",
)

INTRODUCTION = """\
<!-- written by `python -m benchmarks.summary` from benchmarks/results and benchmarks/notes.md -->
# Published protocols

What this pipeline reaches on protocols that others report, rebuilt as a DVC pipeline of its own.
UA is the unweighted average recall over the eight emotions, in %. It is the mean over the folds of
a protocol and over seeds, with the range of the seeds where there are several. Intervals (95 %) are
over speakers, of the recordings of all folds together. The number of epochs is fixed, so that no
speaker is held out of training to choose it. Each row of ours names the command that makes it.

`dvc --cd benchmarks repro` runs all of it, with RAVDESS and TESS in `data/corpora` and EMO-DB in
`data/emodb` (links are enough, or other paths in `benchmarks/params.yaml`). It can be stopped at
any time: a training that is finished is not run again. A training computes on one thread. To use
more cores, make the features once, then run several items side by side:

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
            self._one_speaker_out(),
            self._known_voices(),
            self._recalls(),
            self._confusions(),
            self._errors(),
            self._conditions(),
            self._model_tests(),
            self._across(),
            self._material(),
            self._learning_curve(),
            self._ingredients(),
            self._encoder_ingredients(),
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
        for fold, result in self.folds_across("best").items():
            trained, tested = pair(fold).split(", ")
            made[f"confusion_across_{fold}"] = figures.confusion(
                pooled(speakers_of(result)),
                result["labels"],
                f"the default recipe, trained on {trained}, tested on {tested}",
            )
        if knowing := self.of("emobox6_encoder"):
            scores = {SYSTEMS[one.recipe]: _by_known_recordings(one) for one in knowing}
            made["known_voices"] = figures.known_voices(scores, self._subject(knowing[0]))
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
        lines = []
        if any(result["synthetic"] for one in self.found.values() for result in one.results):
            lines.append(
                "**Made from synthetic recordings: this proves that the pipeline runs, and says "
                "nothing about people.**\n"
            )
        if self.missing:
            listed = ", ".join(f"`{item}` ({count})" for item, count in self.missing.items())
            lines.append(f"Not run yet, in trainings: {listed}.\n")
        return "\n".join(lines)

    def _speakers_apart(self, protocol: str, title: str, others: Sequence[Published]) -> str:
        """Ours among theirs, by UA."""
        rows = [
            (
                one.percent,
                [
                    one.system,
                    one.what,
                    one.as_reported or f"{one.percent:.1f}",
                    "",
                    "",
                    "",
                    "",
                    one.source,
                ],
            )
            for one in others
        ]
        ours = self.of(*OURS[protocol])
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
                        what(one),
                        f"**{seeds_text(one.ua())}**",
                        f"{percent(min(by_fold))} to {percent(max(by_fold))}",
                        interval_text(counts),
                        percent(pooled_accuracy(counts)),
                        percent(float(np.mean(one.ua(folds=UNTOUCHED))))
                        if protocol == "emobox6"
                        else "",
                        command(one),
                    ],
                )
            )
        head = [
            "system",
            "what it is",
            "UA",
            "worst to best fold",
            "interval",
            "accuracy",
            "folds 5, 6",
            "source",
        ]
        ordered = [row for _, row in sorted(rows, key=lambda row: row[0])]
        if protocol != "emobox6":
            head.remove("folds 5, 6")
            ordered = [[*row[:6], row[7]] for row in ordered]
        picture = (
            f"\n![Confusion matrix](figures/confusion_{protocol}_best.png)\n"
            if self.get(f"{protocol}_best", "best")
            else ""
        )
        return f"## {title}\n\n{SPEAKERS_APART[protocol]}\n\n{table(head, ordered)}{picture}"

    def _recalls(self) -> str:
        rows = []
        for one in self.of(
            "emobox6_original",
            "emobox6_cnn2d",
            "emobox6_best",
            "luna_jimenez5_original",
            "luna_jimenez5_cnn2d",
            "luna_jimenez5_best",
        ):
            everybody = one.by_speaker()
            groups = {"all": everybody}
            if one.recipe == "best":
                for intensity, matrix in one.by_intensity().items():
                    matrix[EMOTIONS.index("neutral")] = 0
                    groups[f"{intensity} intensity"] = {"": matrix}
                for one_sex in ("female", "male"):
                    groups[f"{one_sex} actors"] = {
                        speaker: matrix
                        for speaker, matrix in everybody.items()
                        if sex(speaker) == one_sex
                    }
            for group, counts in groups.items():
                rows.append(
                    [
                        SYSTEMS[one.recipe],
                        self.items[one.item].setting.protocol,
                        group,
                        percent(float(uar(pooled(counts)))),
                        *map(percent, recalls(counts)),
                    ]
                )
        return section(
            "Recall by emotion",
            "These figures are of the recordings of all folds together; the UA above is the mean "
            "over folds. The default recipe is also shown by the intensity that was acted, without "
            "neutral, which has only one, and by the sex of the actors.",
            ["system", "protocol", "recordings", "UA", *EMOTIONS],
            rows,
        )

    def _confusions(self) -> str:
        best = self.get("emobox6_best", "best")
        if best is None:
            return ""
        shares = {
            intensity: matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
            for intensity, matrix in best.by_intensity().items()
        }
        found = [
            (max(share[truth, answer] for share in shares.values()), truth, answer)
            for truth in range(len(EMOTIONS))
            for answer in range(len(EMOTIONS))
            if truth != answer
        ]
        rows = [
            [
                EMOTIONS[truth],
                EMOTIONS[answer],
                *(
                    # neutral has one intensity
                    percent(share[truth, answer] if share[truth].any() else float("nan"))
                    for share in shares.values()
                ),
            ]
            for largest, truth, answer in sorted(found, key=lambda one: (-one[0], one[1:]))
            if largest >= FREQUENT
        ]
        return section(
            "Confusions",
            "The default recipe on EmoBox' folds: the share, in %, of the recordings of an emotion "
            "that were taken for another one, by the intensity that was acted. All that reach "
            f"{100 * FREQUENT:.0f} % at one of the intensities are shown.",
            ["true emotion", "taken for", *(f"{intensity} intensity" for intensity in shares)],
            rows,
        )

    def _errors(self) -> str:
        rows = []
        for item, recipe, test in (
            ("emobox6_best", "best", "EmoBox' folds"),
            ("luna_jimenez5_best", "best", "Luna-Jiménez' folds"),
            ("random_all_best", "longest", "the random fifth of everything"),
        ):
            one = self.get(item, recipe)
            if one is None:
                continue
            counts = one.by_speaker()
            wrong = {who: matrix - np.diag(np.diagonal(matrix)) for who, matrix in counts.items()}
            errors = pooled(wrong)
            total = int(errors.sum())
            of_ravdess = sum(int(matrix.sum()) for who, matrix in wrong.items() if who in ACTORS)
            sad, calm, fearful = (EMOTIONS.index(name) for name in ("sad", "calm", "fearful"))
            rows.append(
                [
                    SYSTEMS[recipe],
                    test,
                    str(total),
                    str(of_ravdess),
                    *(
                        f"{count} ({percent(count / max(total, 1))} %)"
                        for count in (
                            errors[sad].sum() + errors[:, sad].sum(),
                            errors[sad, calm] + errors[calm, sad],
                            errors[sad, fearful] + errors[fearful, sad],
                        )
                    ),
                ]
            )
        return section(
            "Errors",
            "Recordings whose emotion was not recognised, over all folds and seeds, and how many "
            "of these errors involve sadness as the true or the predicted emotion.",
            [
                "system",
                "test",
                "errors",
                "of RAVDESS",
                "sad and any other",
                "sad and calm",
                "sad and fearful",
            ],
            rows,
        )

    def _conditions(self) -> str:
        best = self.get("emobox6_best", "best")
        if best is None:
            return ""
        measured = [
            (one, condition, name)
            for one in (
                best,
                *self.of("emobox6_student", "emobox6_encoder"),
                *self.of("emobox6_best_disturbed", "emobox6_outside"),
            )
            for condition, name in CONDITIONS.items()
            if condition in self.items[one.item].setting.conditions
        ]
        if narrow := self.get("emobox6_telephone", "telephone"):
            measured.append((narrow, "telephone", CONDITIONS["telephone"]))
        rows = [
            [
                SYSTEMS[one.recipe],
                name,
                seeds_text(one.ua(condition)),
                interval_text(one.by_speaker(condition)),
                percent(pooled_accuracy(one.by_speaker(condition))),
                ""
                if condition == "as_recorded"
                else against(best if one is narrow else one, one, condition),
                command(one),
            ]
            for one, condition, name in measured
        ]
        return section(
            "Worse recordings",
            "The models of EmoBox' six folds. A test recording is degraded before it goes through "
            "the front end; the signal-to-noise ratio is that of the whole recording, and the "
            "difference is to the same model on recordings as they are. The default "
            "recipe trains on each recording as it is and with white noise at 20 dB, and on none "
            "of the other conditions; the recipes with Whisper base and the student on a band "
            "that ends at 4 kHz and two other speeds as well. Those for outside the studio train "
            "on five of twelve kinds of variants for each recording (front end `outside` of "
            "`benchmarks/params.yaml`): other code makes those than these conditions, with other "
            "seeds, rooms and voices; only the coders of telephones and of Opus are the same. Who "
            "talks here are the two women of TESS, every other recording slowed down to a man's "
            "voice. The recipe `telephone` is the default recipe at 8 kHz, held against the "
            "default recipe.",
            [
                "system",
                "test recordings",
                "UA",
                "interval",
                "accuracy",
                "difference (interval)",
                "command",
            ],
            rows,
        )

    def model_tests(self) -> list[ModelTest]:
        """The default recipe's tests, over the recordings of all folds; none before a run."""
        one = self.get("model_tests", "best")
        if one is None:
            return []
        answers = {
            name: np.array(
                [int(digit) for result in one.results for digit in result["answers"][name]]
            )
            for name in one.results[0]["answers"]
        }
        labels, sexes = np.array(EMOTIONS), np.array(["male", "female"])
        recordings = pd.DataFrame(
            {"emotion": labels[answers.pop("truth")], "sex": sexes[answers.pop("female")]}
        )
        before, everywhere = labels[answers.pop("as recorded")], np.arange(len(recordings))
        disturbed = {name: (labels[found], everywhere) for name, found in answers.items()}
        return model_tests(recordings, before, disturbed, EMOTIONS)

    def _model_tests(self) -> str:
        rows = self.model_tests()
        if not rows:
            return ""
        counts = summary(rows)
        return (
            "## Tests passed and failed\n\n"
            "The tests that audEERING publish for emotion models, with their bounds (Derington et "
            "al. 2023, arXiv:2312.06270): the default recipe on EmoBox' six folds, every recording "
            "as it is and disturbed in eighteen ways. The bounds are set for four emotions; eight "
            "are harder. A pipeline's own model is tested by `evaluate`, which says in "
            f"`metrics/model_tests.md` what each disturbance is. {counts['passed']} tests are "
            f"passed and {counts['failed']} failed. The command is "
            f"`dvc --cd benchmarks repro model_tests`.\n\n{as_markdown(rows)}"
        )

    def folds_across(self, recipe: str) -> dict[str, dict[str, Any]]:
        """The results of a recipe from one corpus to another, by such as "ravdess-emodb"."""
        one = self.get(f"across_{recipe}", recipe)
        return {} if one is None else next(iter(one.seeds.values()))

    def _across(self) -> str:
        rows = [
            [
                SYSTEMS[recipe],
                *across_cells(fold, result),
                f"{result['calibration_error']:.2f}",
                ", ".join(
                    f"{label} {100 * share:.0f}"
                    for label, share in zip(
                        result["labels"], recalls(speakers_of(result)), strict=True
                    )
                ),
            ]
            for recipe in ("best", "encoder", "original")
            for fold, result in self.folds_across(recipe).items()
        ]
        pictures = "".join(
            f"\n![{pair(fold)}](figures/confusion_across_{fold}.png)\n"
            for fold in self.folds_across("best")
        )
        return (
            section(
                "From one corpus to another",
                "How far a model carries: all of one corpus trains (of RAVDESS song, too), the "
                "speech of another is tested, over the emotions that both have. Of EMO-DB the "
                "339 recordings of anger, happiness, neutral and sadness take part. Confidence is "
                "the mean of the largest probability; where it lies above accuracy, the model is "
                "sure of what it does not know. Nobody is held out here to calibrate it on, as "
                "the pipeline does. Intervals over the two speakers of TESS say next "
                "to nothing. The commands are `dvc --cd benchmarks repro across_best`, "
                "`across_encoder` and `across_original`, with EMO-DB in `data/emodb`.",
                ["system", *ACROSS_HEAD, "calibration error", "recall by emotion"],
                rows,
            )
            + pictures
        )

    def _material(self) -> str:
        best = self.get("emobox6_best", "best")
        materials = {
            "speech_only": "RAVDESS speech",
            "best": "RAVDESS speech and song",
            "with_tess": "RAVDESS speech and song, TESS",
        }
        measured = {one.recipe: one for one in self.of("material")}
        if best:
            measured["best"] = best
        rows = []
        for recipe, name in materials.items():
            if one := measured.get(recipe):
                rows.append(
                    [
                        name,
                        trained_on(one),
                        seeds_text(one.ua()),
                        interval_text(one.by_speaker()),
                        against(best, one) if best and recipe != "best" else "",
                        command(one),
                    ]
                )
        return section(
            "Training material",
            "The default recipe on EmoBox' six folds. Differences are between the seeds that both "
            "rows have.",
            ["trained on", "recordings (fold 1)", "UA", "interval", "difference", "command"],
            rows,
        )

    def _one_speaker_out(self) -> str:
        among = self._speakers_apart(
            "leave_one_speaker_out", "One speaker at a time", published.ONE_SPEAKER_OUT
        )
        rows = [
            [
                SYSTEMS[one.recipe],
                speaker,
                sex(speaker),
                percent(float(uar(matrix))),
                *(percent(recall) for recall in recalls({speaker: matrix})),
            ]
            for one in self.of(*OURS["leave_one_speaker_out"])
            for speaker, matrix in one.by_speaker().items()
        ]
        if not rows:
            return among
        return (
            f"{among}\nEach actor has 4 neutral recordings and 8 of every other emotion.\n\n"
            + table(["system", "actor", "sex", "UA", *EMOTIONS], rows)
        )

    def _known_voices(self) -> str:
        rows = [
            [
                SYSTEMS[one.recipe],
                known_case(name),
                percent(float(uar(pooled(counts)))),
                interval_text(counts),
                difference_text(difference(counts, one.by_speaker())),
            ]
            for one in self.of("emobox6_encoder")
            for name, counts in known_voices(one).items()
        ]
        return section(
            "Knowing a voice",
            "The models of EmoBox' six folds, each test recording recognised with the speaker's "
            "voice known from a few other recordings, whose emotions nobody tells. They are drawn "
            "at random three times, and the counts added up; the difference is to the same model "
            "without them. UA is of the recordings of all folds together. Below the line of 59, "
            "which are all other recordings that an actor spoke, the recordings are not what they "
            "should be: all of one emotion, of another speaker, or from a telephone or in white "
            "noise while the tested recordings are clean. The command is "
            "`dvc --cd benchmarks repro emobox6_encoder`.",
            ["system", "known recordings", "UA", "interval", "difference (interval)"],
            rows,
        ) + ("\n![Known recordings and UA](figures/known_voices.png)\n" if rows else "")

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
                trained_on(one),
                seeds_text(one.ua()),
                interval_text(one.by_speaker()),
                difference_text(difference(one.by_speaker(), fewer.by_speaker())) if fewer else "",
                command(one),
            ]
            for (count, one), fewer in zip(curve.items(), [None, *curve.values()], strict=False)
        ]
        return (
            section(
                "Learning curve",
                "The default recipe on EmoBox' six folds with fewer training speakers, women and "
                "men by turns, trained for as many steps as with all; the first seed alone.",
                [
                    "training speakers",
                    "recordings (fold 1)",
                    "UA",
                    "interval",
                    "difference to the row above",
                    "command",
                ],
                rows,
            )
            + "\n![Learning curve](figures/learning_curve.png)\n"
        )

    def _ingredients(self) -> str:
        return self._against_ingredients(
            "Ingredients",
            ("tuning", "best"),
            ("tuning", "tuning_front_ends"),
            "Cross-validation among the 16 actors of EmoBox' folds 1 to 4, on which all choices "
            "were made: three folds' actors train, the fourth's are tested, and the actors of "
            "folds 5 and 6 take no part. Differences are to the default recipe with the same "
            "seeds, from a bootstrap that draws speakers and takes the recordings of both systems "
            "of each. The last columns are the UA on worse recordings, as above. What each recipe "
            "changes stands in `benchmarks/params.yaml` under its name. The command is "
            "`dvc --cd benchmarks repro tuning tuning_front_ends`.",
        )

    def _encoder_ingredients(self) -> str:
        return self._against_ingredients(
            "Ingredients of the recipe with an encoder",
            ("tuning_encoder", "encoder_speech"),
            ("tuning_encoder_no_loud_mean",),
            "The same for the recipe with Whisper base, to which the differences are. Whatever "
            "else is left out, the loud mean is too: compare with the row without it. The "
            "commands are `dvc --cd benchmarks repro tuning_encoder tuning_encoder_no_loud_mean`.",
        )

    def _against_ingredients(
        self, title: str, of: tuple[str, str], items: tuple[str, ...], words: str
    ) -> str:
        """A table of recipes that are one ingredient less or other than one, (item, recipe)."""
        best = self.get(*of)
        if best is None:
            return ""
        worse = [one for one in self.items[of[0]].setting.conditions if one != "as_recorded"]

        def in_worse(one: Measured) -> list[str]:
            return [seeds_text(one.ua(condition)) for condition in worse]

        name = f"**{SYSTEMS[best.recipe]}**"
        rows = [[name, seeds_text(best.ua()), "", "", *in_worse(best)]]
        for one in self.of(*items):
            seeds = sorted(set(one.seeds) & set(best.seeds))
            if one.recipe == best.recipe or not seeds:
                continue
            gain = difference(one.by_speaker(seeds=seeds), best.by_speaker(seeds=seeds))
            rows.append(
                [
                    one.recipe.replace("_", " "),
                    seeds_text(one.ua()),
                    difference_text(gain),
                    f"{gain.better:.0%}",
                    *in_worse(one),
                ]
            )
        return section(
            title,
            words,
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
        for when, items in LEAKS.items():
            cells = []
            for item in items:
                recipe = "original_variants" if "_none" not in item else "original_speech"
                if item == "emobox6_original":
                    recipe = "original_speech"
                one = self.get(item, recipe)
                if one is None:
                    cells.append("")
                    continue
                cell = percent(pooled_accuracy(one.by_speaker()))
                if "with_variants" in self.items[item].setting.conditions:
                    cell += f" ({percent(pooled_accuracy(one.by_speaker('with_variants')))})"
                cells.append(cell)
            if any(cells):
                rows.append([when, *cells])
        return section(
            "The leak made visible",
            "The original recipe on RAVDESS speech: accuracy on the test recordings, and in "
            "brackets on these and their variants, as a project counts that augments first. Where "
            "augmentation comes before a random split, variants of test recordings are in "
            "training: what looks like recognition is memory. In a split by speaker variants stay "
            "with their speaker either way, so that the last two rows are the same training there "
            "and differ in whether variants are tested. With variants the recipe trains for 40 "
            "epochs of nine times as many recordings, without for 200 epochs: 1.8 times as many "
            "steps. The commands are `dvc --cd benchmarks repro --glob 'leak_*'` and, for the "
            "first row by speaker, `dvc --cd benchmarks repro emobox6_original`.",
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
                            what(one),
                            test,
                            f"**{percent(pooled_accuracy(counts))}**",
                            percent(pooled_accuracy(actors)) if len(actors) < len(counts) else "",
                            percent(float(uar(pooled(counts)))),
                            command(one),
                        ],
                    )
                )
            parts += [row for _, row in sorted(rows, key=lambda row: row[0])]
        return section(
            "Random splits, for comparison only",
            "The test speakers are in training, too: these figures show how well voices are "
            "remembered, not how well emotions are recognised. More than half of the random fifth "
            "is TESS, which has two speakers; nearly all of it is recognised.",
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
        return section(
            "Time",
            "Wall-clock time of training on one thread each, "
            f"{total / 3600:.1f} hours for everything on this page. Some of it was measured beside "
            "other work on the same two cores, and some on another machine, which makes a "
            "difference of up to a factor of 3: the times of two items do not compare their "
            "recipes.",
            ["item", "trainings", "minutes each (median)", "hours"],
            rows,
        )


def known_voices(one: Measured) -> dict[str, Counts]:
    """Counts by test speaker for each case of a known voice, over all folds, the draws added up."""
    cases = one.results[0]["known_voice"]
    found: dict[str, Counts] = {}
    for name in cases:
        counts: Counts = {}
        for result in one.results:
            for speaker, matrix in result["known_voice"][name].items():
                counts[speaker] = counts.get(speaker, 0) + np.array(matrix)
        found[name] = dict(sorted(counts.items()))
    return found


def _by_known_recordings(one: Measured) -> dict[int, float]:
    """UA by the number of known recordings of the speaker, from 0."""
    known = {int(name): counts for name, counts in known_voices(one).items() if name.isdigit()}
    return {
        count: float(uar(pooled(counts)))
        for count, counts in ({0: one.by_speaker()} | known).items()
    }


def known_case(name: str) -> str:
    """A case in words, such as "4, all angry"."""
    count, _, rest = name.partition(" ")
    if rest in EMOTIONS:
        return f"{count}, all {rest}"
    if rest in CONDITIONS:
        return f"{count}, {CONDITIONS[rest].partition(',')[0]}"
    return name


def speakers_of(result: dict[str, Any]) -> Counts:
    """A result's confusion matrices by speaker."""
    return {
        speaker: np.array(matrix) for speaker, matrix in result["confusion"]["as_recorded"].items()
    }


def pair(fold: str) -> str:
    """Such as "RAVDESS, EMO-DB": what trains, and what is tested."""
    return ", ".join(CORPORA[corpus].title for corpus in fold.split("-"))


def across_cells(fold: str, result: dict[str, Any]) -> list[str]:
    """A result from one corpus to another, under `ACROSS_HEAD`."""
    counts = speakers_of(result)
    return [
        pair(fold),
        str(len(counts)),
        percent(float(uar(pooled(counts)))),
        interval_text(counts),
        percent(1 / len(result["labels"])),
        percent(result["confidence"]),
        percent(pooled_accuracy(counts)),
    ]


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
