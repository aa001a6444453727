"""The process that reads files for another: it may hang, run out of memory or crash alone.

Started as `python -m chromasonic.scaling.preparing.reader`. On its standard input come the settings
and then (name, bytes) of one file after the other; on its standard output go "ready" and then
outcomes: plain values as JSON and bytes, after their lengths. So nothing that comes back from a
process that read a stranger's file can become code. It ends with its input.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import struct
import sys
from contextlib import suppress
from typing import IO, Any

from chromasonic.limits import limit_memory, limit_processor_time
from chromasonic.scaling.preparing.one_file import outcome_of
from chromasonic.scaling.preparing.outcome import refused_file
from chromasonic.scaling.preparing.settings import PrepareSettings

LENGTHS = struct.Struct("<QQ")
TOO_MUCH_MEMORY = "needs too much memory"
FILES_BETWEEN_COLLECTIONS = 200


def write_message(file: IO[bytes], head: Any, body: bytes = b"") -> None:
    """Write plain values and bytes after their lengths, and flush."""
    text = json.dumps(head).encode()
    file.write(LENGTHS.pack(len(text), len(body)) + text + body)
    file.flush()


def read_message(file: IO[bytes]) -> tuple[Any, bytes]:
    """The next plain values and bytes.

    Raises:
        EOFError: there are none, or only a beginning of them.
    """
    lengths = _exactly(file, LENGTHS.size)
    size, body_size = LENGTHS.unpack(lengths)
    head = json.loads(_exactly(file, size))
    return head, _exactly(file, body_size)


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data


def serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Read files until the input ends.

    The system ends this process when one file has taken its processor time: the default action of
    the timer's signal needs no cooperation from whatever code hangs.
    """
    settings = PrepareSettings.from_dict(read_message(source)[0])
    write_message(target, "ready")
    limit_memory(settings.memory_mb * 1_000_000)
    gc.disable()  # notes make no cycles, and to look for some takes a tenth of the time
    for count in itertools.count(1):
        try:
            name, data = read_message(source)
            assert isinstance(name, str)
        except EOFError:
            return
        limit_processor_time(settings.seconds_per_file)
        try:
            outcome = outcome_of(name, data, settings)
        except (MemoryError, RecursionError):
            outcome = refused_file(name, TOO_MUCH_MEMORY, f"the limit is {settings.memory_mb} MB")
        except Exception as error:  # a fault of a parser is that file's end, not the work's
            detail = f"{type(error).__name__}: {error}"[:200]
            outcome = refused_file(name, "the reader failed on it", detail)
        limit_processor_time(0)
        write_message(target, outcome.to_dict())
        if count % FILES_BETWEEN_COLLECTIONS == 0:
            gc.collect()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints does not disturb them
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers)
