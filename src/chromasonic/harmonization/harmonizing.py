"""One call from a tune to its harmonizations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chromasonic.errors import UsageError
from chromasonic.formats.notation import spell
from chromasonic.harmonization.agents import load_agent
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.melodies import melody_of_tune, notes_to_harmonize
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.voicings import RANGES
from chromasonic.music.key import Key
from chromasonic.music.tune import Tune

MOST_BEATS = 20_000
"""Longer tunes are refused: about 5,000 bars of four beats."""

LOWEST, HIGHEST = RANGES["soprano"]


def harmonize(
    tune: Tune,
    *,
    agent: str = "exact",
    key: Key | None = None,
    alternatives: int = 1,
    seed: int = 0,
    models: Path | None = None,
) -> list[Harmonization]:
    """Voices below a tune; several settings in the order in which the agent ranks them.

    Args:
        tune: within the soprano's range (see `fitted`).
        agent: one of `agents.AGENTS`.
        key: in force throughout; None: the tune's own and those that it goes to.
        alternatives: how many harmonizations, 1 or more; fewer may be found.
        seed: of chance, where the agent uses any.
        models: a models directory; the shipped one by default.

    Raises:
        UsageError: a tune without notes, out of range or too long; an unknown agent, or one that
            gives no alternatives.
        CheckpointError: the agent's model is damaged.
    """
    if alternatives < 1:
        raise UsageError(f"{alternatives} alternatives cannot be given: ask for 1 or more.")
    melody = melody_of_tune(tune, key=key)
    check_range(tune)
    _check_length(melody)
    player = load_agent(agent, models)
    if alternatives == 1:
        return [player.harmonize(melody, seed=seed)]
    several = getattr(player, "alternatives", None)
    if several is None:
        raise UsageError(
            f"The agent {agent} gives one harmonization, and {alternatives} were asked for. "
            "Use --agent exact for alternatives."
        )
    return list(several(melody, alternatives, seed=seed))


def in_key(tune: Tune, key: Key) -> Tune:
    """The tune with the same notes, written in a key from beginning to end."""
    return replace(tune, bars=tuple(replace(bar, key=key) for bar in tune.bars))


def fitted(tune: Tune) -> tuple[Tune, int]:
    """The tune moved into the soprano's range, and by how many semitones.

    An octave if that is enough (the key stays), else the smallest move that is.

    Raises:
        UsageError: the tune's own range is wider than the soprano's.
    """
    low, high = _extremes(tune)
    moves = range(LOWEST - low, HIGHEST - high + 1)
    if not len(moves):
        raise UsageError(_too_wide(low, high, tune.key))
    move = min(moves, key=lambda move: (move % 12 != 0, abs(move), -move))
    return tune.transposed(move), move


def check_range(tune: Tune) -> None:
    """Refuse a tune that a soprano cannot sing.

    Raises:
        UsageError: a note is too low or too high; the message names a transposition that helps.
    """
    low, high = _extremes(tune)
    if low >= LOWEST and high <= HIGHEST:
        return
    if high - low > HIGHEST - LOWEST:
        raise UsageError(_too_wide(low, high, tune.key))
    _, move = fitted(tune)
    raise UsageError(
        f"The tune goes from {_name(low, tune.key)} to {_name(high, tune.key)}; the soprano sings "
        f"{_name(LOWEST, Key())} to {_name(HIGHEST, Key())}. Move it with --transpose {move} "
        "(semitones), or with --transpose auto."
    )


def _extremes(tune: Tune) -> tuple[int, int]:
    pitches = [note.pitch for note in notes_to_harmonize(tune)]
    return min(pitches), max(pitches)


def _too_wide(low: int, high: int, key: Key) -> str:
    return (
        f"The tune goes from {_name(low, key)} to {_name(high, key)}, {high - low} semitones; no "
        f"voice sings that: the soprano has {HIGHEST - LOWEST} ({_name(LOWEST, Key())} to "
        f"{_name(HIGHEST, Key())}). Put notes that are out of reach into another octave."
    )


def _name(pitch: int, key: Key) -> str:
    letter, signs, octave = spell(pitch, key)
    return f"{letter}{'#' * signs if signs > 0 else 'b' * -signs}{octave}"


def _check_length(melody: Melody) -> None:
    if len(melody) > MOST_BEATS:
        raise UsageError(
            f"The tune has {len(melody):,} beats; up to {MOST_BEATS:,} are harmonized at once. "
            "Give a part of it."
        )
