"""The melody models: they look backwards only, go on from a state exactly, and count rightly."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streams import ids_of, streams
from torch import Tensor, nn

from chromasonic.errors import ConfigError, TrainingError
from chromasonic.melody_generation.markov import (
    CountTables,
    MarkovConfig,
    MarkovModel,
    range_of_pitches,
)
from chromasonic.melody_generation.models import MODELS, build_model
from chromasonic.melody_generation.tokens import VOCABULARY, Kind, transpose, transpositions

SMALL: dict[str, dict[str, Any]] = {
    "lstm": {"hidden_size": 16, "num_layers": 2},
    "transformer": {"hidden_size": 16, "num_layers": 2, "num_heads": 2},
    "markov": {"pitch_order": 3, "rhythm_order": 4},
}
WALTZ = (
    "START METRE:3/4 TONIC:7 MODE:major NOTE:1 PITCH:67 "
    "BAR NOTE:1 PITCH:71 NOTE:1 PITCH:74 NOTE:1 PITCH:79 BAR NOTE:2 PITCH:78 HOLD:1/2 REST:1/2 "
    "BAR NOTE:1 PITCH:76 NOTE:1/2 PITCH:74 NOTE:1/2 PITCH:72 NOTE:1 PITCH:69 "
    "BAR NOTE:3 PITCH:67 BAR NOTE:1 PITCH:71 NOTE:1 PITCH:74 NOTE:1 PITCH:79 "
    "BAR NOTE:2 PITCH:67 END"
)


@pytest.fixture(scope="module", params=list(MODELS))
def model(request: pytest.FixtureRequest) -> nn.Module:
    """A small model of each kind: networks with weights large enough that inputs matter."""
    torch.manual_seed(1)
    model = build_model(request.param, SMALL[request.param])
    if isinstance(model, MarkovModel):
        model.fit([ids_of(WALTZ)])
    else:
        with torch.no_grad():
            for weight in model.parameters():
                weight *= 2
    return model.eval()


def logits_of(model: nn.Module, ids: list[int] | np.ndarray) -> Tensor:
    """(T, V) logits of one stream."""
    with torch.inference_mode():
        return model(torch.as_tensor(np.asarray(ids))[None])[0]


def test_every_kind_of_model_has_its_small_test_size() -> None:
    assert set(SMALL) == set(MODELS)


def test_a_model_gives_a_logit_of_each_token_after_each_token(model: nn.Module) -> None:
    logits = logits_of(model, ids_of(WALTZ))
    assert logits.shape == (len(ids_of(WALTZ)), VOCABULARY.size)
    assert logits.isfinite().all()


def test_a_later_token_never_changes_earlier_logits(model: nn.Module) -> None:
    ids = ids_of(WALTZ)
    before = logits_of(model, ids)
    for place in range(1, len(ids)):
        for other in ("BAR", "TONIC:1", "NOTE:1/4", "PITCH:50"):
            changed = [*ids[:place], VOCABULARY.id(other), *ids[place + 1 :]]
            after = logits_of(model, changed)
            torch.testing.assert_close(after[:place], before[:place], atol=1e-5, rtol=1e-5)


def test_every_token_matters_to_what_follows_it(model: nn.Module) -> None:
    ids = ids_of("START METRE:3/4 TONIC:7 MODE:major NOTE:1 PITCH:67 NOTE:1 PITCH:71 NOTE:1")
    before = logits_of(model, ids)[-1]
    after = logits_of(model, [*ids[:-2], VOCABULARY.id("PITCH:67"), ids[-1]])[-1]
    assert not torch.allclose(before, after, atol=1e-3)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ids=streams(), data=st.data())
def test_reading_in_chunks_is_reading_at_once(model: nn.Module, ids: list[int], data: Any) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(ids) - 1), max_size=5)))
    whole = logits_of(model, ids)
    parts, state = [], None
    with torch.inference_mode():
        for start, stop in zip([0, *cuts], [*cuts, len(ids)], strict=True):
            logits_BTV, state = model.step(torch.tensor([ids[start:stop]]), state)  # type: ignore[operator]
            parts.append(logits_BTV[0])
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-4, rtol=1e-4)


def test_reading_token_by_token_is_reading_at_once_in_a_batch(model: nn.Module) -> None:
    ids = ids_of(WALTZ)
    batch = torch.tensor([ids, list(transpose(ids, 3)), ids[:5] + ids[9:] + ids[5:9]])
    state, steps = None, []
    with torch.inference_mode():
        whole = model(batch)
        for place in range(batch.shape[1]):
            logits_BTV, state = model.step(batch[:, place : place + 1], state)  # type: ignore[operator]
            steps.append(logits_BTV)
    torch.testing.assert_close(torch.cat(steps, 1), whole, atol=1e-4, rtol=1e-4)


def test_a_tune_is_judged_alike_alone_and_beside_others(model: nn.Module) -> None:
    ids = ids_of(WALTZ)
    padded = [*ids, *[VOCABULARY.id("PAD")] * 5]
    other = [*ids[:4], *ids[9:], *ids[4:9], *padded[-5:]]
    with torch.inference_mode():
        beside = model(torch.tensor([padded, other]))[0, : len(ids)]
    torch.testing.assert_close(beside, logits_of(model, ids), atol=1e-4, rtol=1e-4)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ids=streams())
def test_pitches_are_as_likely_in_every_key_but_for_the_name_of_the_tonic(
    model: nn.Module, ids: list[int]
) -> None:
    model = with_tonics_alike(model)
    pitches = np.flatnonzero(VOCABULARY.kind == Kind.PITCH)[12:-12]
    # Where a tune changes its key, its new TONIC is not counted from the first one.
    stays = np.cumsum(VOCABULARY.kind[ids] == Kind.TONIC) < 2
    before = logits_of(model, ids)[stays][3:]
    # Tonics from F# below C to F above it are neighbours; past them pitches change octave.
    tonic = (int(VOCABULARY.value[ids[2]]) + 6) % 12 - 6
    shifts = [shift for shift in transpositions(ids) if -6 <= tonic + shift <= 5]
    for shift in (shifts[0], shifts[-1]):
        after = logits_of(model, transpose(ids, shift))[stays][3:]
        torch.testing.assert_close(
            after[:, pitches + shift] - after[:, pitches[:1] + shift],
            before[:, pitches] - before[:, pitches[:1]],
            atol=1e-3,
            rtol=1e-3,
        )


def with_tonics_alike(model: nn.Module) -> nn.Module:
    """The model with one embedding for all TONIC tokens."""
    if isinstance(model, MarkovModel):
        return model
    model = copy.deepcopy(model)
    tonics = VOCABULARY.ids_of(Kind.TONIC)
    with torch.no_grad():
        table = model.inputs.token.weight  # type: ignore[union-attr]
        table[tonics] = table[tonics[0]].clone()  # type: ignore[index, operator]
    return model


def test_a_state_dict_holds_the_whole_model(model: nn.Module) -> None:
    kind = next(name for name, (kind, _) in MODELS.items() if isinstance(model, kind))
    other = build_model(kind, SMALL[kind]).eval()
    other.load_state_dict(model.state_dict())
    ids = ids_of(WALTZ)
    assert torch.equal(logits_of(other, ids), logits_of(model, ids))


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("gru", {}, "'gru' is no melody model; known: lstm, transformer, markov"),
        ("lstm", {"hiden_size": 8}, "Unknown key 'hiden_size'.*'hidden_size'"),
        ("lstm", {"hidden_size": 0}, "hidden_size 0"),
        ("lstm", {"dropout": 1.0}, "dropout"),
        ("lstm", {"look_back_bars": (0,)}, "look_back_bars"),
        ("transformer", {"hidden_size": 20, "num_heads": 4}, "multiple of twice the 4 heads"),
        ("transformer", {"num_layers": 0}, "must be positive"),
        ("markov", {"pitch_order": 33}, "between 0 and 32"),
        ("markov", {"smoothing": "laplace"}, "laplace"),
    ],
)
def test_a_configuration_out_of_range_is_refused(
    kind: str, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build_model(kind, config)


# --- Markov: probabilities by hand -----------------------------------------------------------

PITCHES_W = 72  # the ids W that count from the tonic have 61 + 11 pitches


def shares_by_table(line: Sequence[int], *, orders: int, smoothing: str, after: int) -> Tensor:
    """(72,) shares of the next symbol after `after`, when `line` (symbols from 0) was counted.

    With one order the context is empty, with two it is the symbol before (-1 at the start).
    """
    symbols = range_of_pitches()
    before = np.array([-1, *line[:-1]])
    contexts = np.stack([np.zeros_like(before), before + 100])[:orders]
    tables = CountTables(orders, smoothing, symbols)
    tables.fit(contexts, symbols[np.array(line)])
    asked = torch.tensor([0, after + 100])[:orders, None, None]
    return tables.log_probabilities(asked)[0, 0].exp()[torch.from_numpy(symbols)]


def test_witten_bell_of_order_one_is_what_a_pencil_gives() -> None:
    shares = shares_by_table([0, 2, 0, 4], orders=2, smoothing="witten-bell", after=0)
    # After 0 came 2 and 4, once each: an escape of 2 in 2 + 2. Of all four symbols 0 came twice,
    # 2 and 4 once: an escape of 3 in 4 + 3, shared evenly by all.
    uniform = 3 / 7 / PITCHES_W
    assert len(shares) == PITCHES_W
    assert shares[0] == pytest.approx(0.5 * (2 / 7 + uniform))
    assert shares[2] == shares[4] == pytest.approx(1 / 4 + 0.5 * (1 / 7 + uniform))
    assert shares[5] == pytest.approx(0.5 * uniform)
    assert shares.sum() == pytest.approx(1)


def test_kneser_ney_of_order_nought_is_what_a_pencil_gives() -> None:
    shares = shares_by_table([0, 2, 0, 4], orders=1, smoothing="kneser-ney", after=0)
    # Two symbols came once, one twice: y = 2 / (2 + 2), discounts 1 - 2 y / 2 = 1/2 for a count of
    # one and 2 - 3 y / 1 = 1/2 for a count of two; 3/2 of 4 is left to share evenly.
    uniform = 1.5 / 4 / PITCHES_W
    assert shares[0] == pytest.approx(1.5 / 4 + uniform)
    assert shares[2] == shares[4] == pytest.approx(0.5 / 4 + uniform)
    assert shares[5] == pytest.approx(uniform)


def test_kneser_ney_asks_for_the_lower_order_after_how_many_contexts_a_pitch_came() -> None:
    line = [0, 2, 0, 2, 0, 2, 4, 5, 4]
    shares = shares_by_table(line, orders=2, smoothing="kneser-ney", after=12)
    # After 12, which never came, the shorter context decides. 0 (at the start, after 2) and 4
    # (after 2 and 5) came in two contexts, 2 (after 0) and 5 in one, though 2 came thrice:
    # y = 2 / (2 + 2 * 2), discounts 1 - 2 y * 2 / 2 = 1/3 and 2 - 3 y * 1 / 2 = 3/2.
    uniform = (2 / 3 + 2 * 3 / 2) / 6 / PITCHES_W
    assert shares[0] == shares[4] == pytest.approx((2 - 3 / 2) / 6 + uniform)
    assert shares[2] == shares[5] == pytest.approx((1 - 1 / 3) / 6 + uniform)


def shares_after(model: MarkovModel, ids: list[int]) -> Tensor:
    """(V,) probabilities of the next token."""
    return logits_of(model, ids)[-1].double().exp()


def pitch_share(model: MarkovModel, ids: list[int], pitch: int) -> float:
    return float(shares_after(model, ids)[VOCABULARY.id(f"PITCH:{pitch}")])


@pytest.mark.parametrize("smoothing", ["kneser-ney", "witten-bell"])
@settings(max_examples=20, deadline=None)
@given(known=st.lists(streams(), min_size=1, max_size=3), ids=streams())
def test_markov_probabilities_sum_to_one_after_anything(
    smoothing: Any, known: list[list[int]], ids: list[int]
) -> None:
    model = MarkovModel(MarkovConfig(pitch_order=3, rhythm_order=3, smoothing=smoothing)).fit(known)
    shares_TV = logits_of(model, ids).double().exp()
    torch.testing.assert_close(
        shares_TV.sum(1), torch.ones(len(ids), dtype=torch.double), atol=1e-5, rtol=0
    )
    is_pitch_V = torch.from_numpy(VOCABULARY.kind == Kind.PITCH)
    is_note_T = torch.from_numpy(VOCABULARY.kind[ids] == Kind.NOTE)
    assert (shares_TV[is_note_T][:, is_pitch_V].sum(1) > 1 - 1e-6).all()
    assert (shares_TV[~is_note_T][:, is_pitch_V].sum(1) < 1e-6).all()
    # Whatever may follow is possible, seen or not.
    assert (shares_TV[is_note_T][:, is_pitch_V] > 0).all()


def test_the_longest_known_context_decides() -> None:
    model = MarkovModel(MarkovConfig(pitch_order=3, rhythm_order=0))
    first = "NOTE:1 PITCH:60 NOTE:1 PITCH:62 NOTE:1 PITCH:64 NOTE:1 PITCH:65 "
    second = "NOTE:1 PITCH:59 NOTE:1 PITCH:62 NOTE:1 PITCH:64 NOTE:1 PITCH:67 "
    head = "START METRE:4/4 TONIC:0 MODE:major "
    model.fit([ids_of(head + first + "END"), ids_of(head + second + "END")] * 4)
    for start, following, other in ((first, 65, 67), (second, 67, 65)):
        ids = ids_of(head + start)[:-1]
        assert pitch_share(model, ids, following) > 2 * pitch_share(model, ids, other)


def test_markov_likelihood_of_what_it_counted_beats_that_of_an_empty_model() -> None:
    def nats(model: nn.Module) -> float:
        ids = ids_of(WALTZ)
        return float(nn.functional.cross_entropy(logits_of(model, ids)[:-1], torch.tensor(ids[1:])))

    counted = MarkovModel(MarkovConfig()).fit([ids_of(WALTZ)])
    untaught = nats(MarkovModel(MarkovConfig()))
    assert math.log(50) < untaught < math.log(VOCABULARY.size)
    assert nats(counted) < 0.5 * untaught


def test_counting_no_tune_is_an_error() -> None:
    with pytest.raises(TrainingError, match="no tune to count"):
        MarkovModel(MarkovConfig()).fit([])
