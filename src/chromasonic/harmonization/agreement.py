"""Our voice-leading predicates beside music21's, on the same quartets of pitches.

A quartet is two voices at two moments: upper and lower, before and after. music21 judges spelled
pitches and names intervals by their letters; the predicates here know semitones alone. Where the
two must differ, `explained` says why; what it cannot explain is a fault of one of them.

Source: M. S. Cuthbert and C. Ariza, "music21", ISMIR 2010; `music21.voiceLeading`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from chromasonic.harmonization import motion_rules as motion
from chromasonic.music.chorale import VOICES

Quartet = tuple[str, str, str, str]
"""Names with octave, as music21 writes them ("B-3"): upper, lower, next upper, next lower."""


def _crossing(upper: Any, lower: Any, next_upper: Any, next_lower: Any) -> Any:
    """Crossed before or after; asked of one moment as in `voicing_rules.crossing`."""
    return (upper < lower) | (next_upper < next_lower)


OURS: dict[str, Callable[..., Any]] = {
    "similar motion": motion.similar,
    "contrary motion": motion.contrary,
    "parallel fifths": motion.parallel_fifths,
    "parallel octaves or unisons": motion.parallel_octaves,
    "fifths by contrary motion": lambda *q: motion.contrary_perfect(*q) & (_simple(*q[2:]) == 7),
    "octaves by contrary motion": lambda *q: motion.contrary_perfect(*q) & (_simple(*q[2:]) == 0),
    "hidden fifths, upper voice leaping": motion.hidden_fifths,
    "hidden octaves, upper voice leaping": motion.hidden_octaves,
    "overlap": motion.overlap,
    "crossing": _crossing,
}
"""Name of a question to the predicate here."""

THEIRS: dict[str, Callable[[Any], bool]] = {
    "similar motion": lambda q: q.similarMotion(),
    "contrary motion": lambda q: q.contraryMotion(),
    "parallel fifths": lambda q: q.parallelMotion(q.fifth, allowOctaveDisplacement=True),
    "parallel octaves or unisons": lambda q: (
        q.parallelMotion(q.octave, allowOctaveDisplacement=True) or q.parallelMotion(q.unison)
    ),
    "fifths by contrary motion": lambda q: q.antiParallelMotion(q.fifth),
    "octaves by contrary motion": lambda q: q.antiParallelMotion(q.octave),
    "hidden fifths, upper voice leaping": lambda q: q.hiddenFifth() and _leaps(q),
    "hidden octaves, upper voice leaping": lambda q: q.hiddenOctave() and _leaps(q),
    "overlap": lambda q: q.voiceOverlap(),
    "crossing": lambda q: q.voiceCrossing(),
}
"""Name of a question to music21's answer to it."""


def _simple(upper: Any, lower: Any) -> Any:
    return abs(upper - lower) % 12


