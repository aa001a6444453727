"""Harmonizers judged chorale by chorale: how near the optimum, how near Bach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from chromasonic import files
from chromasonic.data.harmonizer_chorales import harmonizer_chorales
from chromasonic.data.progress import Progress
from chromasonic.errors import EvaluationError, UsageError
from chromasonic.evaluation import judged as pieces
from chromasonic.harmonization.agents import TRAINED
from chromasonic.harmonization.evaluating import AGENT_OF_TWO, judge_agent
from chromasonic.harmonization.models_directory import FILES
from chromasonic.harmonization.results import Judged

CORPORA = {"validation": "bach-chorales", "test": "jsb-chorales"}
"""Part to the corpus that it is of; either name is understood."""

REWARD_REMARK = (
    "Share of ceiling counts the rules that agents are trained on; chords found are Bach's, on "
    "which none is trained."
)


def judge_harmonizer(
    path: Path,
    name: str,
    *,
    corpus: str | None,
    part: str,
    kind: str | None,
    data_dir: files.PathLike | None,
    device: str,
    on_progress: Progress | None,
) -> list[pieces.Judged]:
    """See `judging.judge`; the agents compute on the CPU."""
    del device
    if corpus is not None and corpus not in CORPORA.values():
        raise UsageError(
            f"Harmonizers are judged on Bach's chorales, not on '{corpus}'; "
            f"allowed: {' or '.join(CORPORA.values())}."
        )
    agents = agents_at(path, kind)
    chorales = harmonizer_chorales(data_dir=data_dir, on_progress=on_progress)
    asked = chorales.test if part == "test" else chorales.validation
    found = []
    for agent, file in agents.items():
        judged, skipped = judge_agent(TRAINED[agent](file), asked, on_progress=on_progress)
        if not judged:
            why = next(iter(skipped.values()), "there is none")
            raise EvaluationError(f"No chorale of the {part} part can be judged: {why}")
        found.append(
            pieces.Judged(
                model=name if len(agents) == 1 else f"{name} ({agent})",
                task="harmonizer",
                kind=agent,
                seed=None,
                corpus=CORPORA[part],
                part=part,
                unit="chorale",
                pieces=tuple(one.chorale for one in judged),
                scores=scores_of(judged, is_of_two=agent == AGENT_OF_TWO),
                remarks=(REWARD_REMARK, *_left_out(skipped)),
            )
        )
    return found


def _left_out(skipped: Mapping[str, str]) -> tuple[str, ...]:
    if not skipped:
        return ()
    return (f"{len(skipped)} chorales cannot be harmonized and are left out.",)


def agents_at(path: Path, kind: str | None = None) -> dict[str, Path]:
    """Agent to its model file, of a models directory or of one file.

    Raises:
        UsageError: there is none, or not the one that was asked for.
    """
    folder = path if path.is_dir() else path.parent
    there = {agent: folder / names.model for agent, names in FILES.items()}
    found = {
        agent: file
        for agent, file in there.items()
        if file.is_file() and kind in (None, agent) and (path.is_dir() or file.name == path.name)
    }
    if not found:
        raise UsageError(
            f"{path} holds no agent{f' {kind}' if kind else ''}; a models directory has "
            f"{', '.join(names.model for names in FILES.values())}."
        )
    return found


def scores_of(judged: Sequence[Judged], *, is_of_two: bool) -> dict[str, pieces.PieceScores]:
    """Share of the ceiling (decides), and where there are analyses, the analysts' chords found.

    Args:
        judged: one a chorale.
        is_of_two: whether it is the game of two voices, whose figures are another thing's.
    """
    game = ", two voices" if is_of_two else ""
    scores = {
        f"share of ceiling{game}": pieces.PieceScores(
            unit="of the ceiling",
            is_lower_better=False,
            sums_N=np.array([one.share for one in judged]),
            counts_N=np.ones(len(judged)),
        )
    }
    chords = [one.chords for one in judged]
    if any(one is not None and one.all for one in chords):
        scores["chords found"] = pieces.PieceScores(
            unit="of beats",
            is_lower_better=False,
            sums_N=np.array([0 if one is None else one.found for one in chords], float),
            counts_N=np.array([0 if one is None else one.all for one in chords], float),
        )
    return scores
