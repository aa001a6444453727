"""Scores of several parts as MIDI: one track a part, with its name; fermatas slow the tempo."""

from __future__ import annotations

from typing import Any

from chromasonic.errors import RenderError
from chromasonic.files import PathLike, write_bytes
from chromasonic.formats.midi import midi_score, quarters_per_minute
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.part_score import PartScore

CHOIR = 53
"""General MIDI program of the parts, counted from 0: voice oohs.

Of the sustained programs of TimGM6mb it is the one whose level is even from bass to soprano (within
1.6 dB over E2 to G5; choir aahs 4.2), which speaks at once, and whose octave lies 9 dB below the
fundamental, so that no voice sounds doubled (a church organ's lies 10 dB above).
"""

FERMATA_SLOWING = 0.6
"""Share of the tempo at which a note with a fermata is played."""

MAX_PARTS = 15
"""MIDI has sixteen channels, and one of them is the drums'."""


def write_part_score_midi(
    score: PartScore, path: PathLike, *, expand_repeats: bool = True, program: int = CHOIR
) -> None:
    """Write a score as a MIDI file.

    Args:
        score: what to write.
        path: the file.
        expand_repeats: play the repeats out; False writes every bar once.
        program: General MIDI instrument of every part, 0 to 127.

    Raises:
        RenderError: the program is out of range, or there are more than 15 parts.
        StorageError: the file cannot be written.
    """
    written = part_score_symusic(score, expand_repeats=expand_repeats, program=program)
    write_bytes(path, written.dumps_midi())


def part_score_symusic(score: PartScore, *, expand_repeats: bool, program: int) -> Any:
    """The score as a symusic score: a track a part, tempo and signatures of the first."""
    import symusic

    if len(score.parts) > MAX_PARTS:
        raise RenderError(f"{len(score.parts)} parts cannot be played: MIDI has {MAX_PARTS}.")
    played = score.expanded() if expand_repeats else score
    whole: Any = None
    for name, tune in zip(played.names, played.parts, strict=True):
        one = midi_score(tune, expand_repeats=False, program=program, fine=_is_fine(played))
        track = one.tracks[0]
        track.name = name
        if whole is None:
            whole, _ = one, one.tracks.pop(0)
        whole.tracks.append(track)
    tempo = quarters_per_minute(played.parts[0], default_bpm=singing_bpm(score))
    whole.tempos[0] = symusic.Tempo(0, tempo)
    for onset, end in fermata_spans(played):
        scale = TICKS_PER_QUARTER // whole.ticks_per_quarter
        whole.tempos.append(symusic.Tempo(onset // scale, tempo * FERMATA_SLOWING))
        whole.tempos.append(symusic.Tempo(end // scale, tempo))
    return whole


def singing_bpm(score: PartScore) -> float:
    """Felt beats a minute at which a score without a tempo is sung: 84, of long beats 63."""
    metre = score.parts[0].metre
    is_long = metre is not None and metre.beat_ticks > TICKS_PER_QUARTER
    return 63.0 if is_long else 84.0


def _is_fine(score: PartScore) -> bool:
    """Whether some length needs more than 480 ticks a quarter."""
    step = TICKS_PER_QUARTER // 480
    return any(note.duration % step for tune in score.parts for note in tune.notes())


def fermata_spans(score: PartScore) -> list[tuple[int, int]]:
    """Where time is held: from the onset of notes under a fermata to their end, apart.

    A fermata in one part holds all of them; where several parts have one, the last to begin counts.
    """
    spans: list[tuple[int, int]] = []
    for tune in score.parts:
        now = 0
        for note in tune.notes():
            if note.fermata:
                spans.append((now, now + note.duration))
            now += note.duration
    held: list[tuple[int, int]] = []
    for onset, end in sorted(spans):
        if held and onset < held[-1][1]:
            held[-1] = (max(onset, held[-1][0]), max(end, held[-1][1]))
        else:
            held.append((onset, end))
    return held
