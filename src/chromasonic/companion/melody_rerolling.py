"""One bar of a steered melody written anew by the MelodyTransformer itself, the rest kept.

So many bars are drawn as `melody_steering` would: a rhythm by the rules of arousal, then the
network's pitches after those that stand before. One of them is chosen by the likelihood that the
network gives to what holds it (register, a last note that must be this or that) and to the pitches
after it: nearly a draw from the bars that fit on both sides.

Source: sampling-importance resampling, D. B. Rubin, "Using the SIR algorithm to simulate posterior
distributions" (1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from chromasonic.companion.melody_features import features_of
from chromasonic.companion.melody_lines import SIXTEENTH_TICKS, UNKNOWN, line_of_tune
from chromasonic.companion.melody_moods import Moods, counted_moods
from chromasonic.companion.melody_steering import (
    Steering,
    check_network,
    drawn_pitches,
    pitches_of_register,
)
from chromasonic.companion.network import CompanionNetwork, State
from chromasonic.errors import UsageError
from chromasonic.melody_generation.sampling import draw_by_log_weight
from chromasonic.music.tune import Bar, Note, Tune

CANDIDATES = 24
BARS_AFTER = 4
"""So many bars after the new one have a say in which it is."""


def reroll_steered_bar(
    network: CompanionNetwork,
    tune: Tune,
    number: int,
    wanted: Steering,
    *,
    seed: int = 0,
    avoid: Sequence[Bar] = (),
    moods: Moods | None = None,
) -> Tune:
    """The tune with one bar of new notes, all other bars as they are.

    The last bar ends on the tonic, as a steered melody does; a note that the next bar holds on is
    kept as the last. A bar that stood there before is taken only where nothing else was found.

    Args:
        network: a MelodyTransformer.
        tune: that `melody_steering.steer` wrote; other bars of it may have been written anew.
        number: which bar, from 1.
        wanted: what the melody was steered by; key and metre are the tune's own.
        seed: at least 0; the same seed gives the same bar.
        avoid: versions of the bar that were there before.
        moods: statistics to go by; None takes those that come with the package.

    Raises:
        UsageError: the network is another one, there is no such bar, or it is not a full one.
    """
    check_network(network)
    place = _place_of(tune, number, wanted)
    moods = moods or counted_moods()
    unwanted = {_sound(bar) for bar in (tune.bars[number - 1], *avoid)}
    network.eval()
    with torch.no_grad():
        state = _state_before(network, place)
        chances = [np.random.default_rng([seed, number, one]) for one in range(CANDIDATES)]
        drawn = [_drawn(network, place, moods, state, chance) for chance in chances]
    new = [one for one in drawn if _sound(one.tune.bars[number - 1]) not in unwanted] or drawn
    weights = np.array([one.log_weight for one in new])
    return new[draw_by_log_weight(weights, np.random.default_rng([seed, number]))].tune


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A bar in its tune.

    Attributes:
        tune: as it is.
        index: of the bar.
        first: how many notes begin before it.
        held_pitch: pitch that the next bar holds on from this one, or None.
        wanted: what the melody is steered by.
    """

    tune: Tune
    index: int
    first: int
    held_pitch: int | None
    wanted: Steering

    @property
    def is_last(self) -> bool:
        """Whether the tune ends with this bar."""
        return self.index == len(self.tune.bars) - 1


@dataclass(frozen=True)
class _Drawn:
    """The tune with a new bar, and how likely what holds it and what follows it are, as a log."""

    tune: Tune
    log_weight: float


def _place_of(tune: Tune, number: int, wanted: Steering) -> _Place:
    count = len(tune.bars)
    if not 1 <= number <= count:
        raise UsageError(f"There is no bar {number}: the tune has bars 1 to {count}.")
    bar = tune.bars[number - 1]
    if not bar.is_full or bar.metre is None:
        raise UsageError(f"Bar {number} is not full; the MelodyTransformer writes full bars only.")
    following = tune.bars[number] if number < count else None
    held = following.notes[0] if following and following.notes and following.notes[0].tied else None
    start = sum(one.duration for one in tune.bars[: number - 1])
    return _Place(
        tune=tune,
        index=number - 1,
        first=sum(1 for onset, _, _ in tune.sounding() if onset < start),
        held_pitch=held.pitch if held else None,
        wanted=replace(wanted, key=bar.key, metre=bar.metre),
    )


