"""What a recognized gesture plays, as plain values: notes, controllers, programs, other models.

A mapping file in TOML becomes one `Mapping` (`mapping_file.read_mapping`); `playing.play` turns
events into music by it.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chromasonic.errors import ConfigError
from chromasonic.gesture.names import did_you_mean
from chromasonic.music.movement import Skeleton

By = Literal["certainty", "speed", "mood"]
BY = ("certainty", "speed", "mood")
"""What a strength may follow: how sure the model is, how fast the movement, the mood's arousal."""

LENGTHS = ("gesture", "next")
"""As long as the gesture goes on, or until the next of its kind on its channel."""

At = Literal["recognized", "start"]


def _check(where: str, *checks: tuple[str, Any, bool, str]) -> None:
    for name, value, is_right, allowed in checks:
        if not is_right:
            raise ConfigError(f"{where}: {name} is {value!r}; allowed: {allowed}.")


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


@dataclass(frozen=True, kw_only=True)
class Action:
    """What all actions have.

    Attributes:
        channel: MIDI channel, 1 to 16.
        cooldown: seconds after it in which the gesture does not do it again.
    """

    channel: int = 1
    cooldown: float = 0.0

    where = "An action"

    def __post_init__(self) -> None:
        _check(
            self.where,
            ("channel", self.channel, _is_whole(self.channel, 1, 16), "1 to 16"),
            ("cooldown", self.cooldown, _is_number(self.cooldown, 0, 3600), "0 to 3600 seconds"),
        )


@dataclass(frozen=True, kw_only=True)
class Sounding(Action):
    """What actions have that sound.

    Attributes:
        velocity: 1 to 127; or "certainty", "speed" or "mood", which it follows.
        length: seconds, "gesture", or "next".
    """

    velocity: int | str = 96
    length: float | str = "gesture"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(
            self.where,
            (
                "velocity",
                self.velocity,
                _is_whole(self.velocity, 1, 127) or self.velocity in BY,
                f"1 to 127, or one of {', '.join(BY)}",
            ),
            (
                "length",
                self.length,
                _is_number(self.length, 0.01, 3600) or self.length in LENGTHS,
                f"0.01 to 3600 seconds, or one of {', '.join(LENGTHS)}",
            ),
        )


@dataclass(frozen=True, kw_only=True)
class NoteAction(Sounding):
    """A note.

    Attributes:
        notes: MIDI numbers that sound together.
    """

    notes: tuple[int, ...]
    where = "A note"

    def __post_init__(self) -> None:
        super().__post_init__()
        fits = bool(self.notes) and all(_is_whole(note, 0, 127) for note in self.notes)
        _check(self.where, ("note", self.notes, fits, "0 to 127, or a name such as C4"))


@dataclass(frozen=True, kw_only=True)
class ControllerAction(Action):
    """A controller is set.

    Attributes:
        controller: 0 to 119.
        value: 0 to 127; or "certainty" or "speed", which it follows.
        after: what it is set to when the gesture is over; None leaves it.
    """

    controller: int
    value: int | str = 127
    after: int | None = None
    where = "A controller"

    def __post_init__(self) -> None:
        super().__post_init__()
        is_right = _is_whole(self.value, 0, 127) or self.value in ("certainty", "speed")
        after = self.after is None or _is_whole(self.after, 0, 127)
        _check(
            self.where,
            ("controller", self.controller, _is_whole(self.controller, 0, 119), "0 to 119"),
            ("value", self.value, is_right, "0 to 127, or one of certainty, speed"),
            ("after", self.after, after, "0 to 127"),
        )


@dataclass(frozen=True, kw_only=True)
class ProgramAction(Action):
    """The instrument changes.

    Attributes:
        program: General MIDI instrument, 0 to 127.
    """

    program: int
    where = "A program"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.where, ("program", self.program, _is_whole(self.program, 0, 127), "0 to 127"))


@dataclass(frozen=True, kw_only=True)
class MoodAction(Action):
    """From now on phrases, chords and what follows the mood are in it.

    Attributes:
        valence: -1 sad to 1 glad; below 0 chords are of the minor key.
        arousal: -1 calm to 1 excited.
    """

    valence: float = 0.0
    arousal: float = 0.0
    where = "A mood"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(
            self.where,
            ("valence", self.valence, _is_number(self.valence, -1, 1), "-1 to 1"),
            ("arousal", self.arousal, _is_number(self.arousal, -1, 1), "-1 to 1"),
        )


@dataclass(frozen=True, kw_only=True)
class ChordAction(Sounding):
    """A chord in four voices, led from the chord before by the rules of harmonization.

    Attributes:
        chords: numerals ("V7", "ii6") in the key, or symbols ("Dm7"); one gesture after the other
            takes the next of them.
    """

    chords: tuple[str, ...]
    velocity: int | str = "mood"
    length: float | str = "next"
    where = "A chord"

    def __post_init__(self) -> None:
        super().__post_init__()
        fits = bool(self.chords) and all(isinstance(c, str) and c.strip() for c in self.chords)
        _check(self.where, ("chord", self.chords, fits, "a numeral as V7, or a symbol as Dm7"))


@dataclass(frozen=True, kw_only=True)
class PhraseAction(Action):
    """A melody in the mood, by the MelodyTransformer; one that still plays gives way to it.

    Attributes:
        bars: how many.
        temperature: above 0: lower is safer.
    """

    bars: int = 2
    temperature: float = 0.8
    channel: int = 2
    where = "A phrase"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(
            self.where,
            ("bars", self.bars, _is_whole(self.bars, 1, 64), "1 to 64"),
            (
                "temperature",
                self.temperature,
                _is_number(self.temperature, 0.01, 10),
                "0.01 to 10",
            ),
        )


