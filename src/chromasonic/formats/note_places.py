"""From a place in the music to the name of the note head that stands there."""

from __future__ import annotations

from bisect import bisect_right

from chromasonic.formats.musicxml_measures import written_heads
from chromasonic.formats.note_ids import note_id
from chromasonic.music.part_score import PartScore
from chromasonic.music.tune import Tune


class NotePlaces:
    """The heads of a score as written, by voice and time.

    Args:
        score: whose notation and picture name their heads by `note_ids`.
    """

    def __init__(self, score: PartScore) -> None:
        self._voices = [_heads(number, part) for number, part in enumerate(score.parts, start=1)]

    def at(self, voice: int, tick: int) -> str | None:
        """Name of the head that a voice sounds at a moment; None where it rests.

        Args:
            voice: 0 is the highest.
            tick: from the start of the score as written, each bar once.
        """
        onsets, heads = self._voices[voice]
        place = bisect_right(onsets, tick) - 1
        if place < 0:
            return None
        end, name = heads[place]
        return name if tick < end else None


def _heads(voice: int, tune: Tune) -> tuple[list[int], list[tuple[int, str | None]]]:
    """Onsets, and for each the end and the name; a rest has no name."""
    onsets: list[int] = []
    heads: list[tuple[int, str | None]] = []
    start = number = 0
    for index, bar in enumerate(tune.bars):
        for head in written_heads(tune, index):
            number += 1
            onset = start + head.onset
            onsets.append(onset)
            name = None if head.pitch is None else note_id(voice, number)
            heads.append((onset + head.duration, name))
        start += bar.duration
    return onsets, heads
