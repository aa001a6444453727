"""Drum hits of a MIDI file struck as the GroovePredictor says.

A hit keeps what was written and gets what a drummer adds: its velocity moves towards what the model
says, its time moves by the model's offset. Hits of one drum on one step (a flam, a drag) move
together and keep their relation.

Legend: N hits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.companion.groove_balance import of_groups
from chromasonic.companion.groove_evaluation import network_groove
from chromasonic.companion.groove_features import features_of
from chromasonic.companion.network import CompanionNetwork
from chromasonic.errors import ConfigError
from chromasonic.formats.midi_drums import DrumFile, DrumHits
from chromasonic.formats.midi_events import MidiEvents
from chromasonic.formats.midi_performance import seconds_of_ticks
from chromasonic.music.drums import STEPS_PER_QUARTER, DrumGrid, drum_grid

MEANT = 0.15
"""A hit written farther than this share of a step from its sixteenth is meant so (a triplet, a
swing): the model knows sixteenths only and leaves its time alone."""

TRIPLET = 4 / 3
"""Steps of an eighth-note triplet's note."""

RESOLUTION = 480
"""Ticks a quarter that a humanized file has at least: a coarser grid would round offsets away."""

LOOSE_VELOCITY, LOOSE_TIMING, LOOSE_MEMORY = 8.1, 0.10, 0.58
"""How much a drummer differs from himself when a bar comes again: spread of velocity in MIDI units,
spread of timing as a share of a step, and how much of a hit's timing the next one still has.

Source: bars that come four times or more in a take of the Groove MIDI Dataset's training part
(31,315 steps): 1.4826 times the median deviation; correlation of neighbouring steps.
"""

