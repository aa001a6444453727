"""The HarmonyPredictor learns, is scored as by hand, and stands beside baselines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from harmony_pieces import piece
from torch import Tensor, nn

from chromasonic.companion.companion import CompanionData, DataRequest
from chromasonic.companion.harmony_baselines import (
    MEMORY_FACTS,
    NGRAM_FACTS,
    HarmonyBeats,
    chosen_ngram,
    fit_logistic,
    keep_the_chord,
    network_log_probabilities,
)
from chromasonic.companion.harmony_data import load_harmony
from chromasonic.companion.harmony_evaluation import (
    ACCURACY,
    CHANGE_ACCURACY,
    CHANGE_PERPLEXITY,
    PERPLEXITY,
    ROOT_ACCURACY,
    evaluate_harmony,
    figures_of,
)
from chromasonic.companion.harmony_features import TARGET, harmony_examples
from chromasonic.companion.harmony_playing import harmonize_tune
from chromasonic.companion.harmony_predictor import COMPANION, harmony_loss
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.companion.synthetic import synthetic_harmony
from chromasonic.errors import CorpusError, UsageError
from chromasonic.formats.abc import read_abc
from chromasonic.music.chord import HOLD, class_named
from chromasonic.music.tune import Tune
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, MASK, ExampleTask, collate
from chromasonic.training.loop import fit

C, F, G7, AM = (class_named(name) for name in ("C", "F", "G7", "Am"))
LOOPS = (
    [C, C, C, C, F, F, G7, G7],
    [AM, AM, F, F, C, C, G7, G7],
    [C, C, AM, AM, F, F, F, F, G7, G7, G7, G7],
)


def songs(count: int, *, start: int = 0) -> list:
    """Songs that go round and round, in all keys."""
    return [
        (piece(LOOPS[n % 3] * 6, melody=n % 2 == 0, seed=start + n), f"corpus {n % 2}")
        for n in range(count)
    ]


def network(seed: int = 0) -> CompanionNetwork:
    torch.manual_seed(seed)
    return CompanionNetwork(COMPANION.spec)


def trained(train, validation, epochs: int = 12) -> CompanionNetwork:  # type: ignore[no-untyped-def]
    model = network()
    config = TrainingConfig(epochs=epochs, batch_size=16, learning_rate=3e-3, device="cpu")
    fit(model, ExampleTask(train, validation, harmony_loss), config, folder=None, name="harmony")
    return model


def test_a_made_up_structure_is_learned_far_below_chance() -> None:
    train, validation = synthetic_harmony(2000, 0), synthetic_harmony(200, 1)
    model = network()
    config = TrainingConfig(epochs=6, batch_size=64, learning_rate=4e-3, device="cpu")
    history = fit(
        model, ExampleTask(train, validation, harmony_loss), config, folder=None, name="harmony"
    )
    assert history.epochs[-1].val[ACCURACY].value > 0.75
    assert history.epochs[-1].val_loss < 0.6 * history.epochs[0].val_loss


def test_songs_that_go_round_are_learned_and_beat_keeping_the_chord() -> None:
    train, validation = harmony_examples(songs(24)), harmony_examples(songs(6, start=100))
    data = CompanionData(
        train=train,
        validation=validation,
        test=lambda: harmony_examples(songs(6, start=200)),
        manifests=(),
    )
    rows = evaluate_harmony(trained(train, validation), data)
    assert {row.test for row in rows} == {"corpus 0, test", "corpus 1, test"}
    by = {(row.test, row.method): row for row in rows}
    assert {row.method for row in rows if row.is_baseline} == {
        "keep the chord", "n-gram", "n-gram with the piece's memory",
        "logistic regression, same features",
    }  # fmt: skip
    for test in ("corpus 0, test", "corpus 1, test"):
        model, keep = by[test, "model"], by[test, "keep the chord"]
        assert model.figures[ACCURACY].value > keep.figures[ACCURACY].value + 0.15
        assert model.figures[PERPLEXITY].value < 0.6 * keep.figures[PERPLEXITY].value
        assert model.figures[ACCURACY].n == 3
        ngram = by[test, "n-gram with the piece's memory"]
        assert ngram.figures[PERPLEXITY].value <= keep.figures[PERPLEXITY].value


class Fixed(nn.Module):
    """Answers the same logits at every beat."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, features: Tensor) -> Tensor:
        return self.logits.expand(*features.shape[:-1], 64)


def batch(targets: list[int], mask: list[float]) -> Mapping[str, Tensor]:
    return {
        FEATURES: torch.zeros(1, len(targets), 128),
        TARGET: torch.tensor([targets]),
        MASK: torch.tensor([mask]),
    }


