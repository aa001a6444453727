"""Automatic pairs: the same task for each version, and tunes by people that nobody learned from."""

from __future__ import annotations

from pathlib import Path

import pytest

from chromasonic.abtest import pairing
from chromasonic.abtest.clips import items_in
from chromasonic.abtest.pairing import Pairing, anchors, places, write_pairs
from chromasonic.abtest.pinning import pinned
from chromasonic.data.loading import load
from chromasonic.errors import CheckpointError, CorpusError, UsageError
from chromasonic.formats.audio import Sound
from chromasonic.music.tune import Tune


def test_items_ask_for_various_keys_and_metres_or_for_one() -> None:
    asked = places(Pairing(items=12))
    assert len({place.name for place in asked}) == 12
    assert asked[0].name == "01-g-major-4-4"
    assert {str(place.metre) for place in asked} == {"4/4", "6/8", "3/4"}
    assert {place.key.mode for place in asked} == {"major", "minor"}
    assert [place.seed for place in asked] == list(range(1, 13))
    asked = places(Pairing(items=3, key="F# minor", metre="3/4", seed=70))
    assert asked[1].name == "02-f-sharp-minor-3-4"
    assert {(place.key.tonic_pitch_class, str(place.metre)) for place in asked} == {(6, "3/4")}


@pytest.mark.parametrize("values", [{"items": 0}, {"bars": 1}, {"longest_s": 90}, {"key": "H"}])
def test_wishes_out_of_range_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Pairing(**values)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no metre"):
        places(Pairing(metre="17/3"))


def test_a_model_that_writes_no_tunes_is_refused_before_another_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing, "_written", lambda *_: pytest.fail("a version wrote"))
    with pytest.raises(CheckpointError, match="groove@shipped holds companion models"):
        write_pairs({"A": "folk@shipped", "B": "groove@shipped"}, tmp_path, Pairing(items=2))


def test_both_versions_of_a_pair_get_the_same_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[Tune] = []

    def noted(tune: Tune, *, program: int) -> Sound:
        from chromasonic.formats.audio import render

        played.append(tune)
        return render(tune, program=program)

    monkeypatch.setattr(pairing, "_played", noted)
    models = {"A": "folk@shipped", "B": "folk-markov@shipped"}
    names = write_pairs(models, tmp_path, Pairing(items=2, bars=2), anchor="folk-pd")
    assert [item.name for item in items_in(tmp_path, ["A", "B", "anchor"])] == list(names)
    for place, tunes in zip(places(Pairing(items=2)), (played[:3], played[3:]), strict=True):
        a, b, people = tunes
        assert {tune.tempo_bpm for tune in tunes} == {place.tempo_bpm}
        for tune in tunes:
            assert tune.key.tonic_pitch_class == place.key.tonic_pitch_class
            assert tune.key.mode == place.key.mode
            assert tune.metre == place.metre
        assert sum(bar.duration for bar in a.bars) == sum(bar.duration for bar in b.bars)
        assert list(a.notes()) != list(b.notes())
        assert list(people.notes()) not in (list(a.notes()), list(b.notes()))


def test_tunes_by_people_are_held_out_and_none_comes_twice() -> None:
    wanted = Pairing(items=18)
    found = anchors(places(wanted), wanted, "folk-pd")
    corpus = load("folk-pd")
    assert len({tune.id for tune in found}) == 18
    assert {tune.id for tune in found} <= {tune.id for tune in corpus.part("test")}
    assert all(7 <= len(tune.bars) <= 9 for tune in found)
    pitches = [note.pitch for tune in found for note in tune.notes() if note.pitch is not None]
    assert 45 <= min(pitches) <= max(pitches) <= 96
    with pytest.raises(CorpusError, match="no further tune in 2/2 and a minor key"):
        anchors(places(Pairing(items=60, key="A minor", metre="2/2")), wanted, "folk-pd")


def test_a_model_that_ships_can_be_pinned_by_its_name() -> None:
    one, other = pinned(["folk@shipped", "folk-markov@shipped"])
    assert (one.label, one.version) == ("A", "folk@shipped")
    assert len(one.sha256) == 64
    assert one.sha256 != other.sha256
