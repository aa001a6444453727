"""From what the form of the Listen page says to the design of an experiment."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chromasonic.abtest.clips import items_in
from chromasonic.abtest.design import Arm, Design
from chromasonic.abtest.guards import GuardRules
from chromasonic.abtest.pinning import ANCHOR


def design_of(
    params: dict[str, Any], name: str, arms: Sequence[Arm], clips: Path, *, anchor: str | None
) -> Design:
    """The design of an experiment over clips that are there.

    Args:
        params: `question`, `trials`, `repeats`, `anchors`, `max_votes`, `per_address`.
        name: of the experiment.
        arms: its versions.
        clips: folder with a folder of each label.
        anchor: what lies in `anchor/`, in words; None: nothing.

    Raises:
        UsageError: a value is out of range.
    """
    labels = [arm.label for arm in arms] + ([ANCHOR] if anchor else [])
    items = items_in(clips, labels)
    trials = min(params["trials"], len(items))
    return Design(
        name=name,
        arms=tuple(arms),
        items=items,
        salt=secrets.token_hex(16),
        question=params["question"],
        trials=trials,
        repeats=min(params["repeats"], trials),
        anchor=Arm(label=ANCHOR, version=anchor) if anchor else None,
        anchors=min(params["anchors"], trials) if anchor else 0,
        max_votes=params["max_votes"],
        guards=GuardRules(listeners_per_address=params["per_address"]),
    )
