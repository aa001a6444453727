"""How often the key of a melody is found: profiles side by side, with and without first and last.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/key_finding.py

The keys are those written in the sources: folk tunes and Nottingham in major or minor throughout,
Bach's chorale melodies. Profiles and shares are counted on training parts; what stands in the table
is of validation parts; test parts are not read. Openings are the first notes alone. Writes
`benchmarks/results/key_finding.json` and prints the table of docs/harmonize.md.

Profiles: C. Krumhansl, "Cognitive Foundations of Musical Pitch" (1990), of probe tones, with its
correlation; D. Temperley, "The Cognition of Basic Musical Structures" (2001), and "Music and
Probability" (2007), counted in the examples of Kostka and Payne; J. Albrecht and D. Shanahan, Music
Perception 31 (2013).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.data.harmonizer_chorales import harmonizer_chorales
from chromasonic.data.loading import load
from chromasonic.files import write_json
from chromasonic.harmonization.melodies import tune_of_steps
from chromasonic.music.key_finding import MELODY_PROFILES, PROFILES, SURE, melody_key
from chromasonic.music.tune import Tune

RESULTS = Path(__file__).parent / "results" / "key_finding.json"
MODES = ("major", "minor")
CORPORA = ("folk", "nottingham", "chorales")
OPENING_NOTES = (8, 16)
WEIGHTS = (
    (20.0, 0.0, 0.0),
    (20.0, 1.0, 0.0),
    (20.0, 0.0, 0.5),
    (20.0, 1.0, 0.25),
    (20.0, 0.5, 0.5),
    (20.0, 1.0, 0.5),
    (20.0, 1.0, 1.0),
)
BEGINNINGS = (2, 4)
"""The first half and the first quarter of each melody, as if they were all of it."""
Floats = npt.NDArray[np.float64]
Melody = tuple[list[tuple[int, int]], int, str]
"""Its notes (ticks, MIDI number), its tonic's pitch class and its mode."""

KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
TEMPERLEY_2001 = {
    "major": (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
    "minor": (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0),
}
TEMPERLEY_2007 = {
    "major": (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
    "minor": (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
}
ALL_PROFILES = {
    "Krumhansl and Kessler": KRUMHANSL,
    "Temperley 2001": TEMPERLEY_2001,
    "Temperley 2007": TEMPERLEY_2007,
    "Albrecht and Shanahan": PROFILES,
    "counted here": MELODY_PROFILES,
}


def melodies(part: str) -> dict[str, list[Melody]]:
    """Those of each corpus whose key is written, and one throughout."""
    found = {}
    for name in CORPORA[:2]:
        tunes = load(name).part("train" if part == "training" else part)
        found[name] = [row for row in map(melody_of, tunes) if row is not None]
    chorales = getattr(harmonizer_chorales(analyses=False), part)
    rows = []
    for one in chorales:
        onsets = None if one.is_onset is None else one.is_onset[:, 0]
        tune = tune_of_steps(
            one.pitches[:, 0],
            metre=one.metre,
            pickup_steps=one.pickup_steps,
            key=one.key,
            is_onset=onsets,
        )
        row = None if one.key is None else melody_of(tune)
        rows += [] if row is None else [row]
    return found | {"chorales": rows}


def melody_of(tune: Tune) -> Melody | None:
    """A tune as notes and key; None if it changes its key, has another mode, or is silent."""
    notes = [(length, pitch) for _, length, pitch in tune.sounding()]
    if len({bar.key for bar in tune.bars}) > 1 or tune.key.mode not in MODES or not notes:
        return None
    return notes, tune.key.tonic_pitch_class, tune.key.mode


def counts(corpora: dict[str, list[Melody]]) -> dict[str, dict[str, Floats]]:
    """Time, first and last notes on each degree; each corpus weighs the same."""
    found: dict[str, dict[str, Floats]] = {"time": {}, "first": {}, "last": {}}
    for mode in MODES:
        for of in found.values():
            of[mode] = np.zeros(12)
        for rows in corpora.values():
            time, first, last = np.zeros(12), np.full(12, 0.5), np.full(12, 0.5)
            for notes, tonic, _ in (row for row in rows if row[2] == mode):
                degrees = [(pitch - tonic) % 12 for _, pitch in notes]
                own = np.bincount(degrees, [length for length, _ in notes], minlength=12)
                time += own / own.sum()
                first[degrees[0]] += 1
                last[degrees[-1]] += 1
            for name, row in (("time", time), ("first", first), ("last", last)):
                found[name][mode] += row / row.sum() / len(corpora)
        found["time"][mode] = (found["time"][mode] + 0.001) / 1.012
    return found


def rotated(table: Any) -> Floats:
    """(24, 12) a table of degrees as pitch classes of each key, shares."""
    rows = [np.roll(table[mode], tonic) for mode in MODES for tonic in range(12)]
    return np.array(rows) / np.array(rows).sum(1, keepdims=True)


def merits(rows: list[Melody], how: str, profile: Any) -> Floats:
    """(N, 24) how well each melody's time fits each key."""
    time = np.array([shares_of(notes) for notes, _, _ in rows])
    keys = rotated(profile)
    if how == "distance":
        return -np.linalg.norm(time[:, None] - keys[None], axis=2)
    if how == "likelihood":
        return time @ np.log(keys).T
    a, b = time - time.mean(1, keepdims=True), keys - keys.mean(1, keepdims=True)
    return (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)


def shares_of(notes: list[tuple[int, int]]) -> Floats:
    """(12,) share of the time on each pitch class."""
    found = np.bincount([p % 12 for _, p in notes], [length for length, _ in notes], minlength=12)
    return np.asarray(found / found.sum())


def right(found: Floats, rows: list[Melody]) -> float:
    """Share of melodies whose best key is the written one."""
    truth = [tonic + 12 * MODES.index(mode) for _, tonic, mode in rows]
    return float((found.argmax(1) == np.array(truth)).mean())


def told(score: Any, corpora: dict[str, list[Melody]]) -> dict[str, float]:
    """Share found of each corpus and mode, their mean, and that of beginnings."""
    cells = shares_right(score, corpora)
    found = cells | {"mean": mean_of(cells)}
    for part in BEGINNINGS:
        begun = {
            name: [(notes[: max(4, len(notes) // part)], *key) for notes, *key in rows]
            for name, rows in corpora.items()
        }
        found[f"mean of the first 1/{part}"] = mean_of(shares_right(score, begun))
    return {name: round(share, 4) for name, share in found.items()}


def shares_right(score: Any, corpora: Any) -> dict[str, float]:
    """Share found of each corpus and mode."""
    return {
        f"{name} {mode}": right(score(chosen), chosen)
        for name, rows in corpora.items()
        for mode in MODES
        if (chosen := [row for row in rows if row[2] == mode])
    }


def mean_of(cells: dict[str, float]) -> float:
    """All weighing the same."""
    return sum(cells.values()) / len(cells)


def cut(corpora: dict[str, list[Melody]], count: int) -> dict[str, list[Melody]]:
    """The first notes of each melody."""
    return {name: [(n[:count], t, m) for n, t, m in rows] for name, rows in corpora.items()}


def with_ends(shares: dict[str, dict[str, Floats]], weights: tuple[float, float, float]) -> Any:
    """A score of time, first and last note as `melody_key` has it, under other weights."""
    first, last = (np.log(rotated(shares[name])) for name in ("first", "last"))

    def score(rows: list[Melody]) -> Floats:
        begins = first[:, [notes[0][1] % 12 for notes, _, _ in rows]].T
        ends = last[:, [notes[-1][1] % 12 for notes, _, _ in rows]].T
        by_time = merits(rows, "likelihood", shares["time"])
        return weights[0] * by_time + weights[1] * begins + weights[2] * ends

    return score


def of_openings(corpora: dict[str, list[Melody]]) -> dict[str, float]:
    """Of openings: share right, share that `melody_key` is sure of, and right ones among these."""
    right_, sure, both, weight = 0.0, 0.0, 0.0, 0.0
    for rows in corpora.values():
        for mode in MODES:
            chosen = [row for row in rows if row[2] == mode]
            for notes, tonic, _ in chosen:
                guess = melody_key(notes, is_whole=False)
                assert guess is not None
                is_right = (guess.key.tonic_pitch_class, guess.key.mode) == (tonic, mode)
                one = 1 / len(chosen)
                weight += one
                right_ += one * is_right
                sure += one * (guess.probability >= SURE)
                both += one * (is_right and guess.probability >= SURE)
    found = {"right": right_ / weight, "sure": sure / weight, "right where sure": both / sure}
    return {name: round(value, 4) for name, value in found.items()}


def main() -> None:
    """Count, compare, print and write."""
    training, validation = melodies("training"), melodies("validation")
    shares = counts(training)
    document: dict[str, Any] = {
        "melodies": {
            f"{part} {name} {mode}": sum(row[2] == mode for row in rows)
            for part, corpora in (("training", training), ("validation", validation))
            for name, rows in corpora.items()
            for mode in MODES
        },
        "counted": {
            name: {mode: row.round(3).tolist() for mode, row in of.items()}
            for name, of in shares.items()
        },
        "methods": {},
    }
    found = document["methods"]
    for name, profile in ALL_PROFILES.items():
        for how in ("correlation", "distance", "likelihood"):
            found[f"{name}, {how}"] = told(
                lambda rows, h=how, p=profile: merits(rows, h, p), validation
            )
    for weights in WEIGHTS:
        name = "counted here, likelihood x {:g}, first x {:g}, last x {:g}".format(*weights)
        found[name] = told(with_ends(shares, weights), validation)
    document["openings"] = {
        str(count): of_openings(cut(validation, count)) for count in OPENING_NOTES
    }
    write_json(RESULTS, document)
    for name, cells in found.items():
        print(f"| {name} |", " | ".join(f"{100 * value:.1f}" for value in cells.values()), "|")
    print(document["counted"], document["openings"], document["melodies"], sep="\n")


if __name__ == "__main__":
    main()
