"""Skeletons as matrices, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import DataError
from chromasonic.gesture.graph import adjacency_of, nearest_neighbours
from chromasonic.music.movement import Skeleton


def skeleton(nodes: int, edges: tuple[tuple[int, int], ...]) -> Skeleton:
    return Skeleton(
        name="test",
        nodes=tuple(f"node {number}" for number in range(nodes)),
        edges=edges,
        channels=("x",),
    )


def test_an_arm_of_three_joints_is_weighed_as_by_hand() -> None:
    adjacency = adjacency_of(skeleton(3, ((0, 1), (1, 2)))).numpy()
    # Ties with oneself counted: 2, 3, 2.
    by_hand = [
        [1 / 2, 1 / 6**0.5, 0],
        [1 / 6**0.5, 1 / 3, 1 / 6**0.5],
        [0, 1 / 6**0.5, 1 / 2],
    ]
    np.testing.assert_allclose(adjacency, by_hand, atol=1e-7)


def test_a_node_without_edges_hears_itself_alone() -> None:
    adjacency = adjacency_of(skeleton(3, ((0, 1),))).numpy()
    np.testing.assert_array_equal(adjacency[2], [0, 0, 1])
    np.testing.assert_array_equal(adjacency[:, 2], [0, 0, 1])


def test_one_node_is_a_graph() -> None:
    assert adjacency_of(skeleton(1, ())).tolist() == [[1.0]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, set[tuple[int, int]]]:
    nodes = draw(st.integers(1, 12))
    node = st.integers(0, nodes - 1)
    return nodes, draw(st.sets(st.tuples(node, node).filter(lambda edge: edge[0] != edge[1])))


@given(graphs())
def test_no_mixture_grows_without_end_and_the_order_of_an_edge_is_nothing(
    graph: tuple[int, set[tuple[int, int]]],
) -> None:
    nodes, edges = graph
    adjacency = adjacency_of(skeleton(nodes, tuple(sorted(edges)))).double().numpy()
    turned = adjacency_of(skeleton(nodes, tuple(sorted((b, a) for a, b in edges)))).numpy()
    np.testing.assert_array_equal(adjacency, adjacency.T)
    np.testing.assert_array_equal(adjacency, turned)
    assert np.abs(np.linalg.eigvalsh(adjacency)).max() <= 1 + 1e-6


def test_points_on_a_line_are_tied_to_their_neighbours() -> None:
    assert nearest_neighbours([[0.0], [1.0], [2.5], [4.5]], 1) == ((0, 1), (1, 2), (2, 3))


def test_a_point_that_many_choose_has_many_edges() -> None:
    star = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.1], [-1.2, 0.0], [0.0, -1.3]]
    assert nearest_neighbours(star, 1) == ((0, 1), (0, 2), (0, 3), (0, 4))


def test_of_points_equally_far_the_smaller_number_is_nearer() -> None:
    assert nearest_neighbours([[0.0], [1.0], [-1.0]], 1) == ((0, 1), (0, 2))
    assert nearest_neighbours(np.zeros((3, 2)), 1) == ((0, 1), (0, 2))


def test_no_neighbours_are_no_edges() -> None:
    assert nearest_neighbours([[0.0], [1.0]], 0) == ()


@pytest.mark.parametrize(
    ("points", "count", "says"),
    [
        ([[0.0], [1.0]], 2, "from 0 to 1"),
        ([[0.0], [float("nan")]], 1, "finite"),
        ([0.0, 1.0], 1, "points, coordinates"),
    ],
)
def test_points_that_cannot_be_tied_are_refused(points: list, count: int, says: str) -> None:
    with pytest.raises(DataError, match=says):
        nearest_neighbours(points, count)


def test_nodes_that_are_all_tied_stay_apart_where_their_own_weight_is_larger() -> None:
    triangle = skeleton(3, ((0, 1), (1, 2), (0, 2)))

    alike, apart = adjacency_of(triangle).numpy(), adjacency_of(triangle, 4.0).numpy()

    np.testing.assert_allclose(alike, np.full((3, 3), 1 / 3), rtol=1e-6)
    np.testing.assert_allclose(apart, (np.ones((3, 3)) + 3 * np.eye(3)) / 6, rtol=1e-6)
