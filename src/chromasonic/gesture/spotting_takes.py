"""Takes: stretches of a recording in which somebody moves, told from rest by effort (`motion`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chromasonic.gesture.spotting_config import SpottingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A stretch of movement.

    Attributes:
        first: number of its first frame.
        end: number of the frame after its last.
        heard: number of the frame after which it was known to be over: rest is known late.
    """

    first: int
    end: int
    heard: int

    def __len__(self) -> int:
        return self.end - self.first


class TakeFinder:
    """Finds takes while frames come: each frame's effort is enough, and none is looked ahead to.

    A take opens when the effort has risen to `moving`, and reaches back by `lead_seconds`. It
    closes when the effort has stayed below `still` for `rest_seconds` (the rest does not belong to
    it), or at `longest_seconds`.

    Args:
        config: the limits.
        rate_hz: frames a second.

    Attributes:
        first: first frame of the take that is open; None while there is none.
        closed: the take that the last frame closed, else None.
    """

    def __init__(self, config: SpottingConfig, rate_hz: float) -> None:
        self._rises, self._falls = config.moving, config.still
        self._rest = max(1, round(config.rest_seconds * rate_hz))
        self.lead = round(config.lead_seconds * rate_hz)
        self._longest = max(1, round(config.longest_seconds * rate_hz))
        self.first: int | None = None
        self.closed: Take | None = None
        self._frame = self._since_still = self._free = 0

    def push(self, effort: float) -> None:
        """The next frame's effort."""
        self.closed = None
        now = self._frame
        if self.first is None:
            if effort >= self._rises:
                self.first = max(self._free, now - self.lead)
                self._since_still = now + 1
        else:
            if effort >= self._falls:
                self._since_still = now + 1
            if now + 1 - self._since_still >= self._rest:
                self._close(self._since_still, now + 1)
            elif now + 1 - self.first >= self._longest:
                self._close(now + 1, now + 1)
        self._frame += 1

    def skip(self, frames: int) -> None:
        """So many frames go by of which nothing is known; the take before them was finished."""
        self._frame += frames
        self._free = self._frame

    def finish(self) -> None:
        """No frame comes any more: an open take closes where it came to rest."""
        self.closed = None
        if self.first is not None:
            self._close(self._since_still, self._frame)

    def _close(self, end: int, heard: int) -> None:
        assert self.first is not None
        self.closed = Take(first=self.first, end=max(end, self.first + 1), heard=heard)
        self._free = self.closed.end
        self.first = None


def takes_of(efforts: Iterable[float], config: SpottingConfig, *, rate_hz: float) -> list[Take]:
    """The takes of a whole recording, in order; those that are too short are there too."""
    finder = TakeFinder(config, rate_hz)
    found = []
    for effort in efforts:
        finder.push(float(effort))
        if finder.closed:
            found.append(finder.closed)
    finder.finish()
    if finder.closed:
        found.append(finder.closed)
    return found
