"""Best paths through a lattice: one node a step; each node and each pair of neighbours scores.

Three searches, all exact: the best path (Viterbi), the K best (lazily, from the best one on), and
the best that passes a given number of marked nodes.

Source: A. J. Viterbi, "Error Bounds for Convolutional Codes", IEEE Transactions on Information
Theory 13 (1967); V. M. Jiménez and A. Marzal, "Computing the K Shortest Paths", WAE 1999 (the
recursive enumeration algorithm, here without recursion).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

NOWHERE = -np.inf
"""Score of what cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lattice:
    """S steps with N_s nodes each.

    Attributes:
        own: S arrays (N_s,), the score of each node.
        pairs: `pairs(s)` gives the (N_s, N_s+1) scores of going from step s to the next; asked
            several times for the same step, so it should remember.
    """

    own: Sequence[Doubles]
    pairs: Callable[[int], npt.NDArray[np.floating]]

    def __len__(self) -> int:
        return len(self.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One node a step.

    Attributes:
        nodes: number of the node at each step.
        score: sum over nodes and pairs.
    """

    nodes: tuple[int, ...]
    score: float


def best_paths(lattice: Lattice, count: int = 1) -> list[Path]:
    """The paths with the highest scores, best first; fewer where there are fewer.

    Memory: a score and a number for every node; time: one pass, and for each further path a walk
    along the part in which it is new.

    Args:
        lattice: at least one step.
        count: how many, 1 or more.
    """
    scores, back = _forward(lattice)
    ways = _Ways(lattice, scores, back)
    found = []
    for rank in range(count):
        if rank and not ways.extend_end():
            break
        found.append(ways.path(rank))
    return found


def _forward(lattice: Lattice) -> tuple[list[Doubles], list[npt.NDArray[np.int32]]]:
    """Best score into each node of each step, and the node before it on that way."""
    scores = [np.asarray(lattice.own[0], np.float64)]
    back: list[npt.NDArray[np.int32]] = []
    for step in range(1, len(lattice)):
        total = scores[-1][:, None] + lattice.pairs(step - 1)  # (M, N)
        origin = total.argmax(0).astype(np.int32)
        scores.append(total[origin, np.arange(total.shape[1])] + lattice.own[step])
        back.append(origin)
    return scores, back


@dataclass(slots=True)
class _Node:
    """The ways into one node, best first, and those that may be next."""

    ways: list[tuple[float, int, int]]
    """(score, node before, rank of the way into it)."""
    waiting: list[tuple[float, int, int]] | None = None
    """Heap of (-score, node before, rank); None before it is needed."""


@dataclass(slots=True)
class _Ways:
    """The K best ways into the nodes, found as far as they are asked for.

    A last step with one node, the end, is put behind the lattice.
    """

    lattice: Lattice
    scores: list[Doubles]
    back: list[npt.NDArray[np.int32]]
    nodes: dict[tuple[int, int], _Node] = field(default_factory=dict)

    def node(self, step: int, number: int) -> _Node:
        if (step, number) not in self.nodes:
            if step == len(self.lattice):
                before = int(self.scores[-1].argmax())
                way = (float(self.scores[-1][before]), before, 0)
            else:
                before = int(self.back[step - 1][number]) if step else -1
                way = (float(self.scores[step][number]), before, 0)
            self.nodes[step, number] = _Node([way])
        return self.nodes[step, number]

    def extend_end(self) -> bool:
        """Find one more way to the end; False where there is none."""
        chain = [(len(self.lattice), 0)]
        while chain[-1][0] > 0:  # down to where the next way into the node before is known
            step, number = chain[-1]
            _, before, rank = self.node(step, number).ways[-1]
            if len(self.node(step - 1, before).ways) > rank + 1:
                break
            chain.append((step - 1, before))
        return [self._extend(step, number) for step, number in reversed(chain)][-1]

    def _extend(self, step: int, number: int) -> bool:
        """One more way into a node, the ways into the one before it being found already."""
        if step == 0:
            return False
        node = self.node(step, number)
        gains = self._gains(step, number)
        if node.waiting is None:
            firsts = self.scores[step - 1] + gains
            node.waiting = [
                (-float(score), before, 0)
                for before, score in enumerate(firsts)
                if before != node.ways[0][1] and score > NOWHERE
            ]
            heapq.heapify(node.waiting)
        _, before, rank = node.ways[-1]
        known = self.node(step - 1, before).ways
        if len(known) > rank + 1:
            score = known[rank + 1][0] + gains[before]
            if score > NOWHERE:
                heapq.heappush(node.waiting, (-float(score), before, rank + 1))
        if not node.waiting:
            return False
        score, before, rank = heapq.heappop(node.waiting)
        node.ways.append((-score, before, rank))
        return True

    def _gains(self, step: int, number: int) -> Doubles:
        """(M,) what going from each node before into this one adds."""
        if step == len(self.lattice):
            return np.zeros(len(self.scores[-1]))
        column = self.lattice.pairs(step - 1)[:, number].astype(np.float64)
        return np.asarray(column + self.lattice.own[step][number])

    def path(self, rank: int) -> Path:
        """The way to the end of a rank, which must be found."""
        step, number, nodes = len(self.lattice), 0, []
        score = self.node(step, 0).ways[rank][0]
        while step > 0:
            _, number, rank = self.node(step, number).ways[rank]
            step -= 1
            nodes.append(number)
        return Path(nodes=tuple(reversed(nodes)), score=score)


def best_path_through(lattice: Lattice, is_marked: Sequence[Truths], wanted: int) -> Path | None:
    """The best path that passes at least `wanted` marked nodes; None where there is none.

    Dynamic programming over (node, marked nodes so far), these counted up to `wanted`.

    Args:
        lattice: at least one step.
        is_marked: S arrays (N_s,).
        wanted: 0 or more.
    """
    layers = np.full((wanted + 1, len(lattice.own[0])), NOWHERE)  # (W, N)
    layers[0] = lattice.own[0]
    layers = _counted(layers, is_marked[0])[0]
    back: list[tuple[np.ndarray, np.ndarray]] = []
    for step in range(1, len(lattice)):
        pairs = lattice.pairs(step - 1)
        reached = np.empty((wanted + 1, pairs.shape[1]))
        origin = np.empty(reached.shape, np.int32)
        for layer, scores in enumerate(layers):
            total = scores[:, None] + pairs
            origin[layer] = total.argmax(0)
            reached[layer] = total[origin[layer], np.arange(pairs.shape[1])]
        layers, layer_before = _counted(reached + lattice.own[step], is_marked[step])
        back.append((np.take_along_axis(origin, layer_before, 0), layer_before))
    number = int(layers[wanted].argmax())
    score = float(layers[wanted, number])
    if score == NOWHERE:
        return None
    nodes, layer = [number], wanted
    for origin, layer_before in reversed(back):
        number, layer = int(origin[layer, number]), int(layer_before[layer, number])
        nodes.append(number)
    return Path(nodes=tuple(reversed(nodes)), score=score)


def _counted(layers: Doubles, is_marked: Truths) -> tuple[Doubles, npt.NDArray[np.int64]]:
    """Marked nodes go up a layer: (W, N) scores, and the layer that each comes from."""
    top = len(layers) - 1
    source = np.repeat(np.arange(top + 1)[:, None], layers.shape[1], 1)
    source[:, is_marked] = np.maximum(source[:, is_marked] - 1, 0)
    counted = np.take_along_axis(layers, source, 0)
    counted[0, is_marked] = layers[0, is_marked] if top == 0 else NOWHERE
    if top:
        stays = is_marked & (layers[top] > counted[top])
        counted[top, stays] = layers[top, stays]
        source[top, stays] = top
    return counted, source
