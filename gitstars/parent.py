"""Ending with one's parent, however that ends.

Without gevent: the embedded engine's child uses it.
"""

import ctypes
import sys

#: PR_SET_PDEATHSIG, from <linux/prctl.h>.
PARENT_DEATH_SIGNAL = 1


def end_with_parent(number: int) -> None:
    """Have the kernel send this process the signal ``number`` when its parent ends; only Linux
    can.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PARENT_DEATH_SIGNAL, number)
