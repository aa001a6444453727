"""Time series with classes: read as the head says, refused where they differ from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import FormatError
from chromasonic.formats.ts_files import parse_ts

HEAD = b"""# A made-up problem; in Latin-1: m\xfcde.
@problemName Made
@timeStamps false
@dimensions 2
@equalLength true
@seriesLength 3
@classLabel true 1.0 2.0
@data
"""


def test_dimensions_become_columns_and_frames_rows() -> None:
    table = parse_ts(HEAD + b"1,2,3:10,20,30:2.0\n4,?,6:40,50,NaN:1.0\n", source="made.ts")
    first, second = table.series
    assert first.tolist() == [[1, 10], [2, 20], [3, 30]]
    assert np.argwhere(np.isnan(second)).tolist() == [[1, 0], [2, 1]]
    assert table.labels == ("2.0", "1.0")
    assert (table.name, table.classes) == ("Made", ("1.0", "2.0"))


def test_series_of_several_lengths_pass_where_the_head_allows_them() -> None:
    head = HEAD.replace(b"@equalLength true", b"@equalLength false")
    table = parse_ts(head + b"1:2:1.0\n1,2,3,4:5,6,7,8:2.0\n", source="x")
    assert [series.shape for series in table.series] == [(1, 2), (4, 2)]


def test_a_file_without_classes_has_empty_labels() -> None:
    head = HEAD.replace(b"@classLabel true 1.0 2.0", b"@classLabel false")
    table = parse_ts(head + b"1,2,3:4,5,6\n", source="x")
    assert (table.labels, table.classes) == (("",), ())
    assert table.series[0].shape == (3, 2)


def test_capitals_in_names_and_windows_line_ends_do_not_matter() -> None:
    head = HEAD.replace(b"@data", b"@DATA").replace(b"\n", b"\r\n")
    assert len(parse_ts(head + b"1,2,3:4,5,6:1.0\r\n\r\n", source="x").series) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no line '@data'"),
        (HEAD, "has 0 series"),
        (HEAD.replace(b"@timeStamps false", b"@timeStamps true"), "time stamps"),
        (HEAD + b"1,2,3:1.0\n", "series 1 has 1 dimensions; the head says 2"),
        (HEAD + b"1,2:3,4:1.0\n", "series 1 has 2 frames; the head says 3"),
        (HEAD + b"1,2,3:4,5:1.0\n", "dimensions of 2, 3 frames"),
        (HEAD + b"1,2,3:4,5,6:1.0\n1,2,3:4,x,6:1.0", "series 2 has a value that is no number"),
        (HEAD + b"1,2,3:4,5,6:7.0\n", "class '7.0', which the head does not list; allowed: 1.0"),
        (HEAD + b"1.0\n", "series 1 has dimensions of no frames"),
    ],
)
def test_what_is_not_as_the_head_says_is_refused_with_its_place(
    content: bytes, message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        parse_ts(content, source="made.ts")


@given(st.binary(max_size=300))
def test_any_bytes_after_a_head_are_series_or_a_format_error(content: bytes) -> None:
    for data in (content, HEAD + content):
        try:
            table = parse_ts(data, source="any")
        except FormatError:
            continue
        assert all(series.shape == (3, 2) for series in table.series)
