"""Our voice-leading predicates beside music21's, on all 371 chorales and on made-up quartets.

Run from the repository's root:

    python benchmarks/voice_leading_music21.py [--made-up 40000]

Every two neighbouring verticalities of every chorale, all six pairs of voices; and as many quartets
of spelled pitches drawn at random, where what Bach never writes occurs. Prints how often each
question is answered with yes by either, and every class of difference with its reason and a case.
Writes `benchmarks/results/voice_leading_music21.json`. About a minute and a half.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chromasonic.files import write_json
from chromasonic.harmonization.agreement import (
    OURS,
    REASONS,
    Agreement,
    Quartet,
    compare,
    quartets_of_score,
)

RESULTS = Path(__file__).parent / "results" / "voice_leading_music21.json"
NAMES = [
    f"{letter}{sign}{octave}"
    for letter in "CDEFGAB"
    for sign in ("", "", "#", "-")
    for octave in (2, 3, 4, 5)
]


def of_chorales() -> tuple[int, list[Quartet]]:
    """How many chorales, and their quartets."""
    from music21 import corpus

    quartets: list[Quartet] = []
    count = 0
    for score in corpus.chorales.Iterator():
        count += 1
        quartets += quartets_of_score(score)
    return count, quartets


def made_up(count: int, seed: int = 0) -> Iterator[Quartet]:
    """Quartets of any four pitches."""
    rng = random.Random(seed)
    for _ in range(count):
        yield rng.choice(NAMES), rng.choice(NAMES), rng.choice(NAMES), rng.choice(NAMES)


def document_of(found: Agreement) -> dict[str, Any]:
    """What was found, for the file."""
    classes = {}
    for why in REASONS:
        differences = [difference for difference in found.differences if difference.why == why]
        if differences:
            first = differences[0]
            classes[why] = {
                "reason": REASONS[why],
                "times": sum(difference.times for difference in differences),
                "case": {
                    "question": first.question,
                    "upper, lower, next upper, next lower": list(first.quartet),
                    "ours": first.ours,
                    "music21": not first.ours,
                },
            }
    questions = {
        name: {
            "ours": found.ours[name],
            "music21": found.theirs[name],
            "differences": _times(found, name),
        }
        for name in OURS
    }
    return {
        "quartets": found.quartets,
        "distinct": found.distinct,
        "questions": questions,
        "classes": classes,
    }


def _times(found: Agreement, question: str) -> dict[str, int]:
    """Class of a difference to how often the quartets with it occur."""
    times: Counter[str] = Counter()
    for difference in found.differences:
        if difference.question == question:
            times[difference.why] += difference.times
    return dict(times)


def show(title: str, document: dict[str, Any]) -> None:
    """A table of one comparison."""
    print(f"\n{title}: {document['quartets']:,} quartets, {document['distinct']:,} distinct")
    print(f"{'':40}{'ours':>9}{'music21':>9}  differences")
    for name, row in document["questions"].items():
        print(f"{name:40}{row['ours']:>9,}{row['music21']:>9,}  {row['differences'] or 'none'}")
    for why, class_ in document["classes"].items():
        print(f"  {why} ({class_['times']}): {class_['reason']}\n    {class_['case']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--made-up", type=int, default=40_000)
    chorales, quartets = of_chorales()
    documents = {
        "chorales": {"count": chorales, **document_of(compare(quartets))},
        "made-up quartets": document_of(compare(made_up(parser.parse_args().made_up))),
    }
    for title, document in documents.items():
        show(title, document)
    write_json(RESULTS, documents)


if __name__ == "__main__":
    main()
