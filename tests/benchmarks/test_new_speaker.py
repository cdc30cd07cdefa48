"""The simulation of a large corpus: real dvc, and shards that change all the way through."""

from pathlib import Path

from benchmarks.new_speaker import MODULES, simulated


def test_a_changed_shard_comes_out_of_the_last_stage(tmp_path: Path) -> None:
    seconds = simulated(tmp_path / "repository", shards=4, changed=1)
    assert all(value > 0 for value in seconds.values())
    last = tmp_path / "repository" / f"out{len(MODULES)}"
    assert [path.read_text() for path in sorted(last.iterdir())] == [
        "shard 0, changed\n",
        "shard 1\n",
        "shard 2\n",
        "shard 3\n",
    ]
