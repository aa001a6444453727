"""A pattern of sixteenths that goes round: as written, and as the GroovePredictor strikes it.

Unlike in a file (`groove_humanizing`), a hit on the first step may come early: it is struck at the
end of the round before. Swing is part of what is written: both versions have it. So are accents and
ghost notes: what is written louder or softer than `PLAIN` stays so in proportion.

A bar of 3/4 or 6/8 has 12 steps; the model sees it as the first 12 of its 16, as it saw the few
bars of these metres that it learned from.

Legend: N hits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from chromasonic.companion.groove_humanizing import HumanizeSettings, humanize
from chromasonic.companion.network import CompanionNetwork
from chromasonic.errors import ConfigError, UsageError
from chromasonic.formats.drum_pattern import hits_midi
from chromasonic.formats.midi_drums import DrumFile
from chromasonic.formats.midi_events import DRUM_CHANNEL
from chromasonic.formats.midi_messages import SoundedNote, messages_midi
from chromasonic.music.drum_patterns import METRES, bar_steps
from chromasonic.music.drums import STEPS_PER_QUARTER

BARS = (1, 2, 4)
MOST_HITS = 64 * 16
TEMPO_BPM = (30.0, 300.0)
SWING = (50.0, 75.0)
"""Share of a pair that its first note takes, in percent: even, 66.7 is a triplet, dotted."""

HIT_SECONDS = 0.05

PLAIN = 100
"""Velocity of a hit that is neither accented nor a ghost note."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Hits on the grid.

    Attributes:
        hits: (sixteenth from 0, MIDI note, velocity 1 to 127), each place of a drum once.
        bars: how many bars go round: 1, 2 or 4.
        tempo_bpm: quarter notes a minute.
        swing: percent of a pair that its first note takes, 50 (even) to 75.
        swung: which notes swing: 16 sixteenths, 8 eighths.
        metre: "4/4" (16 steps a bar), "3/4" or "6/8" (12).

    Raises:
        ConfigError: a value is out of range.
        UsageError: there is no hit, or one lies outside.
    """

    hits: Sequence[tuple[int, int, int]]
    bars: int = 1
    tempo_bpm: float = 120.0
    swing: float = 50.0
    swung: int = 16
    metre: str = "4/4"

    def __post_init__(self) -> None:
        checks = (
            ("metre", self.metre, self.metre in METRES, ", ".join(METRES)),
            ("bars", self.bars, self.bars in BARS, "1, 2 or 4"),
            ("tempo_bpm", self.tempo_bpm, _within(self.tempo_bpm, TEMPO_BPM), "30 to 300"),
            ("swing", self.swing, _within(self.swing, SWING), "50 (even) to 75 percent"),
            ("swung", self.swung, self.swung in (8, 16), "8 (eighths) or 16 (sixteenths)"),
        )
        for name, value, is_right, allowed in checks:
            if not is_right:
                raise ConfigError(f"{name} is {value}; allowed: {allowed}.")
        if not self.hits:
            raise UsageError("The pattern has no hit yet. Put one on the grid.")
        if len(self.hits) > MOST_HITS:
            raise UsageError(f"The pattern has {len(self.hits)} hits; allowed: {MOST_HITS}.")
        if len({hit[:2] for hit in self.hits}) < len(self.hits):
            raise UsageError("The pattern has two hits of one drum on one step; allowed: one.")
        for step, pitch, velocity in self.hits:
            if not (0 <= step < self.steps and 0 <= pitch <= 127 and 1 <= velocity <= 127):
                raise UsageError(
                    f"The hit (step {step}, drum {pitch}, velocity {velocity}) is none of the "
                    f"pattern's: steps 0 to {self.steps - 1}, drums 0 to 127, velocity 1 to 127."
                )

    @property
    def bar_steps(self) -> int:
        """How many sixteenths a bar has."""
        return bar_steps(self.metre)

    @property
    def steps(self) -> int:
        """How many sixteenths it has."""
        return self.bars * self.bar_steps

    @property
    def step_seconds(self) -> float:
        """Length of a sixteenth."""
        return 60 / self.tempo_bpm / STEPS_PER_QUARTER

    @property
    def seconds(self) -> float:
        """Length of a round."""
        return self.steps * self.step_seconds

    def seconds_of_steps(self, steps: npt.ArrayLike) -> Floats:
        """When steps are struck as written, swing included, in seconds from the round's start."""
        at = np.asarray(steps, np.float64)
        pair = 2.0 if self.swung == 16 else 4.0
        begin = np.floor(at / pair) * pair
        inside, first = (at - begin) / pair, self.swing / 100
        swung = np.where(inside < 0.5, inside * 2 * first, first + (inside - 0.5) * 2 * (1 - first))
        return (begin + swung * pair) * self.step_seconds


