"""The Lakh MIDI Dataset: 176,581 MIDI files from the web, some of them broken, read as a stream.

Two layouts: `lmd_matched`, whose files lie below the songs that they were matched to
(lmd_matched/A/B/C/TRABC.../HASH.mid; one file may stand below several songs, and a song has several
files), and `lmd_full` (lmd_full/0/HASH.mid ... f/HASH.mid). Nothing tells how a file sounds, which
track is its melody, or whether it is whole.

`read_lakh_matched` and `read_lakh_full` list the files and open none. `stream_lakh` reads them, in
processes of its own, a few at a time, and hands out one melody after the other.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from chromasonic.data.corpus import PARTS
from chromasonic.data.facts import Archive, CorpusFacts
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import part_of_work
from chromasonic.errors import CorpusError, FormatError, UsageError
from chromasonic.formats.midi_performance import MidiPerformance, read_midi_performance
from chromasonic.formats.midi_skyline import skyline_of
from chromasonic.music.melody_part import FEWEST_NOTES, FoundBy, melody_part, parts_of
from chromasonic.music.performance import PlayedNotes

LARGEST_BYTES = 2_000_000
"""Larger files are passed over unread: a note takes at least 6 bytes, so they would hold hundreds
of thousands; the songs of the corpus hold some thousands."""

MATCHED, FULL = "lmd_matched", "lmd_full"
MATCHED_FILES, FULL_FILES = 116_189, 176_581
EXAMPLES_OF_SKIPPED = 100
WAITING_PER_WORKER = 8
"""How many files each process has before it: what bounds the memory."""


@dataclass(frozen=True, slots=True)
class LakhFile:
    """A file of the corpus, which nobody has opened yet.

    Attributes:
        id: `TRACK/HASH` in the matched layout, else `HASH`.
        work: the song's id, else the hash: files of one work are never split.
        path: where it is.
    """

    id: str
    work: str
    path: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoundMelody:
    """The melody of a file.

    Attributes:
        id: of the file.
        work: see `LakhFile`.
        name: of the part that was taken; may be empty.
        found_by: whether that name told, or how the part moves.
        notes: of the melody, one at a time.
        metres: (quarters from the start, numerator, denominator); may be empty.
        tempo_bpm: quarters a minute at the start.
        has_tempo: whether the file names a tempo; if not, its grid of quarters means nothing.
    """

    id: str
    work: str
    name: str
    found_by: FoundBy
    notes: PlayedNotes
    metres: tuple[tuple[float, int, int], ...]
    tempo_bpm: float
    has_tempo: bool


def read_lakh_matched(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """List the files of `lmd_matched`; a work is a song.

    Raises:
        CorpusError: there is none.
    """
    return _listing(root, MATCHED, MATCHED_FILES, on_progress)


def read_lakh_full(root: Path, on_progress: Progress | None = None) -> PieceReading:
    """List the files of `lmd_full`; a work is a file.

    Nobody knows which files are versions of one song, so versions may stand in two parts: figures
    on this layout's test part are too good. Use `lmd_matched` for figures.

    Raises:
        CorpusError: there is none.
    """
    return _listing(root, FULL, FULL_FILES, on_progress)


def _listing(root: Path, folder: str, expected: int, on_progress: Progress | None) -> PieceReading:
    files = []
    for file in lakh_files(root):
        files.append(file)
        if on_progress is not None and len(files) % 1_000 == 0:
            on_progress(f"listing {folder}", len(files), expected)
    if not files:
        raise CorpusError(f"{root} holds no MIDI file in the layout of {folder}. Unpack it again.")
    return PieceReading(
        pieces=tuple(files),
        works=tuple(file.work for file in files),
        missing=max(0, expected - len(files)),
    )


def lakh_files(root: Path) -> Iterator[LakhFile]:
    """The files of either layout at or below a folder, in the order of their names.

    Raises:
        CorpusError: the folder cannot be read.
    """
    base = next((root / name for name in (MATCHED, FULL) if (root / name).is_dir()), root)
    try:
        for path in _midi_files(str(base)):
            folder, _, name = path.rpartition(os.sep)
            track, hash_ = os.path.basename(folder), name.rpartition(".")[0]
            is_matched = track.startswith("TR") and len(track) > 3
            yield LakhFile(
                id=f"{track}/{hash_}" if is_matched else hash_,
                work=track if is_matched else hash_,
                path=path,
            )
    except OSError as error:
        raise CorpusError(
            f"Cannot read {error.filename}: {error.strerror}. Give yourself the right to read it."
        ) from error


def _midi_files(folder: str) -> Iterator[str]:
    """Depth first, by name; only one folder's names are in memory at a time."""
    with os.scandir(folder) as found:
        entries = sorted((entry.name, entry.is_dir()) for entry in found)
    for name, is_folder in entries:
        path = os.path.join(folder, name)
        if is_folder:
            yield from _midi_files(path)
        elif name.lower().endswith((".mid", ".midi")):
            yield path


