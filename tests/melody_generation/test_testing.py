"""ModelTester and ModelComparison, over models of every form."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from chromasonic.data import load
from chromasonic.errors import EvaluationError, UsageError
from chromasonic.evaluation.dynamic import DynamicConfig
from chromasonic.evaluation.likelihood import score_streams
from chromasonic.evaluation.typicality import Reference
from chromasonic.melody_generation.comparison_table import comparison_table
from chromasonic.melody_generation.likelihood import (
    MELODY_CLASSES,
    PITCHES,
    likelihood_figures,
    perplexity_score,
)
from chromasonic.melody_generation.models import build_model
from chromasonic.melody_generation.task import MelodyTask
from chromasonic.melody_generation.testing import (
    TERMS,
    ModelComparison,
    ModelTester,
    TestSettings,
)
from chromasonic.melody_generation.tokens import VOCABULARY, Kind, encode, encode_all
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune
from chromasonic.training.config import TrainingConfig
from chromasonic.training.loop import judge

SMALL = TestSettings(generated_tunes=4, generated_bars=4)
SPECIFIED = ("accuracy", "perplexity", "diversity", "coherence", "musicality", "overall_score")


class Custom(nn.Module):
    """All that the specification asks of a custom model: `forward` from ids to (wide) logits."""

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.embed = nn.Embedding(width, 16)
        self.out = nn.Linear(16, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.embed(x))


class ByKind(nn.Module):
    """Knows the kind of the next token, and guesses evenly within it."""

    def __init__(self) -> None:
        super().__init__()
        kinds = torch.tensor(VOCABULARY.kind.astype(int))
        follows = torch.full((9, 9), -20.0)
        for first, second in (("NOTE", "PITCH"), ("METRE", "TONIC"), ("TONIC", "MODE"),
                              ("SPECIAL", "METRE"), ("PITCH", "NOTE"), ("MODE", "NOTE"),
                              ("BAR", "NOTE"), ("REST", "NOTE"), ("HOLD", "NOTE")):  # fmt: skip
            follows[Kind[first], Kind[second]] = 0.0
        self.register_buffer("kinds", kinds)
        self.register_buffer("logits", follows[:, kinds][kinds])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits[x]


def quarter_tune(number: int, pitches: Sequence[int]) -> Tune:
    bars = tuple(
        Bar(
            tuple(Note(TICKS_PER_QUARTER, p) for p in pitches[start : start + 4]),
            Metre(4, 4),
            Key(),
        )
        for start in range(0, len(pitches), 4)
    )
    return Tune(id=f"t{number}", title="", bars=bars)


@pytest.fixture(scope="module")
def human() -> tuple[Tune, ...]:
    return load("folk-pd", download=False).part("train")[::60]


@pytest.fixture(scope="module")
def reference(human: tuple[Tune, ...]) -> Reference:
    return Reference(human, name="some folk tunes")


@pytest.fixture(scope="module")
def markov(human: tuple[Tune, ...]) -> nn.Module:
    return build_model("markov").fit(encode_all(human).sequences)  # type: ignore[operator]


@pytest.fixture(scope="module")
def test_tunes() -> tuple[Tune, ...]:
    return load("folk-pd", download=False).part("validation")[::45]


@pytest.fixture(scope="module")
def results(
    markov: nn.Module,
    human: tuple[Tune, ...],
    reference: Reference,
    test_tunes: tuple[Tune, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("compared")
    comparison = ModelComparison(SMALL, reference_tunes=reference, training_tunes=human)
    lstm = build_model("lstm", {"hidden_size": 16, "num_layers": 1})
    models = {"Markov": markov, "LSTM": lstm, "Custom": Custom()}
    return comparison.compare_models(models, test_tunes, folder)


def test_pitch_bits_of_an_even_guess_are_those_of_the_number_of_pitches(
    reference: Reference,
) -> None:
    tunes = [
        quarter_tune(n, np.random.default_rng(n).integers(55, 80, 16).tolist()) for n in (1, 2)
    ]
    tester = ModelTester(ByKind(), "even", settings=SMALL, reference_tunes=reference)
    result = tester.run_comprehensive_test([encode(tune) for tune in tunes])
    assert result["pitch_bits_per_note"] == pytest.approx(math.log2(PITCHES), abs=1e-4)
    assert result["perplexity"] == pytest.approx(PITCHES, rel=1e-4)
    assert result["perplexity_score"] == pytest.approx(0, abs=1e-4)
    # Its bar lines are always wrong, and are in no figure of the notes.
    assert result["bar_accuracy"] == 0
    assert result["n_tunes"] == 2


def test_perplexity_on_a_scale_of_0_to_1() -> None:
    assert perplexity_score(1) == 1
    assert perplexity_score(math.sqrt(PITCHES)) == pytest.approx(0.5)
    assert perplexity_score(10 * PITCHES) == 0
    assert math.isnan(perplexity_score(math.nan))


def test_accuracy_is_of_notes_and_not_of_easy_tokens(results: dict[str, Any]) -> None:
    markov = results["models"]["Markov"]
    assert markov["accuracy"] == markov["pitch_accuracy"] < markov["token_accuracy"]
    assert markov["perplexity"] == pytest.approx(2 ** markov["pitch_bits_per_note"])
    assert markov["token_perplexity"] < markov["perplexity"]


def test_the_specified_names_are_numbers_and_the_overall_score_is_their_mean(
    results: dict[str, Any],
) -> None:
    for model in results["models"].values():
        assert all(isinstance(model[name], float) for name in SPECIFIED)
        assert model["overall_score"] == pytest.approx(np.mean([model[term] for term in TERMS]))
        assert set(model["bands"]) == {"accuracy", "perplexity", "diversity", "coherence",
                                       "musicality"}  # fmt: skip


def test_every_figure_has_n_an_interval_and_a_unit(results: dict[str, Any]) -> None:
    for model in results["models"].values():
        for name, figure in model["figures"].items():
            assert figure["n"] >= 1, name
            assert figure["low"] <= figure["value"] <= figure["high"], name
            assert figure["unit"], name


def test_the_results_name_their_reference_and_what_humans_get(results: dict[str, Any]) -> None:
    assert results["reference"]["name"] == "some folk tunes"
    assert results["reference"]["count"] > 30
    assert len(results["reference"]["ids_hash"]) == 16
    human = results["models"]["Markov"]["memorization"]["human"]
    assert human["copied_share"]["value"] < 0.5
    assert results["human"]["coherence"] > results["models"]["Custom"]["coherence"]


def test_a_learned_model_beats_an_unlearned_one_and_the_test_says_so(
    results: dict[str, Any],
) -> None:
    assert results["best"] == "Markov"
    tests = {(t["first"], t["second"]): t for t in results["paired_tests"]}
    assert set(tests) == {("Markov", "LSTM"), ("Markov", "Custom"), ("LSTM", "Custom")}
    test = tests["Markov", "LSTM"]
    assert test["difference"]["high"] < 0
    assert test["is_significant"]
    assert test["p_value"] <= test["p_adjusted"] <= 3 * test["p_value"]
    assert test["wins"] == test["n"] == results["n_tunes"]


def test_the_comparison_is_saved_as_strict_json_and_a_picture(results: dict[str, Any]) -> None:
    document, picture = Path(results["files"]["json"]), Path(results["files"]["plot"])
    assert (document.name, picture.name) == ("model_comparison.json", "model_comparison.png")
    read = json.loads(document.read_text(), parse_constant=lambda word: pytest.fail(word))
    assert read["models"]["Markov"]["accuracy"] == results["models"]["Markov"]["accuracy"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000


def test_the_table_holds_every_model_its_intervals_and_the_humans(results: dict[str, Any]) -> None:
    table = results["table"]
    for word in ("Markov", "LSTM", "Custom", "human test tunes", "repeats played out", "p = "):
        assert word in table
    bits = results["models"]["Markov"]["figures"]["pitch_bits_per_note"]
    assert f"{bits['value']:.3f} [{bits['low']:.3f}, {bits['high']:.3f}]" in table
    assert table == comparison_table(results)


def test_repeats_are_not_played_out_in_the_main_figure(
    results: dict[str, Any], test_tunes: tuple[Tune, ...]
) -> None:
    written = sum(sum(1 for _ in tune.sounding()) for tune in test_tunes)
    played = sum(sum(1 for _ in tune.expanded().sounding()) for tune in test_tunes)
    model = results["models"]["Markov"]
    assert sum(model["per_tune"]["notes"]) == written
    assert sum(model["expanded"]["per_tune"]["notes"]) == played > written


def test_a_tester_saves_what_it_returns(
    reference: Reference, test_tunes: tuple[Tune, ...], tmp_path: Path
) -> None:
    tester = ModelTester(Custom(), "My Model/1", settings=SMALL, reference_tunes=reference)
    result = tester.run_comprehensive_test(test_data=test_tunes[:3], save_dir=tmp_path)
    saved = json.loads((tmp_path / "My_Model_1_test_results.json").read_text())
    assert saved["overall_score"] == result["overall_score"]
    assert len(tester.generated) == 4


def test_the_same_seed_gives_the_same_results(
    markov: nn.Module, reference: Reference, test_tunes: tuple[Tune, ...]
) -> None:
    first, second = (
        ModelTester(markov, settings=SMALL, reference_tunes=reference).run_comprehensive_test(
            test_tunes[:3]
        )
        for _ in range(2)
    )
    assert first == second


def test_dynamic_evaluation_is_a_row_of_its_own(
    markov: nn.Module, reference: Reference, test_tunes: tuple[Tune, ...]
) -> None:
    settings = TestSettings(generated_tunes=2, generated_bars=4, dynamic=DynamicConfig())
    comparison = ModelComparison(settings, reference_tunes=reference)
    results = comparison.compare_models({"Custom": Custom(), "Markov": markov}, test_tunes[:4])
    custom = results["models"]["Custom"]
    assert custom["dynamic"]["pitch_bits_per_note"] < custom["pitch_bits_per_note"]
    assert "dynamic" not in results["models"]["Markov"]
    assert "dynamic evaluation" in results["table"]


def test_an_empty_test_set_is_an_error_and_not_accuracy_0(reference: Reference) -> None:
    with pytest.raises(EvaluationError, match="no tune to evaluate on"):
        ModelTester(Custom(), reference_tunes=reference).run_comprehensive_test([])


def test_tunes_that_do_not_fit_the_vocabulary_are_counted_or_refused(
    reference: Reference,
) -> None:
    low, fine = quarter_tune(1, [20] * 8), quarter_tune(2, [60, 62, 64, 65] * 2)
    tester = ModelTester(Custom(), settings=SMALL, reference_tunes=reference)
    assert tester.run_comprehensive_test([low, fine])["skipped"] == {"pitch out of range": 1}
    with pytest.raises(EvaluationError, match="1 pitch out of range"):
        tester.run_comprehensive_test([low])


def test_streams_without_a_note_have_no_pitch_figures_but_a_reason(reference: Reference) -> None:
    stream = [VOCABULARY.id(name) for name in ("START", "METRE:4/4", "TONIC:0", "MODE:major")]
    tester = ModelTester(Custom(), settings=SMALL, reference_tunes=reference)
    result = tester.run_comprehensive_test([stream])
    assert math.isnan(result["accuracy"])
    assert math.isnan(result["overall_score"])
    assert "PITCH" in result["reasons"]["perplexity"]
    assert "accuracy" in result["reasons"]["overall_score"]
    assert result["bands"]["accuracy"] == "undefined"


class ShortMemory(Custom):
    """Says that it reads no more than a few tokens."""

    context_tokens = 12


def test_a_model_that_cannot_write_tunes_keeps_its_likelihood(
    reference: Reference, test_tunes: tuple[Tune, ...], tmp_path: Path
) -> None:
    comparison = ModelComparison(SMALL, reference_tunes=reference)
    results = comparison.compare_models({"short": ShortMemory()}, test_tunes[:3], tmp_path)
    model = results["models"]["short"]
    assert model["pitch_bits_per_note"] > 0
    assert math.isnan(model["coherence"])
    assert "wrote no tune" in model["reasons"]["coherence"]
    assert "undefined" in results["table"]


def test_no_models_is_an_error(reference: Reference) -> None:
    with pytest.raises(EvaluationError, match="no model to compare"):
        ModelComparison(reference_tunes=reference).compare_models({}, [[1, 2]])


def test_tunes_and_streams_are_not_mixed(reference: Reference) -> None:
    tester = ModelTester(Custom(), reference_tunes=reference)
    with pytest.raises(EvaluationError, match="mixes"):
        tester.run_comprehensive_test([quarter_tune(1, [60] * 8), [1, 2]])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "wrong", [{"generated_tunes": 1}, {"seed": -1}, {"temperature": 0.0}, {"generated_bars": 0}]
)
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong)).removeprefix("generated_")):
        TestSettings(**wrong)


def test_training_and_evaluation_measure_the_same_bits(human: tuple[Tune, ...]) -> None:
    streams = encode_all(human[:6]).sequences
    model = build_model("lstm", {"hidden_size": 16, "num_layers": 1}).eval()
    in_training = judge(
        model, MelodyTask(streams, streams), "validation", TrainingConfig(device="cpu")
    )
    figures = likelihood_figures(score_streams(model, streams, MELODY_CLASSES))
    for name in ("pitch_accuracy", "rhythm_accuracy", "bar_accuracy"):
        assert figures[name].value == pytest.approx(in_training.metrics[name].value, rel=1e-6)
    bits = in_training.metrics["pitch_bits"].value
    assert figures["pitch_bits_per_note"].value == pytest.approx(bits, rel=1e-5)
