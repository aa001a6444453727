"""The table that joins three collections of Bach chorales, and the split that follows from it.

The JSB chorales carry no names; this table says which score of music21 each is, how far it lies
above that, and which stretches of it they share (`chorale_table.json`, made by
`scripts/match_chorales.py`). Scores and JSB chorales are grouped by tune. The rule of the split: a
validation or test chorale of JSB, or any setting of its tune, is never in training.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from chromasonic.data.chorale_alignment import Alignment, Segment

FILE = "chorale_table.json"
JSB_PARTS = {"train": "train", "validation": "valid", "test": "test"}
"""Our name of a part to that in JSB's ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreEntry:
    """A score of music21.

    Attributes:
        name: "269" of bwv269.mxl.
        title: of the chorale; "" where none is known.
        riemenschneider: its numbers in that edition, from 1 to 371; most have one.
        tune: number of its tune; settings of one tune share it.
        same_as: the name of the score that holds the same setting and is preferred; "" if none.
    """

    name: str
    title: str
    riemenschneider: tuple[int, ...]
    tune: int
    same_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchEntry:
    """A chorale of JSB, or an analysis, and the score that it lies on.

    Attributes:
        name: "train/1" of JSB, "001" of When in Rome.
        score: name of the score; "" where none is found.
        alignment: how it lies on the score: of JSB, steps of the chorale from steps of the score;
            of an analysis, steps of the score from steps of the analysis.
        tune: number of its tune; -1 of an analysis.
    """

    name: str
    score: str
    alignment: Alignment | None
    tune: int


@dataclass(frozen=True, kw_only=True)
class ChoraleTable:
    """All entries, by name."""

    scores: dict[str, ScoreEntry]
    jsb: dict[str, MatchEntry]
    analyses: dict[str, MatchEntry]


@dataclass(frozen=True, kw_only=True)
class ChoraleSplit:
    """Who may learn from what.

    Attributes:
        training: scores that match a training chorale of JSB whose tune is in no other part.
        unlisted: scores that match nothing in JSB and whose tune is in no held-out part: they may
            be learnt from too.
        validation_variants: scores that match a training chorale of JSB and share a tune with
            validation, but not with test: left out until all choices are made.
        test_variants: scores that match a training chorale of JSB, and share a tune with test.
        refitting: all scores whose tune is in no test chorale, those above and of validation among
            them, doubles left out: for a last training when all choices are made.
        validation: scores that match a validation chorale, of whatever tune.
        test: scores that match a test chorale.
        jsb: part to the ids of JSB in it, as published.
        unmatched: ids of JSB for which no score was found.
    """

    training: tuple[str, ...]
    unlisted: tuple[str, ...]
    validation_variants: tuple[str, ...]
    test_variants: tuple[str, ...]
    refitting: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    jsb: dict[str, tuple[str, ...]]
    unmatched: tuple[str, ...]


@cache
def chorale_table() -> ChoraleTable:
    """The table inside the package."""
    text = (resources.files("chromasonic.data") / FILE).read_text(encoding="utf-8")
    return table_of(json.loads(text))


def table_of(content: dict[str, Any]) -> ChoraleTable:
    """The table in the form of `table_content`."""
    return ChoraleTable(
        scores={
            name: ScoreEntry(
                name=name,
                title=row[0],
                riemenschneider=tuple(row[1]),
                tune=row[2],
                same_as=row[3],
            )
            for name, row in content["scores"].items()
        },
        jsb={name: _match(name, row) for name, row in content["jsb"].items()},
        analyses={name: _match(name, row) for name, row in content["analyses"].items()},
    )


def table_content(table: ChoraleTable) -> dict[str, Any]:
    """The table as plain values for JSON, a short row for each entry."""
    return {
        "scores": {
            entry.name: [entry.title, list(entry.riemenschneider), entry.tune, entry.same_as]
            for entry in table.scores.values()
        },
        "jsb": {entry.name: _row(entry) for entry in table.jsb.values()},
        "analyses": {entry.name: _row(entry) for entry in table.analyses.values()},
    }


def _match(name: str, row: list[Any]) -> MatchEntry:
    score, tune, transposition, agreement, segments = row
    alignment = Alignment(
        transposition=transposition,
        agreement=agreement,
        segments=tuple(Segment(*segment) for segment in segments),
    )
    return MatchEntry(name=name, score=score, alignment=alignment if score else None, tune=tune)


def _row(entry: MatchEntry) -> list[Any]:
    found = entry.alignment
    if found is None:
        return ["", entry.tune, 0, 0.0, []]
    segments = [[one.start, one.source, one.length] for one in found.segments]
    return [entry.score, entry.tune, found.transposition, round(found.agreement, 4), segments]


def chorale_split(table: ChoraleTable | None = None) -> ChoraleSplit:
    """Apply the rule of the split to the table in the package, or to another one."""
    table = chorale_table() if table is None else table
    jsb = {
        part: tuple(name for name in table.jsb if name.startswith(f"{prefix}/"))
        for part, prefix in JSB_PARTS.items()
    }
    tunes = {part: {table.jsb[name].tune for name in names} for part, names in jsb.items()}
    scores = {
        part: tuple(dict.fromkeys(table.jsb[n].score for n in names if table.jsb[n].score))
        for part, names in jsb.items()
    }
    matched = {name for names in scores.values() for name in names}
    free: list[str] = []
    of_validation: list[str] = []
    of_test: list[str] = []
    for name in scores["train"]:
        tune = table.scores[name].tune
        chosen = of_test if tune in tunes["test"] else free
        chosen = of_validation if chosen is free and tune in tunes["validation"] else chosen
        chosen.append(name)
    held = tunes["validation"] | tunes["test"]
    unlisted = [
        entry.name
        for entry in table.scores.values()
        if entry.name not in matched and not entry.same_as and entry.tune not in held
    ]
    return ChoraleSplit(
        training=tuple(free),
        unlisted=tuple(unlisted),
        validation_variants=tuple(of_validation),
        test_variants=tuple(of_test),
        refitting=tuple(
            entry.name
            for entry in table.scores.values()
            if entry.tune not in tunes["test"] and (entry.name in matched or not entry.same_as)
        ),
        validation=scores["validation"],
        test=scores["test"],
        jsb=jsb,
        unmatched=tuple(name for name, entry in table.jsb.items() if not entry.score),
    )
