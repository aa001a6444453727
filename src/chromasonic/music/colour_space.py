"""Colours as the eye takes them: from sRGB to CIELAB and back, and to hue and chroma.

Legend: (..., 3) arrays; sRGB from 0 to 1, CIELAB with L* from 0 to 100.

Source: IEC 61966-2-1 for sRGB, with its white D65; CIE 15:2004 for L*a*b*, with the exact fractions
216/24389 and 24389/27.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_XYZ_OF_RGB: Floats = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE: Floats = _XYZ_OF_RGB.sum(1)  # D65, as RGB (1, 1, 1) gives it
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27


def lab_of_srgb(srgb: npt.ArrayLike) -> Floats:
    """L*, a*, b* (..., 3) of sRGB values (..., 3) from 0 to 1."""
    values = np.asarray(srgb, np.float64)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _XYZ_OF_RGB.T / _WHITE
    bent = np.where(ratio > _EPSILON, np.cbrt(ratio), (_KAPPA * ratio + 16) / 116)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def srgb_of_lab(lab: npt.ArrayLike) -> Floats:
    """sRGB (..., 3) of L*, a*, b*; what a screen cannot show is brought to its nearest values."""
    values = np.asarray(lab, np.float64)
    y = (values[..., 0] + 16) / 116
    bent = np.stack([y + values[..., 1] / 500, y, y - values[..., 2] / 200], axis=-1)
    ratio = np.where(bent**3 > _EPSILON, bent**3, (116 * bent - 16) / _KAPPA)
    linear = np.clip(ratio * _WHITE @ np.linalg.inv(_XYZ_OF_RGB).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def chroma_of_lab(lab: npt.ArrayLike) -> Floats:
    """C* (...): how far a colour is from grey."""
    values = np.asarray(lab, np.float64)
    return np.hypot(values[..., 1], values[..., 2])


def hex_of_lab(lab: npt.ArrayLike) -> str:
    """One colour as "#rrggbb"."""
    red, green, blue = (round(255 * float(value)) for value in srgb_of_lab(lab))
    return f"#{red:02x}{green:02x}{blue:02x}"
