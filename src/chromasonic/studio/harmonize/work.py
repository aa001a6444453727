"""What the desk does for the Harmonize page, in a child process."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from chromasonic.studio.desk.report import Report
from chromasonic.studio.shelf import Shelf

HARMONY, SETTING = "harmony", "setting"


def harmonize(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Set a melody, by one agent or several, each setting a piece, and all of them one more.

    Args:
        params: "tune" (see `tune_document`), "agents" (each "agent", "models" or None, "label"),
            "count" (settings of each agent that gives alternatives), "seed", "fixed_key" (whether
            the key holds throughout), "title", "said" (what was done to the melody), "asked" (what
            the page sent), "shelf".
        report: hears how far it is.

    Returns:
        {"piece": id of the piece that names the others}.
    """
    from chromasonic.formats.tune_document import tune_of_document
    from chromasonic.harmonization.harmonizing import harmonize as harmonized
    from chromasonic.harmonization.placing import marks
    from chromasonic.harmonization.realizing import part_score

    tune = _titled(tune_of_document(params["tune"]), params["title"])
    agents, made = params["agents"], list[_Made]()
    for place, agent in enumerate(agents):
        report(0.05 + 0.5 * place / len(agents), f"{agent['label']} sets the tune")
        several = agent["agent"] in ("exact", "hybrid")
        found = harmonized(
            tune,
            agent=agent["agent"],
            key=tune.key if params["fixed_key"] else None,
            alternatives=params["count"] if several else 1,
            seed=params["seed"],
            models=Path(agent["models"]) if agent["models"] else None,
        )
        made += [
            _Made(
                label=agent["label"],
                setting=one,
                score=part_score(one, tune),
                marks=marks(one, tune),
            )
            for one in found
        ]
    return _kept(made, tune, params, report)


def check(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Judge a setting that somebody wrote: {"piece": id}.

    Args:
        params: "parts" (four of `tune_document`), "key" (or None), "title" (empty where it has
            none), "asked", "shelf".
        report: hears how far it is.
    """
    from chromasonic.formats.notation import bar_numbers
    from chromasonic.formats.tune_document import tune_of_document
    from chromasonic.harmonization.between_beats import all_marks
    from chromasonic.harmonization.given_voices import given_setting
    from chromasonic.music.key_text import parse_key

    report(0.1, "Naming chords, looking for breaches")
    parts = [
        _titled(tune_of_document(one), params["title"] or "A setting") for one in params["parts"]
    ]
    key = parse_key(params["key"]) if params["key"] else None
    given = given_setting(parts, key=key)
    made = _Made(
        label="Yours", setting=given.harmonization, score=given.score, marks=all_marks(given)
    )
    tune = given.tune
    if not params["title"]:
        tune = _titled(tune, plain_title("Setting", str(tune.key), bar_numbers(tune.bars)[-1]))
    return _kept([made], tune, params, report)


def plain_title(what: str, key: str, bars: int) -> str:
    """What music without a title is called, so that two can be told apart."""
    return f"{what} in {key}, {bars} {'bar' if bars == 1 else 'bars'}"


@dataclass(frozen=True, kw_only=True)
class _Made:
    """A setting with its score and its marks, before it is kept."""

    label: str
    setting: Any
    score: Any
    marks: list[Any]


def _titled(tune: Any, title: str) -> Any:
    return replace(tune, title=title)


def _kept(made: list[_Made], tune: Any, params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Write every setting down, then what holds them together."""
    from chromasonic.harmonization.comparing import differences, traits
    from chromasonic.harmonization.tabulating import table
    from chromasonic.studio.rendering import setting_files

    shelf = Shelf(Path(params["shelf"]))
    labels = _labels([one.label for one in made])
    rows: list[dict[str, Any]] = []
    first: tuple[Any, Any] | None = None
    for place, (label, its) in enumerate(zip(labels, made, strict=True)):
        which = f" {label}" if len(made) > 1 else ""
        report(0.55 + 0.4 * place / len(made), f"Engraving{which}")
        one, score = its.setting, its.score
        own = traits(one, tune, its.marks)
        data = {
            "label": label,
            "agent": one.agent,
            "voices": list(score.names),
            "marks": _told(its.marks, score),
            "table": table(one, tune),
        }
        title = tune.title if one.agent == "own" else f"{tune.title}, {label}"
        piece = shelf.keep(SETTING, title, data, setting_files(score))
        told = differences(one, first[0], own, first[1], labels[0]) if first else []
        rows.append(
            {
                "piece": piece.id,
                "label": label,
                "agent": one.agent,
                "voices": list(score.names),
                "reward": one.reward,
                "traits": _plain(asdict(own)),
                "differences": told,
            }
        )
        first = first or (one, own)
    report(0.97, "Keeping")
    data = {
        "asked": params["asked"],
        "said": params.get("said", []),
        "key": str(tune.key),
        "metre": None if tune.metre is None else str(tune.metre),
        "settings": rows,
    }
    return {"piece": shelf.keep(HARMONY, tune.title, data, {}).id}


def _labels(names: list[str]) -> list[str]:
    """Names of settings; those of one agent are numbered."""
    return [
        f"{name} {names[: place + 1].count(name)}" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _told(marks: list[Any], score: Any) -> list[dict[str, Any]]:
    """Marks as the page takes them: the note heads by name, the words by rule."""
    from chromasonic.formats.note_places import NotePlaces

    places = NotePlaces(score)
    return [
        {
            "rule": mark.remark.rule,
            "text": mark.remark.text,
            "gravity": mark.advice.gravity.value,
            "why": mark.advice.why,
            "mend": mark.advice.mend,
            "source": mark.advice.source,
            "bar": mark.remark.bar,
            "beat": mark.remark.beat,
            "voices": [score.names[voice] for voice in mark.voices],
            "sung": list(mark.sung),
            "numerals": list(mark.numerals),
            "cost": mark.remark.cost,
            "notes": _heads(mark.spots, places),
            "here": _heads([spot for spot in mark.spots if spot.tick == mark.tick], places),
        }
        for mark in marks
    ]


def _heads(spots: Any, places: Any) -> list[str]:
    """Names of the note heads at some places; a voice that rests has none."""
    found = (places.at(spot.voice, spot.tick) for spot in spots)
    return list(dict.fromkeys(name for name in found if name))


def _plain(value: Any) -> Any:
    """What JSON can hold: a share of nothing is null."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
