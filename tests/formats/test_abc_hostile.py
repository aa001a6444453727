"""ABC that means harm, or is no ABC: one clear answer, soon, and little memory."""

from __future__ import annotations

import pytest

from chromasonic.errors import FormatError
from chromasonic.formats.abc import read_abc
from chromasonic.formats.abc_music import MAX_NOTES

HEADER = "X:1\nT:hostile\nK:C\n"
N = 100_000


@pytest.mark.parametrize("text", ["", "hello\n", "[" * 1_000_000, "K:C\nabc\n"])
def test_text_without_a_tune_is_refused_with_a_next_step(text: str) -> None:
    with pytest.raises(FormatError, match=r"no line begins with 'X:'.*Give a text file"):
        read_abc(text, source="file.abc")


def test_binary_is_refused() -> None:
    with pytest.raises(FormatError, match="it is binary"):
        read_abc("X:1\n" + bytes(range(256)).decode("latin1"), source="file.abc")


@pytest.mark.parametrize(
    "body",
    [
        "[" * N, "|" * N, ":" * N, '"' * N, "{" * N, "!" * N, "+" * N, "(" * N, "(3" * N, "[|" * N,
        "|:" * N, "[K:[" * N, "[V:1]" * N, "[c" * N, "C" + "9" * N, "C" + "/" * N, "A" + "," * N,
        "a" + ">" * N + "b", "[1," * N, "[" + "1" * N, "%" * N, "\\\n" * N, "&" * N, "Z" + "9" * N,
    ],
    ids=lambda body: body[:4],
)  # fmt: skip
def test_endless_signs_are_skipped_with_a_reason(body: str) -> None:
    book = read_abc(HEADER + body, source="file.abc")
    assert book.tunes == ()
    assert book.skipped[0].reason


@pytest.mark.parametrize("field", ["K", "M", "L", "Q", "T"])
def test_an_endless_field_costs_nothing(field: str) -> None:
    book = read_abc(f"X:1\n{field}:{'1+' * N}\nK:C\nc\n", source="file.abc")
    assert len(book.tunes) + len(book.skipped) == 1


def test_a_tune_of_endless_notes_is_refused_by_its_count() -> None:
    book = read_abc(HEADER + "A" * (MAX_NOTES + 1), source="file.abc")
    assert "more than 20,000 notes" in book.skipped[0].reason


def test_an_endless_tune_is_refused_by_its_length() -> None:
    book = read_abc(HEADER + "[" * 2_000_000, source="file.abc")
    assert "longer than 1,000,000 characters" in book.skipped[0].reason
