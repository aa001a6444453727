"""Scores of several parts: one tune a voice, all in the same bars, with words under the music."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chromasonic.music.tune import Bar, ChordSymbol, Tune


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What stands under the music at one place, such as a Roman numeral ("V6/5", "viio7/V").

    Attributes:
        onset: ticks from the start of its bar.
        text: as written in plain characters; not empty.
    """

    onset: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore:
    """Voices that sound together, highest first.

    Repeats, endings and double bars stand once: those of the first part are put on every part.

    Attributes:
        id: unique and stable within its corpus.
        title: as written; may be empty.
        names: one for each part, such as ("Soprano", "Alto", "Tenor", "Bass"); all different.
        parts: one tune for each name, with the same count of bars, and in each bar the same
            metre, key and duration. Tempo is that of the first.
        labels: one tuple a bar, in time, or empty.
        source: where it comes from, for messages and credits.

    Raises:
        ValueError: names, bars or labels do not fit together.
    """

    id: str
    title: str
    names: tuple[str, ...]
    parts: tuple[Tune, ...]
    labels: tuple[tuple[Label, ...], ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if not self.parts or len(self.names) != len(self.parts):
            raise ValueError(
                f"{len(self.parts)} parts have {len(self.names)} names: give at least one part, "
                "and one name for each."
            )
        if len(set(self.names)) < len(self.names) or not all(self.names):
            raise ValueError(f"The names {self.names} are not all different and not empty.")
        for name, part in zip(self.names[1:], self.parts[1:], strict=True):
            _check_bars(self.names[0], self.parts[0].bars, name, part.bars)
        self._check_labels()
        aligned = tuple(_aligned(part, self.parts[0].bars) for part in self.parts)
        object.__setattr__(self, "parts", aligned)

    def _check_labels(self) -> None:
        bars = self.parts[0].bars
        if self.labels and len(self.labels) != len(bars):
            raise ValueError(
                f"There are labels for {len(self.labels)} bars, and {len(bars)} bars: give one "
                "tuple a bar, empty where it has none, or no labels at all."
            )
        for number, (labels, bar) in enumerate(zip(self.labels, bars, strict=False), start=1):
            onsets = [label.onset for label in labels]
            if onsets != sorted(set(onsets)) or any(not 0 <= at < bar.duration for at in onsets):
                raise ValueError(
                    f"The labels of bar {number} stand at {onsets}: they go up, one at a place, "
                    f"from 0 to below its {bar.duration} ticks."
                )
            if not all(label.text.strip() for label in labels):
                raise ValueError(f"A label of bar {number} is empty: leave it out.")

    def expanded(self) -> PartScore:
        """The score as played: repeats written out in every part, labels with them."""
        parts = tuple(part.expanded() for part in self.parts)
        if not self.labels:
            return replace(self, parts=parts)
        labelled = tuple(
            replace(bar, chords=tuple(ChordSymbol(one.onset, one.text) for one in labels))
            for bar, labels in zip(self.parts[0].bars, self.labels, strict=True)
        )
        played = replace(self.parts[0], bars=labelled).expanded().bars
        labels = tuple(
            tuple(Label(onset=one.onset, text=one.text) for one in bar.chords) for bar in played
        )
        return replace(self, parts=parts, labels=labels)


def _check_bars(first: str, bars: tuple[Bar, ...], name: str, others: tuple[Bar, ...]) -> None:
    if len(bars) != len(others):
        raise ValueError(
            f"{first} has {len(bars)} bars, {name} has {len(others)}: all parts need the same."
        )
    for number, (bar, other) in enumerate(zip(bars, others, strict=True), start=1):
        for what in ("metre", "key", "duration"):
            one, two = getattr(bar, what), getattr(other, what)
            if one != two:
                raise ValueError(
                    f"In bar {number} {first} has the {what} {one}, {name} has {two}: all parts "
                    "need the same."
                )


def _aligned(part: Tune, bars: tuple[Bar, ...]) -> Tune:
    """The part with the repeats, endings and double bars of other bars."""
    return replace(
        part,
        bars=tuple(
            replace(
                bar,
                opens_repeat=other.opens_repeat,
                closes_repeat=other.closes_repeat,
                ending=other.ending,
                closes_section=other.closes_section,
            )
            for bar, other in zip(part.bars, bars, strict=True)
        ),
    )
