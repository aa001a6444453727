"""How often keys and phrase ends of a chorale's melody are found; and the counts behind the plan.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/harmonizer_keys.py

Keys are held against the local keys of the analyses ("When in Rome"), weighted by the notes'
lengths; phrase ends against Bach's fermatas, which the guess is not shown. The counts (`DEGREES`
and so on in `harmonization/key_plan.py`) are of the training chorales; on these the two weights,
and those of `harmonization/phrases.py`, were chosen.
Writes `benchmarks/results/harmonizer_keys.json`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.data.harmonizer_chorales import harmonizer_chorales
from chromasonic.evaluation.statistics import bootstrap_mean
from chromasonic.files import write_json
from chromasonic.harmonization.key_plan import MODES_FOUND, found_key, plan_keys
from chromasonic.harmonization.melodies import TICKS_PER_STEP, tune_of_steps
from chromasonic.harmonization.phrases import SungNote, phrase_ends, sung_notes
from chromasonic.music.chorale import Chorale
from chromasonic.music.key import MODES, Key
from chromasonic.music.tune import Tune

RESULTS = Path(__file__).parent / "results" / "harmonizer_keys.json"


def written(chorale: Chorale, *, fermatas: bool = True, key: bool = True) -> Tune:
    """The soprano as a tune, with or without what is to be found."""
    return tune_of_steps(
        chorale.pitches[:, 0],
        metre=chorale.metre,
        pickup_steps=chorale.pickup_steps,
        fermatas=chorale.fermatas if fermatas else (),
        key=chorale.key if key else None,
        is_onset=None if chorale.is_onset is None else chorale.is_onset[:, 0],
    )


def place(key: Key) -> tuple[int, str]:
    """Tonic and whether the third is minor."""
    return key.tonic_pitch_class, MODES_FOUND[int(MODES[key.mode][2] == 3)]


def local_keys(chorale: Chorale, notes: list[SungNote]) -> list[tuple[int, str] | None]:
    """The analysis' key where each note begins."""
    assert chorale.analysis is not None
    found = [
        chorale.analysis.at(min(note.onset // TICKS_PER_STEP, len(chorale) - 1)) for note in notes
    ]
    return [None if one is None else place(one.local_key) for one in found]


def key_shares(chorales: list[Chorale]) -> dict[str, Any]:
    """Share of the time in the right key, a chorale each: by plan, and if the home key stayed."""
    planned, stayed, home = [], [], []
    for chorale in chorales:
        assert chorale.key is not None
        tune = written(chorale)
        notes = sung_notes(tune)
        keys = plan_keys(tune, notes, phrase_ends(tune, notes))
        rows = [
            (note.duration, place(key), truth)
            for note, key, truth in zip(notes, keys, local_keys(chorale, notes), strict=True)
            if truth is not None
        ]
        total = sum(length for length, _, _ in rows)
        planned.append(sum(length for length, key, truth in rows if key == truth) / total)
        stayed.append(
            sum(length for length, _, truth in rows if truth == place(chorale.key)) / total
        )
        unknown = written(chorale, fermatas=False, key=False)
        home.append(float(place(found_key(unknown)) == place(chorale.key)))
    return {
        "chorales": len(chorales),
        "share of time in the analysed key": told(planned),
        "the same if the home key stayed": told(stayed),
        "home key found from the melody alone": told(home),
    }


def told(values: list[float]) -> dict[str, Any]:
    """Mean with its interval over chorales."""
    found = bootstrap_mean(np.array(values))
    return {"mean": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4)}


def phrase_shares(chorales: list[Chorale]) -> dict[str, Any]:
    """Precision and recall of guessed phrase ends; the last note does not count."""
    right = wrong = missed = 0
    for chorale in chorales:
        notes = sung_notes(written(chorale))
        marked = {index for index, note in enumerate(notes[:-1]) if note.fermata}
        bare = written(chorale, fermatas=False)
        guessed = set(phrase_ends(bare, sung_notes(bare))) - {len(notes) - 1}
        right += len(guessed & marked)
        wrong += len(guessed - marked)
        missed += len(marked - guessed)
    precision, recall = right / (right + wrong), right / (right + missed)
    return {
        "chorales": len(chorales),
        "fermatas": right + missed,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4),
    }


def counts(chorales: list[Chorale]) -> dict[str, Any]:
    """The shares that `key_plan` holds, counted anew."""
    degrees = {mode: np.zeros(12) for mode in MODES_FOUND}
    last = {mode: np.zeros(12) for mode in MODES_FOUND}
    changes = {True: [0, 0], False: [0, 0]}
    related: dict[str, dict[str, int]] = {mode: {} for mode in MODES_FOUND}
    for chorale in chorales:
        assert chorale.key is not None
        tune = written(chorale)
        notes = sung_notes(tune)
        ends = set(phrase_ends(tune, notes))
        home, before = place(chorale.key), None
        for index, (note, key) in enumerate(zip(notes, local_keys(chorale, notes), strict=True)):
            if key is not None:
                tonic, mode = key
                degrees[mode][(note.pitch - tonic) % 12] += 1
                last[mode][(note.pitch - tonic) % 12] += index in ends
                name = f"{(tonic - home[0]) % 12} {mode}"
                related[home[1]][name] = related[home[1]].get(name, 0) + 1
                if before is not None:
                    changes[index - 1 in ends][key != before] += 1
            before = key
    return {
        "DEGREES": {mode: shares(row) for mode, row in degrees.items()},
        "PHRASE_END_DEGREES": {mode: shares(row) for mode, row in last.items()},
        "RELATED": {
            mode: {name: round(n / sum(row.values()), 3) for name, n in sorted(row.items())}
            for mode, row in related.items()
        },
        "CHANGES": {str(at_end): round(row[1] / sum(row), 3) for at_end, row in changes.items()},
    }


def shares(row: np.ndarray) -> list[float]:
    """Counts plus a half each, as shares."""
    return ((row + 0.5) / (row + 0.5).sum()).round(3).tolist()


def main() -> None:
    """Count, measure, print and write."""
    corpus = harmonizer_chorales(analyses=True)
    parts = {"training": list(corpus.training), "validation": list(corpus.validation)}
    found: dict[str, Any] = {}
    for name, chorales in parts.items():
        analysed = [one for one in chorales if one.analysis is not None and one.key is not None]
        marked = [one for one in chorales if one.fermatas]
        found[name] = {"keys": key_shares(analysed), "phrases": phrase_shares(marked)}
        print(name, found[name])
    analysed = [
        one for one in parts["training"] if one.analysis is not None and one.key is not None
    ]
    found["counts of the training chorales"] = counts(analysed)
    write_json(RESULTS, found)


if __name__ == "__main__":
    main()
