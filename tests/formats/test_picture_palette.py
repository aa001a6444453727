"""Palettes of pictures: shares of area, always the same, and files that are no pictures."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from chromasonic.errors import FormatError, UsageError
from chromasonic.formats.picture_palette import palette_of_bytes, palette_of_file
from chromasonic.music.colour_space import lab_of_srgb


def encoded(pixels: np.ndarray, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, form, **options)
    return out.getvalue()


def flag(*colours: tuple[int, ...]) -> np.ndarray:
    """Stripes of one width, 60 rows each."""
    return np.concatenate([np.full((60, 90, len(colour)), colour) for colour in colours])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_the_stripes_of_a_flag_are_its_palette(form: str) -> None:
    palette = palette_of_bytes(encoded(flag((0, 85, 164), (255, 255, 255), (239, 65, 53)), form))
    large = [one for one in palette if one.share > 0.2]
    assert sorted(round(one.share, 1) for one in large) == [0.3, 0.3, 0.3]
    expected = lab_of_srgb(np.array([[0, 85, 164], [255, 255, 255], [239, 65, 53]]) / 255)
    for wanted in expected:
        nearest = min(np.linalg.norm(np.array(one.lab) - wanted) for one in large)
        assert nearest < 6  # what JPEG does to colours


def test_shares_are_of_the_whole_area_and_the_largest_comes_first() -> None:
    pixels = flag((250, 220, 60), (20, 20, 60), (20, 20, 60), (20, 20, 60))
    palette = palette_of_bytes(encoded(pixels))
    assert sum(one.share for one in palette) == pytest.approx(1)
    assert palette[0].hex == "#14143c"
    assert palette[0].share == pytest.approx(0.75, abs=0.02)


def test_the_same_picture_has_the_same_palette() -> None:
    noise = np.random.default_rng(5).integers(0, 255, (80, 120, 3))
    assert palette_of_bytes(encoded(noise)) == palette_of_bytes(encoded(noise))
    assert len(palette_of_bytes(encoded(noise))) == 6


def test_a_plain_picture_has_one_colour() -> None:
    (only,) = palette_of_bytes(encoded(flag((120, 120, 120))))
    assert (only.hex, only.share) == ("#787878", 1.0)


def test_what_is_transparent_is_white_paper() -> None:
    (only,) = palette_of_bytes(encoded(flag((200, 0, 0, 0))))
    assert only.hex == "#ffffff"


def test_of_a_moving_picture_the_first_frame_is_taken() -> None:
    frames = [
        Image.fromarray(flag(colour).astype(np.uint8)) for colour in ((255, 0, 0), (0, 0, 255))
    ]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    (only,) = palette_of_bytes(out.getvalue())
    assert only.hex == "#ff0000"


def png_that_says(width: int, height: int) -> bytes:
    """A PNG whose header announces a size, with hardly any data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = (
        chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + data


def gif_that_says(width: int, height: int) -> bytes:
    """The head of a GIF of some size, and one empty frame of it."""
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + b"\0\0\0" + b"," + b"\0" * 4 + size + b"\0\2\1\0\0;"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no picture that is read here"),
        (b"", "is no picture that is read here"),
        (encoded(flag((9, 9, 9)))[:60], "broken picture|no picture"),
        (png_that_says(30_000, 30_000), "too large"),
        (gif_that_says(65_000, 65_000), "too large"),
        (png_that_says(8_000, 7_000), "too large"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        palette_of_bytes(data, name="holiday.png")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="Cannot read"):
        palette_of_file(tmp_path / "none.png")


def test_a_palette_has_one_to_sixteen_colours() -> None:
    with pytest.raises(UsageError, match="1 to 16"):
        palette_of_bytes(encoded(flag((1, 2, 3))), colours=0)
