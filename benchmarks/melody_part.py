"""How often the melody of an arrangement is found without its part's name, where that is known.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/melody_part.py

Three kinds of files: the chorales, whose melody is the soprano among four like voices; VGMIDI's
piano pieces that keep the hands in tracks of their own, whose melody is in the right hand; and
Nottingham's tunes under an arrangement that this script makes of their chord symbols: held chords
at the tune's height, a bass, an arpeggio in even eighths above it, and drums. Writes
`benchmarks/results/melody_part.json`: how often the right part was taken, another, or none; and
beside the rule two simple ones: the part with the highest mean pitch, the part with most notes.
Of each kind the second, fourth, ... piece counts; on the others the rule's weights were chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from chromasonic.companion.melody_lines import line_of_tune
from chromasonic.data import load
from chromasonic.evaluation.statistics import bootstrap_mean
from chromasonic.files import write_json
from chromasonic.formats.midi_performance import read_midi_performance
from chromasonic.music.melody_part import FEWEST_NOTES, Part, melody_by_features, parts_of
from chromasonic.music.performance import PlayedNotes

RESULTS = Path(__file__).parent / "results" / "melody_part.json"
Rows = list[tuple[float, float, int, int]]
"""(onset, end, pitch, track), in quarters."""

RULES: dict[str, Callable[[list[Part]], Part | None]] = {
    "by features": melody_by_features,
    "highest mean pitch": lambda parts: max(parts, key=lambda part: part.pitch),
    "most notes": lambda parts: max(parts, key=lambda part: part.notes),
}


def played(rows: Rows, drums: int | None = None) -> PlayedNotes:
    """Rows as a performance of 120 quarters a minute."""
    onset, end, pitch, track = np.array(sorted(rows)).T
    track = track.astype(np.int64)
    channel = np.where(track == drums, 9, track % 9) if drums is not None else track
    return PlayedNotes(
        onset_seconds=onset / 2,
        end_seconds=end / 2,
        onset_quarters=onset,
        pitch=pitch.astype(np.int64),
        velocity=np.full(len(rows), 80, np.int64),
        channel=channel,
        track=track,
        program=np.zeros(len(rows), np.int64),
    )


def chorales() -> Iterator[tuple[list[Part], set[int]]]:
    """Parts of each chorale, and the track of its soprano."""
    for chorale in load("jsb-chorales", download=False).pieces:
        rows: Rows = []
        for voice in range(4):
            line = chorale.pitches[:, voice]
            starts = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
            ends = np.append(starts[1:], len(line))
            rows += [
                (start / 4, end / 4, int(line[start]), voice)
                for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
                if line[start] > 0
            ]
        yield parts_of(played(rows), {}), {0}


def piano_pieces() -> Iterator[tuple[list[Part], set[int]]]:
    """Parts of VGMIDI's pieces with a right hand of its own, and its track."""
    folder = Path(load("vgmidi", download=False).manifest.found_at)
    for path in sorted((folder / "labelled" / "midi").glob("*.mid")):
        performance = read_midi_performance(path)
        right = {n for n, name in performance.track_names.items() if "right" in name.lower()}
        parts = parts_of(performance.notes, performance.track_names)
        if right and len(parts) > 1:
            yield parts, right


def arrangements() -> Iterator[tuple[list[Part], set[int]]]:
    """Nottingham's validation tunes in a made-up arrangement; the tune is on track 2."""
    for tune in load("nottingham", download=False).part("validation"):
        line = line_of_tune(tune)
        if len(line) < FEWEST_NOTES or not line.has_chords:
            continue
        heard = np.array(list(tune.sounding()), float)
        onset, length = heard[:, 0] / 10_080, heard[:, 1] / 10_080
        rows: Rows = [
            (o, o + 0.95 * n, int(p), 2) for o, n, p in zip(onset, length, line.pitch, strict=True)
        ]
        for beat in np.arange(0, onset[-1], 2.0):
            tones = np.flatnonzero(line.chord[np.searchsorted(onset, beat, side="right") - 1])
            if not len(tones):
                continue
            rows += [(beat, beat + 2, 60 + int(tone), 0) for tone in tones]
            rows += [(beat, beat + 1.9, 36 + int(tones[0]), 1)]
            rows += [
                (beat + step / 2, beat + step / 2 + 0.5, 72 + int(tones[step % len(tones)]), 3)
                for step in range(4)
            ]
            rows += [(beat + step, beat + step + 0.1, 38, 4) for step in (0.0, 1.0)]
        yield parts_of(played(rows, drums=4), {}), {2}


def main() -> None:
    """Measure, print, write."""
    result: dict[str, dict[str, object]] = {}
    for kind, source in (
        ("chorales, soprano", chorales),
        ("vgmidi, right hand", piano_pieces),
        ("nottingham, arranged", arrangements),
    ):
        pieces = list(source())[1::2]
        result[kind] = {}
        for rule, choose in RULES.items():
            answers = [
                "none"
                if (part := choose(parts)) is None
                else "right"
                if part.track in truth
                else "wrong"
                for parts, truth in pieces
            ]
            right = bootstrap_mean([float(answer == "right") for answer in answers])
            result[kind][rule] = {"right": right.to_dict(), **Counter(answers)}
            print(f"{kind}, {rule}: right {right} of {len(pieces)}; {dict(Counter(answers))}")
    write_json(RESULTS, result)


if __name__ == "__main__":
    main()
