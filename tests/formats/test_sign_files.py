"""Power Glove recordings: what is measured is where it belongs, what is not is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import FormatError
from chromasonic.formats.sign_files import POWER_GLOVE, RATE_HZ, parse_sign

LINE = (
    b"0.125000, -0.250000, 0.500000, 0.083333, -1.000000, -1.000000, "
    b"0.250000, 0.500000, 0.750000, 0.000000, 0.000000, 0xFF, 0x1, 0x0, 0x3F"
)


def test_each_measurement_stands_at_its_node_and_channel() -> None:
    movement = parse_sign(LINE + b"\n", name="god0")
    palm, thumb, index, middle, ring = movement.frames[0]
    assert palm.tolist() == [0.125, -0.25, 0.5, pytest.approx(1 / 12, abs=1e-6), 0.0]
    assert [finger[4] for finger in (thumb, index, middle, ring)] == [0.25, 0.5, 0.75, 0.0]
    assert not movement.frames[0, 1:, :4].any()
    assert movement.skeleton is POWER_GLOVE
    assert (movement.id, movement.rate_hz) == ("god0", RATE_HZ)


def test_a_roll_that_the_glove_did_not_give_is_unseen_and_nothing_else_is() -> None:
    movement = parse_sign(LINE.replace(b"0.083333", b"-1.000000"), name="god0")
    assert np.argwhere(np.isnan(movement.frames)).tolist() == [[0, 0, 3]]


def test_blank_lines_and_windows_line_ends_are_no_frames() -> None:
    assert len(parse_sign(LINE + b"\r\n\r\n" + LINE + b"\r\n\n", name="a")) == 2


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\r\n"])
def test_a_file_without_a_frame_is_refused_as_empty(content: bytes) -> None:
    with pytest.raises(FormatError, match="wild1.sign is empty"):
        parse_sign(content, name="wild1.sign")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"0.1, 0.2, 0.3", "line 1 has 3 values; a frame of a .sign file has 15"),
        (LINE + b"\n" + LINE[:28], "line 2 has 3 values"),
        (LINE.replace(b"0.125000", b"left"), "no number"),
        (LINE.replace(b"0.125000", b"nan"), "line 1 has a value outside of -1 to 1"),
        (LINE + b"\n" + LINE.replace(b"0.125000", b"1e30"), "line 2 has a value outside"),
    ],
)
def test_what_is_no_frame_is_refused_with_its_line(content: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_sign(content, name="x.sign")


def test_a_recording_of_many_minutes_is_read_whole() -> None:
    assert len(parse_sign((LINE + b"\n") * 4494, name="different0")) == 4494


@given(st.one_of(st.binary(max_size=200), st.text(alphabet="0123456789.,-x \n", max_size=200)))
def test_any_content_is_a_movement_or_a_format_error(content: bytes | str) -> None:
    data = content.encode() if isinstance(content, str) else content
    try:
        movement = parse_sign(data, name="any")
    except FormatError:
        return
    assert movement.frames.shape[1:] == (5, 5)
