"""The baseline to beat: an interpolated variable-order Markov model of token streams.

A stream is read as two interleaved lines. The pitch line holds the PITCH tokens, counted from the
tonic; the next pitch depends on the last `pitch_order` pitches. The rhythm line holds all other
tokens; the next one depends on the last `rhythm_order` of them. After a NOTE token comes a pitch,
after any other the rhythm line goes on, so the two give one exact distribution of the next token.
Shorter contexts are mixed in by interpolation down to the uniform distribution.

Axes: B tunes, T tokens, V token ids, W ids with pitches counted from the tonic, N places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.errors import ConfigError, TrainingError
from chromasonic.melody_generation.inputs import (
    TONIC_VOCABULARY_SIZE,
    from_tonic,
    logits_in_key,
    tonic_shifts,
)
from chromasonic.melody_generation.tokens import PAD, START, VOCABULARY, Kind

_HASH_FACTOR = 1_000_003  # a polynomial over int64, wrapping; contexts are compared by it
_FIRST_PITCH = int(VOCABULARY.ids_of(Kind.PITCH)[0])
_NEVER = -1e4  # a logit that no softmax brings back, and that float16 still holds


@dataclass(frozen=True, kw_only=True)
class MarkovConfig:
    """Shape of a `MarkovModel`.

    Attributes:
        pitch_order: how many pitches the next pitch depends on at most.
        rhythm_order: how many rhythm tokens the next one depends on at most.
        smoothing: "kneser-ney" (interpolated, one discount for each count of one, two and more) or
            "witten-bell" (an escape by the number of distinct successors, as PPM method C).
    """

    pitch_order: int = 6
    rhythm_order: int = 10
    smoothing: Literal["kneser-ney", "witten-bell"] = "kneser-ney"

    def __post_init__(self) -> None:
        if not (0 <= self.pitch_order <= 32 and 0 <= self.rhythm_order <= 32):
            raise ConfigError(
                f"pitch_order {self.pitch_order} and rhythm_order {self.rhythm_order} "
                "must lie between 0 and 32."
            )
        if self.smoothing not in ("kneser-ney", "witten-bell"):
            raise ConfigError(
                f"smoothing is '{self.smoothing}'; allowed: 'kneser-ney', 'witten-bell'."
            )


@dataclass(frozen=True)
class MarkovState:
    """Where a stream stands: the tokens read."""

    ids_BT: Tensor


class MarkovModel(nn.Module):
    """Token ids to logits of the next token, from counts; it has no gradients, `fit` counts.

    Source: S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for language
    modeling" (1999), equations 26 (modified Kneser-Ney) and 13 (Witten-Bell); PPM method C is
    A. Moffat (1990).
    """

    def __init__(self, config: MarkovConfig) -> None:
        super().__init__()
        self.config = config
        self.pitch = CountTables(config.pitch_order, config.smoothing, range_of_pitches())
        self.rhythm = CountTables(config.rhythm_order, config.smoothing, range_of_rhythms())
        self.register_buffer("kind_V", torch.from_numpy(VOCABULARY.kind.astype("int64")), False)

    def fit(self, sequences: Iterable[Sequence[int]]) -> MarkovModel:
        """Count token streams; replaces what was counted before.

        Args:
            sequences: whole streams of token ids.

        Returns:
            The model itself.

        Raises:
            TrainingError: there is no stream.
        """
        lines = [_lines(torch.tensor([list(ids)])) for ids in sequences]
        if not lines:
            raise TrainingError("There is no tune to count: give at least one training tune.")
        self.pitch.fit([pitch for pitch, _ in lines])
        self.rhythm.fit([rhythm for _, rhythm in lines])
        return self

    def forward(self, ids_BT: Tensor) -> Tensor:
        """(B, T, V) log probabilities of the token after each of (B, T) ids."""
        return self._logits(ids_BT, ids_BT.shape[1])

    def step(self, ids_BT: Tensor, state: MarkovState | None = None) -> tuple[Tensor, MarkovState]:
        """Read more tokens; log probabilities (B, T, V) after each, and the state after them."""
        read_BT = ids_BT if state is None else torch.cat([state.ids_BT, ids_BT], 1)
        return self._logits(read_BT, ids_BT.shape[1]), MarkovState(read_BT)

    def _logits(self, ids_BT: Tensor, new: int) -> Tensor:
        shift_BT = tonic_shifts(ids_BT)
        relative_BT = from_tonic(ids_BT, shift_BT)
        is_pitch_BT = ids_BT >= _FIRST_PITCH
        after_note_BT = (self.get_buffer("kind_V")[ids_BT] == Kind.NOTE)[:, -new:]
        pitch_BTW = self.pitch.log_probabilities(relative_BT, is_pitch_BT, new)
        rhythm_BTW = self.rhythm.log_probabilities(relative_BT, ~is_pitch_BT, new)
        both_BTW = torch.where(after_note_BT[..., None], pitch_BTW, rhythm_BTW)
        # A pitch that the tonic's transposition moves out of the vocabulary leaves its share.
        return logits_in_key(both_BTW, shift_BT[:, -new:]).log_softmax(-1)


def range_of_pitches() -> np.ndarray:
    """Ids W that the pitch line may hold."""
    return np.arange(_FIRST_PITCH, TONIC_VOCABULARY_SIZE)


def range_of_rhythms() -> np.ndarray:
    """Ids W that the rhythm line may go on with."""
    return np.array([id for id in range(_FIRST_PITCH) if id not in (PAD, START)])


def _lines(ids_1T: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The pitch line and the rhythm line of one stream."""
    relative_T = from_tonic(ids_1T, tonic_shifts(ids_1T))[0].numpy()
    is_pitch_T = ids_1T[0].numpy() >= _FIRST_PITCH
    return relative_T[is_pitch_T], relative_T[~is_pitch_T & (relative_T != START)]


