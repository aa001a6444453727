"""Paths through lattices equal those that enumeration finds."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chromasonic.harmonization.lattice import Lattice, best_path_through, best_paths


def lattice_from(rng: np.random.Generator, sizes: list[int], values: int) -> Lattice:
    """Scores are whole numbers of a few values, so that there are ties and no rounding."""
    own = [-rng.integers(0, values, size).astype(float) for size in sizes]
    matrices = [-rng.integers(0, values, (a, b)).astype(np.float32) for a, b in pairwise(sizes)]
    return Lattice(own=own, pairs=lambda step: matrices[step])


def enumerated(lattice: Lattice) -> dict[tuple[int, ...], float]:
    """Every path with its score, added up node by node."""
    scores = {}
    for nodes in product(*(range(len(own)) for own in lattice.own)):
        score = float(lattice.own[0][nodes[0]])
        for step in range(1, len(nodes)):
            score += float(lattice.pairs(step - 1)[nodes[step - 1], nodes[step]])
            score += float(lattice.own[step][nodes[step]])
        scores[nodes] = score
    return scores


lattices = st.builds(
    lambda seed, sizes, values: lattice_from(np.random.default_rng(seed), sizes, values),
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 4), min_size=1, max_size=5),
    st.sampled_from([1, 2, 5, 1000]),
)


@settings(deadline=None)
@given(lattices, st.integers(1, 40))
def test_the_best_paths_are_those_of_enumeration_in_order_and_distinct(lattice, count):
    everything = enumerated(lattice)

    found = best_paths(lattice, count)

    assert len({path.nodes for path in found}) == len(found) == min(count, len(everything))
    assert [path.score for path in found] == sorted(everything.values(), reverse=True)[:count]
    assert all(everything[path.nodes] == path.score for path in found)


@settings(deadline=None)
@given(lattices)
def test_asking_for_more_paths_than_there_are_gives_them_all(lattice):
    everything = enumerated(lattice)

    found = best_paths(lattice, len(everything) + 7)

    assert {path.nodes: path.score for path in found} == everything


@settings(deadline=None)
@given(lattices, st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_the_best_path_through_marked_nodes_is_that_of_enumeration(lattice, seed, wanted):
    rng = np.random.default_rng(seed)
    is_marked = [rng.random(len(own)) < 0.4 for own in lattice.own]
    allowed = {
        nodes: score
        for nodes, score in enumerated(lattice).items()
        if sum(bool(marks[node]) for marks, node in zip(is_marked, nodes, strict=True)) >= wanted
    }

    path = best_path_through(lattice, is_marked, wanted)

    if path is None:
        assert allowed == {}
    else:
        assert path.score == max(allowed.values())
        assert allowed[path.nodes] == path.score


def test_paths_by_hand():
    # 0 -> 1 costs nothing but node 1 is dear: the three ways through cost 1, 2 and 4.
    lattice = Lattice(
        own=[np.zeros(1), np.array([-1.0, -4.0, 0.0]), np.zeros(1)],
        pairs=lambda step: [np.array([[0.0, 0.0, -2.0]]), np.zeros((3, 1))][step],
    )

    assert [(path.nodes, path.score) for path in best_paths(lattice, 5)] == [
        ((0, 0, 0), -1.0),
        ((0, 2, 0), -2.0),
        ((0, 1, 0), -4.0),
    ]


def test_a_thousand_steps_need_no_recursion():
    rng = np.random.default_rng(0)
    lattice = lattice_from(rng, [3] * 3_000, 1000)

    first, second, *_, last = best_paths(lattice, 50)

    assert first.score >= second.score >= last.score
    assert sum(a != b for a, b in zip(first.nodes, second.nodes, strict=True)) >= 1


@pytest.mark.parametrize("wanted", [1, 4])
def test_no_path_passes_marks_that_are_not_there(wanted):
    lattice = lattice_from(np.random.default_rng(1), [2, 3], 5)

    assert best_path_through(lattice, [np.zeros(2, bool), np.zeros(3, bool)], wanted) is None
