"""Gestures in long recordings and in streams: takes, events, and that both ways agree."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from recognition_stage import (
    CLASSES,
    RATE,
    SKELETON,
    DirectionModel,
    measured_motion,
    movement,
    rest,
    sequence,
    stroke,
)

from chromasonic.errors import ConfigError, DataError, UsageError
from chromasonic.gesture.motion import Motion
from chromasonic.gesture.spotting import count_matches, spot
from chromasonic.gesture.spotting_config import SpottingConfig
from chromasonic.gesture.spotting_events import GestureEvent, Spotter
from chromasonic.gesture.spotting_takes import takes_of
from chromasonic.gesture.streaming import Listener


def streamed(model, recording, config=None):
    """All that a listener says of a recording's frames."""
    listener = Listener(model, recording.rate_hz, config)
    heard = [one for frame in recording.frames for one in listener.push(frame)]
    return heard + listener.finish()


class TestSpeed:
    def test_a_steady_stroke_has_the_speed_that_is_computed_by_hand(self):
        # 0.1 a frame at 20 frames a second is 2 a second, in half of the numbers: sqrt(4 / 2).
        speeds = measured_motion().speeds(movement(stroke("right")))
        assert speeds[0] == 0
        assert speeds[10:] == pytest.approx(np.sqrt(2.0), rel=1e-5)

    def test_a_spike_of_one_frame_is_no_speed(self):
        frames = rest(stroke("up")[-1], frames=30)
        frames[12, 0, 0] += 50
        assert measured_motion().speeds(movement(frames)) == pytest.approx(0)

    def test_a_hand_that_comes_back_elsewhere_has_not_jumped(self):
        frames = rest(stroke("up")[-1], frames=30)
        frames[10:15] = np.nan
        frames[15:] += 7
        assert measured_motion().speeds(movement(frames)) == pytest.approx(0)

    def test_numbers_that_never_vary_do_not_count(self):
        moves, _ = sequence("right")  # y varies in no frame of either point
        motion = Motion.of([moves])
        assert (motion.scale[:, 1] == 0).all()
        deviation = moves.frames[:, 0, 0].std()
        assert motion.scale[:, 0] == pytest.approx(deviation, rel=1e-4)
        assert motion.speeds(moves).max() == pytest.approx(2 / deviation, rel=1e-4)

    def test_the_faster_landmark_counts_for_more(self):
        frames = stroke("right")
        frames[:, 1] = frames[0, 1]  # the tip stays
        # The fourth powers of sqrt(2) and of 0 have the mean 2.
        speeds = measured_motion().speeds(movement(frames))
        assert speeds[10:] == pytest.approx(2**0.25, rel=1e-5)

    def test_rest_is_0_and_as_fast_as_usual_is_1_though_the_sensor_jitters(self):
        chance = np.random.default_rng(3)
        recordings = [
            movement(one.frames + chance.normal(0, 0.02, one.frames.shape))
            for one in [sequence(label)[0] for label in CLASSES * 4]
        ]
        motion = Motion.of(recordings)
        assert 0.01 < motion.rest < motion.fast
        efforts = motion.efforts(recordings[0])
        assert np.median(efforts[10:24]) < 0.05  # rest
        assert np.median(efforts[34:44]) == pytest.approx(1, abs=0.1)  # the stroke

    @given(
        arrays.arrays(
            np.float32,
            st.tuples(st.integers(1, 40), st.just(2), st.just(2)),
            elements=st.floats(-100, 100, width=32) | st.just(np.nan),
        ),
        st.sampled_from([5.0, 20.0, 60.0]),
    )
    @settings(max_examples=60, deadline=None)
    def test_a_meter_says_of_each_frame_what_the_whole_recording_says(self, frames, rate):
        recording = movement(frames, rate_hz=rate)
        meter = measured_motion().meter(rate)
        one_by_one = [meter.push(frame) for frame in frames]
        whole = measured_motion().efforts(recording)
        assert one_by_one == pytest.approx(whole, rel=1e-4, abs=1e-4)

    def test_it_goes_through_plain_values_and_refuses_another_skeleton(self):
        motion = Motion.of([sequence("up")[0], sequence("left")[0]])
        again = Motion.from_dict(motion.to_dict(), SKELETON)
        assert (again.rest, again.fast) == (motion.rest, motion.fast)
        assert (again.scale == motion.scale).all()
        with pytest.raises(DataError, match=r"shape \(1, 2\).*wants \(2, 2\)"):
            Motion.from_dict({"scale": [[1, 1]], "rest": 0, "fast": 1}, SKELETON)

    def test_where_nothing_moves_there_is_no_scale(self):
        still = movement(rest(stroke("up")[-1]))
        with pytest.raises(DataError, match="nothing in these movements moves"):
            Motion.of([still])
        assert Motion.in_all([still]) is None


