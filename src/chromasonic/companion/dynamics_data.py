"""The corpora of the DynamicsEngine: ASAP with its beats, and MAESTRO with estimated ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chromasonic.companion.companion import CompanionData, DataRequest
from chromasonic.companion.dynamics_features import dynamics_examples
from chromasonic.companion.splitting import resplit
from chromasonic.data.catalogue import facts_of
from chromasonic.data.corpus import Corpus
from chromasonic.data.loading import load
from chromasonic.data.locate import Place, locate, ways_to_get
from chromasonic.data.maestro import read_cut_pieces
from chromasonic.errors import CorpusError, DataError
from chromasonic.music.piano_performance import PianoPerformance
from chromasonic.training.examples import Examples

ANNOTATED, UNANNOTATED = "asap", "maestro"
CORPORA = (ANNOTATED, UNANNOTATED)

TestSets = Callable[[], Mapping[str, Examples]]


@dataclass(frozen=True, kw_only=True)
class DynamicsData(CompanionData):
    """Bars of performances.

    Attributes:
        others: makes the further test sets, by name; called by evaluation only.
    """

    others: TestSets = dict


def load_dynamics(request: DataRequest) -> DynamicsData:
    """ASAP's bars with annotated beats; where it is absent MAESTRO's with estimated ones.

    Raises:
        CorpusError: neither is there; or the one to learn from is half there.
    """
    has_beats = _place(ANNOTATED, request) is not None
    if not has_beats and _place(UNANNOTATED, request) is None:
        raise CorpusError(
            "The DynamicsEngine learns from ASAP, else from MAESTRO; neither is on this machine. "
            "ASAP is the better one. "
            f"{ways_to_get(facts_of(ANNOTATED))}"
        )
    corpus: Corpus[PianoPerformance] = _load(ANNOTATED if has_beats else UNANNOTATED, request)
    train, validation = corpus.split.train, corpus.split.validation
    if request.validation_split is not None:
        works = {piece.id: piece.work for piece in corpus.pieces}
        train, validation = resplit(
            train, validation, works, request.validation_split, request.seed
        )
    by_id = corpus.by_id
    lacking = () if has_beats else ("ASAP is absent: learned from MAESTRO, its beats estimated.",)
    return DynamicsData(
        train=dynamics_examples(by_id[id] for id in train),
        validation=dynamics_examples((by_id[id] for id in validation), judged=True),
        test=lambda: dynamics_examples(corpus.part("test"), judged=True),
        others=lambda: _others(corpus.part("test"), request) if has_beats else {},
        manifests=(corpus.manifest,),
        remarks=(*lacking, *corpus.manifest.remarks),
    )


def _place(name: str, request: DataRequest) -> Place | None:
    """Where a corpus is, if it is and is wanted."""
    if name not in request.chosen(CORPORA):
        return None
    try:
        return locate(facts_of(name), data_dir=request.data_dir, download=request.download)
    except CorpusError:
        return None


def _load(name: str, request: DataRequest, *, allow_partial: bool = False) -> Corpus[Any]:
    return load(
        name,
        data_dir=request.data_dir,
        download=request.download,
        allow_partial=allow_partial,
        on_progress=request.on_progress,
    )


def _others(annotated: Sequence[PianoPerformance], request: DataRequest) -> dict[str, Examples]:
    """The same test performances with estimated beats; MAESTRO's test part, as far as it is there.

    Where none of its test performances is, the single pieces take its place that were cut from
    them; the name says so.
    """
    sets = {"asap, test, estimated beats": annotated}
    try:
        whole = _load(UNANNOTATED, request, allow_partial=True).part("test")
    except DataError:
        whole = ()
    place = _place(UNANNOTATED, request)
    if whole:
        sets["maestro, test, estimated beats"] = whole
    elif place is not None:
        reading = read_cut_pieces(place.folders[0], request.on_progress)
        assert reading.split is not None
        chosen = set(reading.split.test)
        pieces = [p for p in reading.pieces if p.id in chosen and isinstance(p, PianoPerformance)]
        if pieces:
            name = f"maestro, {len(pieces)} pieces cut from test recordings, estimated beats"
            sets[name] = pieces
    return {
        name: dynamics_examples(pieces, estimated=True, judged=True)
        for name, pieces in sets.items()
    }