def test_the_loss_by_hand() -> None:
    logits = torch.full((64,), -1e9)
    logits[[HOLD, C, F]] = torch.log(torch.tensor([0.5, 0.3, 0.2]))
    loss = harmony_loss(Fixed(logits), batch([HOLD, C, F, G7], [1, 1, 1, 0]))
    assert loss.loss_sum.item() == pytest.approx(-math.log(0.5 * 0.3 * 0.2), rel=1e-5)
    sums = {name: (float(a), float(b)) for name, (a, b) in loss.metrics.items()}
    assert sums == {ACCURACY: (1, 3), CHANGE_ACCURACY: (1, 2)}


def test_the_figures_by_hand() -> None:
    p = np.full((4, 64), 1e-12)
    p[:, HOLD] = 0.5
    p[:, C], p[:, class_named("Cm")] = 0.3, 0.2
    targets = np.array([HOLD, C, class_named("C7"), HOLD])
    p[2, class_named("C7")] = 0.1
    log_p = np.log(p / p.sum(axis=1, keepdims=True))
    found = figures_of(log_p, targets, np.array(["a", "a", "b", "b"]))
    assert found[ACCURACY].value == 2 / 4
    assert found[CHANGE_ACCURACY].value == 1 / 2
    assert found[ROOT_ACCURACY].value == 1  # C for C7 has the root right
    third = 0.1 / 1.1
    assert found[PERPLEXITY].value == pytest.approx((0.5 * 0.3 * third * 0.5) ** (-1 / 4), rel=1e-6)
    # Given a change: C 0.3 of 0.5, and C7 0.1 of 0.6.
    assert found[CHANGE_PERPLEXITY].value == pytest.approx((0.6 * 0.1 / 0.6) ** (-1 / 2), rel=1e-6)
    assert found[ACCURACY].n == 2


def test_baselines_answer_with_whole_distributions() -> None:
    train = HarmonyBeats.of(harmony_examples(songs(6)))
    asked = HarmonyBeats.of(harmony_examples(songs(3, start=50)))
    ngram = chosen_ngram(train, asked, NGRAM_FACTS)
    answers = [
        keep_the_chord(train, asked),
        ngram.log_probabilities(asked),
        network_log_probabilities(fit_logistic(train), asked),
    ]
    for log_p in answers:
        assert log_p.shape == (len(asked.targets), 64)
        assert np.exp(log_p).sum(axis=1) == pytest.approx(np.ones(len(log_p)))
    assert answers[0].argmax(axis=1).tolist() == [HOLD] * len(asked.targets)


def test_the_chosen_ngram_is_the_best_on_validation_and_memory_never_hurts_the_choice() -> None:
    train = HarmonyBeats.of(harmony_examples(songs(9)))
    validation = HarmonyBeats.of(harmony_examples(songs(3, start=50)))
    plain = chosen_ngram(train, validation, NGRAM_FACTS)
    single = chosen_ngram(train, validation, (("chord0",),))
    both = chosen_ngram(train, validation, NGRAM_FACTS + MEMORY_FACTS)
    assert both.perplexity <= plain.perplexity <= single.perplexity


def test_made_up_examples_are_evaluated_too() -> None:
    data = CompanionData(
        train=synthetic_harmony(200, 0),
        validation=synthetic_harmony(60, 1),
        test=lambda: synthetic_harmony(60, 2),
        manifests=(),
    )
    rows = evaluate_harmony(network(), data)
    assert {row.test for row in rows} == {"synthetic, test"}
    assert all(math.isfinite(row.figures[PERPLEXITY].value) for row in rows)


def tune(body: str, title: str = "t", number: int = 1) -> str:
    return f"X:{number}\nT:{title}\nM:4/4\nL:1/8\nK:C\n{body}\n\n"


BODY = '"C"c2e2 g2e2|"F"f2a2 "G7"g2f2|"C"e4 c4|'


def one_tune(body: str = BODY) -> Tune:
    return read_abc(tune(body), source="test").tunes[0]


def test_a_tune_is_harmonized_with_chords_at_its_beats_only() -> None:
    result = harmonize_tune(network(), one_tune(), beam=4)
    assert len(result.classes) == 12
    assert all(0 <= class_id < 60 or class_id == 63 for class_id in result.classes)
    onsets = {chord.onset % (10_080) for bar in result.tune.bars for chord in bar.chords}
    assert onsets <= {0}
    assert [bar.notes for bar in result.tune.bars] == [bar.notes for bar in one_tune().bars]
    assert 0 <= result.agreement <= 1


