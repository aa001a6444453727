"""Beats of a performance, estimated from its notes alone.

An onset curve, weighted by velocity; its local periodicity, followed through the piece; then the
beats that fit both best, by dynamic programming. Bar lines are where accents repeat.

Source: Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36 (2007),
equations 1 to 4 (the objective, its recursion, the prior of tempo).
The salience of notes (by strength, length and depth) is an idea of Dixon, "Automatic extraction of
tempo and beat from expressive performances", Journal of New Music Research 30 (2001).
Differs: the onset curve is made of notes, not of a spectrum; and the period may change through the
piece (a path through local autocorrelations that pays for leaps), as in expressive playing it does.

Legend: F frames, L lags, B beats, N notes, K local windows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import ConfigError, DataError
from chromasonic.music.bar_grid import Beats, place_onsets
from chromasonic.music.performance import PlayedNotes

__all__ = ["BeatTracking", "Beats", "estimate_beats", "place_onsets"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class BeatTracking:
    """Settings of `estimate_beats`; chosen on the training part of ASAP.

    Attributes:
        frame_seconds: grid of the onset curve.
        blur_seconds: standard deviation of the bump that each onset makes on it.
        centre_seconds: the beat that is likeliest beforehand.
        spread_octaves: standard deviation of that guess, in doublings.
        shortest_seconds, longest_seconds: limits of a beat.
        window_seconds: over which the periodicity is local.
        leap_cost: what a doubling of the period costs between two local windows, squared.
        tightness: how much an uneven beat costs beside an onset on it (Ellis's alpha).
    """

    frame_seconds: float = 0.01
    blur_seconds: float = 0.02
    centre_seconds: float = 0.5
    spread_octaves: float = 1.3
    shortest_seconds: float = 0.25
    longest_seconds: float = 1.5
    window_seconds: float = 8.0
    leap_cost: float = 20.0
    tightness: float = 20.0

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if not 0 < getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be above 0.")
        if self.shortest_seconds >= self.longest_seconds:
            raise ConfigError(
                f"shortest_seconds is {self.shortest_seconds}, which is not below longest_seconds "
                f"({self.longest_seconds})."
            )


DEFAULTS = BeatTracking()

LONG_SECONDS = 1.0
"""A longer note is no more salient."""

BASS = 50
"""Pitches below this MIDI number are the bass."""


def estimate_beats(notes: PlayedNotes, tracking: BeatTracking = DEFAULTS) -> Beats:
    """Where the beats and bar lines of a performance most likely are.

    Beats are quarters; bars have 4 or 3 of them. The same notes give the same beats.

    Args:
        notes: in the order of their onsets.
        tracking: settings.

    Raises:
        DataError: there is no note at all. Notes that say nothing about a beat (one chord) get
            even beats of `centre_seconds`.
    """
    if not len(notes):
        raise DataError("A performance without any note has no beats.")
    start, end = float(notes.onset_seconds[0]), float(notes.onset_seconds[-1])
    if end - start < 2 * tracking.shortest_seconds:
        return Beats.even(start + tracking.centre_seconds * np.arange(2))
    curve_F = onset_curve(notes, tracking)
    period_F = _local_periods(curve_F, tracking)
    frames_B = _best_beats(curve_F, period_F, tracking.tightness)
    seconds_B = start + frames_B * tracking.frame_seconds
    if len(seconds_B) < 2:
        return Beats.even(start + tracking.centre_seconds * np.arange(2))
    beats_a_bar, phase = _bar_lines(notes, seconds_B)
    return Beats.even(seconds_B, beats_a_bar=beats_a_bar, first_downbeat=phase)


def onset_curve(notes: PlayedNotes, tracking: BeatTracking = DEFAULTS) -> Floats:
    """How much begins around each frame (F,), from the first onset to the last, in units of its own
    standard deviation."""
    frame = tracking.frame_seconds
    places = (notes.onset_seconds - notes.onset_seconds[0]) / frame
    count = int(places[-1]) + 2
    # What is loud, long and low is likelier to be on a beat.
    lengths = np.minimum(notes.end_seconds - notes.onset_seconds, LONG_SECONDS)
    salience = notes.velocity / 64.0 * (1 + 2 * lengths) * np.where(notes.pitch < BASS, 2.0, 1.0)
    # Chords count for more than their most salient note, for a little less than their sum.
    curve = np.bincount(np.rint(places).astype(int), salience, count) ** 0.8
    width = tracking.blur_seconds / frame
    reach = np.arange(-int(4 * width), int(4 * width) + 1)
    curve = np.convolve(curve, np.exp(-0.5 * (reach / width) ** 2))[reach[-1] :][:count]
    return curve / curve.std()


def _local_periods(curve_F: Floats, tracking: BeatTracking) -> Floats:
    """The beat's length around each frame (F,), in frames."""
    frame = tracking.frame_seconds
    lags_L = np.arange(
        round(tracking.shortest_seconds / frame), round(tracking.longest_seconds / frame) + 1
    )
    size = round(tracking.window_seconds / frame)
    hop = size // 4
    centres = np.arange(0, len(curve_F), hop)
    octaves = np.log2(lags_L * frame / tracking.centre_seconds)
    prior_L = np.exp(-0.5 * (octaves / tracking.spread_octaves) ** 2)
    scores = np.stack(
        [_periodicity(curve_F, centre, size, lags_L) * prior_L for centre in centres.tolist()]
    )  # (K, L)
    path = _smooth_path(scores, np.log2(lags_L), tracking.leap_cost)
    return np.interp(np.arange(len(curve_F)), centres, lags_L[path].astype(np.float64))


def _periodicity(curve_F: Floats, centre: int, size: int, lags_L: npt.NDArray[np.int64]) -> Floats:
    """Autocorrelation at each lag (L,) of the curve around a frame, at most about 1."""
    piece = curve_F[max(0, centre - size // 2) : centre + size // 2 + 1]
    piece = piece - piece.mean()
    length = 1 << (len(piece) + int(lags_L[-1])).bit_length()
    spectrum = np.fft.rfft(piece, length)
    correlation = np.fft.irfft(spectrum * spectrum.conj(), length)
    strength = correlation[0]
    if strength <= 0:
        return np.zeros(len(lags_L))
    return np.asarray(np.maximum(correlation[lags_L], 0.0) / strength, np.float64)


def _smooth_path(scores: Floats, octaves_L: Floats, leap_cost: float) -> npt.NDArray[np.int64]:
    """For each window the lag (K,) of the path with the highest sum of scores less its leaps."""
    leaps = leap_cost * (octaves_L[:, None] - octaves_L[None, :]) ** 2
    total, back = scores[0].copy(), []
    for score in scores[1:]:
        candidates = total[None, :] - leaps
        best = candidates.argmax(axis=1)
        back.append(best)
        total = score + candidates[np.arange(len(best)), best]
    path = [int(total.argmax())]
    for best in reversed(back):
        path.append(int(best[path[-1]]))
    return np.array(path[::-1])


def _best_beats(curve_F: Floats, period_F: Floats, tightness: float) -> Floats:
    """Frames (B,) that maximize onsets on beats less the cost of uneven beats (equation 4)."""
    count = len(curve_F)
    periods, of_F = np.unique(np.rint(period_F).astype(np.int64), return_inverse=True)
    gaps_G = np.arange(max(1, periods[0] // 2), 2 * periods[-1] + 1)
    costs_PG = np.stack([_costs_of_gaps(gaps_G, period, tightness) for period in periods.tolist()])
    nearest, farthest = int(gaps_G[0]), int(gaps_G[-1])
    # No beat comes before the first frame; a window ends with the nearest gap of its frame.
    padded = np.concatenate([np.full(farthest, -np.inf), curve_F])
    score, back = padded[farthest:], np.full(count, -1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(gaps_G))[:, ::-1]
    for first in range(0, count, nearest):  # frames that are too near to be beats of one another
        frames = np.arange(first, min(count, first + nearest))
        candidates = windows[first : first + len(frames)] - costs_PG[of_F[frames]]
        best = candidates.argmax(axis=1)
        gain = candidates[np.arange(len(frames)), best]
        is_better = gain > 0
        score[frames[is_better]] += gain[is_better]
        back[frames[is_better]] = (frames - gaps_G[best])[is_better]
    last = min(count, round(period_F[-1]))
    frame = count - last + int(score[-last:].argmax())
    chosen = [frame]
    while back[chosen[-1]] >= 0:
        chosen.append(int(back[chosen[-1]]))
    return np.array(chosen[::-1], np.float64)


def _costs_of_gaps(gaps_G: npt.NDArray[np.int64], period: int, tightness: float) -> Floats:
    """Of each gap between two beats (G,); infinite from half a period down and two periods up."""
    is_near = (gaps_G >= max(1, period // 2)) & (gaps_G <= 2 * period)
    return np.where(is_near, tightness * np.log(gaps_G / period) ** 2, np.inf)


def _bar_lines(notes: PlayedNotes, seconds_B: Floats) -> tuple[int, int]:
    """Beats a bar (4 or 3) and the first downbeat: where accents repeat most clearly."""
    accents = _accents(notes, seconds_B)
    best, answer = -np.inf, (4, 0)
    for beats_a_bar in (4, 3):
        for phase in range(min(beats_a_bar, len(accents))):
            on = accents[phase::beats_a_bar]
            # The mean's z-score: a metre with fewer bars has to show a larger difference.
            clarity = on.mean() * np.sqrt(len(on))
            if clarity > best:
                best, answer = clarity, (beats_a_bar, phase)
    return answer


def _accents(notes: PlayedNotes, seconds_B: Floats) -> Floats:
    """How much each beat is accented (B,), mean 0 and standard deviation 1: strength, length and
    depth of what begins on it."""
    nearest = np.searchsorted((seconds_B[1:] + seconds_B[:-1]) / 2, notes.onset_seconds)
    is_on = np.abs(notes.onset_seconds - seconds_B[nearest]) <= 0.07
    on = nearest[is_on]
    columns = (
        np.sqrt(notes.velocity / 64.0),
        np.minimum(notes.end_seconds - notes.onset_seconds, 2.0),
        np.maximum(0.0, (55 - notes.pitch) / 12.0),
    )
    total = np.zeros(len(seconds_B))
    for column in columns:
        sums = np.bincount(on, column[is_on], len(seconds_B))
        total += (sums - sums.mean()) / (sums.std() or 1.0)
    return (total - total.mean()) / (total.std() or 1.0)
