"""Text files that are there whole or not at all."""

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file whole or not at all, and never into the file that stood there.

    What stands there may be a link into DVC's cache, which nobody may write into.

    Parameters
    ----------
    path : Path
        Where it goes; its folder is made.
    text : str
        What it holds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".partial")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