def test_the_tunes_own_chords_do_not_matter_to_what_is_chosen() -> None:
    plain = one_tune(BODY.replace('"C"', "").replace('"F"', "").replace('"G7"', ""))
    with_chords, without = (harmonize_tune(network(), t, beam=4) for t in (one_tune(), plain))
    assert with_chords.classes.tolist() == without.classes.tolist()
    assert math.isnan(without.agreement)


def test_chosen_chords_move_with_the_key() -> None:
    model = network(3)
    here = harmonize_tune(model, one_tune(), beam=4).classes
    there = harmonize_tune(model, one_tune().transposed(3), beam=4).classes
    assert [c if c >= 60 else c // 12 * 12 + (c + 3) % 12 for c in here] == there.tolist()


def test_a_wider_beam_finds_a_line_at_least_as_likely_on_the_whole() -> None:
    model = network(5)
    nats = [harmonize_tune(model, one_tune(), beam=beam).nats for beam in (1, 64)]
    assert nats[1] <= nats[0] + 1e-4


def test_another_network_or_no_beam_is_refused() -> None:
    with pytest.raises(UsageError, match="not from the GroovePredictor"):
        harmonize_tune(CompanionNetwork(SPECS["groove_predictor"]), one_tune())
    with pytest.raises(UsageError, match="beam is 0"):
        harmonize_tune(network(), one_tune(), beam=0)


def billboard(root: Path, count: int) -> None:
    """A small McGill Billboard."""
    folder = root / "mcgill-billboard"
    folder.mkdir(parents=True)
    lines = ["id,chart_date,target_rank,actual_rank,title,artist,peak_rank,weeks_on_chart"]
    for number in range(1, count + 1):
        lines.append(f"{number},1987-07-11,82,1,Song {number // 2},Band,1,1")
        place = folder / "billboard-2.0-salami_chords" / f"{number:04d}"
        place.mkdir(parents=True)
        (place / "salami_chords.txt").write_text(
            f"# title: Song {number}\n# artist: Band\n# metre: 4/4\n# tonic: C\n\n"
            "0.0\t| C:maj | F:maj G:7 | x4, (voice\n9.0\tend\n"
        )
    (folder / "billboard-2.0-index.csv").write_text("\n".join(lines) + "\n")


def test_the_corpora_that_are_there_are_learned_from_and_the_others_named(no_corpora: Path) -> None:
    billboard(no_corpora, 20)
    data = load_harmony(DataRequest())
    assert [manifest.name for manifest in data.manifests] == ["mcgill-billboard"]
    assert "nottingham is not here: nothing was learned from it." in data.remarks
    assert "9 entries of mcgill-billboard repeat a song." in data.remarks
    pieces = [set(part.pieces) for part in (data.train, data.validation, data.test())]
    assert sum(map(len, pieces)) == len(set.union(*pieces)) == 11
    assert all(pieces)


def test_another_division_leaves_the_test_part_alone(no_corpora: Path) -> None:
    billboard(no_corpora, 40)
    own, new = load_harmony(DataRequest()), load_harmony(DataRequest(validation_split=0.5, seed=1))
    assert set(own.test().pieces) == set(new.test().pieces)
    assert set(own.validation.pieces) != set(new.validation.pieces)
    assert not set(new.train.pieces) & set(new.validation.pieces)
    assert not set(new.test().pieces) & set(new.validation.pieces)


def test_nothing_at_hand_is_an_error_that_names_the_corpora(no_corpora: Path) -> None:
    with pytest.raises(CorpusError, match="None of nottingham, mcgill-billboard, jsb-chorales"):
        load_harmony(DataRequest())


def test_a_corpus_half_there_is_an_error(no_corpora: Path) -> None:
    billboard(no_corpora, 6)
    songs_folder = no_corpora / "mcgill-billboard" / "billboard-2.0-salami_chords"
    for path in (songs_folder / "0002").iterdir():
        path.unlink()
    with pytest.raises(CorpusError, match="is half there: 5 of 6 songs"):
        load_harmony(DataRequest())


def test_damaged_chorales_are_counted_and_the_rest_learned_from(no_corpora: Path) -> None:
    folder = no_corpora / "jsb-chorales"
    folder.mkdir()
    chord = [72, 67, 64, 48]
    parts = {"train": [[chord] * 8] * 229, "valid": [[chord] * 8] * 76, "test": [[chord] * 8] * 77}
    parts["train"][5] = [[72, 67]]
    (folder / "Jsb16thSeparated.json").write_text(json.dumps(parts))
    data = load_harmony(DataRequest())
    assert len(data.manifests[0].skipped) == 1
    assert len(set(data.train.pieces)) == 228
    batch = collate([data.train.items[0], data.train.items[1]])
    assert batch[FEATURES].shape == (2, 32, 128)
