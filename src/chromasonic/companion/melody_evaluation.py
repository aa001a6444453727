"""The MelodyTransformer's rows of the table, beside what it has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chromasonic.companion.companion import CompanionData, Row
from chromasonic.companion.melody_baselines import (
    WITH_CHORDS,
    WITHOUT_CHORDS,
    Contexts,
    PitchNgram,
    best_ngram,
    commonest_scores,
)
from chromasonic.companion.melody_data import CLIPS, FOLK, TUNES
from chromasonic.companion.melody_features import NAME, MelodyItems, example_of
from chromasonic.companion.melody_lines import UNKNOWN, MelodyLine
from chromasonic.companion.melody_scores import Scores, network_scores
from chromasonic.companion.network import CompanionNetwork
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.training.examples import Examples

BITS, ACCURACY = "pitch bits a note", "next pitch right"
FAR_AWAY = 6
"""Semitones to the keys that the tunes are least often in: what a rare key costs the network. An
n-gram that counts from the tonic says the same in every key."""

LABEL_GAIN = "bits a note that the right emotion saves against the opposite"
BETTER = {BITS: "lower", ACCURACY: "higher", LABEL_GAIN: "higher"}


def evaluate(network: CompanionNetwork, data: CompanionData) -> list[Row]:
    """Rows of the model and its baselines on the test part."""
    return rows_of(network, data, data.test())


def rows_of(network: CompanionNetwork, data: CompanionData, judged: Examples) -> list[Row]:
    """Rows on some examples; baselines learn from the training part and choose on validation."""
    if not isinstance(judged.items, MelodyItems):
        scores = network_scores(network, list(judged.items))
        return [row_of("synthetic", "model", scores)]
    train, validation, test = (
        whole_lines(examples) for examples in (data.train, data.validation, judged)
    )
    rows = []
    corpus = TUNES if of_corpora(test, TUNES) else FOLK  # where Nottingham is not at hand
    if tunes := of_corpora(test, corpus):
        rows += _tune_rows(network, train, of_corpora(validation, corpus), tunes, corpus)
    for corpus in CLIPS:
        if clips := of_corpora(test, corpus):
            learnt = of_corpora(train, *CLIPS)
            rows += _clip_rows(network, learnt, of_corpora(validation, *CLIPS), clips, corpus)
    return rows


def _tune_rows(
    network: CompanionNetwork,
    train: Sequence[MelodyLine],
    validation: Sequence[MelodyLine],
    test: Sequence[MelodyLine],
    corpus: str,
) -> list[Row]:
    """Tunes with their chords, without them, and without the key too."""
    sources = [of_corpora(train, corpus), of_corpora(train, TUNES, FOLK)]
    rows = []
    with_chords = [line for line in test if line.has_chords]
    knows_chords = [line for line in validation if line.has_chords]
    if with_chords:
        name = f"{corpus}, chords known"
        ngram = best_ngram((*WITH_CHORDS, *WITHOUT_CHORDS), sources[:1], knows_chords or validation)
        rows += [
            model_row(network, name, with_chords),
            ngram_row(ngram, name, with_chords),
        ]
    bare = [line.without_chords() for line in test]
    name = f"{corpus}, chords unknown"
    ngram = best_ngram(WITHOUT_CHORDS, sources, validation)
    rows += [
        model_row(network, name, bare),
        ngram_row(ngram, name, bare),
        row_of(name, "commonest pitches", commonest_scores(sources[0], bare), is_baseline=True),
    ]
    far = [in_another_key(line, FAR_AWAY) for line in bare]
    rows.append(model_row(network, f"{name}, {FAR_AWAY} semitones higher", far))
    keyless = [without_key(line) for line in bare]
    name = f"{corpus}, chords and key unknown"
    ngram = best_ngram(
        (Contexts(("last", "place", "last")), Contexts(("last", "last", "last"))),
        [[without_key(line) for line in source] for source in sources],
        [without_key(line) for line in validation],
    )
    return [*rows, model_row(network, name, keyless), ngram_row(ngram, name, keyless)]


def _clip_rows(
    network: CompanionNetwork,
    train: Sequence[MelodyLine],
    validation: Sequence[MelodyLine],
    test: Sequence[MelodyLine],
    corpus: str,
) -> list[Row]:
    """Skylines of clips with the true emotion, none, and the opposite one."""
    ngram = best_ngram(WITHOUT_CHORDS, [train], validation or train)
    ways = {
        "true emotion": list(test),
        "no emotion": [replace(line, valence=0.0, arousal=0.0) for line in test],
        "opposite emotion": [
            replace(line, valence=-line.valence, arousal=-line.arousal) for line in test
        ],
    }
    scores = {
        way: network_scores(network, [example_of(line) for line in lines])
        for way, lines in ways.items()
    }
    gain = scores["opposite emotion"].bits - scores["true emotion"].bits
    saved = bootstrap_ratio(gain, scores["true emotion"].notes, unit="bits a note")
    rows = [row_of(f"{corpus}, {way}", "model", scores[way]) for way in ways]
    rows[0] = replace(rows[0], figures={**rows[0].figures, LABEL_GAIN: saved})
    return [*rows, ngram_row(ngram, f"{corpus}, no emotion", test)]


def model_row(network: CompanionNetwork, test: str, lines: Sequence[MelodyLine]) -> Row:
    """The network's row on some melodies."""
    return row_of(test, "model", network_scores(network, [example_of(line) for line in lines]))


def ngram_row(ngram: PitchNgram, test: str, lines: Sequence[MelodyLine]) -> Row:
    """An n-gram's row on some melodies."""
    method = f"n-gram ({ngram.contexts})"
    return row_of(test, method, ngram.scores(lines), is_baseline=True)


def row_of(test: str, method: str, scores: Scores, *, is_baseline: bool = False) -> Row:
    """Scores as a line of the table."""
    figures = {
        BITS: bootstrap_ratio(scores.bits, scores.notes, unit="bits a note"),
        ACCURACY: bootstrap_ratio(scores.correct, scores.notes, unit="share of notes"),
    }
    return Row(
        model=NAME,
        test=test,
        method=method,
        figures=figures,
        is_baseline=is_baseline,
        better=BETTER,
    )


def whole_lines(examples: Examples) -> list[MelodyLine]:
    """The melodies behind examples, each once; with its chords, where both ways are there."""
    items = examples.items
    if not isinstance(items, MelodyItems):
        return []
    lines: dict[tuple[str, str], MelodyLine] = {}
    for line in items.lines:
        lines.setdefault((line.corpus, line.id), line)
    return list(lines.values())


def of_corpora(lines: Sequence[MelodyLine], *corpora: str) -> list[MelodyLine]:
    """The melodies of some corpora."""
    return [line for line in lines if line.corpus in corpora]


def in_another_key(line: MelodyLine, semitones: int) -> MelodyLine:
    """The melody so many semitones higher, with its chords and key."""
    return replace(
        line,
        pitch=line.pitch + semitones,
        chord=np.roll(line.chord, semitones, axis=1),
        key=np.roll(line.key, semitones, axis=1),
        tonic=np.where(line.tonic == UNKNOWN, UNKNOWN, (line.tonic + semitones) % 12),
    )


def without_key(line: MelodyLine) -> MelodyLine:
    """The same notes, the key unknown."""
    return replace(line, key=np.zeros_like(line.key), tonic=np.full(len(line), UNKNOWN, np.int8))