MOST = 4.0

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class HumanizeSettings:
    """How a drum part is humanized.

    Attributes:
        amount: 0 leaves all as it was, 1 goes where the model says, more goes beyond.
        velocity: the same of velocity alone; None is `amount`.
        timing: the same of timing alone; None is `amount`.
        looseness: chance on top: 1 is as much as drummers differ from themselves, 0 none.
        quantize: first put each hit on its nearest sixteenth or triplet eighth; for played input.
        seed: of looseness.
    """

    amount: float = 1.0
    velocity: float | None = None
    timing: float | None = None
    looseness: float = 0.0
    quantize: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("amount", "velocity", "timing", "looseness"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= MOST:
                raise ConfigError(
                    f"{name} is {value}; allowed: 0 (nothing) to {MOST:g}; 1 is as learned."
                )
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed is {self.seed}; allowed: 0 to 4294967295.")


@dataclass(frozen=True, eq=False, kw_only=True)
class HumanizedDrums:
    """A file before and after.

    Attributes:
        data: the bytes of the new MIDI file.
        pitch: (N,) MIDI note of each hit, in the order of their written time.
        quarters, new_quarters: (N,) when it is struck, in quarter notes from the start.
        velocity, new_velocity: (N,) 1 to 127.
        shift_ms: (N,) how much later it is struck, in milliseconds at its tempo.
        is_meant: (N,) whether its time was left alone (see `MEANT`).
        ticks_per_quarter: of the new file.
        first_step: (N,) steps from the start of the music to the hit's bar.
    """

    data: bytes
    pitch: Integers
    quarters: Floats
    new_quarters: Floats
    velocity: Integers
    new_velocity: Integers
    shift_ms: Floats
    is_meant: npt.NDArray[np.bool_]
    ticks_per_quarter: int
    first_step: Integers


def humanize(
    file: DrumFile, network: CompanionNetwork, settings: HumanizeSettings | None = None
) -> HumanizedDrums:
    """Strike the drums of a file as the model says; all else in it stays.

    Hits stay at or after time 0, hits of one drum keep their order, each lasts as long as before
    where its drum's next hit leaves room, and none passes a change of kit.

    Args:
        file: with drums.
        network: the GroovePredictor.
        settings: how much; None is as learned.
    """
    settings = settings or HumanizeSettings()
    hits, ticks = file.hits, file.ticks_per_quarter
    quarters = hits.onset / ticks
    metres = [(tick / ticks, n, d) for tick, n, d in file.events.metres]
    grid = drum_grid(quarters, hits.pitch, hits.velocity, metres)
    features = features_of(grid.onsets)
    groove = network_groove(network, features)
    rng = np.random.default_rng(settings.seed)

    step_velocity = of_groups(groove.velocity, features)
    wanted = step_velocity[grid.hit_bar, grid.hit_group, grid.hit_step].astype(np.float64)
    velocity = _velocities(hits, grid, wanted, settings, rng)

    is_meant = _is_meant(hits, grid)
    amount = settings.amount if settings.timing is None else settings.timing
    offset = groove.offset[grid.hit_bar, grid.hit_step].astype(np.float64)
    shift = np.where(is_meant, 0.0, amount * offset)
    shift += settings.looseness * _drift(grid, rng)
    if settings.quantize:
        shift += np.where(is_meant, _to_triplet(grid), -grid.hit_offset)

    finer = min(max(1, math.ceil(RESOLUTION / ticks)), file.finest)
    onset = _in_order(hits, hits.onset * finer + shift * ticks * finer / STEPS_PER_QUARTER, finer)
    end = _ends(hits, onset, finer)
    new_ticks = ticks * finer
    return HumanizedDrums(
        data=file.with_hits(onset, end, velocity, finer=finer),
        pitch=hits.pitch,
        quarters=quarters,
        new_quarters=onset / new_ticks,
        velocity=hits.velocity,
        new_velocity=velocity,
        shift_ms=_shift_ms(file.events, onset / finer, hits.onset),
        is_meant=is_meant,
        ticks_per_quarter=new_ticks,
        first_step=grid.first_step[grid.hit_bar],
    )


def _velocities(
    hits: DrumHits,
    grid: DrumGrid,
    wanted: Floats,
    settings: HumanizeSettings,
    rng: np.random.Generator,
) -> Integers:
    """New velocities: the loudest of a group on a step as the model says, others in proportion."""
    place = (grid.hit_bar * 16 + grid.hit_step) * 4 + grid.hit_group
    loudest = np.zeros(int(place.max()) + 1)
    np.maximum.at(loudest, place, hits.velocity)
    wanted = wanted * hits.velocity / loudest[place]
    amount = settings.amount if settings.velocity is None else settings.velocity
    velocity = hits.velocity + amount * (wanted - hits.velocity)
    velocity += settings.looseness * LOOSE_VELOCITY * rng.standard_normal(len(hits))
    return np.clip(np.round(velocity), 1, 127).astype(np.int64)


def _is_meant(hits: DrumHits, grid: DrumGrid) -> npt.NDArray[np.bool_]:
    """(N,) whether none of a drum's hits on a step is written near its sixteenth."""
    is_far = np.abs(grid.hit_offset) > MEANT
    _, place = np.unique(
        (grid.hit_bar * 16 + grid.hit_step) * 128 + hits.pitch, return_inverse=True
    )
    has_near = np.zeros(int(place.max()) + 1, bool)
    has_near[place[~is_far]] = True
    return is_far & ~has_near[place]


def _drift(grid: DrumGrid, rng: np.random.Generator) -> Floats:
    """(N,) chance in timing as a share of a step: the same for all hits of a step, and slow."""
    from scipy.signal import lfilter

    step = grid.first_step[grid.hit_bar] + grid.hit_step
    steps, place = np.unique(step, return_inverse=True)
    noise = rng.standard_normal(len(steps)) * math.sqrt(1 - LOOSE_MEMORY**2)
    return LOOSE_TIMING * lfilter([1.0], [1.0, -LOOSE_MEMORY], noise)[place]


def _to_triplet(grid: DrumGrid) -> Floats:
    """(N,) from each hit to the nearest note of an eighth-note triplet."""
    position = grid.hit_step + grid.hit_offset
    return np.round(position / TRIPLET) * TRIPLET - position


def _in_order(hits: DrumHits, wanted: Floats, finer: int) -> Integers:
    """Onsets near the wanted ones that keep every promise.

    Forwards each hit is pushed behind its drum's last one, then backwards in front of the next
    one: what was written keeps all promises, so there is always room.
    """
    earliest, latest = hits.earliest * finer, hits.latest * finer
    onset = np.maximum(np.round(wanted).astype(np.int64), earliest)
    for pitch in np.unique(hits.pitch):
        mine = np.flatnonzero(hits.pitch == pitch)
        # A tick between hits that were apart; those that were struck at once stay so.
        gaps = np.concatenate([[0], np.cumsum(np.diff(hits.onset[mine]) > 0)])
        forward = np.maximum.accumulate(onset[mine] - gaps)
        backward = np.minimum(forward, latest[mine] - gaps)[::-1]
        onset[mine] = np.minimum.accumulate(backward)[::-1] + gaps
    return onset


def _ends(hits: DrumHits, onset: Integers, finer: int) -> Integers:
    """Ends: lengths as written, but none into the next hit of its drum unless it was so."""
    end = onset + np.maximum((hits.end - hits.onset) * finer, 1)
    for pitch in np.unique(hits.pitch):
        mine = np.flatnonzero(hits.pitch == pitch)
        was_apart = hits.end[mine][:-1] <= hits.onset[mine][1:]
        limit = np.where(was_apart, onset[mine][1:], np.iinfo(np.int64).max)
        end[mine[:-1]] = np.maximum(np.minimum(end[mine[:-1]], limit), onset[mine[:-1]] + 1)
    return end


def _shift_ms(events: MidiEvents, new: Floats, old: Integers) -> Floats:
    return 1000 * (seconds_of_ticks(new, events) - seconds_of_ticks(old, events))