def _features(tune: Tune, wanted: Steering) -> npt.NDArray[np.float32]:
    """The network's inputs (N, 64) for a whole tune, told what it was steered by."""
    line = line_of_tune(tune).without_chords()
    if not wanted.tells_key:
        unknown = np.full_like(line.tonic, UNKNOWN)
        line = replace(line, key=np.zeros_like(line.key), tonic=unknown)
    told = wanted if wanted.by_network else Steering()
    return features_of(replace(line, valence=told.valence, arousal=told.arousal))


def _state_before(network: CompanionNetwork, place: _Place) -> State | None:
    """The network's state after the steps of the notes before the bar."""
    if not place.first:
        return None
    features = _features(place.tune, place.wanted)[None, : place.first]
    return network.step(torch.from_numpy(features).to(_device(network)))[1]


def _drawn(
    network: CompanionNetwork,
    place: _Place,
    moods: Moods,
    state: State | None,
    chance: np.random.Generator,
) -> _Drawn:
    """One way in which the bar may go."""
    wanted = place.wanted
    metre, arousal = wanted.metre, wanted.arousal if wanted.by_rules else 0.0
    # Of two bars the first is one within a tune; of one bar the only one is a last bar.
    rhythm = moods.rhythm.draw(
        bars=1 if place.is_last else 2, metre=metre, arousal=arousal, rng=chance
    )[0]
    silent = _with_bar(place, rhythm, [60] * len(rhythm))
    rows = _features(silent, wanted)[place.first : place.first + len(rhythm)]
    register = pitches_of_register(moods, wanted)
    is_allowed = np.repeat(register[None], len(rhythm), 0)
    is_allowed[-1] = _last_allowed(place, register)
    last = list(place.tune.sounding())[place.first - 1][2] if place.first else None
    bar = drawn_pitches(network, rows, is_allowed, wanted, chance, last_pitch=last, state=state)
    tune = _with_bar(place, rhythm, bar.pitches)
    follows = _log_likelihood(network, place, tune, len(rhythm), bar.state)
    return _Drawn(tune, bar.log_weight + follows)


def _last_allowed(place: _Place, register: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(128,) what the bar's last pitch may be."""
    numbers = np.arange(128)
    if place.held_pitch is not None:
        return numbers == place.held_pitch
    if place.is_last and place.wanted.key is not None:
        tonic = register & (numbers % 12 == place.wanted.key.tonic_pitch_class)
        return tonic if tonic.any() else register
    return register


def _with_bar(place: _Place, rhythm: Sequence[int], pitches: Sequence[int]) -> Tune:
    """The tune with these notes in the bar; rhythm in sixteenths."""
    notes = tuple(
        Note(length * SIXTEENTH_TICKS, pitch) for length, pitch in zip(rhythm, pitches, strict=True)
    )
    bars = list(place.tune.bars)
    bars[place.index] = replace(bars[place.index], notes=notes)
    return replace(place.tune, bars=tuple(bars))


def _log_likelihood(
    network: CompanionNetwork, place: _Place, tune: Tune, count: int, state: State | None
) -> float:
    """Log of the network's probability of the pitches that begin in the bars after the new one."""
    end = sum(bar.duration for bar in tune.bars[: place.index + 1 + BARS_AFTER])
    heard = [pitch for onset, _, pitch in tune.sounding() if onset < end]
    first = place.first + count
    if first >= len(heard):
        return 0.0
    rows = _features(tune, place.wanted)[None, first : len(heard)]
    logits, _ = network.step(torch.from_numpy(rows).to(_device(network)), state)
    log_p = torch.log_softmax(logits[0].double(), dim=-1).cpu()
    return float(log_p.gather(1, torch.tensor(heard[first:])[:, None]).sum())


def _sound(bar: Bar) -> tuple[tuple[int, int | None, bool], ...]:
    """What is heard of a bar."""
    return tuple((note.duration, note.pitch, note.tied) for note in bar.notes)


def _device(network: CompanionNetwork) -> torch.device:
    return next(network.parameters()).device
