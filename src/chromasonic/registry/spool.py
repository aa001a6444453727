"""What a training leaves to be tracked: lines in its run directory, and how far they were sent.

RUN/tracking.jsonl      one event a line, appended by the training; flushed each epoch
RUN/tracking.json       which run of the store each is, and how many bytes were sent

An event has "key" (of the tracked run, made by the training), "event" and "time" (milliseconds
since 1970). Events: begin, resume, inputs, metrics, tags, end, files; and close, after which no
event of that process follows.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chromasonic import files

SPOOL, STATE, LOG = "tracking.jsonl", "tracking.json", "tracking.log"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How far a spool was sent.

    Attributes:
        address: of the store, without a password.
        bytes: of the spool that are in the store.
        runs: key to name, run_id and experiment.
        trouble: why the rest is not there yet, in words; "" where nothing is wrong.
        note: what takes a while just now.
        sender: number of the process that sent last.
    """

    address: str = ""
    bytes: int = 0
    runs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    trouble: str = ""
    note: str = ""
    sender: int = 0


class Spool:
    """The spool of a run directory.

    Args:
        folder: the run directory.
    """

    def __init__(self, folder: files.PathLike) -> None:
        self.folder = Path(folder)
        self.path = self.folder / SPOOL

    @property
    def is_there(self) -> bool:
        """Whether something was tracked here."""
        return self.path.is_file()

    @property
    def size(self) -> int:
        """Bytes that were written."""
        return self.path.stat().st_size if self.is_there else 0

    def append(self, *events: Mapping[str, Any]) -> None:
        """Write events, each a whole line; several processes may do so at once.

        Raises:
            OSError: they cannot be written.
        """
        now = int(time.time() * 1000)
        text = "".join(
            json.dumps({"time": now, **event}, allow_nan=True, default=str) + "\n"
            for event in events
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+", buffering=0) as file:
            if end := file.seek(0, os.SEEK_END):
                file.seek(end - 1)
                if file.read(1) != b"\n":  # the line of a process that was killed while it wrote
                    text = "\n" + text
            file.write(text.encode())

    def events(self, start: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each whole line from a byte on, and the byte after it; what is no event is passed over.

        Raises:
            OSError: the spool cannot be read.
        """
        if not self.is_there:
            return
        with self.path.open("rb") as file:
            file.seek(start)
            at = start
            for line in file:
                if not line.endswith(b"\n"):
                    return
                at += len(line)
                try:
                    event = json.loads(line)
                except ValueError:
                    event = {}
                yield at, event if isinstance(event, dict) and "event" in event else {}

    def key_of(self, name: str) -> str | None:
        """The key of the last run of that name; None where there is none."""
        keys = [
            event["key"]
            for _, event in self.events()
            if event.get("event") == "begin" and event.get("name") == name
        ]
        return keys[-1] if keys else None

    def steps_of(self, key: str) -> set[int]:
        """The epochs whose figures stand here."""
        return {
            event["step"]
            for _, event in self.events()
            if event.get("event") == "metrics" and event.get("key") == key
        }

    def sent(self) -> Sent:
        """How far it was sent; from the beginning where that is not known."""
        try:
            values = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
            known = {name: values[name] for name in Sent.__dataclass_fields__ if name in values}
            return Sent(**known)
        except (OSError, ValueError, TypeError):
            return Sent()

    def write_sent(self, sent: Sent) -> None:
        """Note how far it was sent.

        Raises:
            StorageError: the run directory cannot be written.
        """
        last = list(sent.runs.values())[-1:]
        shortcut = {
            name: last[0].get(name, "") if last else "" for name in ("run_id", "experiment")
        }
        files.write_json(self.folder / STATE, {**asdict(sent), **shortcut})

    @property
    def is_sent(self) -> bool:
        """Whether every line is in the store."""
        return self.sent().bytes >= self.size


def tracked_run(folder: files.PathLike, name: str) -> str:
    """The id in the store of a model's run; "" where it was not tracked, or not sent yet.

    Args:
        folder: the run directory.
        name: of the model, as its files begin ("melody_lstm"), or its kind.
    """
    ids = [
        run.get("run_id", "")
        for run in Spool(folder).sent().runs.values()
        if name in (run.get("name"), run.get("kind"))
    ]
    return ids[-1] if ids else ""


def this_process() -> dict[str, Any]:
    """What tells this process from every other one."""
    pid = os.getpid()
    return {"pid": pid, "started": _started(pid), "host": socket.gethostname()}


def is_alive(process: Mapping[str, Any]) -> bool:
    """Whether a process still runs; one of another machine is taken to."""
    if process.get("host") != socket.gethostname():
        return True
    pid = int(process.get("pid", 0))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OSError):
        return True
    return _started(pid) == process.get("started")


def _started(pid: int) -> str:
    """When a process began, in the kernel's count; "" where that is not to be had.

    Source: proc(5), field 22 of /proc/PID/stat; the name before it may hold spaces.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = text.rpartition(")")[2].split()
        return "" if state == "Z" else rest[18]
    except (OSError, IndexError):
        return ""
