"""Processor seconds of one function."""

from __future__ import annotations

import time
from collections.abc import Callable


def median(act: Callable[[], None], times: int) -> float:
    taken = []
    for _time in range(times):
        start = time.process_time()
        act()
        taken.append(time.process_time() - start)
    return sorted(taken)[times // 2]
