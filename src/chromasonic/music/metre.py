"""Metre, and the unit of musical time."""

from __future__ import annotations

from dataclasses import dataclass

TICKS_PER_QUARTER = 10_080
"""Ticks of a quarter note: 2^5 x 3^2 x 5 x 7, so that tuplets of 3, 5, 7 and 9 are whole."""

TICKS_PER_WHOLE = 4 * TICKS_PER_QUARTER


@dataclass(frozen=True, slots=True)
class Metre:
    """A time signature, such as 6/8."""

    numerator: int = 4
    denominator: int = 4

    def __post_init__(self) -> None:
        powers = (1, 2, 4, 8, 16, 32, 64)
        if not 1 <= self.numerator <= 64 or self.denominator not in powers:
            raise ValueError(
                f"{self.numerator}/{self.denominator} is no metre: "
                "numerator 1 to 64, denominator a power of two up to 64."
            )

    @property
    def bar_ticks(self) -> int:
        """Length of a full bar in ticks."""
        return self.numerator * TICKS_PER_WHOLE // self.denominator

    @property
    def beat_ticks(self) -> int:
        """Length of a felt beat in ticks: a dotted unit in compound metres (6/8, 9/8, 12/8)."""
        compound = self.denominator >= 8 and self.numerator > 3 and self.numerator % 3 == 0
        return TICKS_PER_WHOLE // self.denominator * (3 if compound else 1)

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @classmethod
    def parse(cls, text: str) -> Metre:
        """Read "6/8", "C" or "C|".

        Raises:
            ValueError: the text is no metre.
        """
        text = {"C": "4/4", "C|": "2/2"}.get(text.strip(), text.strip())
        numerator, slash, denominator = text.partition("/")
        if not slash or not numerator.isdigit() or not denominator.isdigit():
            raise ValueError(f"'{text}' is no metre: write it as 6/8.")
        return cls(int(numerator), int(denominator))