def _leaps(quartet: Any) -> bool:
    """Music21 knows every hidden interval; the rule is about those whose upper voice leaps."""
    return abs(quartet.v1n2.pitch.ps - quartet.v1n1.pitch.ps) > 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One quartet on which the two differ.

    Attributes:
        question: key of `OURS`.
        quartet: the pitches.
        ours: what the predicate here says.
        times: how often the quartet occurs.
        why: a class of `explained`.
    """

    question: str
    quartet: Quartet
    ours: bool
    times: int
    why: str


@dataclass(slots=True)
class Agreement:
    """What a comparison found.

    Attributes:
        quartets: how many were compared, repeated ones counted each time.
        distinct: how many different ones.
        ours: how often each question is answered with yes here.
        theirs: how often by music21.
        differences: every distinct quartet and question on which they differ.
    """

    quartets: int = 0
    distinct: int = 0
    ours: Counter[str] = field(default_factory=Counter)
    theirs: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def quartets_of_score(score: Any) -> Iterator[Quartet]:
    """All quartets of a music21 score: neighbouring verticalities, all six pairs of its voices.

    A verticality begins wherever a voice strikes a note or rests; those in which a voice of the two
    rests are left out. Of a chord within a voice the highest note counts. Where instruments play
    along, the voices are the first parts named soprano, alto, tenor and bass.
    """
    lines = [_line(part) for part in _voices(score)]
    times = sorted({time for line in lines for time in line})
    voices = [_at_times(line, times) for line in lines]
    for upper, lower in combinations(voices, 2):
        for (a, b), (c, d) in pairwise(zip(upper, lower, strict=True)):
            if a and b and c and d:
                yield a, b, c, d


def _voices(score: Any) -> list[Any]:
    """The four voices; all parts where there are just four."""
    parts = list(score.parts)
    if len(parts) == len(VOICES):
        return parts
    return [
        next(part for part in parts if str(part.partName).lower().startswith(voice))
        for voice in VOICES
    ]


def _line(part: Any) -> dict[Any, str]:
    """Onset to the name of the pitch that begins there; empty for a rest."""
    line: dict[Any, str] = {}
    for element in part.flatten().notesAndRests:
        if element.duration.isGrace:
            continue
        name = "" if element.isRest else element.pitches[-1].nameWithOctave
        line[element.offset] = name
        line.setdefault(element.offset + element.quarterLength, "")
    return line


def _at_times(line: dict[Any, str], times: list[Any]) -> list[str]:
    names, current = [], ""
    for time in times:
        current = line.get(time, current)
        names.append(current)
    return names


def compare(quartets: Iterable[Quartet]) -> Agreement:
    """Ask both of every quartet."""
    from music21.pitch import Pitch
    from music21.voiceLeading import VoiceLeadingQuartet

    counts = Counter(quartets)
    found = Agreement(quartets=counts.total(), distinct=len(counts))
    if not counts:
        return found
    pitches: dict[str, Any] = {name: Pitch(name) for quartet in counts for name in quartet}
    numbers = np.array([[int(pitches[name].ps) for name in quartet] for quartet in counts])
    answers = {name: np.asarray(predicate(*numbers.T)) for name, predicate in OURS.items()}
    for row, (quartet, times) in enumerate(counts.items()):
        upper, lower, next_upper, next_lower = (pitches[name] for name in quartet)
        theirs = VoiceLeadingQuartet(upper, next_upper, lower, next_lower)
        for question, ask in THEIRS.items():
            ours, other = bool(answers[question][row]), bool(ask(theirs))
            found.ours[question] += times * ours
            found.theirs[question] += times * other
            if ours != other:
                why = explained(question, theirs)
                found.differences.append(
                    Difference(question=question, quartet=quartet, ours=ours, times=times, why=why)
                )
    return found


OCTAVE_TO_UNISON = "octave to unison"
SPELLING = "spelling"
SAME_LETTERS = "same letters"
UNEXPLAINED = "unexplained"

REASONS = {
    OCTAVE_TO_UNISON: (
        "music21 keeps octaves and unisons apart, so an octave that closes to a unison by similar "
        "motion is a hidden octave to it; here the two voices sing the same tones twice: parallel."
    ),
    SPELLING: (
        "music21 names intervals by letters: seven semitones spelled as a diminished sixth are no "
        "fifth, and a change of name alone is motion. Here sounds count."
    ),
    SAME_LETTERS: (
        "a diminished or augmented fifth (octave) before a perfect one: the same interval by its "
        "letters, so music21 calls the motion parallel and not hidden. Here it is reached anew."
    ),
    UNEXPLAINED: "one of the two is wrong.",
}
"""Class of a difference to what it is."""


def explained(question: str, theirs: Any) -> str:
    """Which class of `REASONS` a difference belongs to.

    Args:
        question: key of `OURS`.
        theirs: the quartet as music21's `VoiceLeadingQuartet`.
    """
    vertical, horizontal = theirs.vIntervals, theirs.hIntervals
    perfect = {0: ("P1", "P8"), 7: ("P5",)}
    for interval in vertical:
        simple = abs(interval.semitones) % 12
        is_named_perfect = interval.simpleName in ("P1", "P8", "P5")
        if is_named_perfect != (interval.simpleName in perfect.get(simple, ())):
            return SPELLING
        if simple in perfect and not is_named_perfect:
            return SPELLING
    if any((interval.semitones == 0) != (interval.name == "P1") for interval in horizontal):
        return SPELLING
    sizes = [abs(interval.semitones) for interval in vertical]
    if "octaves" in question and all(size % 12 == 0 for size in sizes) and 0 in sizes:
        return OCTAVE_TO_UNISON
    if "hidden" in question and len({i.generic.semiSimpleUndirected for i in vertical}) == 1:
        return SAME_LETTERS
    return UNEXPLAINED
