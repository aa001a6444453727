"""Clips and songs with an emotion as examples of the EmotionRecognizer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic import data
from chromasonic.companion import emotion_frames
from chromasonic.companion.companion import CompanionData, DataRequest
from chromasonic.companion.emotion_frames import Bytes, as_frames, ways
from chromasonic.companion.emotion_hints import Sounding
from chromasonic.companion.splitting import resplit
from chromasonic.data.catalogue import facts_of
from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.locate import locate
from chromasonic.data.skipped import Skipped
from chromasonic.errors import CorpusError, DataError, FormatError
from chromasonic.formats.audio import find_soundfont
from chromasonic.formats.log_mel import FRAMES_PER_SECOND
from chromasonic.music.emotion import CELLS, EmotionClip, EmotionSong, bell, quarter
from chromasonic.training.examples import FEATURES, MASK, Example, Examples

CORPORA = ("emopia", "vgmidi", "deam")
CLIPS = ("emopia", "vgmidi")
EMOTION = "emotion"

RENDERINGS = 5
"""Ways in which each training clip is played: as it is, and in four other keys."""

LEAK = 0.1
"""Share of a quadrant label's mass that is spread over the whole plane: listeners disagree."""

WARM_UP_FRAMES = 20
"""Two seconds in which nothing is asked: the state has heard nothing yet."""


class RenderedExample(dict[str, np.ndarray]):
    """An example that was rendered in several ways; `features` is the first.

    Attributes:
        renderings: frames (T, 128) as bytes, of each way.
        sounding: the notes of each way; empty for recordings, whose notes are not known.
    """

    def __init__(
        self,
        values: Mapping[str, np.ndarray],
        renderings: Sequence[Bytes],
        sounding: Sequence[Sounding],
    ) -> None:
        super().__init__(values)
        self.renderings, self.sounding = renderings, sounding


@dataclass(frozen=True)
class LazyExamples(Sequence[Example]):
    """Examples that are unpacked when they are asked for: frames take a quarter as bytes.

    Attributes:
        renderings: for each example its frames as bytes, of each way.
        sounding: for each example the notes of each way, or none.
        targets: for each example the distributions (T, 64), or (64,) for all frames.
    """

    renderings: Sequence[Sequence[Bytes]]
    sounding: Sequence[Sequence[Sounding]]
    targets: Sequence[npt.NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.renderings)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[place] for place in range(*number.indices(len(self)))]
        frames = as_frames(self.renderings[number][0])
        target = self.targets[number]
        if target.ndim == 1:
            target = np.broadcast_to(target, (len(frames), CELLS))
        values = {
            FEATURES: frames,
            EMOTION: target.astype(np.float32),
            MASK: mask_of(len(frames)),
        }
        return RenderedExample(values, self.renderings[number], self.sounding[number])


