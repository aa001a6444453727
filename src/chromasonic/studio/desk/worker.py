"""The child process that does jobs: `python -m chromasonic.studio.desk.worker`.

Jobs come as JSON lines on standard input; "ready", progress, result or error leave as JSON lines on
standard output. Nothing is unpickled on either side.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from contextlib import suppress
from typing import IO, Any

from chromasonic.errors import ChromasonicError
from chromasonic.limits import end_with_parent, limit_memory, limit_processor_time
from chromasonic.studio.desk.lanes import Lane
from chromasonic.studio.desk.report import Report

TOO_MUCH_MEMORY = "That needs more memory than is allowed for it. Try something smaller."


def main() -> None:
    """Serve jobs until standard input ends; arguments: the lane as JSON, the parent's id."""
    lane, parent = Lane(**json.loads(sys.argv[1])), int(sys.argv[2])
    end_with_parent(parent)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not come among the answers
    _prepare(lane)
    out.write('{"ready": true}\n')
    out.flush()
    for line in sys.stdin.buffer:
        if lane.memory_bytes:
            limit_memory(lane.memory_bytes)
            limit_processor_time(lane.seconds)
        serve(json.loads(line), out)


def _prepare(lane: Lane) -> None:
    """Have at hand what jobs will want."""
    if lane.niceness:
        os.nice(lane.niceness)
    for module in lane.ahead:
        with suppress(ImportError):  # the job that needs it will say so to whom it concerns
            importlib.import_module(module)
    if lane.keeps_engraver:
        from chromasonic.formats.engraving import keep_engraver

        keep_engraver()


def serve(job: dict[str, Any], out: IO[str]) -> None:
    """Do one job and answer for it.

    Args:
        job: {"module", "function", "params"}.
        out: where the lines go.
    """

    def answer(**line: Any) -> None:
        text = json.dumps(line)
        out.write(text + "\n")
        out.flush()

    try:
        work = getattr(importlib.import_module(job["module"]), job["function"])
        report = Report(lambda share, text: answer(progress=share, message=text))
        answer(result=work(job["params"], report))
    except ChromasonicError as error:
        answer(error=str(error))
    except (MemoryError, RecursionError):
        answer(error=TOO_MUCH_MEMORY)
    except Exception:
        traceback.print_exc()
        answer(error="The studio failed at this; its terminal says more.", fault=True)


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
