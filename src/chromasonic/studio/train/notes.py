"""What the studio notes beside a run: what was asked for, how it goes, and the wish to stop.

RUN/.studio/asked.json      task, kinds, recipe, when; written by the studio
RUN/.studio/progress.json   state, epoch, batch; written by the process that trains
RUN/.studio/stop            is there once the training shall end
RUN/.studio/lock            held by the process that trains, as long as it lives
RUN/.studio/log.txt         what that process printed
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from chromasonic import files
from chromasonic.studio.train.on_disk import OWN
from chromasonic.training.holding import is_locked

LOG_LINES = 30
LONGEST_LOG = 20_000
"""Characters of a log that are read from its end."""


class Notes:
    """The notes beside one run.

    Args:
        run: its folder.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self.folder = run / OWN

    def asked(self) -> dict[str, Any]:
        """What the studio was asked for; empty where the run was started elsewhere."""
        return _read(self.folder / "asked.json")

    def ask(self, values: Mapping[str, Any]) -> None:
        """Note what was asked for; an earlier wish to stop is forgotten."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.stop_file.unlink(missing_ok=True)
        files.write_json(self.folder / "asked.json", dict(values))

    def progress(self) -> dict[str, Any]:
        """How the training goes; empty before it began."""
        return _read(self.folder / "progress.json")

    def tell(self, **values: Any) -> None:
        """Note how the training goes; nothing where the run's folder was taken away."""
        if self.is_gone:
            return
        files.write_json(self.folder / "progress.json", {**values, "updated": time.time()})

    @property
    def stop_file(self) -> Path:
        """Its presence asks the training to end."""
        return self.folder / "stop"

    @property
    def is_gone(self) -> bool:
        """Whether somebody took the run's folder away."""
        return not (self.folder / "asked.json").exists()

    @property
    def is_stop_asked(self) -> bool:
        """Whether the training shall end: it was asked to, or its folder is gone."""
        return self.stop_file.exists() or self.is_gone

    @property
    def log(self) -> Path:
        """What the process printed."""
        return self.folder / "log.txt"

    def lock(self) -> FileLock:
        """What the training process holds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / "lock")

    def is_at_work(self) -> bool:
        """Whether a process of the studio's trains here now, whichever studio began it."""
        return is_locked(self.folder / "lock")

    def last_lines(self) -> list[str]:
        """The end of the log."""
        try:
            with self.log.open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - LONGEST_LOG))
                text = file.read().decode("utf-8", errors="replace")
        except OSError:
            return []
        return [line for line in text.splitlines() if line.strip()][-LOG_LINES:]


def _read(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
