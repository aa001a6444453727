"""A palette's mood, and through it the mode and tempo that go with its colours.

Listeners pair music with colours by way of feeling: faster music in major with colours that are
more saturated, lighter and yellower, slower music in minor with greyer, darker and bluer ones, and
the emotional ratings of the music and of the colours chosen for it agree with 0.89 < r < 0.99. So
the way goes colour -> valence and arousal -> mode and tempo (`mood_cues`).

Measured are the directions, and the weights of lightness and saturation on pleasure (0.69, 0.22)
and of saturation on arousal (0.60). Ours are the other weights, the scales on which a colour's
properties run from -1 to 1, and that colours count by their area alone. In one thing two studies
disagree: brightness lowers arousal in the second (-0.31) and raises it in the third; here it raises
it a little, as the pairing with tempo asks. Angry music goes with dark reds in the first; so red
raises arousal and takes a little from valence.

Red itself has a positive b* in CIELAB, and green too. How yellow a colour is, is therefore counted
from the line of pure red and pure green, whose hue angles are those of CIECAM02.

Source: Palmer, Schloss, Xu and Prado-Leon, "Music-color associations are mediated by emotion",
PNAS 110 (2013); Valdez and Mehrabian, "Effects of color on emotions", Journal of Experimental
Psychology: General 123 (1994); Wilms and Oberfeld, "Color and emotion: effects of hue, saturation,
and brightness", Psychological Research 82 (2018); Moroney and others, "The CIECAM02 color
appearance model", Color and Imaging Conference (2002), for the hues 20.14 (red) and 164.25 (green).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chromasonic.errors import UsageError
from chromasonic.music.colour_space import chroma_of_lab, hex_of_lab
from chromasonic.music.mood_cues import MoodCues, cues_of

Floats = npt.NDArray[np.float64]

VALENCE_WEIGHTS = {"lightness": 0.69, "saturation": 0.22, "yellowness": 0.35, "redness": -0.20}
AROUSAL_WEIGHTS = {"lightness": 0.15, "saturation": 0.60, "yellowness": 0.15, "redness": 0.25}
"""Of a colour's properties, each from -1 to 1. Those of lightness, saturation and yellowness are
all positive: a lighter, more saturated or yellower palette is never slower, and never turns from
major to minor."""

WORDS = {
    "lightness": ("dark", "of middle lightness", "light"),
    "saturation": ("greyish", "of middle saturation", "saturated"),
    "yellowness": ("bluish", "neither yellow nor blue", "yellowish"),
    "redness": ("greenish", "neither red nor green", "reddish"),
}
CLEAR = 0.2
"""From here on a property is worth its word."""

LIGHTNESS_SPAN = 50.0
CHROMA_MIDDLE, CHROMA_SPAN = 25.0, 35.0
HUE_SPAN = 60.0
RED_SLOPE = float(np.tan(np.radians(20.14)))
GREEN_SLOPE = float(np.tan(np.radians(180 - 164.25)))


@dataclass(frozen=True, kw_only=True)
class Swatch:
    """One colour of a palette.

    Attributes:
        lab: L*, a*, b*.
        share: of the picture's area, above 0.
    """

    lab: tuple[float, float, float]
    share: float

    @property
    def hex(self) -> str:
        """As "#rrggbb"."""
        return hex_of_lab(self.lab)


@dataclass(frozen=True, kw_only=True)
class Influence:
    """What one property of the palette adds to its mood.

    Attributes:
        name: lightness, saturation, yellowness or redness.
        value: mean over the area, -1 to 1.
        valence: added to valence.
        arousal: added to arousal.
    """

    name: str
    value: float
    valence: float
    arousal: float

    @property
    def word(self) -> str:
        """Such as "light" or "bluish"."""
        low, middle, high = WORDS[self.name]
        return high if self.value >= CLEAR else low if self.value <= -CLEAR else middle


@dataclass(frozen=True, kw_only=True)
class PaletteMood:
    """What was read from a palette.

    Attributes:
        swatches: the palette, the largest first.
        influences: what each property adds.
        cues: the mood, with mode, tempo and all else that follows from it.
    """

    swatches: tuple[Swatch, ...]
    influences: tuple[Influence, ...]
    cues: MoodCues

    def sentence(self) -> str:
        """What was read, in a sentence."""
        clear = [one.word for one in self.influences if abs(one.value) >= CLEAR]
        colours = ", ".join(clear) if clear else "neither light nor dark, without a clear hue"
        return (
            f"The picture is {colours}: that reads as {self.cues.word}, and so "
            f"{self.cues.mode} at about {self.cues.tempo_bpm:.0f} quarters a minute."
        )


def mood_of_palette(swatches: Sequence[Swatch]) -> PaletteMood:
    """The mood of colours, each counted by its area.

    Raises:
        UsageError: there is no colour, or a share is not above 0.
    """
    if not swatches or not all(swatch.share > 0 for swatch in swatches):
        raise UsageError("A palette wants at least one colour, each with a share above 0.")
    shares = np.array([swatch.share for swatch in swatches])
    values = _properties(np.array([swatch.lab for swatch in swatches]))
    influences = []
    for name, value in values.items():
        mean = float(shares @ value / shares.sum())
        influences.append(
            Influence(
                name=name,
                value=mean,
                valence=VALENCE_WEIGHTS[name] * mean,
                arousal=AROUSAL_WEIGHTS[name] * mean,
            )
        )
    valence, arousal = (
        float(np.clip(sum(getattr(one, side) for one in influences), -1, 1))
        for side in ("valence", "arousal")
    )
    return PaletteMood(
        swatches=tuple(sorted(swatches, key=lambda swatch: -swatch.share)),
        influences=tuple(influences),
        cues=cues_of(valence, arousal),
    )


def _properties(lab: Floats) -> dict[str, Floats]:
    """Name of a property to its value (K,) of each colour (K, 3), from -1 to 1."""
    pure = np.where(lab[:, 1] >= 0, RED_SLOPE, -GREEN_SLOPE) * lab[:, 1]
    return {
        "lightness": np.clip((lab[:, 0] - 50) / LIGHTNESS_SPAN, -1, 1),
        "saturation": np.clip((chroma_of_lab(lab) - CHROMA_MIDDLE) / CHROMA_SPAN, -1, 1),
        "yellowness": np.clip((lab[:, 2] - pure) / HUE_SPAN, -1, 1),
        "redness": np.clip(lab[:, 1] / HUE_SPAN, -1, 1),
    }
