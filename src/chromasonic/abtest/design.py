"""What a listening experiment is: versions, items, how much a listener is asked, when it may stop.

A design is fixed when the experiment is made and never changes: it is written into the store as
JSON, and its SHA-256 begins the chain of votes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from chromasonic.abtest.guards import GuardRules
from chromasonic.abtest.ranges import check_ranges
from chromasonic.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,79}\Z")
MOST_VERSIONS = 12


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A version that takes part, pinned to what its files were when the experiment was made.

    Attributes:
        label: a letter, or "anchor"; what votes name.
        version: NAME@NUMBER, a path, or a few words for an anchor ("people").
        sha256: of the manifest of its files; "" for an anchor.
    """

    label: str
    version: str
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What one version plays for one item.

    Attributes:
        source: where a page gets it: a file's name, or "seed 7" for what the version then writes.
        duration_ms: how long it plays.
        sha256: of the file; "" where there is none.
    """

    source: str
    duration_ms: int
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.duration_ms < 1:
            raise UsageError(
                f"Clip {self.source} lasts {self.duration_ms} ms; allowed: 1 and more."
            )


@dataclass(frozen=True, kw_only=True)
class Item:
    """A place to compare at: the same opening, seed or prompt for every version.

    Attributes:
        name: of the item.
        clips: label to what is heard.
    """

    name: str
    clips: Mapping[str, Clip]


@dataclass(frozen=True, kw_only=True)
class Design:
    """An experiment as it was set up.

    Attributes:
        name: of the experiment.
        question: what listeners are asked.
        arms: two versions or more.
        items: what is heard.
        trials: how many pairs a listener is asked about, repeats and anchors not counted.
        repeats: how many of them are asked again, sides swapped, without saying so.
        anchor: something known to compare with, such as tunes by people; None: none.
        anchors: how many pairs with the anchor each listener gets.
        alpha: chance of a false alarm over the whole course of looking.
        margin: a preference nearer to one half than this counts as no difference.
        max_votes: when to stop in any case; votes that count.
        guards: thresholds of the rules that set votes apart.
        salt: makes assignment and pseudonyms this experiment's own.
    """

    name: str
    arms: tuple[Arm, ...]
    items: tuple[Item, ...]
    salt: str
    question: str = "Which of the two do you like better?"
    trials: int = 10
    repeats: int = 2
    anchor: Arm | None = None
    anchors: int = 0
    alpha: float = 0.05
    margin: float = 0.1
    max_votes: int = 2_000
    guards: GuardRules = field(default_factory=GuardRules)

    def __post_init__(self) -> None:
        _check_names(self)
        _check_items(self)
        check_ranges(self, ("trials", 1, len(self.items)), why="a listener hears each item once")
        check_ranges(
            self,
            ("repeats", 0, self.trials),
            ("anchors", 0 if self.anchor is None else 1, self.trials),
            ("max_votes", 1, 10_000_000),
        )
        if self.anchors and self.anchor is None:
            raise UsageError(f"{self.anchors} pairs with an anchor were asked for, but none given.")
        for what, share in (("alpha", self.alpha), ("margin", self.margin)):
            if not 0 < share < 0.5:
                raise UsageError(f"{what} is {share}; allowed: above 0 and below 0.5.")

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the versions, in order; without the anchor."""
        return tuple(arm.label for arm in self.arms)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every two versions that are compared."""
        return tuple(combinations(self.labels, 2))

    def arm(self, label: str) -> Arm:
        """The version, or the anchor, of a label."""
        everyone = [*self.arms, *([self.anchor] if self.anchor else [])]
        return next(arm for arm in everyone if arm.label == label)

    def item(self, name: str) -> Item:
        """An item by its name."""
        return next(item for item in self.items if item.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Design:
        """A design as `to_dict` gave it."""
        items = tuple(
            Item(
                name=item["name"],
                clips={label: Clip(**clip) for label, clip in item["clips"].items()},
            )
            for item in values["items"]
        )
        built = {
            "arms": tuple(Arm(**arm) for arm in values["arms"]),
            "items": items,
            "anchor": Arm(**values["anchor"]) if values["anchor"] else None,
            "guards": GuardRules(**values["guards"]),
        }
        return cls(**{**values, **built})


def _check_names(design: Design) -> None:
    if not _NAME.match(design.name):
        raise UsageError(
            f"'{design.name}' cannot name an experiment; allowed: letters, digits, '.', '_' and "
            "'-', the first a letter or digit, 80 at most."
        )
    if not 2 <= len(design.arms) <= MOST_VERSIONS:
        raise UsageError(
            f"{len(design.arms)} version(s) were given; an experiment compares 2 to "
            f"{MOST_VERSIONS}."
        )
    labels = [*design.labels, *([design.anchor.label] if design.anchor else [])]
    if len(set(labels)) < len(labels) or sorted(design.labels) != list(design.labels):
        raise UsageError(f"Labels {', '.join(labels)} must differ and stand in order.")
    if not design.salt:
        raise UsageError("The salt is empty; give some random characters.")


def _check_items(design: Design) -> None:
    names = [item.name for item in design.items]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"Item '{twice}' stands twice; each name stands once.")
    wanted = {*design.labels, *([design.anchor.label] if design.anchor else [])}
    for item in design.items:
        if missing := sorted(wanted - item.clips.keys()):
            raise UsageError(f"Item '{item.name}' has no clip of {', '.join(missing)}.")
