"""What a child process may take of the machine, and that it ends with its parent.

Each limit is set by a process on itself. Systems that do not know one go without it.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1


def limit_memory(size_bytes: int) -> None:
    """Let this process take only so much memory beside what it has; beyond: `MemoryError`."""
    with suppress(ImportError, OSError, ValueError):  # not every system can
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        limit = taken + size_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def limit_processor_time(seconds: float) -> None:
    """Let this process compute so long from now on, then the system ends it; 0: for ever.

    The default action of the timer's signal needs no cooperation from whatever code hangs.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def limit_file_size(size_bytes: int) -> None:
    """Let this process write no file larger than this; beyond: `OSError`."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


def end_with_parent(parent: int) -> None:
    """Let the system end this process when its parent ends, however that ends.

    Args:
        parent: process id of the parent; if it has ended already, so does this process.
    """
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def resident_bytes(process: int) -> int:
    """Memory that a process has in use; 0 where the system does not tell."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
