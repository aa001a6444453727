"""Drum patterns as text, a character a sixteenth:

    # comment
    tempo 96
    hat    x.x.x.x.x.x.x.x. | x.x.x.x.x.x.x.x.
    snare  ....x.......x..o | ....x.......X...
    kick   x.......x.x..... | x.......x.......

`x` is a hit, `X` a loud one, `o` a soft one, `.` or `-` none; bar lines and blanks between them are
for the eye. Lines that begin alike go on where the last one of that drum ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chromasonic.errors import FormatError
from chromasonic.files import PathLike
from chromasonic.formats.midi_events import DRUM_CHANNEL, metre_message, variable_length_bytes
from chromasonic.music.drums import INSTRUMENTS, STEPS_PER_QUARTER

DRUMS: dict[str, int] = {
    "kick": 36,
    "snare": 38,
    "side stick": 37,
    "clap": 39,
    "hat": 42,
    "open hat": 46,
    "pedal hat": 44,
    "ride": 51,
    "bell": 53,
    "crash": 49,
    "high tom": 50,
    "mid tom": 47,
    "floor tom": 43,
    **{name: pitch for pitch, (name, _) in sorted(INSTRUMENTS.items(), reverse=True)},
}
"""Name of a drum to its MIDI note; a number is taken too."""

VELOCITIES = {"x": 100, "X": 120, "o": 60, ".": 0, "-": 0}
TICKS_PER_QUARTER = 480
DEFAULT_TEMPO_BPM = 120.0
LARGEST_BYTES = 1_000_000


def read_drum_pattern(path: PathLike) -> bytes:
    """A pattern's text file as the bytes of a MIDI file.

    Raises:
        FormatError: it cannot be read, or a line is none of a pattern.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise FormatError(f"{path} is longer than any drum pattern ({LARGEST_BYTES:,} bytes).")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is no text in UTF-8: {error.reason}.") from error
    return drum_pattern_midi(text, source=path.name)


def drum_pattern_midi(text: str, *, source: str = "The pattern") -> bytes:
    """A pattern as the bytes of a MIDI file of one track, its drums on channel 10.

    Raises:
        FormatError: a line is none of a pattern, or there is no hit.
    """
    tempo, steps = _parsed(text, source)
    hits = [
        (number, pitch, VELOCITIES[character])
        for pitch, characters in steps.items()
        for number, character in enumerate(characters)
        if VELOCITIES[character]
    ]
    if not hits:
        raise FormatError(f"{source} has no hit. Write x on the sixteenths of a drum.")
    return hits_midi(hits, tempo_bpm=tempo, steps=max(map(len, steps.values())))


def hits_midi(
    hits: Sequence[tuple[int, int, int]],
    *,
    tempo_bpm: float = DEFAULT_TEMPO_BPM,
    steps: int = 0,
    metre: tuple[int, int] = (4, 4),
) -> bytes:
    """Hits on the grid as the bytes of a MIDI file of one track.

    Args:
        hits: (sixteenths from the start, MIDI note, velocity).
        tempo_bpm: quarter notes a minute.
        steps: how many sixteenths the file lasts at least.
        metre: numerator and denominator; 4/4, which no file has to name, is not written.
    """
    step = TICKS_PER_QUARTER // STEPS_PER_QUARTER
    messages = [(0, 0, b"\xff\x51\x03" + round(60e6 / tempo_bpm).to_bytes(3, "big"))]
    if metre != (4, 4):
        messages.append((0, 0, metre_message(*metre)))
    for number, pitch, velocity in hits:
        messages.append((number * step, 2, bytes((0x90 | DRUM_CHANNEL, pitch, velocity))))
        off = bytes((0x80 | DRUM_CHANNEL, pitch, 64))
        messages.append((number * step + step // 2, 1, off))
    track, last = bytearray(), 0
    for tick, _, message in sorted(messages):
        track += variable_length_bytes(tick - last) + message
        last = tick
    track += variable_length_bytes(max(steps * step - last, 0)) + b"\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + b"\0\0\0\1" + TICKS_PER_QUARTER.to_bytes(2, "big")
    return header + b"MTrk" + len(track).to_bytes(4, "big") + bytes(track)


def _parsed(text: str, source: str) -> tuple[float, dict[int, str]]:
    """Tempo, and each drum's characters."""
    tempo, steps = DEFAULT_TEMPO_BPM, dict[int, str]()
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole.partition("#")[0].strip()
        if not line:
            continue
        words = line.split()
        if words[0].lower() == "tempo":
            tempo = _tempo(words, f"{source}, line {number}")
            continue
        # The grid begins at the first word of its characters alone: drums' names have others.
        place = next((i for i, word in enumerate(words) if i and not set(word) - _GRID), len(words))
        name, characters = " ".join(words[:place]).lower(), "".join(words[place:]).replace("|", "")
        pitch = DRUMS.get(name, int(name) if name.isascii() and name.isdigit() else -1)
        if not 0 <= pitch <= 127:
            known = ", ".join(list(DRUMS)[:13])
            raise FormatError(
                f"{source}, line {number}: '{name}' is no drum. Known: {known}, the names of "
                "General MIDI, and MIDI notes 0 to 127."
            )
        wrong = sorted(set(characters) - VELOCITIES.keys())
        if wrong:
            raise FormatError(
                f"{source}, line {number}: '{wrong[0]}' is no step; allowed: x X o . - and |."
            )
        steps[pitch] = steps.get(pitch, "") + characters
    return tempo, steps


_GRID = set(VELOCITIES) | {"|"}


def _tempo(words: list[str], where: str) -> float:
    try:
        tempo = float(words[1])
    except (IndexError, ValueError):
        tempo = 0.0
    if not 10 <= tempo <= 1000:
        raise FormatError(
            f"{where}: '{' '.join(words)}' is no tempo; such as 'tempo 96' (10 to 1000)."
        )
    return tempo