@dataclass(frozen=True, kw_only=True)
class DrumsAction(Action):
    """A drum pattern, struck as the GroovePredictor says where one is given.

    Attributes:
        pattern: the pattern as text, a character a sixteenth (see the page on grooves).
        times: how often it is played.
    """

    pattern: str
    times: int = 1
    channel: int = 10
    where = "Drums"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(
            self.where,
            ("pattern", self.pattern, bool(self.pattern.strip()), "a drum pattern"),
            ("times", self.times, _is_whole(self.times, 1, 64), "1 to 64"),
            ("channel", self.channel, self.channel == 10, "10, where drums are"),
        )


@dataclass(frozen=True, kw_only=True)
class Follow:
    """A controller that follows a landmark all through the recording.

    Attributes:
        landmark: its name.
        what: one of its channels; "height" is "y"; "speed" is how fast the landmark goes.
        controller: 0 to 119.
        range: where 0 and 127 are, in the channel's units; the first may be the larger. Empty takes
            what nine tenths of the recording lie between.
        channel: MIDI channel, 1 to 16.
        during: gesture while which it follows; empty is always.
        smooth_seconds: what it is averaged over, backwards.
    """

    landmark: str
    what: str
    controller: int
    range: tuple[float, ...] = ()
    channel: int = 1
    during: str = ""
    smooth_seconds: float = 0.1

    def __post_init__(self) -> None:
        is_range = not self.range or (
            len(self.range) == 2
            and all(_is_number(end, -1e9, 1e9) for end in self.range)
            and self.range[0] != self.range[1]
        )
        _check(
            "A follow",
            ("controller", self.controller, _is_whole(self.controller, 0, 119), "0 to 119"),
            ("range", list(self.range), is_range, "two different numbers, or none"),
            ("channel", self.channel, _is_whole(self.channel, 1, 16), "1 to 16"),
            (
                "smooth_seconds",
                self.smooth_seconds,
                _is_number(self.smooth_seconds, 0, 10),
                "0 to 10",
            ),
        )


@dataclass(frozen=True, kw_only=True)
class PlayConfig:
    """What holds for the whole piece.

    Attributes:
        key: of chords and phrases; empty is C, in the mode that valence gives.
        tempo_bpm: quarters a minute of the MIDI file's grid, and of drums.
        at: whether music begins when a gesture is recognized (as live) or where it started.
        certainty: events that are less certain play nothing.
        melody: folder of a trained MelodyTransformer, for phrases.
        groove: folder of a trained GroovePredictor, for drums; empty strikes them as written.
        seed: of what chance decides.
    """

    key: str = ""
    tempo_bpm: float = 120.0
    at: At = "recognized"
    certainty: float = 0.0
    melody: str = ""
    groove: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        _check(
            "play",
            ("tempo_bpm", self.tempo_bpm, _is_number(self.tempo_bpm, 10, 1000), "10 to 1000"),
            ("at", self.at, self.at in ("recognized", "start"), "recognized, start"),
            ("certainty", self.certainty, _is_number(self.certainty, 0, 1), "0 to 1"),
            ("seed", self.seed, _is_whole(self.seed, 0, 2**32 - 1), "0 to 4294967295"),
        )


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """What gestures play.

    Attributes:
        play: what holds for the whole piece.
        actions: gesture to what it does, all at once.
        follows: controllers that follow landmarks.
        instruments: MIDI channel, 1 to 16, to the General MIDI instrument that it begins with.
    """

    play: PlayConfig = field(default_factory=PlayConfig)
    actions: Table[str, tuple[Action, ...]] = field(default_factory=dict)
    follows: tuple[Follow, ...] = ()
    instruments: Table[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for channel, program in self.instruments.items():
            _check(
                "instruments",
                ("the channel", channel, _is_whole(channel, 1, 16), "1 to 16"),
                ("the program", program, _is_whole(program, 0, 127), "0 to 127"),
            )

    def has(self, kind: type[Action]) -> bool:
        """Whether some gesture does such a thing."""
        return any(isinstance(one, kind) for actions in self.actions.values() for one in actions)

    def check(self, classes: Sequence[str], skeleton: Skeleton) -> None:
        """Refuse a mapping that speaks of what a model does not know.

        Args:
            classes: the model's gestures.
            skeleton: the model's landmarks.

        Raises:
            ConfigError: the first such name, with those that are like it.
        """
        for name in (*self.actions, *(one.during for one in self.follows if one.during)):
            if name not in classes:
                raise ConfigError(
                    f"The mapping names the gesture '{name}', which the model does not know. "
                    f"{did_you_mean(name, classes)}"
                )
        for follow in self.follows:
            if follow.landmark not in skeleton.nodes:
                raise ConfigError(
                    f"The mapping follows the landmark '{follow.landmark}', which the skeleton "
                    f"'{skeleton.name}' does not have. "
                    f"{did_you_mean(follow.landmark, skeleton.nodes)}"
                )
            channel = "y" if follow.what == "height" else follow.what
            if channel != "speed" and channel not in skeleton.channels:
                raise ConfigError(
                    f"The mapping follows '{follow.what}' of {follow.landmark}; the skeleton "
                    f"'{skeleton.name}' has {', '.join(skeleton.channels)}, and there is speed"
                    f"{' and height (y)' if 'y' in skeleton.channels else ''}."
                )
