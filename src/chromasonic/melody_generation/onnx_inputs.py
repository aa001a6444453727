"""What a melody network reads at each token, as an ONNX graph: `inputs.TuneInputs` without torch.

All of it is computed in the file, from token ids alone: the ids read before are a state like any
other, so that a caller hands in the new ids and what the call before gave.

ONNX has no running maximum and no binary search. The one is written as: count the marks so far, let
each count keep the last place that had it, and look one's own count up. The other counts the starts
that are not later; they ascend.

Axes: B tunes, P tokens read before, T new tokens, S = P + T, N look-backs, V token ids, W ids with
pitches counted from the tonic, D features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from chromasonic.export.onnx_graph import GraphBuilder, StateTensor
from chromasonic.melody_generation.inputs import (
    BAR_STRIDE,
    FIRST_TONIC,
    PLACE_TICKS,
    PLACES,
    TONIC_VOCABULARY_SIZE,
    TuneInputs,
    from_tonic,
)
from chromasonic.melody_generation.tokens import VOCABULARY, Kind

PAST_TOKENS = StateTensor(
    input="past_tokens", output="tokens_out", type="int64", shape=("batch", 0)
)
"""The ids read so far."""

_LOWEST_SHIFT = -6
_END = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class ReadTokens:
    """Names of values in the graph.

    Attributes:
        x_BTD: features of the new tokens.
        shift_BT: index of each new token's shift from the tonic, 0 for -6 to 11 for 5.
        own_T: places of the new tokens in their streams.
        every_S: places of all tokens.
        ids_BS: all ids.
        new_shape: B, T as a shape.
    """

    x_BTD: str
    shift_BT: str
    own_T: str
    every_S: str
    ids_BS: str
    new_shape: str


def add_tokens(graph: GraphBuilder, inputs: TuneInputs) -> ReadTokens:
    """Add the inputs `tokens` (B, T) and `past_tokens` (B, P), and what `inputs` makes of them."""
    return _TokenGraph(graph, inputs).read()


def logits_in_key(graph: GraphBuilder, read: ReadTokens, logits_BTW: str) -> str:
    """(B, T, V) logits of the vocabulary from (B, T, W) logits that count from the tonic."""
    index_BTV = graph.add("Gather", graph.constant(_relative_ids()), read.shift_BT, axis=0)
    return graph.add("GatherElements", logits_BTW, index_BTV, axis=2)


def _relative_ids() -> np.ndarray:
    """(12, V) each id counted from the tonic, for each shift."""
    every_V = torch.arange(VOCABULARY.size)
    shifts = torch.arange(_LOWEST_SHIFT, _LOWEST_SHIFT + 12)[:, None]
    return from_tonic(every_V.expand(12, -1), shifts).numpy()


class _TokenGraph:
    """Adds the nodes, in the order of `TuneInputs.forward`."""

    def __init__(self, graph: GraphBuilder, inputs: TuneInputs) -> None:
        self.graph, self.inputs = graph, inputs
        tokens_BT = graph.input("tokens", np.int64, ("batch", "steps"))
        past_BP = graph.input(PAST_TOKENS.input, np.int64, ("batch", "past"))
        self.new_shape = graph.add("Shape", tokens_BT)
        self.past = graph.add("Shape", past_BP, start=1, end=2)
        self.ids_BS = graph.add("Concat", past_BP, tokens_BT, axis=1)
        count = graph.add("Squeeze", graph.add("Shape", self.ids_BS, start=1, end=2))
        self.every_S = graph.add("Range", self._int(0), count, self._int(1))
        self.nothing_BS = graph.add("Mul", self.ids_BS, self._int(0))
        self.nothing_B1 = self._slice(self.nothing_BS, 0, 1)

    def read(self) -> ReadTokens:
        """All of it."""
        graph, inputs = self.graph, self.inputs
        shift_BS = self._shift()
        flat_BS = graph.add("Mul", shift_BS, self._int(VOCABULARY.size))
        flat_BS = graph.add("Add", flat_BS, self.ids_BS)
        relative_BS = graph.add("Gather", graph.constant(_relative_ids().ravel()), flat_BS)
        self._find_places()
        self._find_events()
        place_BT = graph.add("Div", self._last(self.place_BS), self._int(PLACE_TICKS))
        place_BT = graph.add("Min", place_BT, self._int(PLACES - 1))
        bar_BT = graph.add("Mod", self._last(self.bar_BS), self._int(16))
        parts = [
            self._embedded("token", inputs.token.weight, self._last(relative_BS)),
            self._embedded("place", inputs.place.weight, place_BT),
            self._embedded("bar", inputs.bar.weight, bar_BT),
        ]
        if inputs.look_back_bars:
            parts += self._look_back(relative_BS)
        x_BTD = parts[0]
        for part in parts[1:]:
            x_BTD = graph.add("Add", x_BTD, part)
        return ReadTokens(
            x_BTD=graph.add("Mul", x_BTD, graph.constant(inputs.scale, np.float32)),
            shift_BT=self._last(shift_BS),
            own_T=self._last(self.every_S, axis=0),
            every_S=self.every_S,
            ids_BS=self.ids_BS,
            new_shape=self.new_shape,
        )

    def _shift(self) -> str:
        """(B, S) index of the shift: that of the first tonic from where it is named."""
        graph, ids_BS = self.graph, self.ids_BS
        is_tonic_BS = self._marks(VOCABULARY.kind == Kind.TONIC)
        place_B1 = graph.add("ArgMax", self._as(is_tonic_BS, np.int32), axis=1, keepdims=1)
        tonic_B1 = graph.add("GatherElements", ids_BS, place_B1, axis=1)
        # Pitch classes 0 to 5 are lowered by as much, 6 to 11 raised to the octave.
        upper = 6 - FIRST_TONIC
        index_B1 = graph.add("Add", tonic_B1, self._int(upper))
        index_B1 = graph.add("Mod", index_B1, self._int(12))
        is_named_BS = graph.add("Greater", self._running_sum(is_tonic_BS), self._int(0))
        return graph.add("Where", is_named_BS, index_B1, self._int(-_LOWEST_SHIFT))

    def _find_places(self) -> None:
        """Bar, place in the bar, and order of what follows each token."""
        graph, kind, value = self.graph, VOCABULARY.kind, VOCABULARY.value
        note_BS = self._looked_up(np.where(kind == Kind.NOTE, value, 0))
        is_pitch_BS = self._marks(kind == Kind.PITCH)
        # A note's time passes at its PITCH token, so that NOTE and PITCH stand at one place.
        note_BS = graph.add("Mul", self._a_token_later(note_BS), is_pitch_BS)
        other_BS = self._looked_up(np.where((kind == Kind.REST) | (kind == Kind.HOLD), value, 0))
        time_BS = self._running_sum(graph.add("Add", note_BS, other_BS))
        self.bar_BS, last_bar_BS = self._latest(self._marks(kind == Kind.BAR))
        start_BS = graph.add("GatherElements", time_BS, last_bar_BS, axis=1)
        has_bar_BS = graph.add("Greater", self.bar_BS, self._int(0))
        start_BS = graph.add("Where", has_bar_BS, start_BS, self._int(0))
        self.place_BS = graph.add("Sub", time_BS, start_BS)
        self.order_BS = graph.add("Mul", self.bar_BS, self._int(BAR_STRIDE))
        self.order_BS = graph.add("Add", self.order_BS, self.place_BS)
        _, self.pitch_BS = self._latest(is_pitch_BS)

    def _find_events(self) -> None:
        """The latest event at each token, and where that began; before the first -1."""
        graph, kind = self.graph, VOCABULARY.kind
        is_event = (kind == Kind.NOTE) | (kind == Kind.REST) | (kind == Kind.HOLD)
        count_BS, self.event_BS = self._latest(self._marks(is_event))
        before_BS = self._a_token_later(self.order_BS)
        start_BS = graph.add("GatherElements", before_BS, self.event_BS, axis=1)
        has_event_BS = graph.add("Greater", count_BS, self._int(0))
        self.start_BS = graph.add("Where", has_event_BS, start_BS, self._int(-1))

    def _look_back(self, relative_BS: str) -> list[str]:
        """(B, T, D) each: the pitches that sounded some bars before, and the events that began."""
        graph, bars_N = self.graph, np.array(self.inputs.look_back_bars, dtype=np.int64)
        bars = graph.constant(bars_N)
        order_BT1 = graph.add("Unsqueeze", self._last(self.order_BS), self._ints(2))
        wanted_BTN = graph.add("Sub", order_BT1, graph.constant(bars_N * BAR_STRIDE))
        found_BTN = self._last_start_not_after(wanted_BTN)
        bar_BT1 = graph.add("Unsqueeze", self._last(self.bar_BS), self._ints(2))
        is_there_BTN = graph.add(
            "And",
            graph.add("GreaterOrEqual", found_BTN, self._int(0)),
            graph.add("GreaterOrEqual", bar_BT1, bars),
        )
        found_BTN = graph.add("Max", found_BTN, self._int(0))
        start_BTN = self._picked(self.start_BS, found_BTN)
        begins_BTN = graph.add("Equal", start_BTN, wanted_BTN)
        begins_BTN = graph.add("And", begins_BTN, is_there_BTN)
        parts = []
        for name, tables, ids_BS, place_BS, is_wanted_BTN in (
            ("back_pitch", self.inputs.back_pitch, relative_BS, self.pitch_BS, is_there_BTN),
            ("back_event", self.inputs.back_event, self.ids_BS, self.event_BS, begins_BTN),
        ):
            place_BTN = self._picked(place_BS, found_BTN)
            place_BTN = graph.add("Where", is_wanted_BTN, place_BTN, self._int(0))
            size = TONIC_VOCABULARY_SIZE if name == "back_pitch" else VOCABULARY.size
            offset_N = graph.constant(np.arange(len(bars_N)) * size)  # a table for each look-back
            id_BTN = graph.add("Add", self._picked(ids_BS, place_BTN), offset_N)
            table = torch.cat([table.weight for table in tables])  # type: ignore[misc]
            found_BTND = self._embedded(name, table, id_BTN)
            parts.append(graph.add("ReduceSum", found_BTND, self._ints(2), keepdims=0))
        return parts

    def _last_start_not_after(self, wanted_BTN: str) -> str:
        """The last token, not beyond one's own, whose event began no later; -1 is none."""
        graph = self.graph
        start_B11S = graph.add("Unsqueeze", self.start_BS, self._ints(1, 2))
        wanted_BTN1 = graph.add("Unsqueeze", wanted_BTN, self._ints(3))
        is_before_BTNS = graph.add("LessOrEqual", start_B11S, wanted_BTN1)
        count_BTN = graph.add(
            "ReduceSum", self._as(is_before_BTNS, np.int32), self._ints(3), keepdims=0
        )
        found_BTN = graph.add("Sub", self._as(count_BTN, np.int64), self._int(1))
        own_T1 = graph.add("Unsqueeze", self._last(self.every_S, axis=0), self._ints(1))
        return graph.add("Min", found_BTN, own_T1)

    def _latest(self, marks_BS: str) -> tuple[str, str]:
        """(B, S) how many marks so far, and the place of the latest (0 where there is none)."""
        graph = self.graph
        count_BS = self._running_sum(marks_BS)
        place_BS = graph.add("Mul", marks_BS, self.every_S)
        table = graph.add("Concat", self.nothing_BS, self.nothing_B1, axis=1)
        table = graph.add("ScatterElements", table, count_BS, place_BS, axis=1, reduction="max")
        return count_BS, graph.add("GatherElements", table, count_BS, axis=1)

    def _picked(self, values_BS: str, place_BTN: str) -> str:
        """(B, T, N) values at places of their own stream."""
        graph = self.graph
        flat = graph.add("Reshape", place_BTN, self._ints(0, -1))
        found = graph.add("GatherElements", values_BS, flat, axis=1)
        return graph.add("Reshape", found, graph.add("Shape", place_BTN))

    def _embedded(self, name: str, table: torch.Tensor, ids: str) -> str:
        weight = self.graph.weight(f"{name}.weight", table.detach().numpy())
        return self.graph.add("Gather", weight, ids)

    def _looked_up(self, values_V: np.ndarray) -> str:
        return self.graph.add("Gather", self.graph.constant(values_V), self.ids_BS)

    def _marks(self, is_marked_V: np.ndarray) -> str:
        return self._looked_up(is_marked_V.astype(np.int64))

    def _running_sum(self, values_BS: str) -> str:
        return self.graph.add("CumSum", values_BS, self._int(1))

    def _a_token_later(self, values_BS: str) -> str:
        # Not by Pad: onnxruntime 1.22 leaves memory as it was where a single token is pushed out.
        return self.graph.add("Concat", self.nothing_B1, self._slice(values_BS, 0, -1), axis=1)

    def _slice(self, values_BS: str, start: int, end: int) -> str:
        return self.graph.add("Slice", values_BS, self._ints(start), self._ints(end), self._ints(1))

    def _last(self, values: str, axis: int = 1) -> str:
        """The part of the new tokens."""
        return self.graph.add("Slice", values, self.past, self._ints(_END), self._ints(axis))

    def _as(self, values: str, dtype: type) -> str:
        import onnx

        to = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.graph.add("Cast", values, to=to)

    def _int(self, value: int) -> str:
        return self.graph.constant(value)

    def _ints(self, *values: int) -> str:
        return self.graph.constant(list(values))