class TestTakes:
    CONFIG = SpottingConfig(rest_seconds=0.3, lead_seconds=0.1, longest_seconds=2.0)

    def takes(self, speeds):
        return takes_of(speeds, self.CONFIG, rate_hz=10.0)

    def test_a_take_begins_a_little_before_the_speed_and_ends_with_it(self):
        (take,) = self.takes([0] * 5 + [1] * 6 + [0] * 5)
        assert (take.first, take.end, take.heard) == (4, 11, 14)  # rest is known after 3 frames

    def test_a_short_rest_does_not_end_it(self):
        (take,) = self.takes([0] * 3 + [1] * 4 + [0] * 2 + [1] * 4 + [0] * 5)
        assert (take.first, take.end) == (2, 13)

    def test_a_speed_between_the_limits_neither_opens_nor_closes(self):
        assert not self.takes([0.12] * 30)
        (take,) = self.takes([0, 1, *[0.12] * 10, 0, 0, 0, 0])
        assert take.end == 12

    def test_what_never_rests_is_cut_at_its_longest(self):
        takes = self.takes([1] * 50)
        assert [(take.first, take.end) for take in takes] == [(0, 20), (20, 40), (40, 50)]

    @given(st.lists(st.floats(0, 2), max_size=80))
    @settings(max_examples=60, deadline=None)
    def test_takes_lie_one_after_the_other_within_the_recording(self, speeds):
        takes = self.takes(speeds)
        for take in takes:
            assert 0 <= take.first < take.end <= take.heard <= len(speeds)
        for one, after in itertools.pairwise(takes):
            assert one.end <= after.first


