"""The harmonizers on held-out chorales: every method by the same code, Bach's own voices too."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.errors import ChromasonicError, EvaluationError, UsageError
from chromasonic.harmonization.agents import TRAINED, Agent, load_agent
from chromasonic.harmonization.bach import bachs_harmonization, melody_of_chorale
from chromasonic.harmonization.baselines import (
    harmonize_at_random,
    harmonize_by_first_chord,
    mean_score,
)
from chromasonic.harmonization.chord_agreement import count_chords
from chromasonic.harmonization.exact import (
    Harmonization,
    candidates,
    harmonization_of,
    lattice_of,
)
from chromasonic.harmonization.lattice import best_paths
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.rates import count_rates, voices_on_sixteenths
from chromasonic.harmonization.results import (
    FOUR_VOICES,
    TWO_VOICES,
    Evaluation,
    Judged,
    results_of,
)
from chromasonic.harmonization.reward import Reward, counts_of_motion, counts_of_voicings
from chromasonic.harmonization.rules import RULES, Rule
from chromasonic.harmonization.two_voices import (
    candidates_of_two,
    greedy_of_two,
    harmonization_of_two,
)
from chromasonic.harmonization.two_voices_rules import TWO_VOICE_RULES
from chromasonic.harmonization.voicings import SOPRANO, Voicings
from chromasonic.music.chorale import Chorale

EXACT, BACH, BACH_AT_BEATS, RANDOM = "exact", "Bach", "Bach at beats", "random"
EXACT_OF_TWO, RANDOM_OF_TWO = "exact, two voices", "random, two voices"
AGENT_OF_TWO = "simple"

PARTS = ("test", "validation")

OnProgress = Callable[[str, int, int], None]
Play = Callable[[Chorale, Melody, int], Harmonization]
"""`(chorale, its melody, seed)`; the chorale for those alone that read it off."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Game:
    """What a method plays: rules, candidates, and with them floor and ceiling of a melody.

    Attributes:
        name: `FOUR_VOICES` or `TWO_VOICES`.
        rules: that the reward is made of.
        candidates: of a melody, beat by beat.
        exact: name of the optimum in tables.
        others: methods that need nothing but the melody (and the chorale, to read it off).
    """

    name: str
    rules: Mapping[str, Rule]
    candidates: Callable[[Melody], list[Voicings]]
    exact: str
    others: Mapping[str, Play]


FOUR = Game(
    name=FOUR_VOICES,
    rules=RULES,
    candidates=candidates,
    exact=EXACT,
    others={
        "first chord": lambda _, melody, __: harmonize_by_first_chord(melody),
        RANDOM: lambda _, melody, seed: harmonize_at_random(melody, seed=seed),
        BACH: lambda chorale, melody, _: bachs_harmonization(chorale, melody),
    },
)


def _random_of_two(_: Chorale, melody: Melody, seed: int) -> Harmonization:
    rng = np.random.default_rng(seed)
    rows = [set_[[int(rng.integers(len(set_)))]] for set_ in candidates_of_two(melody)]
    return harmonization_of_two(melody, Voicings.joined(rows), RANDOM_OF_TWO)


TWO = Game(
    name=TWO_VOICES,
    rules=TWO_VOICE_RULES,
    candidates=candidates_of_two,
    exact=EXACT_OF_TWO,
    others={
        "greedy, two voices": lambda _, melody, __: greedy_of_two(melody),
        RANDOM_OF_TWO: _random_of_two,
    },
)


