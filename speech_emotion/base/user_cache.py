"""Where the user's own cache lies, shared by every clone; it can be deleted at any time."""

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "SER_CACHE"


def user_cache(part: str) -> Path:
    """A folder of the cache, below the environment's SER_CACHE or the system's place for caches."""
    folder = os.environ.get(CACHE_VARIABLE)
    return Path(folder or platformdirs.user_cache_dir("speech-emotion-pipeline")).absolute() / part
