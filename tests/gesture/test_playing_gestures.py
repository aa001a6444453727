"""Gestures as music: events to notes, controllers that follow, other rooms, no stuck notes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import symusic
from hypothesis import given, settings
from hypothesis import strategies as st
from recognition_stage import DirectionModel, movement, rest, sequence, stroke

from chromasonic.errors import CheckpointError, ConfigError, RenderError
from chromasonic.formats.midi_events import parse_midi
from chromasonic.formats.midi_messages import (
    ControlChange,
    ProgramChange,
    SoundedNote,
    messages_midi,
    without_overlaps,
)
from chromasonic.formats.midi_performance import performance_of
from chromasonic.gesture.mapping import Follow
from chromasonic.gesture.mapping_file import mapping_from
from chromasonic.gesture.playing import play
from chromasonic.gesture.playing_chords import Voicer, find_chord
from chromasonic.gesture.playing_follow import followed
from chromasonic.gesture.playing_picture import draw_timeline
from chromasonic.gesture.playing_rooms import Rooms
from chromasonic.gesture.spotting import spot
from chromasonic.harmonization.chords import VOCABULARY
from chromasonic.music.key import Key


def played(values, *labels, is_causal=False, rooms=None):
    """What a mapping makes of strokes with rests between; the spotted events too."""
    recording, _ = sequence(*labels)
    spotting = spot(DirectionModel(is_causal=is_causal), recording)
    return play(mapping_from(values), recording, spotting, rooms=rooms), spotting.known


def read_back(music):
    data = music.midi(title="test")
    return performance_of(parse_midi(data, "test"), source="test").notes


class TestNotes:
    def test_a_note_lasts_as_long_as_its_gesture(self):
        music, (event,) = played({"gesture": {"left": {"note": "C4"}}}, "left", is_causal=True)
        (note,) = music.notes
        assert (note.pitch, note.velocity, note.channel) == (60, 96, 0)
        assert (note.start, note.end) == (event.recognized, event.end)

    def test_of_a_gesture_that_is_known_late_it_lasts_as_long_as_that_did(self):
        music, (event,) = played({"gesture": {"left": {"note": "C4"}}}, "left", is_causal=False)
        assert event.recognized > event.end
        (note,) = music.notes
        assert note.start == event.recognized
        assert note.end - note.start == pytest.approx(event.end - event.start)

    def test_it_may_begin_where_the_gesture_did_and_last_a_fixed_time(self):
        values = {"play": {"at": "start"}, "gesture": {"left": {"note": 70, "length": 0.25}}}
        music, (event,) = played(values, "left")
        assert music.notes[0].start == event.start
        assert music.notes[0].end == pytest.approx(event.start + 0.25)

    def test_until_the_next_of_its_kind_means_that_one_is_always_there(self):
        values = {"gesture": {name: {"note": 60 + number, "length": "next"}
                              for number, name in enumerate(("left", "up"))}}  # fmt: skip
        music, _ = played(values, "left", "up", "left")
        first, second, third = music.notes
        assert (first.end, second.end) == (second.start, third.start)
        recording, _ = sequence("left", "up", "left")
        assert third.end == recording.seconds

    def test_velocity_follows_the_certainty(self):
        values = {"gesture": {"left": {"note": 60, "velocity": "certainty"}}}
        music, (event,) = played(values, "left")
        assert event.certainty > 0.99
        assert music.notes[0].velocity == 120

    def test_velocity_follows_the_speed(self):
        values = {"gesture": {"left": {"note": 60, "velocity": "speed"}}}
        quick, _ = played(values, "left")
        recording, _ = sequence("left")
        slow_frames = np.repeat(recording.frames, 3, axis=0)
        slow = movement(slow_frames)
        music = play(mapping_from(values), slow, spot(DirectionModel(), slow))
        assert music.notes[0].velocity < quick.notes[0].velocity - 10

    def test_in_its_cooldown_a_gesture_does_nothing(self):
        values = {"gesture": {"left": {"note": 60, "cooldown": 4.0}}}
        music, events = played(values, "left", "left", "left")
        assert len(events) == 3
        assert [bool(one.did) for one in music.events] == [True, False, True]

    def test_what_is_not_certain_enough_plays_nothing(self):
        values = {"play": {"certainty": 1.0}, "gesture": {"left": {"note": 60}}}
        music, _ = played(values, "left")
        assert not music.notes

    def test_channels_begin_with_their_instruments(self):
        values = {"instruments": {"1": 48}, "gesture": {"left": {"note": 60}}}
        music, _ = played(values, "left")
        assert read_back(music).program.tolist() == [48]

    def test_several_things_happen_at_once(self):
        values = {
            "gesture": {
                "left": [
                    {"note": ["C4", "E4"]},
                    {"program": 40},
                    {"controller": 7, "value": 90, "after": 10},
                ]
            }
        }
        music, (event,) = played(values, "left", is_causal=True)
        assert sorted(note.pitch for note in music.notes) == [60, 64]
        assert music.programs[0].program == 40
        assert [(one.time, one.value) for one in music.controls] == [
            (event.recognized, 90),
            (event.end, 10),
        ]


class TestMidi:
    def test_what_is_written_is_read_again(self):
        notes = [
            SoundedNote(start=0.5, end=1.25, pitch=60, velocity=90, channel=0),
            SoundedNote(start=1.0, end=2.0, pitch=64, velocity=30, channel=3),
        ]
        data = messages_midi(
            notes,
            controls=[ControlChange(time=0.25, controller=64, value=127, channel=3)],
            programs=[ProgramChange(time=0.0, program=11, channel=3)],
            tempo_bpm=75,
            title="hand",
            markers=[(0.5, "wave")],
        )
        events = parse_midi(data, "test")
        back = performance_of(events, source="test")
        assert back.notes.onset_seconds == pytest.approx([0.5, 1.0], abs=1e-3)
        assert back.notes.end_seconds == pytest.approx([1.25, 2.0], abs=1e-3)
        assert back.notes.velocity.tolist() == [90, 30]
        assert back.notes.channel.tolist() == [0, 3]
        assert back.notes.program.tolist() == [0, 11]
        assert back.tempo_bpm == pytest.approx(75, abs=1e-3)
        assert events.track_names[0] == "hand"
        assert [text for _, text in events.markers] == ["wave"]
        assert [is_down for _, _, is_down in events.pedals] == [True]

    note = st.builds(
        lambda start, length, pitch, channel: SoundedNote(
            start=start, end=start + length, pitch=pitch, velocity=64, channel=channel
        ),
        st.integers(0, 500).map(lambda hundredths: hundredths / 100),
        st.integers(1, 300).map(lambda hundredths: hundredths / 100),
        st.integers(60, 63),
        st.integers(0, 1),
    )

    @given(st.lists(note, max_size=25))
    @settings(max_examples=100, deadline=None)
    def test_every_key_is_let_go_before_it_is_struck_again(self, notes):
        kept = without_overlaps(notes)
        for one in kept:
            again = [
                other
                for other in kept
                if (other.channel, other.pitch) == (one.channel, one.pitch)
                and other.start > one.start
            ]
            assert all(one.end <= other.start for other in again)
        # In the file too, as another reader hears it.
        score = symusic.Score.from_midi(messages_midi(notes)).to("second")
        heard = [(n.pitch, n.start, n.end) for track in score.tracks for n in track.notes]
        meant = [(one.pitch, one.start, one.end) for one in kept]
        assert sorted(map(hundredths, heard)) == sorted(map(hundredths, meant))

    def test_what_midi_cannot_hold_is_refused(self):
        with pytest.raises(RenderError, match="no channel 16"):
            messages_midi([SoundedNote(start=0, end=1, pitch=60, velocity=64, channel=16)])
        with pytest.raises(RenderError, match="0 to 24 hours"):
            messages_midi([SoundedNote(start=-1, end=1, pitch=60, velocity=64, channel=0)])


def hundredths(note):
    pitch, start, end = note
    return pitch, round(100 * start), round(100 * end)


class TestFollowing:
    HEIGHT = Follow(
        landmark="wrist", what="height", controller=74, range=(0.0, 2.0), smooth_seconds=0
    )

    def test_the_height_is_the_controllers_value(self):
        values = [(one.time, one.value) for one in followed([self.HEIGHT], *self.up())]
        assert values[0] == (0.0, 6)  # 0.1 of 2
        assert values[9] == (pytest.approx(9 / 20), 64)  # 1.0 of 2
        assert values[-1][1] == 127

    def up(self):
        return movement(stroke("up")), ()

    def test_a_range_may_run_the_other_way(self):
        values = [one.value for one in followed([replace(self.HEIGHT, range=(2, 0))], *self.up())]
        assert values[0] == 121
        assert values[-1] == 0

    def test_speed_is_in_the_points_units_a_second(self):
        follow = replace(self.HEIGHT, what="speed", range=(0.0, 4.0))
        values = [one.value for one in followed([follow], *self.up())]
        assert values == [0, 64]  # from rest to 2 a second

    def test_what_is_unseen_stays_where_it_was(self):
        frames = stroke("up")
        frames[5:] = np.nan
        changes = followed([self.HEIGHT], movement(frames), ())
        assert changes[-1].time == pytest.approx(4 / 20)
        assert not followed([self.HEIGHT], movement(np.full((9, 2, 2), np.nan)), ())

    def test_a_value_between_two_steps_does_not_flicker(self):
        frames = rest(stroke("up")[0], frames=60)
        frames[:, 0, 1] = 1.0 + 0.006 * (-1.0) ** np.arange(60)  # 0.4 of a step to either side
        assert len(followed([self.HEIGHT], movement(frames), ())) == 1

    def test_it_may_follow_during_a_gesture_alone(self):
        recording, _ = sequence("left", "up")
        events = spot(DirectionModel(is_causal=True), recording).known
        changes = followed([replace(self.HEIGHT, during="up")], recording, events)
        assert changes[0].time >= events[1].recognized
        assert changes[-1].time <= events[1].end


class TestChords:
    C = Key("C", "major")

    @pytest.mark.parametrize(
        ("text", "classes", "bass"),
        [
            ("I", {0, 4, 7}, 0),
            ("V7", {7, 11, 2, 5}, 7),
            ("ii6", {2, 5, 9}, 5),
            ("V6/5", {7, 11, 2, 5}, 11),
            ("Dm7", {2, 5, 9, 0}, 2),
            ("G/B", {7, 11, 2}, 11),
            ("V7/V", {2, 6, 9, 0}, 2),
        ],
    )
    def test_a_voicing_has_the_tones_and_the_bass_that_are_meant(self, text, classes, bass):
        pitches = Voicer().voice(text, self.C)
        assert {pitch % 12 for pitch in pitches} <= classes
        assert {pitch % 12 for pitch in pitches} >= {
            (min(classes) if len(classes) < 3 else bass) % 12
        }
        assert pitches[-1] % 12 == bass
        assert list(pitches) == sorted(pitches, reverse=True)

    def test_in_minor_capitals_give_way_to_the_mode_but_v_keeps_its_leading_tone(self):
        minor = Key("C", "minor")
        named = [VOCABULARY[find_chord(text, minor)[0]].numeral for text in ("I", "IV", "V7")]
        assert named == ["i", "iv", "V"]

    def test_chords_are_led_without_parallel_fifths_and_octaves(self):
        voicer = Voicer()
        chords = [
            voicer.voice(name, self.C) for name in ("I", "IV", "V", "I", "vi", "ii", "V7", "I")
        ]
        for before, after in pairwise(chords):
            for high in range(4):
                for low in range(high + 1, 4):
                    interval = (before[high] - before[low]) % 12
                    moved = before[high] != after[high] and before[low] != after[low]
                    same = (after[high] - after[low]) % 12 == interval
                    assert not (moved and same and interval in (0, 7))
            assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 12

    @pytest.mark.parametrize("text", ["H", "IX", "F#m", "V9", "", "I" * 10_000])
    def test_what_is_no_chord_of_the_key_is_refused_with_some_that_are(self, text):
        with pytest.raises(ConfigError, match=r"is no chord of C major.*I, ii, iii"):
            find_chord(text, self.C)


class TestRooms:
    def test_a_mood_turns_the_chords_to_minor_and_makes_them_softer(self):
        values = {
            "gesture": {
                "left": {"action": "mood", "valence": -0.8, "arousal": -0.8},
                "up": {"action": "chord", "chord": "I"},
            }
        }
        music, _ = played(values, "up", "left", "up")
        glad, sad = music.notes[:4], music.notes[4:]
        assert {note.pitch % 12 for note in glad} == {0, 4, 7}
        assert {note.pitch % 12 for note in sad} == {0, 3, 7}
        assert sad[0].velocity < glad[0].velocity

    def test_a_chord_list_is_gone_through_in_turn(self):
        values = {"gesture": {"up": {"action": "chord", "chord": ["I", "IV", "V"]}}}
        music, _ = played(values, "up", "up", "up", "up")
        assert [one.did for one in music.events] == [
            ("chord I",), ("chord IV",), ("chord V",), ("chord I",),
        ]  # fmt: skip

    def test_drums_are_struck_on_their_sixteenths(self):
        pattern = "tempo 120\nkick x...x...x...x...\nsnare ....x.......x..."
        values = {"gesture": {"up": {"action": "drums", "pattern": pattern, "times": 2}}}
        music, (event,) = played(values, "up")
        assert {note.channel for note in music.notes} == {9}
        kicks = [note.start - event.recognized for note in music.notes if note.pitch == 36]
        assert kicks == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5])

    def test_a_phrase_is_another_each_time_and_gives_way_to_the_next(self, tmp_path):
        values = {
            "play": {"melody": "not looked at", "key": "D minor"},
            "gesture": {"up": {"action": "phrase", "bars": 4}},
        }
        rooms = Rooms(config=mapping_from(values).play)
        rooms.__dict__["_melody"] = untrained_melody_network()
        music, (first, second) = played(values, "up", "up", rooms=rooms)
        before = [note for note in music.notes if note.start < second.recognized]
        after = [note for note in music.notes if note.start >= second.recognized]
        assert before
        assert after
        assert max(note.end for note in before) <= second.recognized
        assert min(note.start for note in music.notes) == pytest.approx(first.recognized)
        lines = [[note.pitch for note in part] for part in (before, after)]
        assert lines[0] != lines[1][: len(lines[0])]
        assert {note.channel for note in music.notes} == {1}

    def test_a_phrase_without_its_model_is_refused_before_anything_is_played(self, tmp_path):
        values = {
            "play": {"melody": str(tmp_path)},
            "gesture": {"up": {"action": "phrase"}},
        }
        with pytest.raises(CheckpointError):
            played(values, "up")


def untrained_melody_network():
    from chromasonic.companion.network import CompanionNetwork
    from chromasonic.companion.spec import SPECS

    return CompanionNetwork(SPECS["melody_transformer"])


@pytest.mark.parametrize("is_causal", [False, True])
def test_a_recording_becomes_a_midi_file_without_stuck_notes(is_causal):
    values = {
        "gesture": {
            "left": {"note": "C4"},
            "up": {"action": "chord", "chord": ["I", "V7"]},
            "right": {"note": ["C4", "G4"], "velocity": "speed"},
        },
        "follow": [{"landmark": "wrist", "what": "x", "controller": 1}],
    }
    music, _ = played(values, "left", "up", "right", "up", "left", is_causal=is_causal)
    notes = read_back(music)
    assert len(notes) == len(music.notes) == 1 + 4 + 2 + 4 + 1
    recording, _ = sequence("left", "up", "right", "up", "left")
    # What is known when a gesture is over lasts as long as that had lasted: here about a second.
    assert notes.end_seconds.max() <= recording.seconds + (0.01 if is_causal else 1.5)
    assert (notes.end_seconds > notes.onset_seconds).all()


def test_the_picture_of_it_is_drawn(tmp_path):
    recording, _ = sequence("left", "down", "up")
    spotting = spot(DirectionModel(is_causal=True), recording)
    values = {
        "gesture": {"left": {"note": 60}},
        "follow": [{"landmark": "tip", "what": "speed", "controller": 1}],
    }
    music = play(mapping_from(values), recording, spotting)
    path = draw_timeline(music, spotting, tmp_path / "hand.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    text = draw_timeline(music, spotting, tmp_path / "hand.svg").read_text()
    for words in ("channel 1", "controller 1, channel 1", "C4", "gesture recognized", "127"):
        assert f"<!-- {words} -->" in text
    still = play(mapping_from({"gesture": {"right": {"note": 60}}}), recording, spotting)
    text = draw_timeline(still, spotting, tmp_path / "still.svg").read_text()
    assert "controller" not in text  # nothing follows, nothing is set: no panel for it
