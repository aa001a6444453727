"""The hybrid beside other methods on named melodies: `hybrid_model_test_results.json`.

The melodies are validation chorales and folk tunes; the test part is opened by the evaluation
alone. For each melody each method's reward, share of the ceiling, likelihood under the prior and
error counts; and which method was best by which measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.errors import ChromasonicError
from chromasonic.files import write_json
from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.harmonization import motion_rules as motion
from chromasonic.harmonization.agents import load_agent
from chromasonic.harmonization.bach import bachs_harmonization, melody_of_chorale, pitches_at_beats
from chromasonic.harmonization.baselines import expected_random_reward
from chromasonic.harmonization.exact import Harmonization, harmonize_exactly
from chromasonic.harmonization.hybrid import HybridAgent, JointSearch
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.models_directory import FILES, now
from chromasonic.harmonization.prior import Prior
from chromasonic.harmonization.voicings import BASS, SOPRANO
from chromasonic.music.chorale import Chorale
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre

FORMAT = 1
CHORALES = 5
"""How many validation chorales are compared, the first of the part."""

ONLY_PRIOR = 1e4
"""Trust at which the rules decide between equally likely voicings alone."""

FOLK_TUNES: dict[str, tuple[str, Key, Metre]] = {
    "Twinkle, twinkle, little star (France, 18th century)": (
        "C5 C5 G5 G5 A5 A5 G5:2 F5 F5 E5 E5 D5 D5 C5:2", Key("C", "major"), Metre(4, 4)),
    "Greensleeves, opening (England, 16th century)": (
        "A4:1/2 C5 D5:1/2 E5:3/4 F5:1/4 E5:1/2 D5 B4:1/2 G4:3/4 A4:1/4 B4:1/2 C5 A4:1/2 "
        "A4:3/4 G#4:1/4 A4:1/2 B4 G#4:1/2 E4", Key("A", "minor"), Metre(6, 8)),
    "Scarborough Fair, opening (England)": (
        "D4:2 D4 A4:2 A4 E4:3/2 F4:1/2 E4 D4:3", Key("D", "dorian"), Metre(3, 4)),
}  # fmt: skip
"""Title to notes, key and metre; traditional."""


def write_results(
    folder: Path, agent: HybridAgent, priors: dict[str, Prior], validation: Sequence[Chorale]
) -> Path:
    """Compare the methods, and write the comparison into a models directory.

    Args:
        folder: the models directory; the advanced agent is compared where it lies there.
        agent: the hybrid.
        priors: "prior" and "tuned": networks that harmonize alone, each its most likely path.
        validation: chorales of which the first few are compared.

    Raises:
        StorageError: the file cannot be written.
    """
    rows = [
        _row(
            chorale.title or chorale.id, melody_of_chorale(chorale), folder, agent, priors, chorale
        )
        for chorale in validation[:CHORALES]
    ]
    rows += [_row(title, melody, folder, agent, priors) for title, melody in folk_melodies()]
    document = {
        "format": FORMAT,
        "date": now(),
        "trust": agent.trust,
        "measures": {
            "reward": "sum over the rules; 0 breaks none",
            "share_of_ceiling": "(reward - random) / (exact - random)",
            "log_likelihood": "under the prior, in nats",
            "parallels": "parallel fifths, octaves and unisons from beat to beat",
            "contrary": "share of contrary motion where both outer voices move",
            "bachs_pitches": "share of alto, tenor and bass notes that are Bach's",
        },
        "melodies": rows,
        "mean": _means(rows),
        "best": _best(_means(rows)),
    }
    return write_json(Path(folder) / FILES["hybrid"].results, document)


def folk_melodies() -> list[tuple[str, Melody]]:
    """The folk tunes, by title."""
    return [
        (title, melody_of_tune(read_typed_notes(notes, metre=metre, key=key, title=title), key=key))
        for title, (notes, key, metre) in FOLK_TUNES.items()
    ]


def _row(
    title: str,
    melody: Melody,
    folder: Path,
    agent: HybridAgent,
    priors: dict[str, Prior],
    chorale: Chorale | None = None,
) -> dict[str, Any]:
    exact = harmonize_exactly(melody)
    random = expected_random_reward(melody)
    methods = {"exact": exact, "hybrid": agent.harmonize(melody)}
    for name, prior in priors.items():
        search = JointSearch(prior, melody, reach=np.inf)
        methods[f"{name} alone"] = search.best(ONLY_PRIOR)
    advanced = _advanced(folder, melody)
    if advanced is not None:
        methods["advanced"] = advanced
    if chorale is not None:
        methods["Bach"] = bachs_harmonization(chorale, melody)
    return {
        "melody": title,
        "beats": len(melody),
        "random_reward": random,
        "methods": {
            name: _measured(found, exact.reward, random, agent, chorale)
            for name, found in methods.items()
        },
    }


def _advanced(folder: Path, melody: Melody) -> Harmonization | None:
    """The advanced agent's, where the models directory has a usable one."""
    if not (Path(folder) / FILES["advanced"].model).is_file():
        return None
    try:
        return load_agent("advanced", Path(folder)).harmonize(melody)
    except ChromasonicError:
        return None


def _measured(
    found: Harmonization,
    exact: float,
    random: float,
    agent: HybridAgent,
    chorale: Chorale | None,
) -> dict[str, float]:
    pitches = found.voicings.pitches
    start, end = pitches[:-1].copy(), pitches[1:]
    start[:, SOPRANO] = found.melody.beats.leaving[:-1]
    parallels = sum(
        int(rule(start[:, a], start[:, b], end[:, a], end[:, b]).sum())
        for rule in (motion.parallel_fifths, motion.parallel_octaves)
        for a in range(4)
        for b in range(a + 1, 4)
    )
    outer = [start[:, SOPRANO], start[:, BASS], end[:, SOPRANO], end[:, BASS]]
    moves = int(motion.both_move(*outer).sum())
    measured = {
        "reward": found.reward,
        "share_of_ceiling": (found.reward - random) / (exact - random) if exact > random else 1.0,
        "log_likelihood": agent.log_likelihood(found),
        "parallels": parallels,
        "contrary": int(motion.contrary(*outer).sum()) / moves if moves else float("nan"),
    }
    if chorale is not None:
        same = pitches[:, 1:] == pitches_at_beats(chorale, found.melody)[:, 1:]
        measured["bachs_pitches"] = float(same.mean())
    return measured


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Each method's mean over the melodies that it has."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for name, measured in row["methods"].items():
            for measure, value in measured.items():
                found.setdefault(name, {}).setdefault(measure, []).append(value)
    return {
        name: {measure: float(np.nanmean(values)) for measure, values in measures.items()}
        for name, measures in found.items()
    }


def _best(means: dict[str, dict[str, float]]) -> dict[str, str]:
    """Measure to the method, Bach apart, that was best by it in the mean."""
    methods = {name: measures for name, measures in means.items() if name != "Bach"}

    def best(measure: str) -> str:
        return max(methods, key=lambda name: methods[name].get(measure, -np.inf))

    return {measure: best(measure) for measure in ("reward", "log_likelihood", "bachs_pitches")}
