"""Has the C library keep the memory of freed arrays for the next ones."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Names of malloc.h."""


def keep_freed_memory() -> None:
    """Have glibc keep the memory of freed arrays for the next ones; nothing on other systems.

    By default it returns arrays of more than 128 KiB to the system at once, and the next one is
    made of fresh pages, which cost more than the transform that is written into them.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, 32 * 2**20)  # the most that it takes
    mallopt(M_TRIM_THRESHOLD, 128 * 2**20)
