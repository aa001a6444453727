"""What the owner of a listening test is told: its design in short, and the votes by now."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from typing import Any

from chromasonic.abtest.design import Design
from chromasonic.abtest.experiments import Experiment
from chromasonic.abtest.vote_export import clips_in_words
from chromasonic.errors import ChromasonicError
from chromasonic.files import json_text
from chromasonic.studio.listen.invitations import Invitation, experiment_of

REMEMBERED = 16
FRESH_SECONDS = 60.0
"""Who is in the middle changes by the clock alone: a reading is made anew after so long."""


class Results:
    """Readings of experiments, each made once for as long as nothing changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: OrderedDict[str, tuple[Any, dict[str, Any]]] = OrderedDict()

    def summary(self, invitation: Invitation) -> dict[str, Any]:
        """A line for the list of tests."""
        try:
            experiment = experiment_of(invitation)
        except ChromasonicError as error:  # made with another database: the others are still shown
            return {**_of_invitation(invitation), "problem": str(error)}
        return {**_headline(invitation, experiment), "votes": experiment.votes_cast}

    def state(self, invitation: Invitation) -> tuple[Any, ...]:
        """What changes when there is something new to tell."""
        experiment = experiment_of(invitation)
        minute = int(time.time() / FRESH_SECONDS) if experiment.is_open else 0
        return experiment.head, experiment.status, minute

    def told(self, invitation: Invitation) -> dict[str, Any]:
        """Everything that the page shows of one test."""
        experiment = experiment_of(invitation)
        minute = int(time.time() / FRESH_SECONDS) if experiment.is_open else 0
        state = (experiment.head, experiment.status, minute)
        with self._lock:
            known = self._told.get(invitation.key)
            if known is None or known[0] != state:
                known = (state, _told(invitation, experiment))
                self._told[invitation.key] = known
            self._told.move_to_end(invitation.key)
            while len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
            return known[1]


def _told(invitation: Invitation, experiment: Experiment) -> dict[str, Any]:
    from chromasonic.abtest.listeners import by_listener

    design = experiment.design
    reading = experiment.reading()
    values = reading.to_dict()
    del values["versions"]
    for arm in design.arms:  # by the name that the owner knows it by
        shown = invitation.versions.get(arm.label, arm.version)
        values["words"] = values["words"].replace(f"({arm.version})", f"({shown})")
    told = {
        **_headline(invitation, experiment),
        "notes": invitation.notes,
        "question": design.question,
        "clips": clips_in_words(design),
        "items": [item.name for item in design.items],
        "asked": asked_of_each(design),
        "minutes": minutes_of(design),
        "max_votes": design.max_votes,
        "margin": design.margin,
        "closed_because": experiment.closed_because,
        "closed_at": experiment.closed_at,
        "head": experiment.head,
        "damage": experiment.damage(),
        "reading": values,
        "listeners": [one.to_dict() for one in by_listener(design, experiment.votes())],
    }
    return json.loads(json_text(told))  # NaN becomes null


def _headline(invitation: Invitation, experiment: Experiment) -> dict[str, Any]:
    return {**_of_invitation(invitation), "is_open": experiment.is_open}


def _of_invitation(invitation: Invitation) -> dict[str, Any]:
    return {
        "key": invitation.key,
        "name": invitation.experiment,
        "title": invitation.title,
        "versions": invitation.versions,
        "made": invitation.made,
    }


def asked_of_each(design: Design) -> int:
    """How many pairs a listener is asked about, repeats and anchors too."""
    return design.trials + design.repeats + design.anchors


def minutes_of(design: Design) -> int:
    """How long that takes about: both clips of each, and some seconds to decide."""
    clips = [clip.duration_ms for item in design.items for clip in item.clips.values()]
    seconds = asked_of_each(design) * (2 * sum(clips) / len(clips) / 1000 + 7)
    return max(1, round(seconds / 60))
