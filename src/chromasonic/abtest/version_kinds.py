"""What a version that takes part in a listening test is, by how its name begins."""

from __future__ import annotations

from collections.abc import Sequence

from chromasonic.errors import UsageError

AGENT = "agent:"
"""Begins the name of a version that is an agent: agent:NAME, or agent:NAME:MODELS."""

DRUMMER = "drummer:"
"""Begins the name of a version that is a drummer: drummer:MODEL, or drummer:straight."""

STRAIGHT = "straight"
"""The drummer who plays what is written, as a sequencer does."""

MELODY, VOICES, GROOVES = "melody", "voices", "grooves"
"""What versions can be compared in."""


def kind_of(versions: Sequence[str]) -> str:
    """What versions are to be compared in: `MELODY`, `VOICES` or `GROOVES`.

    Raises:
        UsageError: they do not do the same.
    """
    kinds = [
        VOICES if one.startswith(AGENT) else GROOVES if one.startswith(DRUMMER) else MELODY
        for one in versions
    ]
    if len(set(kinds)) > 1:
        other = next(one for one, kind in zip(versions, kinds, strict=True) if kind != kinds[0])
        raise UsageError(
            f"{versions[0]} and {other} do not do the same; compare melody models, or agents "
            f"({AGENT}NAME), or drummers ({DRUMMER}MODEL) with each other."
        )
    return kinds[0]


def agent_in(text: str) -> tuple[str, str]:
    """The agent's name and its models ("" for what ships) of "agent:NAME" or "agent:NAME:MODELS".

    Raises:
        UsageError: it names no agent of four voices.
    """
    from chromasonic.harmonization.agents import AGENTS

    name, _, models = text.removeprefix(AGENT).partition(":")
    known = [one for one in AGENTS if one != "simple"]  # it writes two voices
    if not text.startswith(AGENT) or name not in known:
        raise UsageError(
            f"'{text}' is no agent of four voices; allowed: "
            f"{', '.join(AGENT + one for one in known)}, each with :MODELS behind it or without."
        )
    return name, models


def drummer_in(text: str) -> str:
    """The model of "drummer:MODEL", or `STRAIGHT`.

    Raises:
        UsageError: it names no drummer.
    """
    name = text.removeprefix(DRUMMER)
    if not text.startswith(DRUMMER) or not name:
        raise UsageError(
            f"'{text}' is no drummer; allowed: {DRUMMER}{STRAIGHT}, and {DRUMMER}MODEL with a "
            "groove model (a run, NAME@VERSION, groove)."
        )
    return name


def model_in(text: str) -> str:
    """The model that a version plays with: a path, a reference, a name; "" for none but its own."""
    if text.startswith(AGENT):
        return text.removeprefix(AGENT).partition(":")[2]
    name = text.removeprefix(DRUMMER)
    return "" if name == STRAIGHT and name != text else name
