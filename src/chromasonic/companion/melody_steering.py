"""A melody steered by valence and arousal.

The network says each pitch, told valence and arousal as it was in training. Around it stand rules,
each counted on the corpora (`melody_moods`): arousal gives rhythm, tempo, strength and the register
that pitches stay in; valence gives the mode, where the key is left open. The last note is the
tonic. `Steering.by_rules` and `Steering.by_network` turn the two off one by one, so that what each
does can be measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.companion.melody_features import PART, REST, features_of, octave_of
from chromasonic.companion.melody_lines import (
    SIXTEENTH_TICKS,
    UNKNOWN,
    MelodyLine,
    place_in_bar,
)
from chromasonic.companion.melody_moods import Moods, counted_moods
from chromasonic.companion.network import CompanionNetwork, State
from chromasonic.errors import ConfigError, UsageError
from chromasonic.melody_generation.sampling import draw, log_allowed_share
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

COMMON_TIME = Metre(4, 4)
MOST_BARS = 1_000
NEUTRAL_RANGE = (48, 88)
"""Pitches that a melody stays between where no arousal tells its register."""


@dataclass(frozen=True, kw_only=True)
class Steering:
    """What melody is wanted.

    Attributes:
        valence: -1 sad to 1 glad; 0 is unknown to the network.
        arousal: -1 calm to 1 excited; 0 is unknown to the network.
        bars: how many.
        key: None takes the tonic C with the mode that most clips of that sign of valence have.
        metre: a bar must be a whole number of sixteenths.
        temperature: above 0: 1 is as learned, lower is safer.
        top_k: draw among so many of the likeliest pitches; None is all.
        top_p: draw among the likeliest pitches that hold this share.
        by_network: whether the network is told valence and arousal.
        by_rules: whether rhythm, tempo, strength, register and mode follow them.
        tells_key: whether the network is told the key.
    """

    valence: float = 0.0
    arousal: float = 0.0
    bars: int = 16
    key: Key | None = None
    metre: Metre = COMMON_TIME
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    by_network: bool = True
    by_rules: bool = True
    tells_key: bool = True

    def __post_init__(self) -> None:
        for name in ("valence", "arousal"):
            if not -1 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: from -1 to 1.")
        for name, value, is_right, allowed in (
            ("bars", self.bars, 1 <= self.bars <= MOST_BARS, f"from 1 to {MOST_BARS}"),
            ("temperature", self.temperature, 0 < self.temperature < float("inf"), "above 0"),
            ("top_k", self.top_k, self.top_k is None or self.top_k >= 1, "1 or more"),
            ("top_p", self.top_p, 0 < self.top_p <= 1, "above 0 and up to 1"),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {value}; allowed: {allowed}.")


@dataclass(frozen=True, kw_only=True)
class SteeredMelody:
    """A melody and how it is to be played.

    Attributes:
        tune: with its tempo.
        velocity: mean MIDI velocity.
        key: that was taken.
    """

    tune: Tune
    velocity: float
    key: Key


def steer(
    network: CompanionNetwork,
    wanted: Steering,
    *,
    seed: int = 0,
    number: int = 1,
    moods: Moods | None = None,
) -> SteeredMelody:
    """Make a melody; the same network, wishes, seed and number give the same one.

    Args:
        network: a MelodyTransformer.
        wanted: what melody.
        seed: of all that chance decides.
        number: which of several melodies of one seed.
        moods: statistics to go by; None takes those that come with the package.

    Raises:
        UsageError: the network is another one, or the metre has no sixteenths.
    """
    check_network(network)
    moods = moods or counted_moods()
    rules = wanted if wanted.by_rules else None
    arousal = rules.arousal if rules else 0.0
    key = wanted.key or Key("C", _mode(moods, rules.valence if rules else 1.0))
    rhythm_rng, pitch_rng = (np.random.default_rng([seed, number, part]) for part in (0, 1))
    bars = moods.rhythm.draw(bars=wanted.bars, metre=wanted.metre, arousal=arousal, rng=rhythm_rng)
    features = features_of(_silent_line(bars, wanted, key))
    is_allowed = np.repeat(pitches_of_register(moods, wanted)[None], len(features), 0)
    is_last = is_allowed[-1] & (np.arange(128) % 12 == key.tonic_pitch_class)
    is_allowed[-1] = is_last if is_last.any() else is_allowed[-1]
    pitches = drawn_pitches(network, features, is_allowed, wanted, pitch_rng).pitches
    quarters = _between(moods.tempo_bpm, arousal)
    return SteeredMelody(
        tune=_tune(bars, pitches, wanted, key, float(quarters), f"{seed}-{number}"),
        velocity=float(_between(moods.velocity, arousal)),
        key=key,
    )


def check_network(network: CompanionNetwork) -> None:
    """Refuse another network than a MelodyTransformer.

    Raises:
        UsageError: it is another one.
    """
    if network.spec.name != "melody_transformer":
        raise UsageError(
            f"A melody was asked of the {network.spec.title}; the MelodyTransformer makes melodies."
        )


def pitches_of_register(moods: Moods, wanted: Steering) -> npt.NDArray[np.bool_]:
    """(128,) the pitches that a melody stays between."""
    has_register = wanted.by_rules and wanted.arousal
    low, high = _between(moods.register, wanted.arousal) if has_register else NEUTRAL_RANGE
    is_allowed = np.zeros(128, bool)
    is_allowed[max(0, round(low)) : min(127, round(high)) + 1] = True
    return is_allowed


def _mode(moods: Moods, valence: float) -> str:
    """The mode that most clips of this sign of valence have; 0 counts as glad."""
    return "major" if moods.major_share[int(valence >= 0)] >= 0.5 else "minor"


def _between(calm_and_excited: Sequence[object], arousal: float) -> npt.NDArray[np.float64]:
    """On the straight line from the calm figure (arousal -1) to the excited one (1)."""
    calm, excited = (np.asarray(value, np.float64) for value in calm_and_excited)
    return np.asarray(calm + (excited - calm) * (1 + arousal) / 2)


def _silent_line(bars: list[list[int]], wanted: Steering, key: Key) -> MelodyLine:
    """All that is known before the first pitch: rhythm, key and mood."""
    places, lengths = [], []
    for bar in bars:
        done = 0
        for length in bar:
            places.append(place_in_bar(done * SIXTEENTH_TICKS, wanted.metre))
            lengths.append(length)
            done += length
    count = len(places)
    tones = np.zeros((count, 12), np.uint8)
    if wanted.tells_key:
        tones[:, list(key.pitch_classes)] = 1
    tonic = key.tonic_pitch_class if wanted.tells_key else UNKNOWN
    return MelodyLine(
        id="steered",
        corpus="",
        pitch=np.full(count, 60, np.int64),
        place=np.array(places, np.int8),
        length=np.array(lengths, np.float32),
        after_rest=np.arange(count) == 0,
        chord=np.zeros((count, 12), np.uint8),
        key=tones,
        tonic=np.full(count, tonic, np.int8),
        valence=wanted.valence if wanted.by_network else 0.0,
        arousal=wanted.arousal if wanted.by_network else 0.0,
    )


@dataclass(frozen=True)
class DrawnPitches:
    """Pitches of notes in a row.

    Attributes:
        pitches: one a note.
        state: of the network after the step of the last.
        log_weight: log of the probability that the network, left to itself, would have kept within
            what was allowed.
    """

    pitches: list[int]
    state: State | None
    log_weight: float


def drawn_pitches(
    network: CompanionNetwork,
    features: npt.NDArray[np.float32],
    is_allowed: npt.NDArray[np.bool_],
    wanted: Steering,
    rng: np.random.Generator,
    *,
    last_pitch: int | None = None,
    state: State | None = None,
) -> DrawnPitches:
    """The network's pitches, one by one, its state carried on.

    Args:
        network: in evaluation mode.
        features: (N, 64) of these notes; their last pitches are written here.
        is_allowed: (N, 128) which pitches each may have.
        wanted: how boldly they are drawn.
        rng: decides.
        last_pitch: before the first of them; None: none.
        state: of the network before them.
    """
    pitches: list[int] = []
    log_weight = 0.0
    device = next(network.parameters()).device
    network.eval()
    with torch.no_grad():
        for row, may in zip(features, is_allowed, strict=True):
            if last_pitch is not None:
                set_last_pitch(row, last_pitch)
            values = torch.from_numpy(row)[None, None].to(device)
            logits, state = network.step(values, state)
            logits_BV = logits[:, 0].double().cpu().numpy()
            share_B = log_allowed_share(logits_BV, may[None], temperature=wanted.temperature)
            log_weight += float(share_B[0])
            chosen = draw(
                logits_BV,
                may[None],
                np.array([rng.random()]),
                temperature=wanted.temperature,
                top_k=wanted.top_k,
                top_p=wanted.top_p,
            )
            last_pitch = int(chosen[0])
            pitches.append(last_pitch)
    return DrawnPitches(pitches, state, log_weight)


def set_last_pitch(row: npt.NDArray[np.float32], pitch: int) -> None:
    """Write the last pitch into the features (64,) of a step, in place of another."""
    start = PART["last_pitch_class"].start
    row[start : start + REST] = 0
    row[PART["last_octave"]] = 0
    row[start + pitch % 12] = 1
    row[PART["last_octave"].start + int(octave_of(np.array([pitch]))[0])] = 1


def _tune(
    bars: list[list[int]],
    pitches: list[int],
    wanted: Steering,
    key: Key,
    quarters_a_minute: float,
    name: str,
) -> Tune:
    remaining = iter(pitches)
    written = tuple(
        Bar(
            tuple(Note(length * SIXTEENTH_TICKS, next(remaining)) for length in bar),
            wanted.metre,
            key,
            closes_section=number == len(bars) - 1,
        )
        for number, bar in enumerate(bars)
    )
    beat = wanted.metre.beat_ticks
    return Tune(
        id=f"steered-{name}",
        title=f"Valence {wanted.valence:+g}, arousal {wanted.arousal:+g}",
        bars=written,
        tempo_bpm=round(quarters_a_minute * TICKS_PER_QUARTER / beat, 1),
        source="chromasonic",
    )
