"""The palette of a picture: a few colours, each with the share of the area that it stands for.

The picture is made small (the colours of a patch are averaged), its pixels are placed in CIELAB,
and k-means gathers them. It begins with colours far from each other, chosen without chance, so the
same picture always has the same palette. Every pixel counts; transparent ones by how much of them
shows, over white.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import FormatError, UsageError
from chromasonic.files import PathLike
from chromasonic.music.colour_mood import Swatch
from chromasonic.music.colour_space import lab_of_srgb

Floats = npt.NDArray[np.float64]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_BYTES = 32_000_000
MAX_PIXELS = 50_000_000
SIDE_PX = 96
"""Longest side of the picture that is looked at."""

COLOURS = 6
ROUNDS = 40
SAME_COLOUR = 3.0
"""Colours nearer than this in CIELAB hardly differ to the eye; they are one of the palette."""


def palette_of_file(path: PathLike, *, colours: int = COLOURS) -> tuple[Swatch, ...]:
    """The palette of a picture file; see `palette_of_bytes`.

    Raises:
        FormatError: it cannot be read, or is no picture.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FormatError(_too_large(path.name, f"{path.stat().st_size:,} bytes"))
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"Cannot read {path}: {error.strerror or error}.") from error
    return palette_of_bytes(data, name=path.name, colours=colours)


def palette_of_bytes(
    data: bytes, *, name: str = "the picture", colours: int = COLOURS
) -> tuple[Swatch, ...]:
    """The palette of a picture, the largest share first.

    Args:
        data: PNG, JPEG, WebP, GIF, BMP or TIFF; of several frames the first.
        name: what messages call it.
        colours: the most that the palette may have, 1 to 16.

    Raises:
        FormatError: it is no such picture, is broken, or has too many pixels.
        UsageError: `colours` is out of range.
    """
    if not 1 <= colours <= 16:
        raise UsageError(f"colours is {colours}; a palette has 1 to 16.")
    return palette_of_pixels(_pixels(data, name), colours=colours)


def palette_of_pixels(srgb: npt.ArrayLike, *, colours: int = COLOURS) -> tuple[Swatch, ...]:
    """The palette of pixels (N, 3), sRGB from 0 to 1, all of one size."""
    lab = lab_of_srgb(np.asarray(srgb, np.float64).reshape(-1, 3))
    centres = _first_centres(lab, colours)
    for _ in range(ROUNDS):
        nearest = _nearest(lab, centres)
        moved = np.stack(
            [
                lab[nearest == k].mean(0) if (nearest == k).any() else centres[k]
                for k in range(len(centres))
            ]
        )
        if np.allclose(moved, centres, atol=1e-6):
            break
        centres = moved
    counts = np.bincount(_nearest(lab, centres), minlength=len(centres))
    found = [
        Swatch(lab=tuple(map(float, centre)), share=float(count / len(lab)))  # type: ignore[arg-type]
        for centre, count in zip(centres, counts, strict=True)
        if count
    ]
    return tuple(sorted(found, key=lambda swatch: (-swatch.share, swatch.lab)))


def _first_centres(lab: Floats, colours: int) -> Floats:
    """The mean's nearest pixel, then each time the pixel farthest from all chosen."""
    start = int(((lab - lab.mean(0)) ** 2).sum(1).argmin())
    chosen = [lab[start]]
    distance = ((lab - chosen[0]) ** 2).sum(1)
    while len(chosen) < colours and distance.max() > SAME_COLOUR**2:
        chosen.append(lab[int(distance.argmax())])
        distance = np.minimum(distance, ((lab - chosen[-1]) ** 2).sum(1))
    return np.stack(chosen)


def _nearest(lab: Floats, centres: Floats) -> npt.NDArray[np.intp]:
    return ((lab[:, None] - centres) ** 2).sum(2).argmin(1)


def _pixels(data: bytes, name: str) -> Floats:
    """(N, 3) sRGB of the picture made small, over white."""
    from PIL import Image, UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise FormatError(_too_large(name, f"{len(data):,} bytes"))
    try:
        with (
            warnings.catch_warnings(record=True),  # of too many pixels, which are refused below
            Image.open(io.BytesIO(data), formats=FORMATS) as picture,
        ):
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise FormatError(_too_large(name, f"{width} x {height} pixels"))
            picture.draft("RGB", (2 * SIDE_PX, 2 * SIDE_PX))  # JPEG decodes smaller at once
            small = picture.convert("RGBA")
            small.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    except FormatError:
        raise
    except Image.DecompressionBombError as error:
        most = Image.MAX_IMAGE_PIXELS or MAX_PIXELS
        raise FormatError(_too_large(name, f"over {2 * most:,} pixels")) from error
    except UnidentifiedImageError as error:
        raise FormatError(f"{name} is no picture that is read here. Allowed: {_allowed()}.") from (
            error
        )
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as error:
        raise FormatError(
            f"{name} is a broken picture: {error}. Save it anew, as PNG or JPEG."
        ) from error
    values = np.asarray(small, np.float64).reshape(-1, 4) / 255
    return values[:, :3] * values[:, 3:] + (1 - values[:, 3:])


def _allowed() -> str:
    return ", ".join(FORMATS)


def _too_large(name: str, size: str) -> str:
    return (
        f"{name} is too large ({size}); allowed: {MAX_BYTES:,} bytes, {MAX_PIXELS:,} pixels. "
        "Make it smaller: colours show in a small picture too."
    )