@dataclass
class LakhStream:
    """Melodies one after the other, and a count of what was met.

    Attributes:
        files: what to read.
        workers: how many processes read; 0 reads in this one.
        most_melodies: stop after so many; None goes on to the end.
        opened: files that were opened so far.
        found: melodies that were handed out, by how they were found.
        skipped: reason (without the file's name) to how many files were passed over for it.
        examples: the first `EXAMPLES_OF_SKIPPED` of those files.
    """

    files: Iterable[LakhFile]
    workers: int = 0
    most_melodies: int | None = None
    opened: int = 0
    found: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    examples: list[Skipped] = field(default_factory=list)

    def __iter__(self) -> Iterator[FoundMelody]:
        """The melodies, in the order of the files, whatever the number of workers."""
        results = self._results()
        for file, result in results:
            self.opened += 1
            if isinstance(result, str):
                self.skipped[result] += 1
                if len(self.examples) < EXAMPLES_OF_SKIPPED:
                    self.examples.append(Skipped(file.id, "", result))
                continue
            self.found[result.found_by] += 1
            yield result
            if self.most_melodies is not None and self.found.total() >= self.most_melodies:
                results.close()
                return

    def _results(self) -> Generator[tuple[LakhFile, FoundMelody | str], None, None]:
        if self.workers == 0:
            for file in self.files:
                yield file, find_melody(file)
            return
        waiting: deque[tuple[LakhFile, Future[FoundMelody | str]]] = deque()
        pool = ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"))
        try:
            for file in self.files:
                waiting.append((file, pool.submit(find_melody, file)))
                if len(waiting) >= WAITING_PER_WORKER * self.workers:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BrokenProcessPool as error:
            raise CorpusError(
                f"A process that reads MIDI files was ended from outside (out of memory?) after "
                f"{self.opened} files. Take fewer workers."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def summary(self) -> str:
        """What was met, in one sentence for the user."""
        reasons = "; ".join(f"{count} x {reason}" for reason, count in self.skipped.most_common(5))
        return (
            f"{self.found.total():,} melodies in {self.opened:,} files "
            f"({self.found['name']:,} by the part's name, {self.found['features']:,} by how it "
            f"moves); {self.skipped.total():,} files passed over{f': {reasons}' if reasons else ''}"
        )


def stream_lakh(
    root: Path,
    *,
    part: str | None = None,
    seed: int = 0,
    workers: int = 0,
    most_files: int | None = None,
    most_melodies: int | None = None,
    one_of_a_work: bool = True,
) -> LakhStream:
    """Melodies of the corpus as a stream: memory does not grow with the number of files.

    Args:
        root: the folder with `lmd_matched` or `lmd_full` in it, or that folder itself.
        part: "train", "validation" or "test", by the hash of the song's id (or the file's) with
            the seed; None is all. The same songs are in a part as `load` puts there.
        seed: of the division.
        workers: how many processes read; 0 reads in this one. The melodies are the same.
        most_files: open no more files than that.
        most_melodies: stop after so many.
        one_of_a_work: of the files of a song take the first one only (they are versions).

    Returns:
        To be iterated over once; it counts what it meets.

    Raises:
        UsageError: there is no such part, or a number is below its least value.
    """
    if part is not None and part not in PARTS:
        raise UsageError(f"'{part}' is no part of a corpus; allowed: {', '.join(PARTS)}.")
    for name, value in (("workers", workers), ("most_files", most_files)):
        if value is not None and value < 0:
            raise UsageError(f"{name} is {value}; allowed: 0 or more.")
    files = _chosen(lakh_files(root), part, seed, most_files, one_of_a_work)
    return LakhStream(files, workers, most_melodies)


def _chosen(
    files: Iterator[LakhFile], part: str | None, seed: int, most: int | None, one_of_a_work: bool
) -> Iterator[LakhFile]:
    count, last_work = 0, None
    for file in files:
        if most is not None and count >= most:
            return
        # Files of one song lie in one folder, so they follow one another.
        if one_of_a_work and file.work == last_work:
            continue
        if part is not None and part_of_work(file.work, seed) != part:
            continue
        last_work = file.work
        count += 1
        yield file


def find_melody(file: LakhFile) -> FoundMelody | str:
    """The melody of one file, or why there is none, in words that do not name the file."""
    try:
        if os.path.getsize(file.path) > LARGEST_BYTES:
            return f"larger than {LARGEST_BYTES / 1e6:g} MB"
        performance = read_midi_performance(file.path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except FormatError as error:
        return _without_names(str(error), Path(file.path).name)
    return _melody_of(performance, file)


def _melody_of(performance: MidiPerformance, file: LakhFile) -> FoundMelody | str:
    answer = melody_part(parts_of(performance.notes, performance.track_names))
    if answer is None:
        return "no part can be a melody"
    part, found_by = answer
    melody = skyline_of(performance.notes[part.chosen], together_seconds=0.02)
    if len(melody) < FEWEST_NOTES:
        return f"a melody of fewer than {FEWEST_NOTES} notes"
    return FoundMelody(
        id=file.id,
        work=file.work,
        name=part.name,
        found_by=found_by,
        notes=melody,
        metres=performance.metres,
        tempo_bpm=performance.tempo_bpm,
        has_tempo=performance.has_tempo,
    )


def _without_names(message: str, name: str) -> str:
    """A message's first sentence without the file's name and its numbers, so that like ones add."""
    first = message.partition(". ")[0].replace(name, "the file")
    return "".join("#" if sign.isdigit() else sign for sign in first)


LICENCE = "CC BY 4.0 (the collection; the music belongs to its authors)"
HOME = "https://colinraffel.com/projects/lmd/"
CITATION = (
    "Colin Raffel: Learning-Based Methods for Comparing Sequences, with Applications to "
    "Audio-to-MIDI Alignment and Matching, PhD thesis, Columbia University, 2016"
)

MATCHED_FACTS = CorpusFacts(
    name="lakh-matched",
    title="Lakh MIDI Dataset, matched to songs (LMD-matched)",
    summary="116,189 MIDI files of 31,034 songs; melodies are looked for in them, as a stream.",
    kind="download",
    licence=LICENCE,
    licence_url=HOME,
    citation=CITATION,
    url=HOME,
    weights_may_ship=False,
    index=(MATCHED, "A"),
    archives=(
        Archive(
            url="http://hog.ee.columbia.edu/craffel/lmd/lmd_matched.tar.gz",
            size_bytes=1_500_000_000,
        ),
    ),
    reader=read_lakh_matched,
    is_cached=False,
    noun="files",
    pieces=MATCHED_FILES,
)

FULL_FACTS = CorpusFacts(
    name="lakh-full",
    title="Lakh MIDI Dataset, all files (LMD-full)",
    summary="176,581 MIDI files from the web; melodies are looked for in them, as a stream.",
    kind="download",
    licence=LICENCE,
    licence_url=HOME,
    citation=CITATION,
    url=HOME,
    weights_may_ship=False,
    index=(FULL, "0"),
    archives=(
        Archive(
            url="http://hog.ee.columbia.edu/craffel/lmd/lmd_full.tar.gz",
            size_bytes=1_800_000_000,
        ),
    ),
    reader=read_lakh_full,
    is_cached=False,
    noun="files",
    pieces=FULL_FILES,
)
"""Their maker publishes no checksum that could be checked here. Sizes are about."""
