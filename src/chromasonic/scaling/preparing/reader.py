"""The process that reads files for another: it may hang, run out of memory or crash alone.

Started as `python -m chromasonic.scaling.preparing.reader`. On its standard input come the settings
and then (name, bytes) of one file after the other; on its standard output go "ready" and then
`FileOutcome`s, each pickled after its length. It ends with its input.
"""

from __future__ import annotations

import gc
import itertools
import os
import pickle
import signal
import struct
import sys
from contextlib import suppress
from typing import IO, Any

from chromasonic.scaling.preparing.one_file import outcome_of
from chromasonic.scaling.preparing.outcome import refused_file
from chromasonic.scaling.preparing.settings import PrepareSettings

LENGTH = struct.Struct("<Q")
TOO_MUCH_MEMORY = "needs too much memory"
FILES_BETWEEN_COLLECTIONS = 200


def write_message(file: IO[bytes], value: Any) -> None:
    """Write a value after its length, and flush."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    file.write(LENGTH.pack(len(data)) + data)
    file.flush()


def read_message(file: IO[bytes]) -> Any:
    """The next value.

    Raises:
        EOFError: there is none, or only the beginning of one.
    """
    head = file.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    data = file.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def limit_memory(megabytes: int) -> None:
    """Let this process take only so much memory beside what it has."""
    with suppress(ImportError, OSError, ValueError):  # not every system can
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        limit = taken + megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Read files until the input ends.

    The system ends this process when one file has taken its processor time: the default action of
    the timer's signal needs no cooperation from whatever code hangs.
    """
    settings: PrepareSettings = read_message(source)
    write_message(target, "ready")
    limit_memory(settings.memory_mb)
    gc.disable()  # notes make no cycles, and to look for some takes a tenth of the time
    for count in itertools.count(1):
        try:
            name, data = read_message(source)
        except EOFError:
            return
        _set_timer(settings.seconds_per_file)
        try:
            outcome = outcome_of(name, data, settings)
        except (MemoryError, RecursionError):
            outcome = refused_file(name, TOO_MUCH_MEMORY, f"the limit is {settings.memory_mb} MB")
        except Exception as error:  # a fault of a parser is that file's end, not the work's
            detail = f"{type(error).__name__}: {error}"[:200]
            outcome = refused_file(name, "the reader failed on it", detail)
        _set_timer(0)
        write_message(target, outcome)
        if count % FILES_BETWEEN_COLLECTIONS == 0:
            gc.collect()


def _set_timer(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


if __name__ == "__main__":
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints does not disturb them
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers)
