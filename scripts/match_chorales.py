"""Make the table that joins the JSB chorales, music21's scores and the When in Rome analyses.

    python scripts/match_chorales.py            # compare with the table in the package
    python scripts/match_chorales.py --write    # write it, and benchmarks/results/chorales.json

Needs the corpora jsb-chorales and when-in-rome (CHROMASONIC_DATA, the cache, or a download).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path

from chromasonic import files
from chromasonic.data import bach_chorales, load
from chromasonic.data.chorale_alignment import Alignment, align_analysis
from chromasonic.data.chorale_matching import (
    doubles,
    match_settings,
    reduced_tune,
    shared_passages,
    tune_groups,
)
from chromasonic.data.chorale_table import (
    FILE,
    ChoraleTable,
    MatchEntry,
    ScoreEntry,
    chorale_split,
    table_content,
)
from chromasonic.data.when_in_rome import ChoraleAnalysis
from chromasonic.music.chorale import SILENT, Chorale

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "src" / "chromasonic" / "data" / FILE
RESULTS = ROOT / "benchmarks" / "results" / "chorales.json"
ALIASES = {"18.5-l": "18.5-lz"}
"""Names in music21's list to the files that are meant. (For number 333, bwv69.6, music21's iterator
opens bwv69.6-a, another chorale; here it is bwv69.6.xml, on which the analysis fits.)"""
WITHOUT_INTERLUDES = {
    "248.9-1": "248.9-s", "248.23-2": "248.23-s", "248.42-4": "248.42-s", "248.64-6": "248.64-s",
}  # fmt: skip
"""Scores with an orchestra to music21's own editions of their chorales alone."""
ANALYSIS_AGREEMENT = 0.75


def titles_and_numbers() -> tuple[dict[str, str], dict[str, tuple[int, ...]]]:
    """Name of a score to its title and to its numbers in Riemenschneider's edition."""
    from music21.corpus.chorales import ChoraleListRKBWV

    titles: dict[str, str] = {}
    numbers: dict[str, tuple[int, ...]] = {}
    for number, row in sorted(ChoraleListRKBWV().byRiemenschneider.items()):
        name = ALIASES.get(str(row["bwv"]), str(row["bwv"]))
        titles.setdefault(name, row["title"])
        numbers[name] = (*numbers.get(name, ()), int(number))
    return titles, numbers


def short_title(title: str) -> str:
    """The first letters of a title, by which one text is known again in any spelling."""
    return re.sub(r"[^a-z]", "", title.casefold())[:14]


def by_preference(
    chorales: dict[str, Chorale], numbers: dict[str, tuple[int, ...]]
) -> dict[str, Chorale]:
    """Scores without interludes and with a number first: they are preferred among equals."""

    def rank(name: str) -> tuple[bool, bool, int, str]:
        silent = int((chorales[name].pitches == SILENT).all(axis=1).sum())
        return silent > 32, name not in numbers, silent, name

    return {name: chorales[name] for name in sorted(chorales, key=rank)}


def lay_analysis(
    piece: ChoraleAnalysis, names: list[str], scores: dict[str, Chorale]
) -> tuple[str, Alignment] | None:
    """The score that an analysis fits best, of those that may be meant."""
    found = [(name, align_analysis(scores[name].pitches, piece.analysis)) for name in names]
    fits = [item for item in found if item[1].agreement >= ANALYSIS_AGREEMENT]
    return max(fits, key=lambda item: item[1].agreement, default=None)


def make_table() -> ChoraleTable:
    """Read all three and match them."""
    titles, numbers = titles_and_numbers()
    corpus = load(bach_chorales.CORPUS)
    read = {piece.id.partition("/")[2]: piece for piece in corpus.pieces}
    scores = by_preference(read, numbers)
    jsb = {piece.id.partition("/")[2]: piece for piece in load("jsb-chorales").pieces}
    same = doubles({name: piece.pitches for name, piece in scores.items()}) | WITHOUT_INTERLUDES
    settings = match_settings(
        {name: piece.pitches for name, piece in jsb.items()},
        {name: piece.pitches for name, piece in scores.items()},
    )
    names = [*scores, *jsb]
    place = {name: index for index, name in enumerate(names)}
    pairs = [(place[name], place[score]) for name, (score, _) in settings.items()]
    pairs += [(place[name], place[other]) for name, other in same.items()]
    pitches = [(scores.get(name) or jsb[name]).pitches for name in names]
    pairs += shared_passages(pitches)
    groups = tune_groups(
        [reduced_tune(voices[:, 0]) for voices in pitches],
        [short_title(titles.get(name, "")) if name in scores else "" for name in names],
        pairs,
    )
    group = dict(zip(names, groups, strict=True))
    editions: dict[str, list[str]] = {}
    for name in scores:
        editions.setdefault(same.get(name, name), []).append(name)
    candidates = {
        number: alike
        for alike in editions.values()
        for name in alike
        for number in numbers.get(name, ())
    }
    analyses = {}
    for piece in load("when-in-rome").pieces:
        number = piece.riemenschneider
        fit = lay_analysis(piece, candidates.get(number, []), scores)
        analyses[f"{number:03d}"] = MatchEntry(
            name=f"{number:03d}",
            score=fit[0] if fit else "",
            alignment=fit[1] if fit else None,
            tune=-1,
        )
    return ChoraleTable(
        scores={
            name: ScoreEntry(
                name=name,
                title=titles.get(name, ""),
                riemenschneider=numbers.get(name, ()),
                tune=group[name],
                same_as=same.get(name, ""),
            )
            for name in scores
        },
        jsb={
            name: MatchEntry(
                name=name,
                score=settings[name][0] if name in settings else "",
                alignment=settings[name][1] if name in settings else None,
                tune=group[name],
            )
            for name in jsb
        },
        analyses=analyses,
    )


