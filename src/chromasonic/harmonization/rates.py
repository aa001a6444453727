"""How often four voices break a rule, or move contrary, counted on every sixteenth.

The same predicates that make the reward are asked here of what sounds, so that Bach's own voices,
passing notes included, and an agent's, laid under the melody's own sixteenths, are counted by the
same code. Steps at which a voice is silent before or after are left out.

Source: the counts follow the error rates usual for generated chorales (D. Liang and others,
"Automatic Stylistic Composition of Bach Chorales with Deep LSTM", ISMIR 2017), with the
denominators written out, since the literature often leaves them open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.statistics import bootstrap_ratio
from chromasonic.harmonization import motion_rules as motion
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.melodies import TICKS_PER_STEP
from chromasonic.music.chorale import SILENT

Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

STEPS = "changed steps"
"""Sixteenths at which at least one voice takes another pitch, all voices sounding on both sides."""
FRAMES = "sounding sixteenths"
"""Sixteenths at which all voices sound."""
OUTER_MOVES = "steps at which both outer voices move"
VOICE_MOVES = "moves of the lower voices"
"""Changes of pitch of alto, tenor and bass, each counted by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One rate.

    Attributes:
        name: short and stable, as in tables and files.
        text: what is counted, in a table.
        over: what it is divided by.
        count: `(before, after) -> (N,)` counts of steps, both (N, V); for frames `(pitches) ->`.
        is_error: whether fewer is better.
    """

    name: str
    text: str
    over: str
    count: Callable[..., Any]
    is_error: bool = True


def _of_pairs(predicate: Callable[..., Truths], pairs: str) -> Callable[..., Integers]:
    """Counts of a predicate on two voices over pairs of them: "all", "neighbours", "outer"."""

    def count(before: Integers, after: Integers) -> Integers:
        total = np.zeros(len(before), np.int64)
        for a, b in pairs_of(before.shape[1], pairs):
            total += predicate(before[:, a], before[:, b], after[:, a], after[:, b])
        return total

    return count


def pairs_of(voices: int, which: str) -> list[tuple[int, int]]:
    """Pairs of voices, upper first: "all", "neighbours" or "outer"."""
    if which == "all":
        return list(combinations(range(voices), 2))
    if which == "neighbours":
        return [(voice, voice + 1) for voice in range(voices - 1)]
    return [(0, voices - 1)]


def _of_lower_voices(predicate: Callable[..., Truths]) -> Callable[..., Integers]:
    def count(before: Integers, after: Integers) -> Integers:
        return np.asarray(predicate(before[:, 1:], after[:, 1:])).sum(1)

    return count


def _crossed(pitches: Integers) -> Truths:
    return np.asarray((pitches[:, :-1] < pitches[:, 1:]).any(1))


def _is_wide(pitches: Integers) -> Truths:
    return np.asarray((pitches[:, :-2] - pitches[:, 1:-1] > 12).any(1))


RATES: dict[str, Rate] = {
    rate.name: rate
    for rate in (
        Rate(name="parallel_fifths", text="parallel fifths, all pairs", over=STEPS,
             count=_of_pairs(motion.parallel_fifths, "all")),
        Rate(name="parallel_octaves", text="parallel octaves and unisons, all pairs", over=STEPS,
             count=_of_pairs(motion.parallel_octaves, "all")),
        Rate(name="contrary_perfect", text="fifths or octaves by contrary motion, all pairs",
             over=STEPS, count=_of_pairs(motion.contrary_perfect, "all")),
        Rate(name="hidden_fifths", text="hidden fifths, outer voices", over=STEPS,
             count=_of_pairs(motion.hidden_fifths, "outer")),
        Rate(name="hidden_octaves", text="hidden octaves, outer voices", over=STEPS,
             count=_of_pairs(motion.hidden_octaves, "outer")),
        Rate(name="overlap", text="overlap of neighbours", over=STEPS,
             count=_of_pairs(motion.overlap, "neighbours")),
        Rate(name="crossing", text="voices crossed", over=FRAMES, count=_crossed),
        Rate(name="wide_gap", text="over an octave between upper voices", over=FRAMES,
             count=_is_wide),
        Rate(name="wide_leap", text="leaps beyond a fifth", over=VOICE_MOVES,
             count=_of_lower_voices(motion.wide_leap)),
        Rate(name="tritone_leap", text="leaps by a tritone", over=VOICE_MOVES,
             count=_of_lower_voices(motion.tritone_leap)),
        Rate(name="contrary", text="contrary motion of the outer voices", over=OUTER_MOVES,
             count=_of_pairs(motion.contrary, "outer"), is_error=False),
    )
}  # fmt: skip
"""All rates by name."""


def voices_on_sixteenths(harmonization: Harmonization, soprano: npt.ArrayLike) -> Integers:
    """What sounds of a harmonization: the melody as it is, the other voices from beat to beat.

    Args:
        harmonization: of a melody on sixteenths, two voices or four.
        soprano: (T,) the melody at each sixteenth; `SILENT` where it rests.

    Returns:
        (T, V) MIDI numbers; the lower voices are `SILENT` where no beat sounds.
    """
    soprano = np.asarray(soprano, np.int64)
    pitches = harmonization.voicings.pitches
    found = np.full((len(soprano), pitches.shape[1]), SILENT)
    found[:, 0] = soprano
    first = harmonization.melody.onset // TICKS_PER_STEP
    last = (harmonization.melody.onset + harmonization.melody.duration) // TICKS_PER_STEP
    for row, start, end in zip(pitches, first.tolist(), last.tolist(), strict=True):
        found[start:end, 1:] = row[1:]
    return found


def count_rates(pitches: npt.ArrayLike) -> dict[str, tuple[int, int]]:
    """Each rate of one piece as (how often, out of how many), so that pieces can be summed.

    Args:
        pitches: (T, V) MIDI numbers at each sixteenth, highest voice first, two voices or more;
            `SILENT` (or anything below 0) where a voice rests.

    Raises:
        UsageError: the pitches are no table of two voices or more.
    """
    pitches = np.asarray(pitches, np.int64)
    if pitches.ndim != 2 or pitches.shape[1] < 2:
        raise UsageError(
            f"Pitches of shape {pitches.shape} were given; rates want one row a sixteenth and "
            "one column a voice, two voices or more."
        )
    sounds: Truths = np.all(pitches > SILENT, axis=1)
    frames = pitches[sounds]
    steps = np.flatnonzero(sounds[:-1] & sounds[1:])
    before, after = pitches[steps], pitches[steps + 1]
    changes: Truths = (before != after).any(1)
    before, after = before[changes], after[changes]
    out_of = {
        STEPS: len(before),
        FRAMES: len(frames),
        OUTER_MOVES: int(
            motion.both_move(before[:, 0], before[:, -1], after[:, 0], after[:, -1]).sum()
        ),
        VOICE_MOVES: int((before[:, 1:] != after[:, 1:]).sum()),
    }
    found = {}
    for rate in RATES.values():
        arguments = (frames,) if rate.over == FRAMES else (before, after)
        found[rate.name] = (int(np.sum(rate.count(*arguments))), out_of[rate.over])
    return found


def rates_over_pieces(
    counts: Sequence[dict[str, tuple[int, int]]], *, seed: int = 0
) -> dict[str, Figure]:
    """Each rate over several pieces, with a 95% interval by resampling whole pieces.

    Args:
        counts: `count_rates` of each piece.
        seed: chooses the resamples.
    """
    return {
        name: bootstrap_ratio(
            [piece[name][0] for piece in counts],
            [piece[name][1] for piece in counts],
            unit=f"of {rate.over}",
            seed=seed,
        )
        for name, rate in RATES.items()
    }
