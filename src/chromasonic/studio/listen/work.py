"""What the desk does for the Listen page: clips from models or from sounds, and the experiment."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.studio.desk.report import Report

if TYPE_CHECKING:
    from chromasonic.abtest.design import Arm

LONGEST_NAME = 60


def pair(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Clips that versions make by themselves, and the experiment on them: {"key", "name"}."""
    from chromasonic.abtest.pair_kinds import PAIR_KINDS
    from chromasonic.abtest.pinning import check_different, pinned
    from chromasonic.abtest.version_kinds import kind_of

    report(0.01, "Opening the versions")
    kind = PAIR_KINDS[kind_of(params["models"])]
    arms = pinned(params["models"])
    check_different(arms)
    task = kind.task(**params["pairing"])
    versions = {arm.label: model for arm, model in zip(arms, params["models"], strict=True)}
    anchor = kind.anchor if params["has_anchor"] else None

    def write(clips: Path) -> Sequence[Arm]:
        kind.write(versions, clips, task, anchor=anchor, on_progress=report)
        return arms

    return _set_up(params, write, anchor=kind.anchor_words if anchor else None)


def anchors(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Kind of pairs to why its anchor cannot be had; "" where it can. Nothing is fetched."""
    from chromasonic.abtest.pair_kinds import PAIR_KINDS
    from chromasonic.data.catalogue import CORPORA
    from chromasonic.data.locate import locate
    from chromasonic.errors import CorpusError

    del params, report
    found = {}
    for name, kind in PAIR_KINDS.items():
        facts = CORPORA.get(kind.anchor)
        try:
            if facts is not None:
                locate(facts, download=False)
            found[name] = ""
        except CorpusError:
            found[name] = (
                f"{kind.anchor} is not on this computer: chromasonic data fetch {kind.anchor}"
            )
    return found


def own_sounds(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Sounds that were sent, made equal in all but the music, and the experiment on them."""
    from chromasonic.abtest.own_sounds import write_own
    from chromasonic.abtest.paired_sound import ClipForm
    from chromasonic.abtest.pinning import recorded

    sounds = {
        label: {item: Path(path) for item, path in taken.items()}
        for label, taken in params["sounds"].items()
    }
    form = ClipForm(longest_s=params["longest_s"], is_lossless=params["is_lossless"])

    def write(clips: Path) -> Sequence[Arm]:
        write_own(sounds, clips, form, on_progress=report)
        return [
            recorded(name, label, clips)
            for label, name in zip(sounds, params["names"], strict=True)
        ]

    return _set_up(params, write, anchor=None)


def _set_up(
    params: dict[str, Any], write: Callable[[Path], Sequence[Arm]], *, anchor: str | None
) -> dict[str, Any]:
    """Write the clips, make the experiment, keep the invitation; nothing is left of a failure."""
    from chromasonic.abtest.pinning import hold
    from chromasonic.studio.listen.designing import design_of
    from chromasonic.studio.listen.invitations import CLIPS, Invitations, experiments

    invitations = Invitations(Path(params["folder"]))
    key, building = invitations.begin()
    clips = building / CLIPS
    try:
        arms = write(clips)
        design = design_of(params, free_name(params["title"]), arms, clips, anchor=anchor)
        experiments().create(design)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    versions = {arm.label: name for arm, name in zip(design.arms, params["names"], strict=True)}
    if design.anchor:
        versions[design.anchor.label] = design.anchor.version
    invitations.keep(
        key, design.name, title=params["title"], versions=versions, notes=params["notes"]
    )
    hold(design)
    return {"key": key, "name": design.name}


def free_name(title: str) -> str:
    """A name for an experiment: its title in plain letters, and a few characters of its own."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:LONGEST_NAME].strip("-")
    return f"{plain or 'listening'}-{secrets.token_hex(2)}"
