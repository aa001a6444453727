"""The MelodyTransformer learns, is scored as by hand, stands beside baselines that see as much."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from chromasonic.companion.companion import CompanionData, DataRequest
from chromasonic.companion.melody_baselines import Contexts, PitchNgram, commonest_scores
from chromasonic.companion.melody_data import both_ways, load_melodies
from chromasonic.companion.melody_evaluation import BITS, LABEL_GAIN, rows_of
from chromasonic.companion.melody_features import PART, TARGET, examples_of
from chromasonic.companion.melody_lines import MelodyLine
from chromasonic.companion.melody_scores import network_scores
from chromasonic.companion.melody_transformer import COMPANION, melody_loss
from chromasonic.companion.network import CompanionNetwork
from chromasonic.errors import EvaluationError
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, ExampleTask, collate
from chromasonic.training.loop import fit


def network(seed: int = 0) -> CompanionNetwork:
    torch.manual_seed(seed)
    return CompanionNetwork(COMPANION.spec)


def scale_line(
    name: str, *, corpus: str = "nottingham", tonic: int = 0, notes: int = 24
) -> MelodyLine:
    """Up the major scale and down again, a chord of the tonic under it."""
    steps = [0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2] * (notes // 14 + 1)
    tones = np.zeros(12, np.uint8)
    tones[[(tonic + step) % 12 for step in (0, 2, 4, 5, 7, 9, 11)]] = 1
    chord = np.zeros(12, np.uint8)
    chord[[tonic, (tonic + 4) % 12, (tonic + 7) % 12]] = 1
    return MelodyLine(
        id=name,
        corpus=corpus,
        pitch=np.array(steps[:notes], np.int64) + 60 + tonic,
        place=(np.arange(notes) * 2 % 16).astype(np.int8),
        length=np.full(notes, 2, np.float32),
        after_rest=np.arange(notes) == 0,
        chord=np.tile(chord, (notes, 1)),
        key=np.tile(tones, (notes, 1)),
        tonic=np.full(notes, tonic, np.int8),
    )


def test_a_made_up_structure_is_learned_far_below_chance() -> None:
    train, validation = COMPANION.synthetic(160, 0), COMPANION.synthetic(20, 1)
    task = ExampleTask(train, validation, melody_loss, is_sequence=True)
    config = TrainingConfig(epochs=8, batch_size=8, learning_rate=3e-3, device="cpu")
    history = fit(network(), task, config, folder=None, name="melody")
    bits = history.epochs[-1].val["pitch_bits"].value
    assert bits < 3 < 4 < history.epochs[0].val["pitch_bits"].value


def test_the_loss_counts_by_hand_and_tells_chords_apart() -> None:
    lines = [scale_line("a", notes=5), scale_line("b", notes=3).without_chords()]
    batch = collate(list(examples_of(lines).items))
    model = network().eval()
    said = torch.log_softmax(model(batch[FEATURES]), -1)
    nats = [
        -said[row, step, int(batch[TARGET][row, step])].item()
        for row, count in ((0, 5), (1, 3))
        for step in range(count)
    ]
    result = melody_loss(model, batch)
    assert result.loss_sum.item() == pytest.approx(sum(nats), rel=1e-5)
    means = {name: (float(top), int(bottom)) for name, (top, bottom) in result.metrics.items()}
    assert means["pitch_bits"] == (pytest.approx(sum(nats) / math.log(2), rel=1e-5), 8)
    assert means["pitch_bits_with_chords"][1] == 5
    assert means["pitch_bits_without_chords"] == (
        pytest.approx(sum(nats[5:]) / math.log(2), rel=1e-5),
        3,
    )


def test_scores_of_whole_melodies_equal_one_step_at_a_time() -> None:
    line = scale_line("a", notes=9)
    model = network().eval()
    (example,) = examples_of([line]).items
    scores = network_scores(model, [example, example])
    state, bits = None, 0.0
    with torch.no_grad():
        for row, pitch in zip(example[FEATURES], example[TARGET].tolist(), strict=True):
            logits, state = model.step(torch.from_numpy(row)[None, None], state)
            bits -= torch.log_softmax(logits[0, 0], -1)[pitch].item() / math.log(2)
    assert scores.bits.tolist() == pytest.approx([bits, bits], rel=1e-5)
    assert scores.notes.tolist() == [9, 9]


def test_no_melody_has_no_score() -> None:
    with pytest.raises(EvaluationError, match="no melody"):
        network_scores(network(), [])


def test_order_zero_by_hand() -> None:
    line = replace(scale_line("a", notes=4), pitch=np.array([60, 60, 60, 62]))
    scores = commonest_scores([line], [line])
    # (3 + 1) and (1 + 1) of 4 + 128.
    assert scores.bits[0] == pytest.approx(-3 * math.log2(4 / 132) - math.log2(2 / 132))
    assert scores.correct[0] == 3


def test_an_ngram_is_a_distribution_and_knows_a_tune_in_any_key() -> None:
    train = [scale_line(str(number), notes=28) for number in range(6)]
    ngram = PitchNgram(Contexts(("mode", "last", "last")), train)
    moved = ngram.scores([scale_line("high", tonic=5, notes=28)])
    same = ngram.scores([scale_line("same", notes=28)])
    assert moved.bits_a_note == pytest.approx(same.bits_a_note, rel=1e-6)
    assert same.bits_a_note < 0.7
    # Over all pitches that may come at one place the shares add up to 1.
    line = scale_line("x", notes=15)
    total = 0.0
    for pitch in range(128):
        one = replace(line, pitch=np.array([*line.pitch[:-1], pitch]))
        total += 2 ** -(ngram.scores([one]).bits[0] - ngram.scores([_cut(one, 14)]).bits[0])
    assert total == pytest.approx(1, abs=1e-6)


def _cut(line: MelodyLine, count: int) -> MelodyLine:
    names = ("pitch", "place", "length", "after_rest", "chord", "key", "tonic")
    return replace(line, **{name: getattr(line, name)[:count] for name in names})


def test_a_chord_helps_an_ngram_that_sees_it() -> None:
    rng = np.random.default_rng(0)
    lines = []
    for number in range(30):
        line = scale_line(str(number), notes=32)
        chord = np.zeros((32, 12), np.uint8)
        roots = rng.choice([0, 5, 7], 32)
        chord[np.arange(32), roots] = 1
        lines.append(replace(line, pitch=60 + roots, chord=chord))
    blind = PitchNgram(Contexts(("mode", "last")), lines[:20]).scores(lines[20:])
    seeing = PitchNgram(Contexts(("mode", "last", "chord")), lines[:20]).scores(lines[20:])
    assert seeing.bits_a_note < 0.3 < 1.3 < blind.bits_a_note


def test_rows_name_model_baselines_and_what_a_label_is_worth() -> None:
    tunes = [scale_line(str(number), tonic=number % 12) for number in range(6)]
    clips = [
        replace(
            scale_line(f"c{number}", corpus="emopia").without_chords(),
            valence=1.0 - 2 * (number % 2),
            arousal=1.0,
        )
        for number in range(6)
    ]
    part = examples_of(both_ways([*tunes, *clips]))
    data = CompanionData(train=part, validation=part, test=lambda: part, manifests=())
    rows = rows_of(network(), data, part)
    tests = {(row.test, row.is_baseline) for row in rows}
    for test in ("chords known", "chords unknown", "chords and key unknown"):
        assert {(f"nottingham, {test}", True), (f"nottingham, {test}", False)} <= tests
    true, none, opposite = (
        next(row for row in rows if row.test == f"emopia, {way} emotion" and not row.is_baseline)
        for way in ("true", "no", "opposite")
    )
    gain = opposite.figures[BITS].value - true.figures[BITS].value
    assert true.figures[LABEL_GAIN].value == pytest.approx(gain, abs=1e-9)
    assert none.figures[BITS].n == 6


def test_synthetic_examples_can_be_evaluated_too() -> None:
    made = COMPANION.synthetic(4, 0)
    data = CompanionData(train=made, validation=made, test=lambda: made, manifests=())
    (row,) = COMPANION.evaluate(network(), data)
    assert row.figures[BITS].n == 4


def test_knowing_a_chord_never_uses_the_next_note() -> None:
    line = scale_line("a", notes=8)
    (example,) = examples_of([line]).items
    other = replace(line, pitch=np.array([*line.pitch[:-1], 99]))
    (changed,) = examples_of([other]).items
    np.testing.assert_array_equal(example[FEATURES], changed[FEATURES])
    assert PART["valence"].stop <= 64


@pytest.mark.corpus
def test_the_corpora_are_there_and_no_held_out_tune_is_learned(corpus_folder) -> None:  # type: ignore[no-untyped-def]
    melodies = load_melodies(DataRequest(data_dir=corpus_folder))
    sizes = {part: len(melodies.of(part, "nottingham")) for part in ("train", "validation", "test")}
    assert sizes == {"train": 818, "validation": 108, "test": 107}
    assert len(melodies.of("test", "emopia")) == 86
    held_out = {line.id for line in (*melodies.validation, *melodies.test)}
    assert not held_out & {line.id for line in melodies.train}
