"""Mapping files: what they say, and what they cannot say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recognition_stage import CLASSES, SKELETON

from chromasonic.errors import ConfigError
from chromasonic.gesture.mapping import ChordAction, DrumsAction, MoodAction, NoteAction
from chromasonic.gesture.mapping_file import mapping_from, note_number, read_mapping


def test_a_file_says_what_gestures_do(tmp_path):
    (tmp_path / "beat.txt").write_text("kick x...x...\n")
    (tmp_path / "mapping.toml").write_text(
        """
        [play]
        key = "A minor"
        groove = "runs/groove"
        [gesture.left]
        note = ["A3", 64]
        velocity = "speed"
        [[gesture."two words"]]
        action = "mood"
        valence = -1
        [[gesture."two words"]]
        action = "chord"
        chord = "V7"
        [gesture.up]
        action = "drums"
        pattern = "beat.txt"
        [[follow]]
        landmark = "tip"
        what = "speed"
        controller = 7
        range = [0, 2]
        """
    )
    mapping = read_mapping(tmp_path / "mapping.toml")
    assert mapping.play.key == "A minor"
    assert mapping.play.groove == str(tmp_path / "runs/groove")  # beside the file
    assert mapping.actions["left"] == (NoteAction(notes=(57, 64), velocity="speed"),)
    assert mapping.actions["two words"] == (MoodAction(valence=-1), ChordAction(chords=("V7",)))
    assert mapping.actions["up"] == (DrumsAction(pattern="kick x...x...\n"),)
    assert mapping.follows[0].range == (0, 2)


@pytest.mark.parametrize(
    ("note", "number"),
    [("C4", 60), ("c4", 60), ("F#3", 54), ("Bb-1", 10), ("Cb4", 59), ("G9", 127), (0, 0)],
)
def test_notes_have_names_and_numbers(note, number):
    assert note_number(note, "here") == number


@pytest.mark.parametrize(
    "note", ["H4", "C", "G#9", "C10", 128, -1, 60.0, True, None, "", "C4 " * 99]
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(ConfigError, match=r"here: note is .*C4 \(60\)"):
        note_number(note, "here")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"gestures": {}}, r"Unknown key 'gestures'.*Did you mean 'gesture'\?"),
        ({}, r"maps nothing.*\[gesture.wave\]"),
        ({"gesture": {"left": {}}}, r"gesture 'left'.*nothing that it does.*note"),
        ({"gesture": {"left": 5}}, r"gesture 'left' must be a table, not 5"),
        (
            {"gesture": {"left": {"note": 60, "program": 1}}},
            r"says note and program.*\[\[gesture.NAME\]\]",
        ),
        ({"gesture": {"left": {"note": 60, "velocty": 3}}}, r"'velocty'.*Did you mean 'velocity'"),
        ({"gesture": {"left": {"note": 60, "velocity": 0}}}, r"velocity is 0; allowed: 1 to 127"),
        ({"gesture": {"left": {"note": 60, "velocity": "loud"}}}, r"certainty, speed, mood"),
        ({"gesture": {"left": {"note": 60, "velocity": 64.5}}}, r"velocity is 64.5"),
        ({"gesture": {"left": {"note": 60, "length": "long"}}}, r"length is 'long'.*gesture, next"),
        ({"gesture": {"left": {"note": []}}}, r"note is \(\)"),
        ({"gesture": {"left": {"note": 60, "channel": 17}}}, r"channel is 17; allowed: 1 to 16"),
        ({"gesture": {"left": {"note": 60, "cooldown": True}}}, r"cooldown is True"),
        ({"gesture": {"left": {"controller": 120}}}, r"controller is 120; allowed: 0 to 119"),
        ({"gesture": {"left": {"controller": 1, "value": "mood"}}}, r"value is 'mood'"),
        ({"gesture": {"left": {"program": 128}}}, r"program is 128"),
        (
            {"gesture": {"left": {"action": "lights"}}},
            r"action is 'lights'; allowed: mood, chord, phrase, drums",
        ),
        ({"gesture": {"left": {"action": ["mood"]}}}, r"action is \['mood'\]"),
        (
            {"gesture": {"left": {"action": "mood", "valence": 2}}},
            r"valence is 2; allowed: -1 to 1",
        ),
        ({"gesture": {"left": {"action": "chord"}}}, r"a chord wants chord"),
        ({"gesture": {"left": {"action": "chord", "chord": 7}}}, r"chord is \(7,\)"),
        ({"gesture": {"left": {"action": "phrase"}}}, r"names no model.*melody = \"runs/melody\""),
        ({"gesture": {"left": {"action": "drums"}}}, r"drums want a pattern"),
        ({"gesture": {"left": {"action": "drums", "pattern": "no.txt"}}}, r"cannot read.*no.txt"),
        ({"follow": {"landmark": "tip"}}, r"write \[\[follow\]\]"),
        ({"follow": [{"landmark": "tip"}]}, r"'what' is missing"),
        (
            {"follow": [{"landmark": "tip", "what": "x", "controller": 1, "range": [1, 1]}]},
            r"range is \[1, 1\]; allowed: two different numbers",
        ),
        ({"instruments": {"17": 3}}, r"the channel is 17; allowed: 1 to 16"),
        ({"instruments": {"one": 3}}, r"the channel is 'one'"),
        ({"instruments": {"1": 128}}, r"the program is 128"),
        ({"play": {"tempo_bpm": 0}, "gesture": {"left": {"note": 1}}}, r"tempo_bpm is 0"),
        ({"play": {"at": "end"}, "gesture": {"left": {"note": 1}}}, r"at is 'end'"),
        ({"play": {"key": 3}, "gesture": {"left": {"note": 1}}}, r"key is 3; allowed: text"),
    ],
)
def test_what_cannot_be_is_refused_by_name(values, message):
    with pytest.raises(ConfigError, match=message):
        mapping_from(values)


class TestFit:
    def check(self, **values):
        mapping_from(values).check(CLASSES, SKELETON)

    def test_a_gesture_that_the_model_lacks_is_named_with_those_that_are_like_it(self):
        with pytest.raises(ConfigError, match=r"'rigth', which the model.*Did you mean 'right'\?"):
            self.check(gesture={"rigth": {"note": 60}})
        with pytest.raises(ConfigError, match=r"'xyzzy'.*There are: left, right, up"):
            self.check(gesture={"xyzzy": {"note": 60}})

    def test_so_is_a_landmark_and_a_channel(self):
        follow = {"landmark": "tip", "what": "height", "controller": 1}
        self.check(follow=[follow])
        with pytest.raises(ConfigError, match=r"'wirst'.*'two-point'.*Did you mean 'wrist'"):
            self.check(follow=[{**follow, "landmark": "wirst"}])
        with pytest.raises(ConfigError, match=r"follows 'z' of tip.*has x, y, and there is speed"):
            self.check(follow=[{**follow, "what": "z"}])
        with pytest.raises(ConfigError, match=r"the gesture 'lift'"):
            self.check(follow=[{**follow, "during": "lift"}])


class TestFiles:
    def test_one_that_is_not_there_or_no_toml_says_so(self, tmp_path):
        with pytest.raises(ConfigError, match="Cannot read the mapping"):
            read_mapping(tmp_path / "none.toml")
        path = tmp_path / "broken.toml"
        path.write_text("[gesture.left\nnote = 60")
        with pytest.raises(ConfigError, match="The mapping .* is no TOML"):
            read_mapping(path)
        path.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ConfigError, match="The mapping .* is no TOML"):
            read_mapping(path)
        with pytest.raises(ConfigError, match="Cannot read the mapping"):
            read_mapping(tmp_path)

    def test_one_that_is_huge_or_deep_is_refused(self, tmp_path):
        path = tmp_path / "big.toml"
        path.write_text("#" * 1_000_001)
        with pytest.raises(ConfigError, match="larger than any mapping"):
            read_mapping(path)
        path.write_text("a = " + "[" * 100_000 + "]" * 100_000)
        with pytest.raises(ConfigError):
            read_mapping(path)

    @given(st.text(max_size=200))
    @settings(max_examples=60, deadline=None)
    def test_any_text_is_a_mapping_or_refused(self, tmp_path_factory, text):
        path = tmp_path_factory.mktemp("any") / "mapping.toml"
        path.write_text(text, encoding="utf-8", errors="replace")
        with pytest.raises(ConfigError):
            read_mapping(path)

    json = st.recursive(
        st.none() | st.booleans() | st.integers(-200, 200) | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["gesture", "left", "note", "action", "chord", "play", "follow", "velocity"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )

    @given(st.dictionaries(st.sampled_from(["gesture", "play", "follow", "other"]), json))
    @settings(max_examples=200, deadline=None)
    def test_any_values_are_a_mapping_or_refused(self, values):
        try:
            mapping = mapping_from(values)
        except ConfigError:
            return
        assert mapping.actions or mapping.follows