class CountTables(nn.Module):
    """Smoothed successor probabilities after every context up to an order.

    For each order k the tables hold, as buffers: the sorted hashes of its contexts, where each
    context's successors begin, the successors and their discounted probabilities, and the weight
    that is left for the next shorter context.
    """

    PARTS = ("contexts", "starts", "symbols", "shares", "rests")
    uniform_W: Tensor

    def __init__(self, order: int, smoothing: str, symbols: np.ndarray) -> None:
        super().__init__()
        self.order, self.smoothing = order, smoothing
        uniform_W = torch.full((TONIC_VOCABULARY_SIZE,), 0.0, dtype=torch.float64)
        uniform_W[torch.from_numpy(symbols)] = 1.0 / len(symbols)
        self.register_buffer("uniform_W", uniform_W, persistent=False)
        for k in range(order + 1):
            self._set(k, [np.empty(0), np.zeros(1), np.empty(0), np.empty(0), np.empty(0)])

    def _set(self, k: int, parts: Sequence[np.ndarray]) -> None:
        for name, part in zip(self.PARTS, parts, strict=True):
            kind = np.float64 if name in ("shares", "rests") else np.int64
            self.register_buffer(f"{name}_{k}", torch.from_numpy(part.astype(kind)))

    def _get(self, k: int) -> list[Tensor]:
        return [self.get_buffer(f"{name}_{k}") for name in self.PARTS]

    def fit(self, lines: Sequence[np.ndarray]) -> None:
        """Count the successors in lines of symbols, each of which begins with an empty context."""
        symbols = np.concatenate(lines)
        hashes = [
            np.concatenate(parts) for parts in zip(*(self._hash(x) for x in lines), strict=True)
        ]
        for k in range(self.order + 1):
            counts = _successors(hashes[k], symbols)
            if k < self.order and self.smoothing == "kneser-ney":
                counts = _continuations(hashes[k + 1], hashes[k], symbols)
            self._set(k, _smoothed(*counts, self.smoothing))

    def _hash(self, line: np.ndarray) -> list[np.ndarray]:
        """For each order, the hash of the context before each symbol of a line."""
        return _context_hashes(line, self.order, with_last=False)

    def log_probabilities(self, ids_BT: Tensor, in_line_BT: Tensor, new: int) -> Tensor:
        """(B, new, W) log probabilities of this line's next symbol after each of the last ids.

        Args:
            ids_BT: ids W, all that was read.
            in_line_BT: which of them stand in this line.
            new: for how many of the last tokens to answer.
        """
        rows = []
        for ids_T, in_line_T in zip(ids_BT.cpu().numpy(), in_line_BT.cpu().numpy(), strict=True):
            # START stands in no line: a line begins with the empty context.
            in_line_T = in_line_T & (ids_T != START)
            hashes = _context_hashes(ids_T[in_line_T], self.order, with_last=True)
            read_T = np.cumsum(in_line_T)[-new:]
            rows.append(np.stack([hash_[read_T] for hash_ in hashes]))
        context_KN = torch.from_numpy(np.concatenate(rows, 1)).to(self.uniform_W.device)
        return self._interpolate(context_KN).log().clamp(min=_NEVER).view(len(rows), new, -1)

    def _interpolate(self, context_KN: Tensor) -> Tensor:
        """(N, W) probabilities, from the uniform distribution up to the longest known context."""
        p_NW = self.uniform_W.repeat(context_KN.shape[1], 1)
        for k, context_N in enumerate(context_KN):
            contexts, starts, symbols, shares, rests = self._get(k)
            if not len(contexts):
                continue
            row_N = torch.searchsorted(contexts, context_N).clamp(max=len(contexts) - 1)
            known_N = contexts[row_N] == context_N
            p_NW *= torch.where(known_N, rests[row_N], 1.0)[:, None]
            place_M = known_N.nonzero()[:, 0]
            row_M = row_N[place_M]
            length_M = starts[row_M + 1] - starts[row_M]
            offset = torch.arange(int(length_M.sum()), device=p_NW.device)
            offset = offset - (length_M.cumsum(0) - length_M).repeat_interleave(length_M)
            entry = starts[row_M].repeat_interleave(length_M) + offset
            p_NW[place_M.repeat_interleave(length_M), symbols[entry]] += shares[entry]
        return p_NW

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take tables of any length: they are as long as what was counted."""
        for k in range(self.order + 1):
            for name in self.PARTS:
                stored = state_dict.get(f"{prefix}{name}_{k}")
                if isinstance(stored, Tensor) and stored.ndim == 1:
                    own = self.get_buffer(f"{name}_{k}")
                    self.register_buffer(f"{name}_{k}", torch.empty_like(stored, dtype=own.dtype))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _context_hashes(line: np.ndarray, order: int, *, with_last: bool) -> list[np.ndarray]:
    """For each order k, hashes of the k symbols before each place of a line.

    Before the line's start stands a mark, so that beginnings have contexts of their own.

    Args:
        line: (n,) symbols.
        order: the longest context.
        with_last: whether to answer for the place after the last symbol too.
    """
    marked = np.concatenate([np.zeros(order, np.int64), line.astype(np.int64) + 1])
    places = len(line) + with_last
    hashes = [np.zeros(places, np.int64)]
    with np.errstate(over="ignore"):
        for k in range(1, order + 1):
            before = marked[order - k : order - k + places]
            hashes.append(hashes[-1] * _HASH_FACTOR + before + 1)
    return hashes


Counts = tuple[np.ndarray, np.ndarray, np.ndarray]  # context, symbol, count; sorted by both


def _successors(contexts: np.ndarray, symbols: np.ndarray) -> Counts:
    """How often each symbol follows each context."""
    order = np.lexsort((symbols, contexts))
    contexts, symbols = contexts[order], symbols[order]
    first = np.ones(len(contexts), bool)
    first[1:] = (contexts[1:] != contexts[:-1]) | (symbols[1:] != symbols[:-1])
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, len(contexts)))
    return contexts[starts], symbols[starts], counts


def _continuations(longer: np.ndarray, contexts: np.ndarray, symbols: np.ndarray) -> Counts:
    """After how many distinct longer contexts each symbol follows each context."""
    order = np.lexsort((symbols, longer))
    distinct = np.ones(len(order), bool)
    a, b = order[1:], order[:-1]
    distinct[1:] = (longer[a] != longer[b]) | (symbols[a] != symbols[b])
    kept = order[distinct]
    return _successors(contexts[kept], symbols[kept])


def _smoothed(
    contexts: np.ndarray, symbols: np.ndarray, counts: np.ndarray, smoothing: str
) -> list[np.ndarray]:
    """Tables of one order: contexts, starts, symbols, discounted shares, weight left."""
    first = np.ones(len(contexts), bool)
    first[1:] = contexts[1:] != contexts[:-1]
    starts = np.append(np.flatnonzero(first), len(contexts))
    distinct = np.diff(starts)
    totals = np.add.reduceat(counts, starts[:-1])
    if smoothing == "witten-bell":
        shares = counts / np.repeat(totals + distinct, distinct)
        rests = distinct / (totals + distinct)
    else:
        discounts = _discounts(counts)[np.minimum(counts, 3)]
        shares = (counts - discounts) / np.repeat(totals, distinct)
        rests = np.add.reduceat(discounts, starts[:-1]) / totals
    return [contexts[starts[:-1]], starts, symbols, shares, rests]


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Discounts of counts 0, 1, 2 and 3 or more (Chen and Goodman, equation 26)."""
    n1, n2, n3, n4 = (max(1, int(np.sum(counts == k))) for k in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    estimates = [0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    # Few counts give estimates outside their range; a discount never exceeds its count.
    return np.clip(estimates, [0, 0.1, 0.2, 0.3], [0, 0.95, 1.9, 2.9])