class TestEventsOfCertainty:
    CONFIG = SpottingConfig(
        certainty=0.6, release=0.4, hold_seconds=0.2, shortest_seconds=0.0, rest_seconds=0.3
    )

    def events(self, rows, config=CONFIG):
        spotter = Spotter(config, CLASSES, 0.0)
        found = [
            event
            for number, row in enumerate(rows)
            for event in spotter.push(number / 10, np.array(row))
        ]
        return found + spotter.finish(len(rows) / 10, len(rows) / 10)

    def test_a_class_counts_when_it_was_certain_for_long_enough(self):
        started, ended = self.events([[0.4, 0.3, 0.3]] * 3 + [[0.8, 0.1, 0.1]] * 5)
        assert (started.label, started.start, started.recognized) == ("left", 0.0, 0.5)
        assert not started.is_over
        assert (ended.label, ended.end) == ("left", 0.8)
        assert ended.certainty == pytest.approx(0.8)

    def test_a_flicker_starts_nothing_and_the_movement_is_told_as_unknown(self):
        (unknown,) = self.events([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1]] * 4 + [[0.5, 0.2, 0.3]])
        assert not unknown.is_known
        assert (unknown.nearest, unknown.certainty) == ("left", 0.9)

    def test_what_is_certain_at_the_end_alone_is_known_late(self):
        started, ended = self.events([[0.4, 0.3, 0.3]] * 5 + [[0.1, 0.8, 0.1]])
        assert (started.label, started.start, started.recognized) == ("right", 0.0, 0.6)
        assert (ended.label, ended.end, ended.certainty) == ("right", 0.6, 0.8)

    def test_who_rests_begins_nothing(self):
        spotter = Spotter(self.CONFIG, CLASSES, 0.0)
        sure = np.array([0.9, 0.05, 0.05])
        assert not [event for n in range(9) for event in spotter.push(n / 10, sure, effort=0.05)]
        moving = [event for n in range(9, 13) for event in spotter.push(n / 10, sure, effort=0.5)]
        assert [event.recognized for event in moving] == [1.1]

    def test_a_short_doubt_ends_nothing(self):
        sure, doubt = [0.8, 0.1, 0.1], [0.3, 0.4, 0.3]
        _started, ended = self.events([sure] * 4 + [doubt] + [sure] * 4)
        assert ended.end == pytest.approx(0.9)

    def test_a_long_doubt_does(self):
        _started, ended = self.events([[0.8, 0.1, 0.1]] * 4 + [[0.3, 0.4, 0.3]] * 5)
        assert ended.end == pytest.approx(0.5)  # certain until 0.3, and 0.2 of doubt

    def test_another_class_takes_its_place_where_it_began(self):
        rows = [[0.8, 0.1, 0.1]] * 4 + [[0.1, 0.8, 0.1]] * 4
        first, first_over, second, second_over = self.events(rows)
        assert (first.label, first_over.end) == ("left", 0.5)  # certain until 0.3, 0.2 of doubt
        assert (second.label, second.start, second.recognized) == ("right", 0.5, 0.6)
        assert second_over.end == 0.8

    @given(
        st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), max_size=40),
    )
    @settings(max_examples=80, deadline=None)
    def test_every_event_that_starts_ends_once_before_the_next_starts(self, rows):
        events = self.events([np.array(row) / sum(row) for row in rows])
        is_open = None
        for event in events:
            if not event.is_known:
                assert event.is_over
                assert is_open is None
            elif not event.is_over:
                assert is_open is None
                is_open = event
            else:
                assert is_open is not None
                assert event.label == is_open.label
                assert event.start <= event.recognized <= event.end
                is_open = None
        assert is_open is None


class TestSpotting:
    @pytest.mark.parametrize("is_causal", [False, True])
    def test_it_finds_each_stroke_where_it_is(self, is_causal):
        recording, true = sequence("left", "up", "right", "left")
        spotting = spot(DirectionModel(is_causal=is_causal), recording)
        assert [event.label for event in spotting.known] == ["left", "up", "right", "left"]
        assert count_matches(spotting.events, true, overlap=0.7) == (4, 4, 4)

    def test_a_causal_model_knows_before_the_movement_is_over(self):
        recording, true = sequence("left")
        (event,) = spot(DirectionModel(is_causal=True), recording).known
        assert event.recognized < true[0][2] - 0.3
        (late,) = spot(DirectionModel(), recording).known
        assert late.recognized > true[0][2]

    @pytest.mark.parametrize("is_causal", [False, True])
    def test_a_movement_that_is_no_gesture_is_told_as_unknown(self, is_causal):
        recording, _ = sequence("left", "down", "up")
        spotting = spot(DirectionModel(is_causal=is_causal), recording)
        assert [event.label for event in spotting.events] == ["left", "", "up"]

    def test_rest_alone_has_no_event(self):
        assert not spot(DirectionModel(), movement(rest(stroke("up")[-1], frames=200))).events

    @pytest.mark.parametrize("frames", [1, 2, 3])
    def test_a_recording_of_a_frame_or_two_has_no_event(self, frames):
        assert not spot(DirectionModel(is_causal=True), movement(stroke("up")[:frames])).events

    def test_what_was_never_seen_has_no_event(self):
        unseen = np.full((50, 2, 2), np.nan)
        assert not spot(DirectionModel(), movement(unseen)).events

    def test_a_model_that_does_not_know_its_speed_says_so(self):
        with pytest.raises(UsageError, match="how fast its gestures are.*Train it anew"):
            spot(DirectionModel(motion=None), movement(stroke("up")))

    def test_a_hundred_thousand_frames_are_read_in_pieces_of_bounded_length(self):
        class Watched(DirectionModel):
            longest = 0

            def probabilities(self, movement):
                Watched.longest = max(Watched.longest, len(movement))
                return super().probabilities(movement)

        zigzag = np.concatenate([stroke("left"), stroke("right", start=(-2.0, 0.0))] * 2500)
        recording = movement(zigzag)
        assert len(recording) == 100_000
        spotting = spot(Watched(is_causal=True), recording)
        assert Watched.longest <= 20 * RATE
        assert spotting.times[-1] > 4990


