"""Clips from agents that harmonize: each sets the same chorale tunes, with Bach's own beside them.

The tunes are the openings, two phrases each, of chorales whose tunes no shipped agent learned
from: the scores in music21 of the 77 published test chorales.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from chromasonic.abtest.clip_task import ClipTask, Progress, write_items
from chromasonic.abtest.ranges import check_ranges
from chromasonic.abtest.version_kinds import agent_in
from chromasonic.errors import CorpusError, UsageError

if TYPE_CHECKING:
    from chromasonic.formats.audio import Sound
    from chromasonic.music.chorale import Chorale
    from chromasonic.music.part_score import PartScore
    from chromasonic.music.tune import Tune

BACH = "bach"
PHRASES = 2
VOICES = ("Soprano", "Alto", "Tenor", "Bass")


@dataclass(frozen=True, kw_only=True)
class VoicePairing(ClipTask):
    """What settings agents are asked for: of so many chorales, which ones by the seed.

    Args:
        program: General MIDI instrument of every voice.
    """

    longest_s: float = 24.0
    program: int = 19

    MOST_ITEMS: ClassVar[int] = 40

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, ("program", 0, 127))


def write_settings(
    agents: Mapping[str, str],
    folder: Path,
    pairing: VoicePairing,
    *,
    anchor: str | None = None,
    on_progress: Progress = lambda _share, _words: None,
) -> tuple[str, ...]:
    """Let every agent set every tune; `clips.items_in` reads what lies there then.

    Args:
        agents: label to "agent:NAME" or "agent:NAME:MODELS".
        folder: gets `LABEL/ITEM.mp3`, or .wav, and such in `anchor/` with an anchor.
        pairing: what they are asked for.
        anchor: "bach": his own settings stand beside them; None: nothing does.
        on_progress: is told the share done and what comes now.

    Returns:
        The names of the items.

    Raises:
        UsageError: another anchor, or an agent that there is not.
        CorpusError: there are not so many chorales.
    """
    if anchor not in (None, BACH):
        raise UsageError(
            f"The anchor of settings is '{BACH}', whose tunes they are; not '{anchor}'."
        )
    from chromasonic.formats.part_score_sound import render_part_score
    from chromasonic.harmonization.agents import load_agent
    from chromasonic.harmonization.melodies import melody_of_tune
    from chromasonic.harmonization.realizing import part_score

    on_progress(0.0, "Looking for chorales")
    players = {}
    for label, text in agents.items():
        name, models = agent_in(text)
        players[label] = load_agent(name, Path(models) if models else None)
    chorales = openings(pairing)

    def set_and_played(number: int) -> dict[str, Sound]:
        chorale = chorales[number]
        tune = voice(chorale, 0)
        melody = melody_of_tune(tune, key=chorale.key)
        scores = {
            label: part_score(player.harmonize(melody, seed=pairing.seed + number), tune)
            for label, player in players.items()
        }
        if anchor:
            scores["anchor"] = bachs(chorale)
        return {
            label: render_part_score(score, program=pairing.program)
            for label, score in scores.items()
        }

    names = [f"{number:02}-chorale" for number in range(1, len(chorales) + 1)]
    return write_items(
        folder, pairing, names, set_and_played, on_progress=on_progress, words="Setting tune"
    )


def openings(pairing: VoicePairing) -> list[Chorale]:
    """So many held-out chorales, each as far as its second fermata.

    Raises:
        CorpusError: there are not so many.
    """
    from chromasonic.data.harmonizer_chorales import harmonizer_chorales

    scores = harmonizer_chorales(analyses=False, download=False).test_scores
    found = [cut for one in scores if (cut := _opening(one)) is not None]
    if len(found) < pairing.items:
        raise CorpusError(
            f"{pairing.items} chorales were asked for; {len(found)} can be taken. Ask for fewer."
        )
    order = np.random.default_rng(pairing.seed).permutation(len(found))
    return [found[index] for index in order[: pairing.items]]


def _opening(chorale: Chorale) -> Chorale | None:
    """The first phrases; None where they cannot be told or a voice rests in them."""
    from dataclasses import replace

    from chromasonic.music.chorale import SILENT

    if len(chorale.fermatas) < PHRASES or chorale.key is None:
        return None
    struck = np.flatnonzero(chorale.onsets()[:, 0])
    after = struck[struck > chorale.fermatas[PHRASES - 1]]
    end = int(after[0]) if len(after) else len(chorale)
    pitches = chorale.pitches[:end]
    if (pitches == SILENT).any():
        return None
    return replace(
        chorale,
        pitches=pitches,
        is_onset=chorale.onsets()[:end],
        fermatas=chorale.fermatas[:PHRASES],
        analysis=None,
    )


def voice(chorale: Chorale, number: int) -> Tune:
    """One voice as a tune; 0 is the soprano."""
    from chromasonic.harmonization.melodies import tune_of_steps

    return tune_of_steps(
        chorale.pitches[:, number],
        metre=chorale.metre,
        pickup_steps=chorale.pickup_steps,
        fermatas=chorale.fermatas if number == 0 else (),
        key=chorale.key,
        is_onset=chorale.onsets()[:, number],
        id=chorale.id,
        title="Chorale",
    )


def bachs(chorale: Chorale) -> PartScore:
    """What Bach wrote."""
    from chromasonic.music.part_score import PartScore

    return PartScore(
        id=chorale.id,
        title="Chorale",
        names=VOICES,
        parts=tuple(voice(chorale, number) for number in range(4)),
    )