def evaluate_harmonizers(
    chorales: Sequence[Chorale],
    *,
    part: str,
    models: Path | None = None,
    agents: Sequence[str] | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Judge the agents, the exact search, the baselines and Bach on the same chorales.

    Args:
        chorales: four parts each.
        part: what to call them, one of `PARTS`.
        models: a models directory; the shipped one by default.
        agents: which of the trained agents; None: all that there are models of.
        seed: of chance, and of the intervals.
        on_progress: told what is judged, how many chorales are done, of how many.

    Raises:
        UsageError: an unknown agent, or one that is asked for and not there.
        EvaluationError: no chorale can be judged.
    """
    players, missing = _players(agents, models)
    games = {FOUR_VOICES: FOUR}
    if AGENT_OF_TWO in players:
        games[TWO_VOICES] = TWO
    found: dict[tuple[str, str], list[Judged]] = {}
    skipped: dict[str, str] = {}
    for done, chorale in enumerate(chorales):
        if on_progress is not None:
            on_progress("judging harmonizers", done, len(chorales))
        try:
            judged = _judge_chorale(chorale, games, players, seed)
        except UsageError as error:
            skipped[chorale.id] = str(error)
            continue
        for key, one in judged.items():
            found.setdefault(key, []).append(one)
    if not found:
        raise EvaluationError(
            f"None of the {len(chorales)} chorales of the {part} part can be judged: "
            f"{next(iter(skipped.values()), 'there are none')}"
        )
    methods = {
        name: results_of(name, game, judged, seed=seed)
        for (game, name), judged in sorted(found.items(), key=_place_in_table)
    }
    exact = found[FOUR_VOICES, EXACT]
    return Evaluation(
        part=part,
        methods=methods,
        chorales=len(exact),
        beats=sum(one.beats for one in exact),
        skipped=skipped,
        missing=missing,
        seed=seed,
    )


_ORDER = (EXACT, "advanced", "hybrid", "first chord", RANDOM, BACH, BACH_AT_BEATS)


def _place_in_table(item: tuple[tuple[str, str], Any]) -> tuple[bool, int]:
    (game, name), _ = item
    return game != FOUR_VOICES, _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _players(
    agents: Sequence[str] | None, models: Path | None
) -> tuple[dict[str, Play], dict[str, str]]:
    """The trained agents, loaded, and why others are missing."""
    unknown = [name for name in agents or () if name not in TRAINED]
    if unknown:
        raise UsageError(
            f"'{unknown[0]}' is no trained agent; known: {', '.join(TRAINED)}. Exact search, "
            "baselines and Bach are always judged."
        )
    players: dict[str, Play] = {}
    missing: dict[str, str] = {}
    for name in TRAINED if agents is None else agents:
        try:
            agent = load_agent(name, models)
        except ChromasonicError as error:
            if agents is not None:
                raise
            missing[name] = str(error)
            continue
        players[name] = _player(agent)
    return players, missing


def judge_agent(
    agent: Agent,
    chorales: Sequence[Chorale],
    *,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> tuple[list[Judged], dict[str, str]]:
    """One agent on each chorale, beside the floor and the ceiling alone.

    Args:
        agent: who harmonizes.
        chorales: four parts each.
        seed: of the agent's chance.
        on_progress: as for `evaluate_harmonizers`.

    Returns:
        What came of each chorale, and chorale to why it was left out.
    """
    game = replace(TWO if agent.name == AGENT_OF_TWO else FOUR, others={})
    found: list[Judged] = []
    skipped: dict[str, str] = {}
    for done, chorale in enumerate(chorales):
        if on_progress is not None:
            on_progress(f"judging {agent.name}", done, len(chorales))
        try:
            melody = melody_of_chorale(chorale)
        except UsageError as error:
            skipped[chorale.id] = str(error)
            continue
        judged = _judge_game(chorale, melody, game, {agent.name: _player(agent)}, seed)
        found.append(judged[agent.name])
    return found, skipped


def _player(agent: Agent) -> Play:
    def play(_: Chorale, melody: Melody, seed: int) -> Harmonization:
        return agent.harmonize(melody, seed=seed)

    return play


def _judge_chorale(
    chorale: Chorale, games: Mapping[str, Game], players: Mapping[str, Play], seed: int
) -> dict[tuple[str, str], Judged]:
    """Every method of every game on one chorale, by (game, method)."""
    melody = melody_of_chorale(chorale)
    found = {}
    for game in games.values():
        is_of_two = game.name == TWO_VOICES
        plays: dict[str, Play] = {
            name: play for name, play in players.items() if (name == AGENT_OF_TWO) == is_of_two
        }
        plays |= game.others
        for name, one in _judge_game(chorale, melody, game, plays, seed).items():
            found[game.name, name] = one
    return found


def _judge_game(
    chorale: Chorale, melody: Melody, game: Game, plays: Mapping[str, Play], seed: int
) -> dict[str, Judged]:
    """Every method of one game on one chorale."""
    start = time.perf_counter()
    reward = Reward(rules=game.rules)
    sets = game.candidates(melody)
    lattice = lattice_of(melody, reward, sets=sets)
    best = harmonization_of(best_paths(lattice)[0], melody, sets, reward)
    seconds = time.perf_counter() - start
    floor = mean_score(lattice)

    def judged(one: Harmonization, seconds: float, pitches: Any = None) -> Judged:
        if pitches is None:
            pitches = voices_on_sixteenths(one, chorale.pitches[:, SOPRANO])
        analysis = chorale.analysis if game.name == FOUR_VOICES else None
        return Judged(
            chorale=chorale.id,
            beats=len(melody),
            reward=one.reward,
            floor=floor,
            ceiling=best.reward,
            seconds=seconds,
            rates=count_rates(pitches),
            rules=count_breaches(one, game.rules),
            chords=None if analysis is None else count_chords(one, analysis),
        )

    found = {game.exact: judged(best, seconds)}
    for name, play in plays.items():
        start = time.perf_counter()
        one = play(chorale, melody, seed)
        seconds = time.perf_counter() - start
        if name == BACH:
            found[BACH_AT_BEATS] = judged(one, seconds)
        found[name] = judged(one, seconds, chorale.pitches if name == BACH else None)
    return found


def count_breaches(one: Harmonization, rules: Mapping[str, Rule]) -> dict[str, float]:
    """How often each rule is broken in a harmonization; rules without weight too."""
    voicings, beats = one.voicings, one.melody.beats
    counts = counts_of_voicings(voicings, beats, rules).sum(0)
    if len(voicings) > 1:
        motion = counts_of_motion(voicings[:-1], voicings[1:], beats[:-1], beats[1:], rules)
        counts = counts + motion.sum(0)
    return {name: float(count) for name, count in zip(rules, counts, strict=True)}
