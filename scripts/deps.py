"""Writes into both dvc.yaml files what follows from elsewhere, between markers: `make deps`.

Into the root's: the code that each stage depends on, by its imports. Into that of the benchmarks:
the stages of the items, by benchmarks/params.yaml.
"""

import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.params import Item, load_items
from benchmarks.protocols import ACROSS
from benchmarks.recipes import load_recipe
from benchmarks.results import RESULTS, Run
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.imports import ROOT, dependencies

STAGE = re.compile(r"python -m (stages\.\w+)")
IN_THE_STORE = {"as_recorded", "with_variants"}
"""Conditions whose features are kept; others are made of the recordings."""


def with_code(text: str) -> str:
    """The text of dvc.yaml with the code that each stage depends on."""

    def code(before: str) -> list[str]:
        module = STAGE.findall(before)[-1]
        return [f"- {name}" for name in dependencies(module)]

    return _with_blocks(text, "code", code)


def with_items(text: str, params: Path) -> str:
    """The text of benchmarks/dvc.yaml with one stage for each item of benchmarks/params.yaml."""

    def items(before: str) -> list[str]:
        return [
            line for name, item in load_items(params).items() for line in _stage(name, item, params)
        ]

    return _with_blocks(text, "items", items)


def _stage(name: str, item: Item, params: Path) -> list[str]:
    """The lines of an item's stage: one training for each recipe, seed, fold (and size)."""
    dimensions = {"recipe": "recipes", "seed": "seeds", "fold": "folds"}
    if item.speakers:
        dimensions["speakers"] = "speakers"
    values = {dimension: f"${{item.{dimension}}}" for dimension in dimensions}
    placeholders = Run(item=name, recipe="RECIPE", seed=0, fold="FOLD", speakers=1)
    result = "-".join(values.values())
    folder = (RESULTS.relative_to("benchmarks") / placeholders.file).parent.as_posix()
    needs_audio = (
        set(item.setting.conditions) - IN_THE_STORE
        or item.setting.disturbed
        or item.setting.known_voice
    )
    features = "features_across" if item.setting.protocol == ACROSS else "features"
    return [
        f"{name}:",
        "  matrix:",
        *(f"    {one}: ${{items.{name}.{key}}}" for one, key in dimensions.items()),
        f"  cmd: cd .. && python -m benchmarks.measure {name} {' '.join(values.values())}",
        "  deps:",
        "    - data/code/measure.json",
        f"    - data/{features}/{_front_end(name, item, params)}",
        *(["    - data/recordings"] if needs_audio else []),
        "  params:",
        f"    - items.{name}.setting",
        f"    - recipes.{values['recipe']}",
        "  outs:",
        f"    - {folder}/{result}.json:",
        "        cache: false",
    ]


def _front_end(name: str, item: Item, params: Path) -> str:
    """The features that the recipes of an item take: those of one, or each those of its name."""
    used = {recipe: load_recipe(recipe, params).front_end for recipe in item.recipes}
    if len(set(used.values())) == 1:
        return used[item.recipes[0]]
    if all(recipe == front_end for recipe, front_end in used.items()):
        return "${item.recipe}"
    raise PipelineError(
        f"{params}: the recipes of items.{name} take different front ends ({used}): expected one "
        "for all, or for each recipe the front end of its name. Make two items of it."
    )


def _with_blocks(text: str, kind: str, lines: Callable[[str], list[str]]) -> str:
    """Fill every block of a kind; its lines are made from the text before it."""
    begin, end = f"# {kind}, written by `make deps`", f"# end of {kind}"
    block = re.compile(
        rf"^( *){re.escape(begin)}\n.*?^ *{re.escape(end)}\n", re.DOTALL | re.MULTILINE
    )
    parts, last = [], 0
    for found in block.finditer(text):
        parts.append(text[last : found.start()])
        inside = [begin, *lines(text[: found.start()]), end]
        parts += [f"{found[1]}{line}\n" for line in inside]
        last = found.end()
    return "".join([*parts, text[last:]])


def main() -> None:
    params = ROOT / "benchmarks" / "params.yaml"
    pipeline, benchmarks = ROOT / "dvc.yaml", ROOT / "benchmarks" / "dvc.yaml"
    pipeline.write_text(with_code(pipeline.read_text(encoding="utf-8")), encoding="utf-8")
    benchmarks.write_text(with_items(benchmarks.read_text(encoding="utf-8"), params), "utf-8")


if __name__ == "__main__":
    run(main)
