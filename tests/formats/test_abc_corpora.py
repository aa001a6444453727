"""Whole corpora: what is read, and that abc2midi plays the same."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
import symusic

from chromasonic.formats.abc import AbcBook, read_abc, write_abc
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Tune

ABC2MIDI = Path(symusic.__file__).parent / "bin" / "abc2midi"
OTHERS_DIFFER = {
    "reelsh-l.abc:53",  # a tie into both endings: abc2midi strikes the note of the second anew
}


def nottingham(corpus_folder: Path) -> list[AbcBook]:
    paths = sorted((corpus_folder / "nottingham" / "ABC_cleaned").glob("*.abc"))
    assert len(paths) == 14
    return [read_abc(path.read_text(encoding="utf-8"), source=path.name) for path in paths]


@pytest.mark.corpus
def test_nottingham_is_read_but_for_one_tune_with_an_unclosed_chord(corpus_folder: Path) -> None:
    books = nottingham(corpus_folder)
    assert sum(len(book.tunes) for book in books) == 1033
    skipped = [tune for book in books for tune in book.skipped]
    assert [(tune.title, tune.reference) for tune in skipped] == [("Joy of the Dance", "153")]


@pytest.mark.corpus
def test_abc2midi_plays_nottingham_as_we_do(corpus_folder: Path, tmp_path: Path) -> None:
    tunes = [tune for book in nottingham(corpus_folder) for tune in book.tunes]
    chosen = random.Random(7).sample([t for t in tunes if t.id not in OTHERS_DIFFER], 150)
    heard = heard_by_abc2midi([write_abc(tune) for tune in chosen], tmp_path)
    pairs = zip(chosen, heard, strict=True)
    assert [tune.id for tune, notes in pairs if not same(tune, notes)] == []


def heard_by_abc2midi(texts: list[str], folder: Path) -> list[list[tuple[float, int]]]:
    """Onset in quarters and pitch of each note that abc2midi plays, tune by tune."""
    numbered = [text.replace("X:1\n", f"X:{i}\n", 1) for i, text in enumerate(texts, start=1)]
    (folder / "book.abc").write_text("\n".join(numbered), encoding="utf-8")
    command = [str(ABC2MIDI), "book.abc", "-NGUI", "-silent"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=600)
    scores = [symusic.Score(str(folder / f"book{i + 1}.mid")) for i in range(len(texts))]
    return [[(n.time / s.tpq, n.pitch) for n in s.tracks[0].notes] for s in scores]


def same(tune: Tune, heard: list[tuple[float, int]]) -> bool:
    """Onset and pitch of every note, repeats played out, within a 60th of a quarter."""
    expected = [(o / TICKS_PER_QUARTER, p) for o, _, p in tune.expanded().sounding()]
    return len(heard) == len(expected) and all(
        abs(a - b) < 1 / 60 and p == q for (a, p), (b, q) in zip(heard, expected, strict=True)
    )


@pytest.mark.corpus
def test_every_nottingham_tune_that_is_written_comes_back(corpus_folder: Path) -> None:
    tunes = [tune for book in nottingham(corpus_folder) for tune in book.tunes]
    texts = [write_abc(tune).replace("X:1\n", f"X:{i}\n", 1) for i, tune in enumerate(tunes)]
    again = read_abc("\n".join(texts), source="written")
    assert [tune.bars for tune in again.tunes] == [tune.bars for tune in tunes]


def test_the_folk_collections_of_music21_are_read_but_for_broken_tunes() -> None:
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    counts = {}
    for name in ("ryansMammoth", "airdsAirs"):
        books = [
            read_abc(path.read_bytes().decode("utf-8", "replace"), source=path.name)
            for path in sorted((corpus / name).glob("*.abc"))
        ]
        counts[name] = (sum(len(b.tunes) for b in books), sum(len(b.skipped) for b in books))
    assert counts == {"ryansMammoth": (1052, 7), "airdsAirs": (1180, 0)}
