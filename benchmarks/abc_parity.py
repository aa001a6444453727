"""How far our reading of ABC agrees with abc2midi and with music21, over whole corpora.

Each tune is played out (repeats, endings, ties) and compared note by note: onset and pitch, then
durations. Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/abc_parity.py [--music21 N] [--show N]

Writes `benchmarks/results/abc_parity.json`; without CHROMASONIC_DATA only music21's own folk
collections are compared.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import music21
import symusic

from chromasonic.files import write_json
from chromasonic.formats.abc import read_abc, write_abc
from chromasonic.music.metre import TICKS_PER_QUARTER

ABC2MIDI = Path(symusic.__file__).parent / "bin" / "abc2midi"
CLOSE = 1 / 60
"""Quarters by which two onsets may differ: abc2midi counts 480 ticks and shifts by one."""

CHORD = 1 / 45
"""Quarters by which the notes of a chord may follow each other: abc2midi rolls them a little."""

Played = list[tuple[float, float, int]]


def collections() -> dict[str, list[Path]]:
    """Name to the ABC files of each corpus that is at hand."""
    bundled = Path(music21.__file__).parent / "corpus"
    folders = {
        name: bundled / name
        for name in ("oneills1850", "ryansMammoth", "airdsAirs", "essenFolksong")
    }
    data = os.environ.get("CHROMASONIC_DATA")
    if data:
        folders = {"nottingham": Path(data) / "nottingham" / "ABC_cleaned", **folders}
    return {name: sorted(folder.glob("*.abc")) for name, folder in folders.items()}


def tune_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Each tune of a file: its text, and the text made fit for abc2midi's melody."""
    text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    for part in re.split(r"(?m)^(?=X:)", text):
        if part.startswith("X:"):
            yield part, simplified(part)


def simplified(text: str) -> str:
    """Without chord symbols, grace notes, decorations and directives: what changes no melody."""
    lines = []
    for line in text.split("\n"):
        if line.startswith(("%%", "R:", "P:")):
            continue  # abc2midi swings what R: calls a hornpipe, and plays parts in P:'s order
        if not re.match(r"[A-Za-z]:(?![|:])", line):
            line = line.replace('["', ' "')  # an ending with words for a number
            line = re.sub(r'"[^"]*"|\{[^}]*\}|![a-zA-Z.()<>+]+!', "", line)
            line = re.sub(r"[.~HLMOPSTuv]+(?=[\^_=A-Ga-g\[(])", "", line)
        lines.append(line)
    return "\n".join(lines)


def unrepeated(text: str) -> str:
    """With every bar line a plain one: the notes as they stand on the page, once."""
    lines = []
    for line in text.split("\n"):
        if not re.match(r"[A-Za-z]:(?![|:])", line):
            line = re.sub(r"\[(?=\d)", "|", line)
            line = re.sub(r":*(\[\|\]|\[?\|[|\]]*(\[\|)?)[:|]*|::+", "|", line)
            line = re.sub(r"\|\d[\d,.-]*", "| ", line)
        lines.append(line)
    return "\n".join(lines)


def ours(text: str, *, expand: bool) -> Played | str:
    """The notes as we read or play them, in quarters; or why the tune was skipped."""
    book = read_abc(text, source="tune")
    if not book.tunes:
        return book.skipped[0].reason
    tune = book.tunes[0].expanded() if expand else book.tunes[0]
    notes = tune.sounding()
    return [(o / TICKS_PER_QUARTER, d / TICKS_PER_QUARTER, p) for o, d, p in notes]


def rewritten(text: str) -> str:
    """The tune as we write it, fit for abc2midi."""
    return simplified(write_abc(read_abc(text, source="tune").tunes[0]))


def by_abc2midi(text: str, folder: Path) -> Played:
    """The melody as abc2midi plays it, in quarters."""
    source, target = folder / "tune.abc", folder / "tune.mid"
    source.write_text(text)
    target.unlink(missing_ok=True)
    command = [str(ABC2MIDI), str(source), "-o", str(target), "-NGRA", "-NFER", "-silent"]
    subprocess.run(command, capture_output=True, timeout=20, check=False)
    if not target.exists():
        return []
    score = symusic.Score(str(target))
    tracks = [track for track in score.tracks if track.notes]
    if not tracks:
        return []
    notes = [(n.time / score.tpq, n.duration / score.tpq, n.pitch) for n in tracks[0].notes]
    return highest(notes)


