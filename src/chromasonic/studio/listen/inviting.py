"""A link for listeners to an experiment that was made elsewhere, over clips of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from chromasonic.abtest.experiments import Experiment
from chromasonic.errors import UsageError
from chromasonic.files import sha256_of_file
from chromasonic.studio.listen.invitations import CLIP_TYPES, CLIPS, Invitation, Invitations


def invite(
    invitations: Invitations, experiment: Experiment, clips: Path, *, title: str = "",
    notes: str = "",
) -> Invitation:  # fmt: skip
    """The invitation to an experiment; from then on it stands on the Listen page.

    The clips are copied as they are: an experiment is about one content.

    Args:
        invitations: of a studio.
        experiment: made over files, by `chromasonic ab create --clips`.
        clips: the folder that it was made with.
        title: what its owner calls it; "": as the experiment is called.
        notes: what listeners are told before they begin.

    Returns:
        A new one, or the one that there is.

    Raises:
        UsageError: the experiment has no clips, or such as a browser cannot play or can tell
            apart; or one is not there, or not what it was when the experiment was made.
    """
    for known in invitations.all():
        if known.experiment == experiment.name:
            return known
    design = experiment.design
    check_playable(experiment)
    key, building = invitations.begin()
    try:
        for clip in (clip for item in design.items for clip in item.clips.values()):
            copy = building / CLIPS / clip.source
            copy.parent.mkdir(exist_ok=True)
            try:
                shutil.copyfile(clips / clip.source, copy)
            except FileNotFoundError as error:
                raise UsageError(
                    f"{clips} has no {clip.source}. Name the folder that '{design.name}' was made "
                    "with."
                ) from error
            if sha256_of_file(copy) != clip.sha256:
                raise UsageError(
                    f"{clips / clip.source} is not what it was when '{design.name}' was made. Put "
                    "it back, or make another experiment."
                )
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    arms = [*design.arms, *([design.anchor] if design.anchor else [])]
    return invitations.keep(
        key, design.name, title=title or design.name, notes=notes,
        versions={arm.label: arm.version for arm in arms},
    )  # fmt: skip


def check_playable(experiment: Experiment) -> None:
    """See that browsers can play an experiment's clips, and that their form tells nothing.

    Raises:
        UsageError: why they cannot.
    """
    design = experiment.design
    endings = {Path(clip.source).suffix for item in design.items for clip in item.clips.values()}
    if endings == {""}:
        raise UsageError(
            f"'{design.name}' has no clips: its items are seeds, which a page of one's own plays. "
            "Make clips ('chromasonic ab pair'), and an experiment with --clips."
        )
    if len(endings) > 1 or not endings <= CLIP_TYPES.keys():
        raise UsageError(
            f"The clips of '{design.name}' are {', '.join(sorted(endings))}; listeners are given "
            f"one of {', '.join(CLIP_TYPES)} for all. Write all clips in one of these, and make "
            "an experiment of them."
        )