class TestMatches:
    def event(self, label, start, end):
        return GestureEvent(
            label=label, certainty=1.0, start=start, recognized=end, end=end, nearest=label
        )

    def test_they_are_counted_by_hand(self):
        true = [("left", 0.0, 1.0), ("up", 2.0, 3.0), ("left", 4.0, 5.0)]
        found = [
            self.event("left", 0.1, 1.1),  # right
            self.event("left", 0.2, 1.0),  # the same one again: wrong
            self.event("right", 2.0, 3.0),  # another class: wrong
            self.event("left", 4.9, 5.9),  # hardly there: wrong
            self.event("", 7.0, 8.0),  # says nothing
        ]
        assert count_matches(found, true) == (1, 4, 3)


class TestStreaming:
    @pytest.mark.parametrize("is_causal", [False, True])
    def test_a_stream_tells_the_events_of_the_recording(self, is_causal):
        recording, _ = sequence("left", "up", "down", "right")
        model = DirectionModel(is_causal=is_causal)
        heard = streamed(model, recording)
        closed = [one.event for one in heard if one.kind in ("end", "unknown")]
        assert closed == list(spot(model, recording).events)
        starts = [one.label for one in heard if one.kind == "start"]
        assert starts == ["left", "up", "right"]

    @given(
        arrays.arrays(
            np.float32,
            st.tuples(st.integers(1, 60), st.just(2), st.just(2)),
            elements=st.floats(-3, 3, width=32) | st.just(np.nan),
        ),
        st.booleans(),
    )
    @settings(max_examples=60, deadline=None)
    def test_of_any_frames_the_stream_and_the_recording_say_the_same(self, frames, is_causal):
        recording, model = movement(frames), DirectionModel(is_causal=is_causal)
        config = SpottingConfig(rest_seconds=0.1, lead_seconds=0.15, longest_seconds=0.8)
        heard = streamed(model, recording, config)
        spotting = spot(model, recording, config)
        closed = [one.event for one in heard if one.kind in ("end", "unknown")]
        assert [event.to_dict() for event in closed] == [
            event.to_dict() for event in spotting.events
        ]
        if is_causal:
            answers = [(one.time, one.certainty) for one in heard if one.kind == "answer"]
            kept = list(zip(spotting.times, spotting.chances.max(axis=1), strict=True))
            assert np.allclose(answers or np.zeros((0, 2)), np.reshape(kept, (-1, 2)))

    def test_a_causal_model_answers_at_every_frame_of_a_movement(self):
        recording, _ = sequence("left")
        heard = streamed(DirectionModel(is_causal=True), recording)
        answers = [one for one in heard if one.kind == "answer"]
        assert len(answers) >= 20
        assert answers[-1].certainty > 0.99 > answers[0].certainty

    def test_a_frame_of_another_shape_is_refused(self):
        with pytest.raises(DataError, match=r"shape \(3, 2\).*wants \(2, 2\)"):
            Listener(DirectionModel(), RATE).push(np.zeros((3, 2), np.float32))


class TestConfig:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("certainty", 1.5),
            ("release", 0.7),
            ("still", 0.2),
            ("rest_seconds", 0.0),
            ("longest_seconds", 0.1),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, name, value):
        with pytest.raises(ConfigError, match=f"{name} is {value}"):
            SpottingConfig(**{name: value})
