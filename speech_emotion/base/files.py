"""Files and folders that are there whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which takes the place of ``path`` once all went well.

    What stood at ``path`` is never opened for writing (DVC may have linked it to its cache), and
    a run that fails or is killed leaves nothing there that a later run could take for whole.
    """
    # absolute, since workers elsewhere write to it
    unfinished = path.absolute().with_name(path.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    shutil.rmtree(path, ignore_errors=True)
    unfinished.rename(path)
