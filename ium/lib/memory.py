"""Giving back what a start needed for a moment."""

import ctypes
import gc


def give_back() -> None:
    """Return free memory to the operating system: importing leaves some megabytes of it behind. Only glibc can."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
