"""How far back a rollback goes: by hand, and against a list that is kept beside."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chromasonic.registry.alias_history import earlier_versions
from chromasonic.registry.version import Change

EVERY = range(1, 100)


def moved(*steps: tuple[str, int | None, int | None]) -> list[Change]:
    return [
        Change(model="m", alias="champion", kind=kind, before=before, after=after)
        for kind, before, after in steps
    ]


def test_rollbacks_lead_to_what_was_set_before_the_nearest_last() -> None:
    changes = moved(("set", None, 1), ("set", 1, 3), ("set", 3, 4))

    assert earlier_versions(changes, 4, EVERY) == (1, 3)


def test_a_rollback_takes_a_step_away_and_the_next_one_goes_further() -> None:
    changes = moved(("set", None, 1), ("set", 1, 2), ("set", 2, 3), ("rollback", 3, 2))

    assert earlier_versions(changes, 2, EVERY) == (1,)


def test_what_is_set_after_a_rollback_goes_back_to_where_the_rollback_led() -> None:
    changes = moved(("set", None, 1), ("set", 1, 2), ("rollback", 2, 1), ("set", 1, 5))

    assert earlier_versions(changes, 5, EVERY) == (1,)


def test_a_version_that_is_gone_is_passed_over() -> None:
    changes = moved(("set", None, 1), ("set", 1, 2), ("set", 2, 3))

    assert earlier_versions(changes, 3, {1, 3}) == (1,)


def test_an_alias_that_was_taken_away_comes_back_to_where_it_was() -> None:
    changes = moved(("set", None, 1), ("set", 1, 2), ("removed", 2, None))

    assert earlier_versions(changes, None, EVERY) == (1, 2)


def test_what_another_program_set_counts_as_set() -> None:
    changes = moved(("set", None, 1))

    assert earlier_versions(changes, 7, EVERY) == (1,)


def test_what_another_program_set_back_counts_as_a_rollback() -> None:
    changes = moved(("set", None, 1), ("set", 1, 2), ("set", 2, 3))

    assert earlier_versions(changes, 2, EVERY) == (1,)


def test_what_another_program_set_between_two_moves_is_not_lost() -> None:
    changes = moved(("set", None, 1), ("set", 7, 2))

    assert earlier_versions(changes, 2, EVERY) == (1, 7)


def test_a_new_alias_has_nothing_before_it() -> None:
    assert earlier_versions(moved(("set", None, 1)), 1, EVERY) == ()
    assert earlier_versions([], None, EVERY) == ()


@given(st.lists(st.one_of(st.integers(1, 6), st.just("back"), st.just("remove")), max_size=30))
def test_the_steps_back_are_those_of_an_editors_undo(orders: list[int | str]) -> None:
    """The oracle: a list of all states, cut at each undo; equal neighbours are one state."""
    states: list[int] = []
    changes: list[Change] = []
    present: int | None = None
    for order in orders:
        if isinstance(order, int):
            if order == present:
                continue
            changes += moved(("set", present, order))
            if present is None and states and states[-1] == order:
                states.pop()  # it is where it was before it was taken away
            states.append(order)
            present = order
        elif order == "remove" and present is not None:
            changes += moved(("removed", present, None))
            present = None
        elif order == "back":
            before = states[:-1] if present is not None else states
            if not before:
                continue
            changes += moved(("rollback", present, before[-1]))
            if present is not None:
                states.pop()
            present = before[-1]
        expected = states[:-1] if present is not None else states
        assert earlier_versions(changes, present, EVERY) == tuple(expected)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=12))
def test_rolling_back_until_nothing_is_left_comes_to_an_end(orders: list[int]) -> None:
    changes: list[Change] = []
    present: int | None = None
    for number in orders:
        if number != present:
            changes += moved(("set", present, number))
            present = number
    seen = [present]
    while earlier := earlier_versions(changes, present, EVERY):
        changes += moved(("rollback", present, earlier[-1]))
        present = earlier[-1]
        seen.append(present)
        assert len(seen) <= len(orders)

    assert seen == [n for k, n in enumerate(orders) if not k or orders[k - 1] != n][::-1]
