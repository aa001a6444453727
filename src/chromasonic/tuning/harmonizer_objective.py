"""How good a trained agent is on the validation chorales, for a search.

The agents by rules: the mean share of the ceiling that their harmonizations reach. Floor and
ceiling of a chorale are the same for every trial and cost most, so they are reckoned once a search.

The hybrid: nats a note of its network on beats. Its share of the ceiling says nothing of it: how
far it trusts its network is chosen so that the share is what the recipe asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic import files
from chromasonic.errors import EvaluationError
from chromasonic.tasks.task import Trained

if TYPE_CHECKING:
    from chromasonic.music.chorale import Chorale

SHARE, NATS = "validation_share_of_ceiling", "validation_nats_a_note_on_beats"
BOUNDS = "bounds-{agent}.json"


def objective_of_agent(
    agent: str, recipe: Mapping[str, Any], trained: Trained, folder: Path
) -> tuple[float, dict[str, float]]:
    """What a search lowers, and the figures beside it.

    Args:
        agent: simple, advanced or hybrid.
        recipe: that it was trained by.
        trained: what came of it.
        folder: the trials' own, where floors and ceilings are kept.

    Raises:
        EvaluationError: no validation chorale can be harmonized.
    """
    measured = {
        name: float(value)
        for name, value in trained.validation[agent].items()
        if isinstance(value, (int, float))
    }
    if agent == "hybrid":
        return measured[NATS], measured
    share = share_of_ceiling(agent, trained.path, validation_of(recipe), folder)
    return -share, {**measured, SHARE: share}


def validation_of(recipe: Mapping[str, Any]) -> tuple[Chorale, ...]:
    """The chorales to choose by; the test part is not touched."""
    from chromasonic.data.harmonizer_chorales import harmonizer_chorales

    where = Path(recipe["data_dir"]) if recipe.get("data_dir") else None
    chorales = harmonizer_chorales(data_dir=where, analyses=False).validation
    return tuple(chorales[: recipe.get("chorales") or None])


def share_of_ceiling(agent: str, models: Path, chorales: Sequence[Chorale], folder: Path) -> float:
    """Mean share of the ceiling over the chorales that can be harmonized.

    Raises:
        EvaluationError: none can.
    """
    from chromasonic.errors import UsageError
    from chromasonic.harmonization.agents import load_agent
    from chromasonic.harmonization.bach import melody_of_chorale
    from chromasonic.harmonization.evaluating import judge_agent

    player = load_agent(agent, models)
    path = folder / BOUNDS.format(agent=agent)
    known = _read(path)
    missing = [chorale for chorale in chorales if chorale.id not in known]
    shares = []
    if missing:
        judged, skipped = judge_agent(player, missing)
        known |= {one.chorale: [one.floor, one.ceiling] for one in judged}
        known |= dict.fromkeys(skipped)
        files.write_json(path, {"rules": _rules(), "bounds": known})
        shares = [one.share for one in judged]
    at_once = {chorale.id for chorale in missing}
    for chorale in chorales:
        bounds = known[chorale.id]
        if chorale.id in at_once or bounds is None:
            continue
        try:
            reward = player.harmonize(melody_of_chorale(chorale), seed=0).reward
        except UsageError:
            continue
        floor, ceiling = bounds
        shares.append((reward - floor) / (ceiling - floor))
    if not shares:
        raise EvaluationError("No validation chorale can be harmonized; give more --chorales.")
    return sum(shares) / len(shares)


def _read(path: Path) -> dict[str, Any]:
    """Floors and ceilings that were reckoned before, under the rules of now."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return dict(values["bounds"]) if values["rules"] == _rules() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _rules() -> str:
    from chromasonic.harmonization.models_directory import rules_fingerprint

    return rules_fingerprint()
