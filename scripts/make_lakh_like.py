"""Make a collection of MIDI files that is like LMD-full, where that cannot be fetched.

Real tunes get what files from the web have: a bass, chords, arpeggios and drums around the melody,
under a name that tells or none; and what is wrong with such files: copies in other keys, playing
without a click, drums alone, files cut short, bytes that flipped, web pages with the ending .mid,
nothing at all. The layout is LMD-full's: `lmd_full/0/HASH.mid` to `lmd_full/f/HASH.mid`, by MD5.

    python scripts/make_lakh_like.py OUTPUT [--files 1000] [--seed 0] [--tunes nottingham,folk]

The same seed makes the same files. What was made is counted in OUTPUT/made.json.
"""

from __future__ import annotations

import argparse
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chromasonic.data import load
from chromasonic.files import write_json
from chromasonic.formats.midi import midi_score
from chromasonic.music.tune import Tune

NAMES = (
    "Melody",
    "MELODY",
    "Vocals",
    "vox",
    "Lead vocal",
    "Sing along",
    "",
    "",
    "Track 1",
    "Flute",
)
BASS, PADS, GUITAR, HARP = 33, 89, 25, 46
KICK, SNARE, HAT = 36, 38, 42

SHARES: dict[str, int] = {
    "arrangement": 72, "copy": 8, "no click": 5, "drums only": 4, "cut short": 3,
    "damaged": 2, "empty": 2, "too short": 2, "web page": 1, "no melody": 1,
}  # fmt: skip
"""Kind of file to how many of a hundred."""


def make(folder: Path, tunes: Sequence[Tune], count: int, seed: int) -> dict[str, int]:
    """Write the files.

    Args:
        folder: gets `lmd_full` and `made.json`.
        tunes: the melodies; they are taken in turn.
        count: how many files.
        seed: another number, other files.

    Returns:
        Kind to how many files of it there are.
    """
    rng = random.Random(seed)
    kinds = rng.choices(list(SHARES), list(SHARES.values()), k=count)
    made = Counter[str]()
    for number, kind in enumerate(kinds):
        tune = tunes[rng.randrange(number) % len(tunes) if kind == "copy" and number else
                     number % len(tunes)]  # fmt: skip
        data = MAKERS[kind](tune, rng)
        name = hashlib.md5(data + number.to_bytes(4, "big") * (not data)).hexdigest()
        path = folder / "lmd_full" / name[0] / f"{name}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        made[kind] += 1
    write_json(
        folder / "made.json", {"seed": seed, "files": count, "kinds": dict(sorted(made.items()))}
    )
    return dict(made)


def _arranged(tune: Tune, rng: random.Random, *, shift: int = 0, with_melody: bool = True) -> Any:
    """A symusic score: the melody twice, and parts around it."""
    import symusic

    score = midi_score(tune.expanded(), expand_repeats=False, program=rng.choice((0, 73, 80)))
    quarter = score.ticks_per_quarter
    melody = score.tracks[0]
    melody.name = rng.choice(NAMES)
    end = max(note.end for note in melody.notes)
    end += -end % (4 * quarter)
    tonic = tune.key.tonic_pitch_class + shift
    for note in list(melody.notes):
        note.pitch = min(max(note.pitch + shift, 0), 127)
    melody.notes.extend(
        [symusic.Note(n.time + end, n.duration, n.pitch, n.velocity) for n in melody.notes]
    )
    if not with_melody:
        score.tracks.clear()
    for name, program, step, notes in (
        ("Bass", BASS, quarter // 2, (24, 31)),
        ("Pad", PADS, quarter // 2, (48, 52, 55)),
        ("Gtr", GUITAR, quarter // 4, (36, 40, 43, 48)),
        ("Arp", HARP, quarter // 4, (43, 48)),
    ):
        track = symusic.Track(name, program, False)
        for time in range(0, 2 * end, step):
            chosen = notes if name == "Pad" else (rng.choice(notes),)
            track.notes.extend(
                [symusic.Note(time, step, tonic % 12 + p, rng.randrange(50, 100)) for p in chosen]
            )
        score.tracks.append(track)
    score.tracks.append(_drums(2 * end, quarter, rng))
    return score


def _drums(end: int, quarter: int, rng: random.Random) -> Any:
    import symusic

    track = symusic.Track("Drums", 0, True)
    for time in range(0, end, quarter // 4):
        hits = [HAT, KICK if time % (2 * quarter) == 0 else SNARE] if time % quarter == 0 else [HAT]
        track.notes.extend(
            [symusic.Note(time, quarter // 4, hit, rng.randrange(40, 120)) for hit in hits]
        )
    return track


def _arrangement(tune: Tune, rng: random.Random) -> bytes:
    return bytes(_arranged(tune, rng).dumps_midi())


def _copy(tune: Tune, rng: random.Random) -> bytes:
    return bytes(_arranged(tune, rng, shift=rng.choice((-3, -2, 2, 3))).dumps_midi())


def _no_click(tune: Tune, rng: random.Random) -> bytes:
    """Played freely: onsets that drift against the file's own quarters."""
    score = _arranged(tune, rng)
    rate = rng.uniform(1.05, 1.45)
    for track in score.tracks:
        for note in list(track.notes):
            note.time = round(note.time * rate) + rng.randrange(score.ticks_per_quarter // 6 + 1)
    return bytes(score.dumps_midi())


def _drums_only(tune: Tune, rng: random.Random) -> bytes:
    score = _arranged(tune, rng)
    del score.tracks[:-1]
    return bytes(score.dumps_midi())


def _no_melody(tune: Tune, rng: random.Random) -> bytes:
    score = _arranged(tune, rng, with_melody=False)
    del score.tracks[2:4]  # the broken chords could pass for one
    del score.tracks[0]
    return bytes(score.dumps_midi())


def _cut_short(tune: Tune, rng: random.Random) -> bytes:
    data = _arrangement(tune, rng)
    return data[: rng.randrange(20, len(data) - 100)]


def _damaged(tune: Tune, rng: random.Random) -> bytes:
    data = bytearray(_arrangement(tune, rng))
    for _ in range(40):
        data[rng.randrange(14, len(data))] = rng.randrange(256)
    return bytes(data)


def _too_short(tune: Tune, rng: random.Random) -> bytes:
    score = _arranged(tune, rng)
    del score.tracks[1:]
    del score.tracks[0].notes[6:]
    return bytes(score.dumps_midi())


def _empty(_: Tune, __: random.Random) -> bytes:
    return b""


def _web_page(_: Tune, rng: random.Random) -> bytes:
    return f"<html><title>404 Not Found</title>{rng.random()}</html>".encode()


MAKERS: dict[str, Callable[[Tune, random.Random], bytes]] = {
    "arrangement": _arrangement, "copy": _copy, "no click": _no_click,
    "drums only": _drums_only, "cut short": _cut_short, "damaged": _damaged,
    "empty": _empty, "too short": _too_short, "web page": _web_page,
    "no melody": _no_melody,
}  # fmt: skip


def main() -> None:
    """Read the flags, make the files, say what was made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tunes", default="nottingham,folk", help="corpora, with commas between")
    flags = parser.parse_args()
    tunes = [tune for name in flags.tunes.split(",") for tune in load(name).pieces]
    random.Random(flags.seed).shuffle(tunes)
    made = make(flags.output, tunes, flags.files, flags.seed)
    for kind, count in sorted(made.items(), key=lambda item: -item[1]):
        print(f"{count:>8,}  {kind}")


if __name__ == "__main__":
    main()
