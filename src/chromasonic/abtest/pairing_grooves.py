"""Clips from drummers: each strikes the same hits, with what a person played beside them.

A drummer is a groove model, or "straight": what is written, on the grid. The hits are patterns
written for this project, or bars of drummers that no shipped model learned from, put on the grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from chromasonic.abtest.clip_task import ClipTask, Progress, write_items
from chromasonic.abtest.groove_passages import BARS, Strikes, passages
from chromasonic.abtest.ranges import check_ranges
from chromasonic.abtest.version_kinds import DRUMMER, STRAIGHT, drummer_in
from chromasonic.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    from chromasonic.companion.groove_pattern import Pattern
    from chromasonic.companion.network import CompanionNetwork
    from chromasonic.formats.audio import Sound

BEGIN_SECONDS = 0.25
"""Before the first step: a hit may come a little early, and all versions begin at one moment."""


@dataclass(frozen=True, kw_only=True)
class GroovePairing(ClipTask):
    """What drummers are asked for.

    Args:
        bars: length of each item: 2 or 4.
        looseness: chance on top of what models play; see `companion.groove_humanizing`.
    """

    bars: int = 4
    looseness: float = 0.0

    MOST_ITEMS: ClassVar[int] = 40

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, ("looseness", 0, 4))
        if self.bars not in BARS:
            raise UsageError(f"bars is {self.bars}; allowed: 2 or 4.")


def write_grooves(
    drummers: Mapping[str, str],
    folder: Path,
    pairing: GroovePairing,
    *,
    anchor: str | None = None,
    on_progress: Progress = lambda _share, _words: None,
) -> tuple[str, ...]:
    """Let every drummer strike every item; `clips.items_in` reads what lies there then.

    Args:
        drummers: label to "drummer:MODEL" or "drummer:straight".
        folder: gets `LABEL/ITEM.mp3`, or .wav, and such in `anchor/` with an anchor.
        pairing: what they are asked for.
        anchor: a corpus of drummers: bars of its test part are struck, with what the drummer
            played beside them; None: patterns that nobody played.
        on_progress: is told the share done and what comes now.

    Returns:
        The names of the items.

    Raises:
        UsageError: there are not so many patterns; or what a name leads to is no groove model, or
            cannot be opened.
        CorpusError: the corpus is not there, or has too few bars that fit.
        RenderError: there is no soundfont.
    """
    networks = {label: _network(drummer_in(text)) for label, text in drummers.items()}
    on_progress(0.0, "Looking for grooves")
    asked = passages(pairing.items, bars=pairing.bars, corpus=anchor, seed=pairing.seed)

    def played(number: int) -> dict[str, Sound]:
        passage = asked[number]
        struck = {
            label: strike(passage.pattern, network, pairing, seed=pairing.seed + number)
            for label, network in networks.items()
        }
        if passage.by_person is not None:
            struck["anchor"] = passage.by_person
        return {label: _played(one) for label, one in struck.items()}

    names = [passage.name for passage in asked]
    return write_items(folder, pairing, names, played, on_progress=on_progress)


def strike(
    pattern: Pattern, network: CompanionNetwork | None, pairing: GroovePairing, *, seed: int
) -> Strikes:
    """How a drummer plays a pattern.

    Args:
        pattern: the hits on the grid.
        network: the GroovePredictor; None plays what is written.
        pairing: how loosely.
        seed: of looseness.
    """
    import numpy as np

    from chromasonic.companion.groove_humanizing import HumanizeSettings
    from chromasonic.companion.groove_pattern import humanize_pattern

    if network is None:
        step, pitch, velocity = np.array(sorted(pattern.hits), np.int64).T
        return Strikes(pattern.seconds_of_steps(step), pitch, velocity)
    settings = HumanizeSettings(looseness=pairing.looseness, seed=seed)
    played = humanize_pattern(pattern, network, settings)
    return Strikes(played.new_onset_seconds, played.pitch, played.new_velocity)


def _network(name: str) -> CompanionNetwork | None:
    from chromasonic.companion.models import load_companion
    from chromasonic.registry.reference import located

    if name == STRAIGHT:
        return None
    try:
        return load_companion(located(name, of="companion"), "groove").network
    except CheckpointError as error:
        raise UsageError(
            f"{DRUMMER}{name} is no drummer: {error} Drummers are {DRUMMER}groove, "
            f"{DRUMMER}RUN (of 'chromasonic train companion --models groove') and "
            f"{DRUMMER}{STRAIGHT}."
        ) from error


def _played(strikes: Strikes) -> Sound:
    from chromasonic.formats.drum_audio import render_hits

    return render_hits(strikes.onset_seconds + BEGIN_SECONDS, strikes.pitch, strikes.velocity)