@dataclass(frozen=True, kw_only=True, eq=False)
class PatternGroove:
    """A pattern's hits in the order of steps, then of drums: as written and as struck.

    Attributes:
        pattern: what was written.
        step, pitch, velocity: (N,) of each hit.
        onset_seconds: (N,) as written, swing included.
        new_velocity: (N,) as struck, 1 to 127.
        shift_ms: (N,) how much later it is struck.
    """

    pattern: Pattern
    step: Integers
    pitch: Integers
    velocity: Integers
    onset_seconds: Floats
    new_velocity: Integers
    shift_ms: Floats = field(repr=False)

    @property
    def new_onset_seconds(self) -> Floats:
        """(N,) when it is struck; a little before 0 where the first step comes early."""
        return self.onset_seconds + self.shift_ms / 1000

    def midi(self, *, is_humanized: bool, title: str = "") -> bytes:
        """The bytes of a MIDI file of one round.

        What comes before its beginning is struck at it: a file knows no earlier.
        """
        onset = self.new_onset_seconds if is_humanized else self.onset_seconds
        velocity = self.new_velocity if is_humanized else self.velocity
        columns = zip(
            np.maximum(onset, 0.0).tolist(), self.pitch.tolist(), velocity.tolist(), strict=True
        )
        notes = [
            SoundedNote(
                start=at,
                end=at + min(HIT_SECONDS, self.pattern.step_seconds / 2),
                pitch=pitch,
                velocity=strength,
                channel=DRUM_CHANNEL,
            )
            for at, pitch, strength in columns
        ]
        return messages_midi(
            notes,
            tempo_bpm=self.pattern.tempo_bpm,
            title=title,
            seconds=self.pattern.seconds,
            metre=METRES[self.pattern.metre],
        )


def humanize_pattern(
    pattern: Pattern, network: CompanionNetwork, settings: HumanizeSettings | None = None
) -> PatternGroove:
    """Strike a pattern as the model says.

    Args:
        pattern: what is written.
        network: the GroovePredictor.
        settings: how much; None is as learned.
    """
    # An empty bar stands before it, so that nothing is held back by the file's beginning.
    before = pattern.bar_steps
    shifted = [(step + before, pitch, PLAIN) for step, pitch, _ in pattern.hits]
    data = hits_midi(
        shifted,
        tempo_bpm=pattern.tempo_bpm,
        steps=pattern.steps + before,
        metre=METRES[pattern.metre],
    )
    played = humanize(DrumFile(data, "The pattern"), network, settings)
    step = np.round(played.quarters * STEPS_PER_QUARTER).astype(np.int64) - before
    written = {(at, pitch): velocity for at, pitch, velocity in pattern.hits}
    places = zip(step.tolist(), played.pitch.tolist(), strict=True)
    velocity = np.array([written[place] for place in places], np.int64)
    struck = np.round(played.new_velocity * velocity / PLAIN).astype(np.int64)
    return PatternGroove(
        pattern=pattern,
        step=step,
        pitch=played.pitch,
        velocity=velocity,
        onset_seconds=pattern.seconds_of_steps(step),
        new_velocity=np.clip(struck, 1, 127),
        shift_ms=played.shift_ms,
    )


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
