"""Drummers that strike the same hits: patterns, or bars that a person played, held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.data.tiny_grooves import write_grooves_corpus

from chromasonic.abtest import pairing_grooves
from chromasonic.abtest.clips import items_in
from chromasonic.abtest.design import Arm, Clip, Design, Item
from chromasonic.abtest.groove_passages import Strikes, _windows, passages
from chromasonic.abtest.pairing import Pairing, anchors
from chromasonic.abtest.pairing_grooves import GroovePairing, write_grooves
from chromasonic.abtest.pinning import changed, check_different, pinned
from chromasonic.abtest.version_kinds import drummer_in, kind_of
from chromasonic.errors import CorpusError, UsageError
from chromasonic.formats.audio import Sound
from chromasonic.music.drum_patterns import starts
from chromasonic.music.drums import DrumTake
from chromasonic.registry.shipped import shipped

BOTH = {"A": "drummer:groove@shipped", "B": "drummer:straight"}


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_grooves_corpus(tmp_path / "corpora")
    monkeypatch.setenv("CHROMASONIC_DATA", str(tmp_path / "corpora"))
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def struck(monkeypatch: pytest.MonkeyPatch) -> list[Strikes]:
    """What was played, in order; tones stand for the drums."""
    heard: list[Strikes] = []

    def tone(strikes: Strikes) -> Sound:
        heard.append(strikes)
        times = np.arange(22_050) / 44_100
        return Sound((0.1 * np.sin(2 * np.pi * 300 * times)).astype("f4"), 44_100)

    monkeypatch.setattr(pairing_grooves, "_played", tone)
    return heard


def places(strikes: Strikes, step_seconds: float) -> set[tuple[int, int]]:
    """Step and drum of each hit."""
    steps = np.floor(strikes.onset_seconds / step_seconds + 0.5).astype(int)
    return set(zip(steps.tolist(), strikes.pitch.tolist(), strict=True))


def off_grid(strikes: Strikes, step_seconds: float) -> float:
    """How far the hit that is farthest lies from its step, as a share of one."""
    steps = strikes.onset_seconds / step_seconds
    return float(np.abs(steps - np.round(steps)).max())


def test_patterns_go_round_until_the_item_is_full_and_keep_their_swing() -> None:
    written = [one for one in starts() if one["metre"] == "4/4"]
    found = passages(len(written), bars=4, corpus=None, seed=3)
    assert {one.name[3:].split("-")[0] for one in found} == {one["key"] for one in written}
    rock = next(one.pattern for one in found if "rock" in one.name)
    assert [step for step, pitch, _ in rock.hits if pitch == 36] == [
        0, 8, 10, 16, 24, 26, 32, 40, 42, 48, 56, 58,
    ]  # fmt: skip
    shuffle = next(one.pattern for one in found if "shuffle" in one.name)
    assert (shuffle.bars, shuffle.swing, shuffle.swung) == (4, 66.7, 8)
    assert all(one.by_person is None for one in found)
    assert [one.name[3:] for one in found] != [
        one.name[3:] for one in passages(len(written), bars=4, corpus=None, seed=4)
    ]
    with pytest.raises(UsageError, match=f"there are {len(written)} patterns"):
        passages(len(written) + 1, bars=4, corpus=None, seed=1)


@pytest.mark.usefixtures("corpus")
def test_bars_of_drummers_are_held_out_unlike_each_other_and_in_sixteenths() -> None:
    found = passages(2, bars=4, corpus="groove-midi", seed=1)
    assert {one.name[3:] for one in found} == {"funk-groove1-100-bpm", "rock-120-bpm"}
    for one in found:
        assert one.by_person is not None
        hits = {hit[:2] for hit in one.pattern.hits}
        assert hits == places(one.by_person, one.pattern.step_seconds)
        assert {pitch for _, pitch in hits} == {36, 38, 42, 46}  # no zone of an electronic kit
        assert {hit[2] for hit in one.pattern.hits} == {100}  # what a person struck is not told
        assert set(one.by_person.velocity.tolist()) == set(range(60, 120, 5))
        late = one.by_person.onset_seconds - one.pattern.seconds_of_steps(
            np.round(one.by_person.onset_seconds / one.pattern.step_seconds)
        )
        assert 0.003 < abs(late.mean()) < 0.02
    with pytest.raises(CorpusError, match="has 2 held-out passages of 4 bars"):
        passages(3, bars=4, corpus="groove-midi", seed=1)


def test_the_last_bars_of_a_take_are_drawn_too() -> None:
    # Four bars of eight hits, told apart by their drums: three windows of two bars, one of four.
    drums = np.repeat([36, 38, 42, 46], 8)
    take = DrumTake(
        id="take", drummer="d", session="s", style="funk", tempo_bpm=100.0, beat_type="beat",
        numerator=4, denominator=4, onset_quarters=np.arange(32) / 2, pitch=drums,
        velocity=np.full(32, 90),
    )  # fmt: skip

    def drawn(bars: int) -> set[tuple[int, ...]]:
        found = _windows(take, bars, np.random.default_rng(1), "take")
        return {tuple(sorted({pitch for _, pitch, _ in one.pattern.hits})) for one in found}

    assert drawn(2) == {(36, 38), (38, 42), (42, 46)}
    assert drawn(4) == {(36, 38, 42, 46)}


def test_a_corpus_of_tunes_has_no_bars_for_drummers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tunes:
        def part(self, _name: str) -> list[object]:
            return [object()]

    monkeypatch.setattr("chromasonic.data.loading.load", lambda _name: Tunes())
    with pytest.raises(CorpusError, match="folk-pd has no drums.*for drummers: groove-midi"):
        passages(1, bars=4, corpus="folk-pd", seed=1)
    with pytest.raises(CorpusError, match="groove-midi has no tunes.*for melodies: folk-pd"):
        anchors((), Pairing(), "groove-midi")


@pytest.mark.usefixtures("corpus")
def test_model_sequencer_and_person_strike_the_same_hits_each_in_their_way(
    tmp_path: Path, struck: list[Strikes]
) -> None:
    names = write_grooves(BOTH, tmp_path / "clips", GroovePairing(items=2), anchor="groove-midi")
    assert [one.name for one in items_in(tmp_path / "clips", [*BOTH, "anchor"])] == list(names)
    for number, one in enumerate(passages(2, bars=4, corpus="groove-midi", seed=1)):
        model, straight, person = struck[3 * number : 3 * number + 3]
        step_seconds = one.pattern.step_seconds
        same = {hit[:2] for hit in one.pattern.hits}
        assert places(straight, step_seconds) == places(person, step_seconds) == same
        assert places(model, step_seconds) == same
        assert set(straight.velocity.tolist()) == {100}
        assert off_grid(straight, step_seconds) < 1e-6
        assert len(set(model.velocity.tolist())) > 4
        assert 0.02 < off_grid(model, step_seconds) < 0.5


def test_clips_begin_at_one_moment_and_are_as_long(tmp_path: Path) -> None:
    (name,) = write_grooves(
        BOTH, tmp_path, GroovePairing(items=1, bars=2, seed=5, is_lossless=True)
    )
    read = [soundfile.read(tmp_path / label / f"{name}.wav") for label in BOTH]
    (model, rate), (straight, _) = read
    assert model.shape == straight.shape
    first = [np.flatnonzero(np.abs(one) > 0.02)[0] / rate for one in (model, straight)]
    assert first[1] == pytest.approx(0.31, abs=0.02)
    assert abs(first[0] - first[1]) < 0.04
    assert np.abs(model - straight).max() > 0.05


def test_looseness_is_by_the_seed(tmp_path: Path, struck: list[Strikes]) -> None:
    for seed in (1, 1, 2):
        pairing = GroovePairing(items=2, bars=2, looseness=1, seed=seed)
        write_grooves({"A": BOTH["A"]}, tmp_path / f"{len(struck)}", pairing)
    first, again, other = struck[:2], struck[2:4], struck[4:]
    assert all(np.array_equal(a.velocity, b.velocity) for a, b in zip(first, again, strict=True))
    assert {tuple(a.velocity) for a in first} != {tuple(a.velocity) for a in other}


def test_drummers_are_pinned_by_their_files() -> None:
    arms = pinned(list(BOTH.values()))
    assert [arm.version for arm in arms] == list(BOTH.values())
    check_different(arms)
    (model,) = pinned(["groove@shipped"])
    assert arms[0].sha256 == model.sha256
    items = (Item(name="x", clips={one: Clip(source="x", duration_ms=1) for one in "AB"}),)
    design = Design(name="t", arms=arms, items=items, salt="s", trials=1, repeats=0)
    assert changed(design) == []
    other = Arm(label="A", version="drummer:groove@shipped", sha256="0" * 64)
    design = Design(name="t", arms=(other, arms[1]), items=items, salt="s", trials=1, repeats=0)
    assert changed(design) == ["A (drummer:groove@shipped) is not what it was: its files differ"]
    with pytest.raises(UsageError, match="are the same files"):
        check_different(pinned(["drummer:straight", "drummer:straight"]))


def test_what_is_no_drummer_is_refused(tmp_path: Path) -> None:
    assert shipped("groove") is not None
    assert drummer_in("drummer:mine@3") == "mine@3"
    with pytest.raises(UsageError, match="is no drummer"):
        drummer_in("drummer:")
    with pytest.raises(UsageError, match=r"holds a melody model.* Drummers are drummer:groove,"):
        write_grooves({"A": "drummer:folk@shipped"}, tmp_path, GroovePairing(items=1))
    with pytest.raises(UsageError, match=r"not the GroovePredictor.* Drummers are drummer:groove,"):
        write_grooves({"A": "drummer:harmony@shipped"}, tmp_path, GroovePairing(items=1))
    for wrong in ({"bars": 3}, {"looseness": 9}, {"items": 41}):
        with pytest.raises(UsageError, match="allowed: "):
            GroovePairing(**wrong)  # type: ignore[arg-type]
    assert kind_of(["drummer:groove", "drummer:straight"]) == "grooves"
    with pytest.raises(UsageError, match="folk and drummer:groove do not do the same"):
        kind_of(["folk", "drummer:groove"])