def mask_of(count: int) -> npt.NDArray[np.float32]:
    """(T,): 0 in the warm-up, then 1; of a short excerpt the second half counts at least."""
    mask = np.ones(count, np.float32)
    mask[: min(WARM_UP_FRAMES, count // 2)] = 0
    return mask


def load_examples(request: DataRequest) -> CompanionData:
    """The examples of the corpora that are there.

    EMOPIA and VGMIDI are rendered through a soundfont; DEAM is used where its recordings are.

    Raises:
        CorpusError: none of them is there, or one is half there.
        RenderError: there is no soundfont to render with.
    """
    corpora, remarks = [], []
    for name in request.chosen(CORPORA):
        try:
            locate(
                facts_of(name),
                data_dir=request.data_dir,
                download=request.download,
                on_progress=request.on_progress,
            )
        except DataError as error:
            remarks.append(f"'{name}' is left out: {str(error).partition('. ')[0]}.")
            continue
        corpus = data.load(
            name,
            data_dir=request.data_dir,
            download=False,
            on_progress=request.on_progress,
        )
        corpora.append(corpus)
        remarks += [f"{name}: {line}" for line in corpus.manifest.remarks]
    parts = {part: _Part() for part in ("train", "validation", "test")}
    for corpus in corpora:
        places = _places(corpus, request)
        for piece in corpus.pieces:
            if piece.id in places and _is_usable(piece):
                parts[places[piece.id]].add(corpus, piece)
    if not len(parts["train"]):
        names = ", ".join(request.chosen(CORPORA))
        raise CorpusError(
            f"None of the EmotionRecognizer's corpora ({names}) can be learned from: "
            f"{' '.join(remarks)} Give --data-dir, or train on synthetic examples."
        )
    skipped: list[Skipped] = []
    train = parts["train"].examples(RENDERINGS, request, skipped)
    validation = parts["validation"].examples(1, request, skipped)
    remarks += [f"{item.reference} is left out: {item.reason}" for item in skipped[:5]]
    if len(skipped) > 5:
        remarks.append(f"{len(skipped) - 5} more recordings are left out.")
    used = {*corpora_of(train), *corpora_of(validation)}
    remarks += [
        f"'{corpus.name}' is there but gives no example to learn from (its recordings are absent)."
        for corpus in corpora
        if corpus.name not in used
    ]
    return CompanionData(
        train=train,
        validation=validation,
        test=_once(lambda: parts["test"].examples(1, request, [])),
        manifests=tuple(corpus.manifest for corpus in corpora if corpus.name in used),
        remarks=tuple(remarks),
    )


def _is_usable(piece: EmotionClip | EmotionSong) -> bool:
    return isinstance(piece, EmotionClip) or bool(piece.audio)


def _places(corpus: Corpus[Any], request: DataRequest) -> Mapping[str, str]:
    """Id of a piece to its part."""
    train, validation = corpus.split.train, corpus.split.validation
    if request.validation_split is not None:
        works = {piece.id: work_of(piece) for piece in corpus.pieces}
        train, validation = resplit(
            train, validation, works, request.validation_split, request.seed
        )
    parts = (("train", train), ("validation", validation), ("test", corpus.split.test))
    return {id: part for part, ids in parts for id in ids}


def work_of(piece: EmotionClip | EmotionSong) -> str:
    """The song that a piece is of: the unit of divisions and of intervals."""
    return piece.song if isinstance(piece, EmotionClip) else piece.id


@dataclass
class _Part:
    """Pieces of one part with the corpora that they are of."""

    corpora: list[Corpus[Any]] = field(default_factory=list)
    pieces: list[EmotionClip | EmotionSong] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pieces)

    def add(self, corpus: Corpus[Any], piece: EmotionClip | EmotionSong) -> None:
        self.corpora.append(corpus)
        self.pieces.append(piece)

    def examples(self, count: int, request: DataRequest, skipped: list[Skipped]) -> Examples:
        """The part's examples, each clip in `count` ways; what cannot be read joins `skipped`."""
        clips = [piece for piece in self.pieces if isinstance(piece, EmotionClip)]
        frames = {}
        if clips:
            made = emotion_frames.rendered(
                clips,
                [ways(count, clip.id) for clip in clips],
                find_soundfont(),
                on_progress=request.on_progress,
            )
            frames = {id(clip): value for clip, value in zip(clips, made, strict=True)}
        renderings, sounding, targets, pieces, names = [], [], [], [], []
        for corpus, piece in zip(self.corpora, self.pieces, strict=True):
            if isinstance(piece, EmotionClip):
                own: Sequence[Bytes] = frames[id(piece)]
                notes = [Sounding.of(piece, way) for way in ways(count, piece.id)]
                target = quarter(piece.valence, piece.arousal, leak=LEAK)
            else:
                try:
                    own = (_recording(corpus.manifest, piece),)
                except FormatError as error:
                    skipped.append(Skipped(piece.audio, piece.id, str(error)))
                    continue
                target, notes = target_of_song(piece, len(own[0])), []
            sounding.append(notes)
            renderings.append(own)
            targets.append(target.astype(np.float32))
            pieces.append(f"{corpus.name}/{work_of(piece)}")
            names.append(corpus.name)
        return Examples(LazyExamples(renderings, sounding, targets), pieces, {"corpus": names})


def _recording(manifest: Manifest, song: EmotionSong) -> Bytes:
    return emotion_frames.frames_of_recording(Path(manifest.found_at) / song.audio)


def target_of_song(song: EmotionSong, count: int) -> npt.NDArray[np.float64]:
    """(T, 64): a bell as wide as listeners' answers were spread, at the label of each frame.

    Frames before the first dynamic label, and songs without any, have the label of the whole.
    """
    valence = np.full(count, song.valence)
    arousal = np.full(count, song.arousal)
    if len(song.times_seconds):
        seconds = (np.arange(count) + 1) / FRAMES_PER_SECOND
        known = seconds >= song.times_seconds[0]
        valence[known] = np.interp(seconds[known], song.times_seconds, song.valences)
        arousal[known] = np.interp(seconds[known], song.times_seconds, song.arousals)
    return bell(valence, arousal, song.valence_spread, song.arousal_spread)


def _once(make: Callable[[], Examples]) -> Callable[[], Examples]:
    """The same value each time, made when it is first asked for."""
    kept: list[Examples] = []

    def give() -> Examples:
        if not kept:
            kept.append(make())
        return kept[0]

    return give


def corpora_of(examples: Examples) -> Iterable[str]:
    """The corpora of some examples, each once, in order."""
    return dict.fromkeys(examples.groups.get("corpus", ("",) * len(examples)))
