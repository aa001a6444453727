"""The baseline to beat: an interpolated variable-order Markov model of token streams.

A stream is read as two interleaved lines. The pitch line holds the PITCH tokens, counted from the
tonic; the next pitch depends on the mode, the last `pitch_order` pitches and its place in the bar.
The rhythm line holds all other tokens; the next one depends on the last `rhythm_order` of them and
the place in the bar. After a NOTE token comes a pitch,
after any other the rhythm line goes on, so the two give one exact distribution of the next token.
Shorter contexts are mixed in by interpolation down to the uniform distribution.

Axes: B tunes, T tokens, V token ids, W ids with pitches counted from the tonic, N places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from chromasonic.errors import ConfigError, TrainingError
from chromasonic.melody_generation.inputs import (
    TONIC_VOCABULARY_SIZE,
    Timeline,
    from_tonic,
    joined_streams,
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

    pitch_order: int = 2
    rhythm_order: int = 6
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

    def taken(self, rows: Sequence[int]) -> MarkovState:
        """Of some of the streams alone."""
        return MarkovState(self.ids_BT[rows])

    @staticmethod
    def joined(states: Sequence[MarkovState]) -> MarkovState:
        """Of all streams of several states."""
        return MarkovState(joined_streams([one.ids_BT for one in states]))


class MarkovModel(nn.Module):
    """Token ids to logits of the next token, from counts; it has no gradients, `fit` counts.

    Source: S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for language
    modeling" (1999), equations 26 (modified Kneser-Ney) and 13 (Witten-Bell); PPM method C is
    A. Moffat (1990).
    """

    kind_V: Tensor
    value_V: Tensor

    def __init__(self, config: MarkovConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("kind_V", torch.from_numpy(VOCABULARY.kind.astype("int64")), False)
        self.register_buffer("value_V", torch.from_numpy(VOCABULARY.value.astype("int64")), False)
        # Beside the tokens: the empty context, the place in the bar, for pitches the mode.
        self.pitch = CountTables(config.pitch_order + 3, config.smoothing, range_of_pitches())
        self.rhythm = CountTables(config.rhythm_order + 2, config.smoothing, range_of_rhythms())

    def fit(self, sequences: Iterable[Sequence[int]]) -> MarkovModel:
        """Count token streams; replaces what was counted before.

        Args:
            sequences: whole streams of token ids.

        Returns:
            The model itself.

        Raises:
            TrainingError: there is no stream.
        """
        streams = [torch.as_tensor(ids, dtype=torch.long) for ids in sequences]
        if not streams:
            raise TrainingError("There is no tune to count: give at least one training tune.")
        streams.sort(key=len)
        batches = [
            nn.utils.rnn.pad_sequence(streams[start : start + 64], True, PAD)
            for start in range(0, len(streams), 64)
        ]
        self._count(self.pitch, self._pitch_contexts, batches, pitches=True)
        self._count(self.rhythm, self._rhythm_contexts, batches, pitches=False)
        return self

    def _count(
        self,
        tables: CountTables,
        contexts_of: Callable[[Tensor], Tensor],
        batches: Sequence[Tensor],
        *,
        pitches: bool,
    ) -> None:
        """Fill the tables of one line with what followed its contexts in all streams."""
        contexts, symbols = [], []
        for ids_BT in batches:
            next_BT = from_tonic(ids_BT, tonic_shifts(ids_BT))[:, 1:]
            counted_BT = ((next_BT >= _FIRST_PITCH) == pitches) & (next_BT != PAD)
            contexts.append(contexts_of(ids_BT)[:, :, :-1][:, counted_BT].numpy())
            symbols.append(next_BT[counted_BT].numpy())
        tables.fit(np.concatenate(contexts, 1), np.concatenate(symbols))

    def forward(self, ids_BT: Tensor) -> Tensor:
        """(B, T, V) log probabilities of the token after each of (B, T) ids."""
        return self._logits(ids_BT, ids_BT.shape[1])

    def step(self, ids_BT: Tensor, state: MarkovState | None = None) -> tuple[Tensor, MarkovState]:
        """Read more tokens; log probabilities (B, T, V) after each, and the state after them."""
        read_BT = ids_BT if state is None else torch.cat([state.ids_BT, ids_BT], 1)
        return self._logits(read_BT, ids_BT.shape[1]), MarkovState(read_BT)

    def _logits(self, ids_BT: Tensor, new: int) -> Tensor:
        """Log probabilities after each of the last `new` tokens."""
        after_note_BT = (self.kind_V[ids_BT] == Kind.NOTE)[:, -new:]
        pitch_BTW = self.pitch.log_probabilities(self._pitch_contexts(ids_BT)[..., -new:])
        rhythm_BTW = self.rhythm.log_probabilities(self._rhythm_contexts(ids_BT)[..., -new:])
        both_BTW = torch.where(after_note_BT[..., None], pitch_BTW, rhythm_BTW)
        # A pitch that the tonic's transposition moves out of the vocabulary leaves its share.
        return logits_in_key(both_BTW, tonic_shifts(ids_BT)[:, -new:]).log_softmax(-1)

    def _pitch_contexts(self, ids_BT: Tensor) -> Tensor:
        """(orders, B, T) hashes of what the pitch after each token depends on.

        From the nearest to the first that is given up: the mode, the last pitches, and the metre
        with the place in the bar.
        """
        relative_BT = from_tonic(ids_BT, tonic_shifts(ids_BT))
        pitches = _last_symbols(relative_BT, ids_BT >= _FIRST_PITCH, self.config.pitch_order)
        kind_BT = self.kind_V[ids_BT]
        [mode_BT] = _last_symbols(ids_BT, kind_BT == Kind.MODE, 1)
        return _nested_hashes([mode_BT, *pitches, self._places(ids_BT)])

    def _rhythm_contexts(self, ids_BT: Tensor) -> Tensor:
        """(orders, B, T) hashes of what the rhythm token after each token depends on.

        From the nearest to the first that is given up: the last rhythm token, the metre with the
        place in the bar, and the rhythm tokens before.
        """
        in_line_BT = (ids_BT < _FIRST_PITCH) & (ids_BT != START)
        tokens = _last_symbols(ids_BT, in_line_BT, self.config.rhythm_order)
        return _nested_hashes([*tokens[:1], self._places(ids_BT), *tokens[1:]])

    def _places(self, ids_BT: Tensor) -> Tensor:
        """(B, T) a number for the metre and the place in the bar of what follows each token."""
        [metre_BT] = _last_symbols(ids_BT, self.kind_V[ids_BT] == Kind.METRE, 1)
        place_BT = Timeline(ids_BT, self.kind_V, self.value_V).place_BT
        return place_BT * VOCABULARY.size + metre_BT


def range_of_pitches() -> np.ndarray:
    """Ids W that the pitch line may hold."""
    return np.arange(_FIRST_PITCH, TONIC_VOCABULARY_SIZE)


def range_of_rhythms() -> np.ndarray:
    """Ids W that the rhythm line may go on with."""
    return np.array([id for id in range(_FIRST_PITCH) if id not in (PAD, START)])


class CountTables(nn.Module):
    """Smoothed successor probabilities after contexts of growing length.

    For each length k the tables hold, as buffers: the sorted hashes of its contexts, where each
    context's successors begin, the successors and their discounted probabilities, and the weight
    that is left for the next shorter context.

    Args:
        orders: how many context lengths there are, the empty one included.
        smoothing: as `MarkovConfig.smoothing`.
        symbols: ids W that may follow at all.
    """

    PARTS = ("contexts", "starts", "symbols", "shares", "rests")
    uniform_W: Tensor

    def __init__(self, orders: int, smoothing: str, symbols: np.ndarray) -> None:
        super().__init__()
        self.orders, self.smoothing = orders, smoothing
        uniform_W = torch.zeros(TONIC_VOCABULARY_SIZE, dtype=torch.float64)
        uniform_W[torch.from_numpy(symbols)] = 1.0 / len(symbols)
        self.register_buffer("uniform_W", uniform_W, persistent=False)
        for k in range(orders):
            self._set(k, [np.empty(0), np.zeros(1), np.empty(0), np.empty(0), np.empty(0)])

    def _set(self, k: int, parts: Sequence[np.ndarray]) -> None:
        for name, part in zip(self.PARTS, parts, strict=True):
            kind = np.float64 if name in ("shares", "rests") else np.int64
            self.register_buffer(f"{name}_{k}", torch.from_numpy(part.astype(kind)))

    def fit(self, contexts_KN: np.ndarray, symbols_N: np.ndarray) -> None:
        """Count which symbols follow which contexts.

        Args:
            contexts_KN: hashes of the contexts of each length, the empty one first.
            symbols_N: the symbol that followed.
        """
        for k, contexts_N in enumerate(contexts_KN):
            if self.smoothing == "kneser-ney" and k + 1 < self.orders:
                counts = _continuations(contexts_KN[k + 1], contexts_N, symbols_N)
            else:
                counts = _successors(contexts_N, symbols_N)
            self._set(k, _smoothed(*counts, self.smoothing))

    def log_probabilities(self, contexts_KBT: Tensor) -> Tensor:
        """(B, T, W) log probabilities of the symbol after contexts of each length."""
        p_NW = self._interpolate(contexts_KBT.flatten(1))
        return p_NW.log().clamp(min=_NEVER).view(*contexts_KBT.shape[1:], -1)

    def _interpolate(self, contexts_KN: Tensor) -> Tensor:
        """(N, W) probabilities, from the uniform distribution up to the longest known context."""
        p_NW = self.uniform_W.repeat(contexts_KN.shape[1], 1)
        for k, context_N in enumerate(contexts_KN):
            contexts, starts, symbols, shares, rests = (
                self.get_buffer(f"{name}_{k}") for name in self.PARTS
            )
            if not len(contexts):
                continue
            row_N = torch.searchsorted(contexts, context_N.contiguous())
            row_N = row_N.clamp(max=len(contexts) - 1)
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
        for k in range(self.orders):
            for name in self.PARTS:
                stored = state_dict.get(f"{prefix}{name}_{k}")
                if isinstance(stored, Tensor) and stored.ndim == 1:
                    own = self.get_buffer(f"{name}_{k}")
                    self.register_buffer(f"{name}_{k}", torch.empty_like(stored, dtype=own.dtype))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _last_symbols(ids_BT: Tensor, in_line_BT: Tensor, order: int) -> list[Tensor]:
    """For k from 1 to `order`: (B, T) the k-th last id of a line up to each token.

    Ids are counted from 1; 0 stands where the line is not so long yet.
    """
    read_BT = in_line_BT.long().cumsum(1)
    line_BT = torch.zeros_like(read_BT)
    line_BT = torch.cat([line_BT, line_BT[:, :1]], 1)  # a last column takes what is in no line
    line_BT.scatter_(1, torch.where(in_line_BT, read_BT - 1, ids_BT.shape[1]), ids_BT + 1)
    symbols = []
    for k in range(1, order + 1):
        place_BT = read_BT - k
        symbols.append(torch.where(place_BT >= 0, line_BT.gather(1, place_BT.clamp(min=0)), 0))
    return symbols


def _nested_hashes(elements: Sequence[Tensor]) -> Tensor:
    """(1 + elements, B, T) hashes of no element, of the first, of the first two, and so on."""
    hashes = [torch.zeros_like(elements[0])]
    for element_BT in elements:
        hashes.append(hashes[-1] * _HASH_FACTOR + element_BT + 1)
    return torch.stack(hashes)


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
