"""Agents that set the same tunes: held-out chorales, the tune untouched, Bach's own beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chromasonic.abtest.clips import items_in
from chromasonic.abtest.design import Arm, Clip, Design, Item
from chromasonic.abtest.pairing_voices import (
    VoicePairing,
    bachs,
    openings,
    voice,
    write_settings,
)
from chromasonic.abtest.pinning import changed, check_different, pinned
from chromasonic.abtest.version_kinds import agent_in
from chromasonic.data.harmonizer_chorales import harmonizer_chorales
from chromasonic.errors import UsageError
from chromasonic.formats.audio import Sound
from chromasonic.music.part_score import PartScore


def test_tunes_are_held_out_end_at_the_second_fermata_and_have_all_voices() -> None:
    held_out = {one.id for one in harmonizer_chorales(analyses=False).test_scores}
    found = openings(VoicePairing(items=12))
    assert len({one.id for one in found}) == 12
    assert {one.id for one in found} <= held_out
    for one in found:
        assert len(one.fermatas) == 2
        assert (one.pitches > 0).all()
        last_note = one.pitches[one.fermatas[1] :, 0]
        assert (last_note == last_note[0]).all()
    assert [one.id for one in openings(VoicePairing(items=3, seed=2))] != [
        one.id for one in found[:3]
    ]


def test_bach_beside_the_agents_is_what_bach_wrote() -> None:
    (chorale,) = openings(VoicePairing(items=1))
    score = bachs(chorale)
    for number, part in enumerate(score.parts):
        notes = list(part.notes())
        ticks = sum(note.duration for note in notes) // len(chorale)
        steps = np.concatenate([np.full(note.duration // ticks, note.pitch) for note in notes])
        assert (steps == chorale.pitches[:, number]).all()
    assert list(voice(chorale, 0).sounding()) == list(score.parts[0].sounding())


def test_all_agents_set_the_same_tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import chromasonic.formats.part_score_sound as sound

    played: list[PartScore] = []

    def noted(score: PartScore, *, program: int) -> Sound:
        played.append(score)
        times = np.arange(22_050) / 44_100
        return Sound((0.1 * np.sin(2 * np.pi * (200 + 9 * program) * times)).astype("f4"), 44_100)

    monkeypatch.setattr(sound, "render_part_score", noted)
    agents = {"A": "agent:exact", "B": "agent:advanced"}
    names = write_settings(agents, tmp_path, VoicePairing(items=1), anchor="bach")
    assert [item.name for item in items_in(tmp_path, ["A", "B", "anchor"])] == list(names)
    tunes = [[(n.duration, n.pitch) for n in score.parts[0].notes()] for score in played]
    assert tunes[0] == tunes[1] == tunes[2]
    basses = [[n.pitch for n in score.parts[3].notes()] for score in played]
    assert basses[0] != basses[1]
    assert basses[0] != basses[2]


def test_agents_are_pinned_by_their_files() -> None:
    arms = pinned(["agent:hybrid", "agent:exact", "agent:advanced"])
    assert len({arm.sha256 for arm in arms}) == 3
    with pytest.raises(UsageError, match="are the same files"):
        check_different(pinned(["agent:hybrid", "agent:hybrid"]))
    items = (Item(name="x", clips={one: Clip(source="x", duration_ms=1) for one in "ABC"}),)
    design = Design(name="t", arms=arms, items=items, salt="s", trials=1, repeats=0)
    assert changed(design) == []
    other = Arm(label="A", version="agent:hybrid", sha256="0" * 64)
    design = Design(name="t", arms=(other, *arms[1:]), items=items, salt="s", trials=1, repeats=0)
    assert changed(design) == ["A (agent:hybrid) is not what it was: its files differ"]


def test_what_is_no_agent_is_refused(tmp_path: Path) -> None:
    assert agent_in("agent:hybrid:mine@3") == ("hybrid", "mine@3")
    for text in ("agent:simple", "agent:", "hybrid", "agent:bach"):
        with pytest.raises(UsageError, match="no agent of four voices"):
            agent_in(text)
    with pytest.raises(UsageError, match="There is no advanced"):
        pinned([f"agent:advanced:{tmp_path}", "agent:exact"])
    with pytest.raises(UsageError, match="items is 41"):
        VoicePairing(items=41)
