"""The process's share of a busy machine: sound that comes late is sound lost, a page that comes late is a page."""

import os
from typing import Final

# As far above others as desktop sound servers go; the kernel's own work still comes first.
_NICENESS: Final = -11


def come_first() -> bool:
    """Ask for precedence over ordinary processes; False where that is not ours to ask (root, CAP_SYS_NICE or
    RLIMIT_NICE, see setpriority(2)).
    """
    try:
        os.setpriority(os.PRIO_PROCESS, 0, min(_NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    except OSError:
        return False
    return True
