"""Generated tunes: full bars whatever the model wants, exact length, the same by seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import ids_of, names_of, streams, ticks
from torch import Tensor, nn

from chromasonic.errors import CheckpointError, DataError, FormatError, UsageError
from chromasonic.formats.abc import read_abc
from chromasonic.melody_generation import generation
from chromasonic.melody_generation.constraints import GRID_TICKS, TuneConstraint
from chromasonic.melody_generation.endings import ended
from chromasonic.melody_generation.generation import (
    GenerationSettings,
    generate_ids,
    generate_tunes,
)
from chromasonic.melody_generation.growing import GrowingTune
from chromasonic.melody_generation.markov import MarkovModel
from chromasonic.melody_generation.models import MODELS, build_model
from chromasonic.melody_generation.progress import WritingProgress
from chromasonic.melody_generation.tokens import METRES, START, VOCABULARY, Kind, decode, encode
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, Note, Tune


class RandomModel(nn.Module):
    """Only `forward`: random logits by the last three tokens, and ids beyond the vocabulary."""

    def __init__(self, *, beyond: int = 20) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(7)
        width = VOCABULARY.size + beyond
        self.register_buffer("table", 3 * torch.randn(997, width, generator=generator))
        self.table[:, VOCABULARY.size :] = 100.0  # likelier than all that is allowed
        self.reads = 0

    def forward(self, ids_BT: Tensor) -> Tensor:
        self.reads += ids_BT.numel()
        before = [nn.functional.pad(ids_BT, (shift, 0))[:, : ids_BT.shape[1]] for shift in range(3)]
        return self.table[(before[0] + 31 * before[1] + 57 * before[2]) % 997]


class FondModel(nn.Module):
    """Only `forward`: wants some tokens, by the beginning of their names, above all others."""

    def __init__(self, *fond_of: str) -> None:
        super().__init__()
        wants = [name.startswith(fond_of) for name in VOCABULARY.names]
        self.register_buffer("logits", 30.0 * torch.tensor(wants, dtype=torch.float32))

    def forward(self, ids_BT: Tensor) -> Tensor:
        return self.logits.expand(*ids_BT.shape, -1)


def assert_valid(tune: Tune, bars: int) -> None:
    """The tune lasts so many bars, each full, a pickup and the last one together."""
    assert tune.metre is not None
    bar_ticks = tune.metre.bar_ticks
    lengths = [bar.duration for bar in tune.bars]
    assert sum(lengths) == bars * bar_ticks
    if len(lengths) == bars:
        assert lengths == [bar_ticks] * bars
        assert all(bar.is_full for bar in tune.bars)
    else:
        pickup, *full, last = lengths
        assert len(full) == bars - 1
        assert full == [bar_ticks] * (bars - 1)
        assert 0 < pickup <= bar_ticks / 2
        assert last == bar_ticks - pickup
        assert any(note.pitch is not None for note in tune.bars[0].notes)
    assert {(bar.metre, bar.key) for bar in tune.bars} == {(tune.metre, tune.key)}
    assert any(tune.sounding())
    for bar in tune.bars:
        assert_tuplets_are_whole(bar)


def assert_tuplets_are_whole(bar: Bar) -> None:
    """Between a third and the next place on the grid stand thirds alone."""
    position = 0
    for note in bar.notes:
        if position % GRID_TICKS:
            assert note.duration % GRID_TICKS, "a binary duration inside a tuplet"
        position += note.duration
    assert position % GRID_TICKS == 0


# --- Valid bars -------------------------------------------------------------------------------


@pytest.mark.parametrize("metre", METRES)
def test_every_bar_is_full_in_every_metre_however_hot(metre: str) -> None:
    hot = GenerationSettings(bars=5, metre=metre, temperature=4.0, endings=2)
    for ids in generate_ids(RandomModel(), 6, settings=hot):
        tune = decode(ids)
        assert encode(tune) == ids
        assert str(tune.metre) == metre
        assert_valid(tune, 5)


@pytest.mark.parametrize(
    "fond_of",
    [
        ("REST",), ("HOLD",), ("END",), ("BAR",), ("PAD",), ("START",), ("METRE",),
        ("TONIC", "MODE"), ("NOTE:1/16",), ("NOTE:1/12",), ("NOTE:1/6",), ("NOTE:1/3",),
        ("REST:2/3", "NOTE:4/3"),
        ("NOTE:4/3",), ("NOTE:7/8", "REST:3/16"), ("HOLD:1/12", "NOTE:1/16"), ("NOTE:8", "NOTE:5"),
        ("NOTE:1/3", "NOTE:1/6", "NOTE:1/12", "BAR"), ("REST:1/12", "REST:4/3"), ("PITCH:96",),
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("metre", ["4/4", "6/8", "7/8", "5/4"])
def test_bars_are_full_though_a_model_wants_one_thing_only(
    fond_of: tuple[str, ...], metre: str
) -> None:
    for bars in (1, 3):
        wanted = GenerationSettings(bars=bars, metre=metre, endings=2)
        for tune in generate_tunes(FondModel(*fond_of), 2, settings=wanted):
            assert_valid(tune, bars)


@settings(max_examples=40, deadline=None)
@given(
    bars=st.integers(1, 6),
    metre=st.none() | st.sampled_from(METRES),
    temperature=st.sampled_from([0.1, 1.0, 20.0]),
    top_k=st.none() | st.integers(1, 50),
    top_p=st.sampled_from([0.05, 0.9, 1.0]),
    endings=st.integers(1, 3),
    seed=st.integers(0, 2**40),
)
def test_whatever_the_settings_the_tune_is_valid(seed: int, **values: Any) -> None:
    wanted = GenerationSettings(**values)
    (tune,) = generate_tunes(RandomModel(), settings=wanted, seed=seed)
    assert_valid(tune, wanted.bars)


def test_a_wanted_pickup_is_taken_off_the_last_bar() -> None:
    fond = FondModel("NOTE:1/2", "PITCH:67", "BAR")
    tunes = generate_tunes(fond, 8, settings=GenerationSettings(bars=4, metre="3/4"))
    lengths = [[bar.duration // ticks("1/2") for bar in tune.bars] for tune in tunes]
    assert [1, 6, 6, 6, 5] in lengths
    assert all(sum(row) == 24 for row in lengths)


def test_there_is_no_pickup_without_a_note_or_longer_than_half_a_bar() -> None:
    place = TuneConstraint(4)
    bar_line = VOCABULARY.id("BAR")
    allowed = []
    for token in ids_of(
        "START METRE:4/4 TONIC:0 MODE:major REST:1/2 NOTE:1/2 PITCH:60 NOTE:1 PITCH:62 NOTE:1/4"
    ):
        place.advance(token)
        allowed.append(bool(place.allowed()[bar_line]))
    assert allowed == [False] * 6 + [True, False, True, False]
    place.advance(VOCABULARY.id("PITCH:60"))
    assert not place.allowed()[bar_line]


def test_a_tuplet_is_finished_before_anything_else() -> None:
    place = TuneConstraint(4)
    for token in ids_of("START METRE:2/4 TONIC:0 MODE:major NOTE:1/3 PITCH:60"):
        place.advance(token)

    def durations() -> set[str]:
        return set(names_of(list(np.flatnonzero(place.allowed()))).split())

    within = {f"{kind}:{d}" for kind in ("NOTE", "REST", "HOLD") for d in ("1/12", "1/6", "1/3")}
    assert durations() == within | {"NOTE:2/3", "REST:2/3", "HOLD:2/3"}
    for token in ids_of("NOTE:1/3 PITCH:62"):
        place.advance(token)
    assert durations() == within
    for token in ids_of("HOLD:1/3"):
        place.advance(token)
    assert {"NOTE:1", "REST:1/2", "HOLD:1/3", "BAR"} <= durations()
    assert not {"NOTE:4/3", "NOTE:5/4", "END"} & durations()


def test_metre_and_key_are_those_asked_for_else_the_models_choice() -> None:
    asked = GenerationSettings(bars=2, key="Db mixolydian", metre="9/8")
    (tune,) = generate_tunes(RandomModel(), settings=asked)
    assert (str(tune.key), str(tune.metre)) == ("Db mixolydian", "9/8")
    free = generate_tunes(FondModel("METRE:6/8", "TONIC:9", "MODE:dorian"), 3)
    assert {(str(tune.key), str(tune.metre)) for tune in free} == {("A dorian", "6/8")}


@pytest.mark.parametrize("spelled", ["C# major", "Db major", "G# minor", "A# minor"])
def test_a_key_is_spelled_as_it_was_asked_for(spelled: str) -> None:
    (tune,) = generate_tunes(RandomModel(), settings=GenerationSettings(bars=2, key=spelled))
    assert {str(bar.key) for bar in tune.bars} == {spelled}


# --- Length in tokens -------------------------------------------------------------------------


@pytest.mark.parametrize("metre", ["4/4", "3/8", "12/4", "7/8"])
@pytest.mark.parametrize("fond_of", [("NOTE:1/16",), ("NOTE:1/12", "NOTE:1/16", "BAR"), ("REST",)])
def test_a_tune_that_nears_its_limit_of_tokens_still_ends_well(
    metre: str, fond_of: tuple[str, ...]
) -> None:
    bar = 2 * Metre.parse(metre).bar_ticks // ticks("1/2") + 1
    for limit in (5 + 3 * bar, 9 + 3 * bar):
        wanted = GenerationSettings(bars=3, metre=metre, max_tokens=limit, endings=2)
        for ids in generate_ids(FondModel(*fond_of), 3, settings=wanted):
            assert len(ids) <= limit
            assert_valid(decode(ids), 3)


def test_the_models_context_limits_the_bars() -> None:
    model = RandomModel()
    model.context_tokens = 100
    ids = generate_ids(model, settings=GenerationSettings(bars=5, metre="4/4"))[0]
    assert len(ids) <= 100
    with pytest.raises(UsageError, match=r"bars is 6.*too many.*100 tokens.*holds 5 bars of 4/4"):
        generate_ids(model, settings=GenerationSettings(bars=6))


def test_a_tune_of_a_thousand_bars_is_refused_before_it_is_begun() -> None:
    with pytest.raises(UsageError, match="too many"):
        generate_ids(RandomModel(), settings=GenerationSettings(bars=1000))


# --- Chance -----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_tunes_and_another_gives_others() -> None:
    first, again, other = (generate_tunes(RandomModel(), 3, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert all(a.bars != b.bars for a, b in zip(first, other, strict=True))
    assert len({tune.bars for tune in first}) == 3
    assert [tune.id for tune in first] == ["generated-5-1", "generated-5-2", "generated-5-3"]


def test_a_tune_does_not_depend_on_how_many_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = GenerationSettings(bars=8, endings=4)
    many = generate_ids(RandomModel(), 7, settings=wanted, seed=3)
    assert generate_ids(RandomModel(), 1, settings=wanted, seed=3) == many[:1]
    monkeypatch.setattr(generation, "LARGEST_BATCH", 3)
    assert generate_ids(RandomModel(), 7, settings=wanted, seed=3) == many


def test_generating_leaves_the_world_as_it_was() -> None:
    model = RandomModel()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    for training in (True, False):
        model.train(training)
        generate_ids(model)
        assert model.training is training
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002


def test_low_temperature_and_one_candidate_take_the_likeliest_token() -> None:
    def ids_by(seed: int, **values: Any) -> list[int]:
        wanted = GenerationSettings(bars=4, key="C", metre="4/4", **values)
        return generate_ids(RandomModel(), settings=wanted, seed=seed)[0]

    likeliest = ids_by(1, temperature=1e-4)
    for seed in (1, 2):
        assert ids_by(seed, top_k=1) == ids_by(seed, top_p=1e-9) == likeliest


class EndingModel(FondModel):
    """Would end a tune after a C, and never after another note."""

    def forward(self, ids_BT: Tensor) -> Tensor:
        logits_BTW = super().forward(ids_BT).clone()
        logits_BTW[..., VOCABULARY.id("END")] = torch.where(
            ids_BT == VOCABULARY.id("PITCH:60"), 30.0, -30.0
        )
        return logits_BTW


def test_a_tune_ends_where_the_model_would_end_it() -> None:
    model = EndingModel("NOTE:1", "PITCH:60", "PITCH:62", "PITCH:64")
    lasts = {}
    for endings in (1, 16):
        wanted = GenerationSettings(bars=4, key="C", metre="4/4", endings=endings)
        tunes = generate_tunes(model, 30, settings=wanted)
        lasts[endings] = [list(tune.sounding())[-1][2] for tune in tunes]
        for tune in tunes:
            assert_valid(tune, 4)
    assert lasts[1].count(60) == pytest.approx(10, abs=8)  # one in three
    assert lasts[16].count(60) >= 29  # all sixteen miss it by (2 / 3) ** 16 = 0.0015


class CountingModel(nn.Module):
    """Knows C (one in four) and D, a quarter each; ends four in five tunes after C, one in ten
    after D.
    """

    def forward(self, ids_BT: Tensor) -> Tensor:
        rows = {
            "NOTE:1": {"PITCH:60": 0.25, "PITCH:62": 0.75},
            "PITCH:60": {"END": 0.8, "BAR": 0.2},
            "PITCH:62": {"END": 0.1, "BAR": 0.9},
        }
        logits_BTW = torch.full((*ids_BT.shape, VOCABULARY.size), -30.0)
        logits_BTW[..., VOCABULARY.id("NOTE:1")] = 0.0
        for before, after in rows.items():
            logits_W = torch.full((VOCABULARY.size,), -30.0)
            for name, share in after.items():
                logits_W[VOCABULARY.id(name)] = np.log(share)
            logits_BTW[ids_BT == VOCABULARY.id(before)] = logits_W
        return logits_BTW


def test_tunes_are_drawn_from_those_that_the_model_itself_would_end_there() -> None:
    """Of C and D before and after a bar line, with the chances of `CountingModel`.

    C goes on with 0.25 x 0.2, D with 0.75 x 0.9; C ends with 0.25 x 0.8, D with 0.75 x 0.1.
    """
    firsts, lasts = {}, {}
    for endings in (1, 32):
        wanted = GenerationSettings(bars=2, key="C", metre="1/4", endings=endings)
        tunes = generate_tunes(CountingModel(), 120, settings=wanted)
        pitches = np.array([[note[2] for note in tune.sounding()] for tune in tunes])
        firsts[endings], lasts[endings] = (pitches == 60).mean(0)
    # Three standard errors of 120 draws, and 0.02 that 32 endings are not all.
    assert firsts[1] == pytest.approx(0.25, abs=0.12)
    assert lasts[1] == pytest.approx(0.25, abs=0.12)
    assert firsts[32] == pytest.approx(0.05 / (0.05 + 0.675), abs=0.09)
    assert lasts[32] == pytest.approx(0.2 / (0.2 + 0.075), abs=0.14)


@pytest.mark.parametrize("log_weights", [(0.0, -1.0, -2.0, -0.5), (-np.inf,) * 4])
def test_an_ending_is_drawn_as_often_as_its_weight_says_though_not_all_are_written(
    log_weights: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    class Weighing:
        def grow(self, forks: list[GrowingTune], *_: Any) -> None:
            nonlocal written
            for fork in forks:
                written += 1
                fork.log_weight = log_weights[int(fork.chance.random() * 4)]

    monkeypatch.setattr("chromasonic.melody_generation.endings.AT_ONCE", 1)
    draws = 4_000
    tunes = [
        GrowingTune([], TuneConstraint(4), np.random.default_rng([1, n])) for n in range(draws)
    ]
    # Seeds whose first draw falls into the first, second, third and last quarter.
    quarters: dict[int, int] = {}
    for seed in range(100):
        quarters.setdefault(int(np.random.default_rng([seed]).random() * 4), seed)
    seeds = [[(quarters[quarter],) for quarter in range(4)]] * draws
    won = ended(Weighing(), tunes, seeds)  # type: ignore[arg-type]
    # The second random number of a seed tells endings of the same weight apart.
    seconds = [np.random.default_rng([quarters[q]]).random(2)[1] for q in range(4)]
    shares = np.bincount([seconds.index(one.chance.random()) for one in won], minlength=4) / draws
    weights = np.exp(log_weights) if np.isfinite(log_weights).any() else np.ones(4)
    # Five standard errors of 4,000 draws.
    assert shares == pytest.approx(weights / weights.sum(), abs=5 * 0.5 / draws**0.5)
    if np.isfinite(log_weights).any():
        assert draws <= written < 0.8 * 4 * draws


def test_only_the_last_four_bars_differ_by_how_many_endings_are_tried() -> None:
    tunes = [
        generate_tunes(RandomModel(), settings=GenerationSettings(bars=6, endings=endings))[0]
        for endings in (1, 8)
    ]
    until = len(tunes[0].bars) - 4
    assert tunes[0].bars[:until] == tunes[1].bars[:until]
    assert tunes[0].bars != tunes[1].bars


# --- Progress ---------------------------------------------------------------------------------


def test_progress_is_told_bar_by_bar_and_changes_nothing() -> None:
    told: list[WritingProgress] = []
    wanted = GenerationSettings(bars=6, endings=2)
    heard = generate_tunes(RandomModel(), settings=wanted, on_progress=told.append)
    assert heard == generate_tunes(RandomModel(), settings=wanted)
    assert [one.bar for one in told] == [1, 2, 3, 4, 5, 6]
    assert [str(one) for one in told][::5] == ["bar 1 of 6", "bar 6 of 6"]
    assert [one.is_ending for one in told] == [False] * 2 + [True] * 4
    assert [one.share for one in told] == pytest.approx([number / 6 for number in range(6)])


def test_progress_of_several_tunes_says_when_their_ends_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generation, "LARGEST_BATCH", 2)
    told: list[WritingProgress] = []
    wanted = GenerationSettings(bars=5, endings=2)
    generate_tunes(RandomModel(), 3, settings=wanted, on_progress=told.append)
    shares = [one.share for one in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1
    # Two are written, then the third.
    assert list(map(str, told)) == ["bar 1 of 5", *["the ends of 3 tunes"] * 4] * 2


# --- Cache ------------------------------------------------------------------------------------


def trained(kind: str) -> nn.Module:
    """A small model: a counted Markov model, or a network with lively random weights."""
    torch.manual_seed(3)
    small = {"hidden_size": 32, "num_layers": 2}
    model = build_model(kind, {} if kind == "markov" else small)
    if isinstance(model, MarkovModel):
        return model.fit(
            generate_ids(RandomModel(), 4, settings=GenerationSettings(bars=4, endings=1))
        )
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 1.5
    return model


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("opening", [None, "M:6/8\nL:1/8\nK:Am\nE|ABc dcB|A"])
def test_generating_with_the_cache_is_reading_all_again_token_by_token(
    kind: str, opening: str | None
) -> None:
    model = trained(kind)
    wanted = GenerationSettings(bars=3, temperature=1.2, top_p=0.98, endings=2)
    how: dict[str, Any] = {"settings": wanted, "opening": opening, "seed": 11}
    cached = generate_ids(model, 4, **how)
    assert generate_ids(model, 4, use_cache=False, **how) == cached
    assert generate_ids(model, 2, **how) == cached[:2]
    assert len({len(ids) for ids in cached}) > 1  # so some ended before others


@pytest.mark.parametrize("kind", MODELS)
def test_logits_with_the_cache_are_those_without(kind: str) -> None:
    model = trained(kind).eval()
    ids = generate_ids(model, settings=GenerationSettings(bars=3, endings=1))[0]
    state = None
    with torch.inference_mode():
        whole = model(torch.tensor([ids]))[0]
        for place, token in enumerate(ids):
            logits_BTV, state = model.step(torch.tensor([[token]]), state)  # type: ignore[operator]
            torch.testing.assert_close(logits_BTV[0, 0], whole[place], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", MODELS)
def test_streams_of_different_lengths_are_read_on_together_and_apart(kind: str) -> None:
    model: Any = trained(kind).eval()
    ids = generate_ids(model, 3, settings=GenerationSettings(bars=3, endings=1))
    cuts = [len(one) - place for one, place in zip(ids, (4, 11, 7), strict=True)]
    with torch.inference_mode():
        states = [
            model.step(torch.tensor([one[:cut]]))[1] for one, cut in zip(ids, cuts, strict=True)
        ]
        state, again = states[0].joined(states), states[0].joined([states[0].joined(states[:2])])
        for step in range(4):
            new = torch.tensor([[one[cut + step]] for one, cut in zip(ids, cuts, strict=True)])
            found, state = model.step(new, state)
            for row, (one, cut) in enumerate(zip(ids, cuts, strict=True)):
                alone = model(torch.tensor([one[: cut + step + 1]]))[0, -1]
                torch.testing.assert_close(found[row, 0], alone, atol=1e-4, rtol=1e-4)
        # Joined and taken once more, and several tokens at once.
        both = again.joined([states[2], again]).taken([2, 0])
        new = torch.tensor([ids[row][cuts[row] : cuts[row] + 3] for row in (1, 2)])
        for found_TV, row in zip(model.step(new, both)[0], (1, 2), strict=True):
            alone = model(torch.tensor([ids[row][: cuts[row] + 3]]))[0, -3:]
            torch.testing.assert_close(found_TV, alone, atol=1e-4, rtol=1e-4)


def test_each_token_is_read_once_where_the_model_can_go_on() -> None:
    class Reading(RandomModel):
        def step(self, ids_BT: Tensor, state: Any = None) -> tuple[Tensor, Tensor]:
            self.reads += ids_BT.numel()
            read = ids_BT if state is None else torch.cat([state, ids_BT], 1)
            return RandomModel.forward(RandomModel(), read)[:, -ids_BT.shape[1] :], read

    model, plain = Reading(), RandomModel()
    wanted = GenerationSettings(endings=1)
    ids = generate_ids(model, settings=wanted)[0]
    assert model.reads == len(ids) - 1  # END is never read
    assert generate_ids(plain, settings=wanted)[0] == ids
    assert plain.reads == len(ids) * (len(ids) - 1) // 2


# --- Openings ---------------------------------------------------------------------------------

JIG = "X:1\nT:An opening\nM:6/8\nL:1/8\nK:F#m\nc|f2g a2f|g3 e2"


def test_an_opening_is_kept_verbatim_with_its_key_and_metre() -> None:
    (given_tune,) = read_abc(JIG, source="test").tunes
    opened = encode(given_tune)[:-1]
    wanted = GenerationSettings(bars=6, endings=4)
    for opening in (JIG, given_tune, opened, [*opened, VOCABULARY.id("END")]):
        for tune in generate_tunes(RandomModel(), 3, settings=wanted, opening=opening):
            assert (str(tune.key), str(tune.metre)) == ("F# minor", "6/8")
            assert encode(tune)[: len(opened)] == opened
            assert tune.bars[:2] == given_tune.bars[:2]
            assert_valid(tune, 6)


def test_a_line_of_music_without_a_header_takes_key_and_metre_asked_for() -> None:
    wanted = GenerationSettings(bars=3, key="Eb major", metre="3/4")
    (tune,) = generate_tunes(RandomModel(), settings=wanted, opening="EFG ABc|")
    assert [note.pitch for note in tune.bars[0].notes] == [63, 65, 67, 68, 70, 72]
    assert_valid(tune, 3)
    (plain,) = generate_tunes(RandomModel(), settings=GenerationSettings(bars=2), opening="GABc")
    assert (str(plain.key), str(plain.metre)) == ("C major", "4/4")


def test_an_opening_may_end_inside_a_tuplet_or_at_a_bar_line() -> None:
    inside = ids_of("START METRE:2/4 TONIC:0 MODE:major NOTE:1 PITCH:60 NOTE:1/3 PITCH:62")
    pickup = ids_of("START METRE:2/4 TONIC:0 MODE:major NOTE:1 PITCH:60 BAR")
    for seed in range(10):
        for opening in (inside, pickup):
            settings_ = GenerationSettings(bars=2, temperature=5)
            ids = generate_ids(RandomModel(), settings=settings_, seed=seed, opening=opening)[0]
            assert ids[: len(opening)] == opening
            assert_valid(decode(ids), 2)


@settings(max_examples=40, deadline=None)
@given(opening=streams(), seed=st.integers(0, 100))
def test_after_any_opening_that_can_go_on_bars_are_full(opening: list[int], seed: int) -> None:
    written = decode(opening)
    bars = len(written.bars) + 3
    wanted = GenerationSettings(bars=bars, temperature=3.0, endings=2)
    try:
        ids = generate_ids(RandomModel(), settings=wanted, seed=seed, opening=opening)[0]
    except UsageError as error:
        assert "that no duration fills" in str(error)
        return
    assert ids[: len(opening) - 1] == opening[:-1]
    tune = decode(ids)
    assert encode(tune) == ids
    new = tune.bars[len(written.bars) :]
    assert all(bar.is_full for bar in new[:-1])
    assert {(bar.metre, bar.key) for bar in new} == {(written.bars[-1].metre, written.bars[-1].key)}
    # The bar in which the opening ends is filled, unless it was too long or became a pickup.
    joint = tune.bars[len(written.bars) - 1]
    if len(written.bars) > 1 and written.bars[-1].duration <= joint.metre.bar_ticks:  # type: ignore[union-attr]
        assert joint.is_full


@pytest.mark.parametrize(
    ("opening", "values", "error", "message"),
    [
        (JIG, {"bars": 1}, UsageError, "fills all that was asked for"),
        (JIG, {"bars": 4, "key": "A major"}, UsageError, "asked for is A major.* F# minor"),
        (JIG, {"bars": 4, "metre": "4/4"}, UsageError, "asked for is 4/4.* 6/8"),
        ("M:none\nK:C\nCDE", {}, UsageError, "no word for.*free metre"),
        ("X:1\nM:4/4\nK:C\nc'''c'''", {}, UsageError, "pitch out of range"),
        ("", {}, DataError, "opening"),
        ("X:1\nK:H\nCDE", {}, DataError, "The opening cannot be read"),
        (f"{JIG}\n\n{JIG}", {}, UsageError, "holds 2 tunes; give one"),
        ([], {}, FormatError, "place 0: expected START"),
        ([START, 99999], {}, FormatError, "99999 is no token id"),
        (ids_of("START METRE:4/4 NOTE:1 PITCH:60"), {}, FormatError, "expected a TONIC"),
        (JIG, {"max_tokens": 30, "bars": 2}, UsageError, "too many|30 are the most"),
        (
            ids_of("START METRE:2/4 TONIC:0 MODE:major NOTE:1 PITCH:60 NOTE:7/8 PITCH:60 NOTE:1/12")
            + ids_of("PITCH:60"),
            {},
            UsageError,
            "that no duration fills",
        ),
    ],
)
def test_an_opening_that_cannot_be_continued_is_refused(
    opening: Any, values: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        generate_tunes(RandomModel(), settings=GenerationSettings(**values), opening=opening)


def test_an_opening_that_leaves_too_few_tokens_is_refused() -> None:
    bar = " ".join(["NOTE:1/16 PITCH:60"] * 32)
    opening = ids_of(f"START METRE:2/4 TONIC:0 MODE:major {bar} BAR {bar}")
    wanted = GenerationSettings(bars=3, metre="2/4", max_tokens=len(opening) + 2)
    with pytest.raises(UsageError, match=f"has {len(opening)} tokens, and {len(opening) + 2} are"):
        generate_ids(RandomModel(), settings=wanted, opening=opening)


# --- Bad values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bars": 0}, "bars is 0; a tune has at least 1"),
        ({"temperature": 0.0}, "temperature is 0.0; it must be above 0"),
        ({"temperature": -1.0}, "temperature is -1.0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"temperature": float("inf")}, "temperature is inf"),
        ({"top_p": 0.0}, "top_p is 0.0; it must be above 0 and at most 1"),
        ({"top_p": 1.1}, "top_p is 1.1"),
        ({"top_p": float("nan")}, "top_p is nan"),
        ({"top_k": 0}, "top_k is 0; it must be at least 1"),
        ({"endings": 0}, "endings is 0; it must be 1 to 64"),
        ({"endings": 65}, "endings is 65"),
        ({"max_tokens": 0}, "max_tokens is 0"),
        ({"key": "H major"}, "'H major' is no key.*tonic A to G.*'F# minor'"),
        ({"key": "D hypodorian"}, "no key.*major, minor, dorian"),
        ({"key": ""}, "'' is no key"),
        ({"metre": "4/3"}, "'4/3' is no metre.*Allowed: .*6/8"),
        ({"metre": "11/8"}, "'11/8' is no metre that can be generated"),
        ({"metre": Metre(11, 8)}, "'11/8' is no metre"),
        ({"metre": "waltz"}, "'waltz' is no metre"),
    ],
)
def test_a_value_out_of_range_is_refused_with_what_is_allowed(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        GenerationSettings(**values)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("count", [0, -3])
def test_fewer_tunes_than_one_are_refused(count: int) -> None:
    with pytest.raises(UsageError, match=f"count is {count}; generate at least 1"):
        generate_tunes(RandomModel(), count)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(UsageError, match="seed is -1; it must be 0 or more"):
        generate_tunes(RandomModel(), seed=-1)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("D major", "D major"),
        ("d", "D major"),
        ("F# minor", "F# minor"),
        ("Bbm", "Bb minor"),
        ("Em", "E minor"),
        ("A dorian", "A dorian"),
        ("Gmix", "G mixolydian"),
        ("C Maj", "C major"),
        ("b min", "B minor"),
        ("A aeolian", "A minor"),
        ("C Ionian", "C major"),
        ("E♭ lydian", "Eb lydian"),
    ],
)
def test_keys_are_read_as_musicians_write_them(text: str, key: str) -> None:
    settings_ = GenerationSettings(key=text)
    assert isinstance(settings_.key, Key)
    assert str(settings_.key) == key


def test_a_model_of_too_few_ids_is_refused() -> None:
    with pytest.raises(UsageError, match=rf"logits of shape \(1, 1, 128\).*{VOCABULARY.size} ids"):
        generate_ids(lambda_model(lambda ids_BT: torch.zeros(*ids_BT.shape, 128)))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_model_that_went_astray_is_refused(value: float) -> None:
    model = lambda_model(lambda ids_BT: torch.full((*ids_BT.shape, VOCABULARY.size), value))
    with pytest.raises(CheckpointError, match=r"no finite numbers.*earlier checkpoint"):
        generate_ids(model)


def test_a_model_that_forbids_all_that_fits_still_gives_a_tune() -> None:
    model = lambda_model(lambda ids_BT: torch.full((*ids_BT.shape, VOCABULARY.size), -torch.inf))
    (tune,) = generate_tunes(model, settings=GenerationSettings(bars=3))
    assert_valid(tune, 3)


def lambda_model(function: Any) -> nn.Module:
    """A module of one function."""
    model = nn.Module()
    model.forward = function  # type: ignore[method-assign]
    return model


def test_pitches_are_drawn_as_often_as_the_model_says() -> None:
    fond = FondModel("NOTE:1/2", "PITCH:60", "PITCH:64", "PITCH:67")
    fond.logits[VOCABULARY.id("PITCH:67")] += np.log(2)
    wanted = GenerationSettings(bars=32, key="C", metre="4/4")
    pitches = [
        note[2] for tune in generate_tunes(fond, 8, settings=wanted) for note in tune.sounding()
    ]
    assert len(pitches) > 1_500
    shares = [pitches.count(pitch) / len(pitches) for pitch in (60, 64, 67)]
    assert shares == pytest.approx([0.25, 0.25, 0.5], abs=0.05)
    assert (VOCABULARY.kind[VOCABULARY.id("PITCH:60")]) == Kind.PITCH


def test_a_note_of_the_opening_may_be_held() -> None:
    tune = Tune(
        id="t",
        title="",
        bars=(Bar(notes=(Note(ticks("4"), 67),), metre=Metre(), key=Key()),),
    )
    (longer,) = generate_tunes(
        FondModel("HOLD:4"), settings=GenerationSettings(bars=3), opening=tune
    )
    assert list(longer.sounding()) == [(0, 3 * ticks("4"), 67)]