def figures(table: ChoraleTable) -> dict[str, object]:
    """What the table holds, for the docs."""
    split = chorale_split(table)
    matched = [entry for entry in table.jsb.values() if entry.alignment is not None]
    laid = [entry for entry in table.analyses.values() if entry.alignment is not None]
    numbered = {number for entry in table.scores.values() for number in entry.riemenschneider}
    in_jsb = {entry.score for entry in matched}
    sizes = Counter(entry.tune for entry in table.scores.values())
    leaks = [n for n in split.jsb["train"] if table.jsb[n].tune in _tunes(table, split.jsb["test"])]
    return {
        "scores": len(table.scores),
        "scores_doubles": sum(bool(entry.same_as) for entry in table.scores.values()),
        "riemenschneider_numbers": len(numbered),
        "tunes": len({entry.tune for entry in table.jsb.values()} | set(sizes)),
        "largest_tune": max(sizes.values()),
        "jsb": len(table.jsb),
        "jsb_matched": len(matched),
        "jsb_matched_share_of_cells": _mean(matched),
        "jsb_transposed": sum(e.alignment.transposition != 0 for e in matched if e.alignment),
        "jsb_in_several_stretches": sum(
            len(e.alignment.segments) > 1 for e in matched if e.alignment
        ),
        "jsb_unmatched": list(split.unmatched),
        "scores_not_in_jsb": len(set(table.scores) - in_jsb),
        "analyses": len(table.analyses),
        "analyses_laid_on_a_score": len(laid),
        "analyses_agreement": _mean(laid),
        "analyses_not_laid": [e.name for e in table.analyses.values() if e.alignment is None],
        "jsb_with_analysis": sum(
            bool(e.score) and e.score in {a.score for a in laid} for e in matched
        ),
        "jsb_train_sharing_a_tune_with_test": len(leaks),
        "training": len(split.training),
        "unlisted": len(split.unlisted),
        "left_out_for_validation": len(split.validation_variants),
        "left_out_for_test": len(split.test_variants),
        "validation": len(split.validation),
        "test": len(split.test),
    }


def _tunes(table: ChoraleTable, names: tuple[str, ...]) -> set[int]:
    return {table.jsb[name].tune for name in names}


def _mean(entries: list[MatchEntry]) -> float:
    values = [entry.alignment.agreement for entry in entries if entry.alignment is not None]
    return round(sum(values) / max(len(values), 1), 4)


def text_of(table: ChoraleTable) -> str:
    """The table as JSON, a line for each entry."""
    sections = []
    for name, rows in table_content(table).items():
        lines = ",\n".join(
            f"  {json.dumps(key)}: {json.dumps(row, ensure_ascii=False, separators=(',', ':'))}"
            for key, row in rows.items()
        )
        sections.append(f' "{name}": {{\n{lines}\n }}')
    return "{\n" + ",\n".join(sections) + "\n}\n"


def main() -> int:
    """Make the table; compare it with the one in the package, or write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the table and its figures")
    write = parser.parse_args().write
    if write and not TABLE.exists():
        files.write_text(TABLE, text_of(ChoraleTable(scores={}, jsb={}, analyses={})))
    table = make_table()
    found = figures(table)
    print(json.dumps(found, indent=1))
    if write:
        files.write_text(TABLE, text_of(table))
        files.write_json(RESULTS, found)
        return 0
    if TABLE.read_text(encoding="utf-8") == text_of(table):
        return 0
    print(f"{TABLE.name} in the package differs: run with --write.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