def by_music21(text: str) -> Played:
    """The melody as music21 plays it, in quarters."""
    score = music21.converter.parse(text, format="abc")
    part = score.parts[0] if score.parts else score
    part = part.expandRepeats().stripTies().flatten()
    notes = []
    for element in part.notes:
        if isinstance(element, music21.harmony.ChordSymbol) or not element.quarterLength:
            continue
        pitch = max(p.midi for p in element.pitches)
        notes.append((float(element.offset), float(element.quarterLength), pitch))
    return notes


def highest(notes: Played) -> Played:
    """Of notes that begin together the highest."""
    kept: Played = []
    latest = -1.0
    for onset, length, pitch in sorted(notes):
        if kept and onset - latest < CHORD:
            if pitch > kept[-1][2]:
                kept[-1] = (kept[-1][0], length, pitch)
        else:
            kept.append((onset, length, pitch))
        latest = onset
    return kept


def difference(a: Played, b: Played) -> str:
    """'' where both play the same, else what is first found to differ."""
    if not b:
        return "the other plays nothing"
    a, b = from_first(a), from_first(b)
    for (onset_a, _, pitch_a), (onset_b, _, pitch_b) in zip(a, b, strict=False):
        if abs(onset_a - onset_b) > CLOSE:
            return f"onset {onset_a:.3f} against {onset_b:.3f}"
        if pitch_a != pitch_b:
            return f"pitch {pitch_a} against {pitch_b} at {onset_a:.3f}"
    if len(a) != len(b):
        return f"{len(a)} notes against {len(b)}"
    for (onset, length_a, _), (_, length_b, _) in zip(a, b, strict=True):
        if abs(length_a - length_b) > 4 * CHORD:
            return f"duration {length_a:.3f} against {length_b:.3f} at {onset:.3f}"
    return ""


def from_first(notes: Played) -> Played:
    """Onsets counted from the first note: music21 moves an upbeat to the end of a full bar."""
    first = notes[0][0] if notes else 0.0
    return [(onset - first, length, pitch) for onset, length, pitch in notes]


def compare(name: str, paths: list[Path], sample: int, show: int) -> dict[str, object]:
    """Counts of one corpus."""
    pairs = [pair for path in paths for pair in tune_texts(path)]
    chosen = set(random.Random(0).sample(range(len(pairs)), min(sample, len(pairs))))
    counts = {"tunes": len(pairs), "read": 0, "abc2midi_same_written": 0}
    counts |= {"abc2midi_same_played": 0, "abc2midi_same_rewritten": 0}
    counts |= {"music21_sample": 0, "music21_same": 0}
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        for index, (text, plain) in enumerate(pairs):
            mine = ours(text, expand=True)
            if isinstance(mine, str):
                print(f"{name} {title(text)} skipped: {mine}", file=sys.stderr)
                continue
            counts["read"] += 1
            flat = unrepeated(plain)
            written = ours(flat, expand=False)
            assert not isinstance(written, str), (title(text), written)
            what = difference(written, by_abc2midi(flat, where))
            counts["abc2midi_same_written"] += not what
            if what:
                what = "written: " + what
            played = difference(mine, by_abc2midi(plain, where))
            counts["abc2midi_same_played"] += not played
            again = rewritten(text)  # with every opening mark of a repeat put in
            counts["abc2midi_same_rewritten"] += not difference(mine, by_abc2midi(again, where))
            what = what or played
            if what and show > 0:
                show -= 1
                print(f"{name} {title(text)} abc2midi: {what}", file=sys.stderr)
            if index in chosen:
                counts["music21_sample"] += 1
                try:
                    what = difference(mine, by_music21(text))
                except Exception as error:  # music21 raises many kinds on tunes it cannot read
                    what = f"{type(error).__name__} {error}"
                counts["music21_same"] += not what
                if what and show > 0:
                    print(f"{name} {title(text)} music21: {what}", file=sys.stderr)
    return counts


def title(text: str) -> str:
    """A tune's number and title."""
    found = re.search(r"(?m)^T:(.*)", text)
    return f"{text.split(chr(10))[0]} {found[1].strip() if found else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music21", type=int, default=50, help="tunes a corpus also by music21")
    parser.add_argument("--show", type=int, default=0, help="differences to show a corpus")
    parser.add_argument("--only", help="one corpus")
    arguments = parser.parse_args()
    results = {
        name: compare(name, paths, arguments.music21, arguments.show)
        for name, paths in collections().items()
        if paths and arguments.only in (None, name)
    }
    for name, counts in results.items():
        print(name, counts)
    if arguments.only is None:
        write_json(Path(__file__).parent / "results" / "abc_parity.json", results)


if __name__ == "__main__":
    main()
