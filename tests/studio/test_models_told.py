"""Cards as safe HTML, models beside each other, the radar's scale; no browser, no registry."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from chromasonic.registry.judgements import Judgement
from chromasonic.registry.model import CorpusUsed, ModelFacts
from chromasonic.studio.models.card_page import card_html, without_head
from chromasonic.studio.models.entries import Entry
from chromasonic.studio.models.telling import compared, figures


def entry(name: str, validation: dict[str, Any], **more: Any) -> Entry:
    facts = {"task": "melody", "kind": "lstm", "headline": "pitch_bits", **more.pop("facts", {})}
    return Entry(
        reference=f"{name}@1",
        name=name,
        facts=ModelFacts(validation=validation, **facts),
        files={},
        folder=Path(name),
        **more,
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <b onclick=alert(1)>bold</b>",
        "# <iframe src=//evil.example>",
        "| a |\n|---|\n| <svg onload=alert(1)> |",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "    </pre><script>alert(1)</script>",
    ],
)
def test_html_in_a_card_is_shown_as_text(hostile: str) -> None:
    made = card_html(hostile)
    for tag in ("<script", "<img", "<iframe", "<svg", "<b "):
        assert tag not in made
    assert "&lt;" in made


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "vbscript:x", "data:text/html,x"]
)
def test_a_link_that_would_run_something_is_no_link(address: str) -> None:
    assert "<a" not in card_html(f"[click]({address})")


def test_pictures_are_not_loaded_from_elsewhere() -> None:
    assert "<img" not in card_html("![x](https://evil.example/pixel.png)")


def test_a_card_keeps_its_headings_below_the_pages_own_and_its_tables() -> None:
    made = card_html(
        "---\nlicense: mit\n---\n# One\n\n###### Six\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    assert "license" not in made
    assert "<h3>One</h3>" in made
    assert "<h6>Six</h6>" in made
    assert "<td>2</td>" in made


def test_a_head_that_does_not_end_is_no_head() -> None:
    assert without_head("---\nrest") == ("---\nrest", "")
    assert without_head("") == ("", "")


def test_the_radar_says_half_as_good_for_twice_the_bits_and_for_half_the_share() -> None:
    found = compared(
        [
            entry("a", {"pitch_bits": 2.0, "pitch_accuracy": 0.3}),
            entry("b", {"pitch_bits": 4.0, "pitch_accuracy": 0.6}),
        ]
    )
    shares = {axis["label"]: axis["shares"] for axis in found["radar"]}
    assert shares == {"pitch bits": [1.0, 0.5], "pitch accuracy": [0.5, 1.0]}


def test_a_figure_that_one_of_them_lacks_or_that_has_no_better_way_is_no_axis() -> None:
    found = compared(
        [
            entry("a", {"pitch_bits": 2.0, "padding": 3.0, "loss": 0.0}),
            entry("b", {"padding": 2.0, "loss": 1.0}),
        ]
    )
    assert found["radar"] == []
    (bits,) = [row for row in found["rows"] if row["metric"] == "pitch bits"]
    assert bits["cells"][1] is None
    assert bits["best"] == []


def test_the_best_of_each_figure_is_marked_by_its_own_direction() -> None:
    found = compared(
        [
            entry("a", {"pitch_bits": 2.0, "accuracy": 0.5}),
            entry("b", {"pitch_bits": 3.0, "accuracy": 0.5}),
        ]
    )
    assert {row["metric"]: row["best"] for row in found["rows"]} == {
        "pitch bits": [0],
        "accuracy": [0, 1],
    }


def test_a_judgement_on_validation_takes_the_place_of_the_trainings_own_figure() -> None:
    judged = Judgement(
        kind="lstm", corpus="nottingham", part="validation", unit="tune", pieces=108,
        figures={"pitch_bits": {"value": 2.5, "low": 2.4, "high": 2.6, "n": 108}},
    )  # fmt: skip
    tested = Judgement(
        kind="lstm", corpus="nottingham", part="test", unit="tune", pieces=107,
        figures={"pitch_bits": {"value": 2.7, "low": 2.6, "high": 2.8, "n": 107}},
    )  # fmt: skip
    found = figures(entry("a", {"pitch_bits": 2.45}, judged=(judged, tested)))
    assert [(one["metric"], one["value"], one["low"]) for one in found] == [
        ("pitch bits", 2.5, 2.4),
        ("test: pitch bits", 2.7, 2.6),
    ]
    assert found[0]["where"] == "108 tunes of nottingham, validation"


def test_a_figure_that_is_no_number_is_left_out() -> None:
    assert figures(entry("a", {"pitch_bits": math.nan, "x": "text"})) == []


def test_models_that_learned_from_other_music_are_said_to_have_done_so() -> None:
    corpora = [CorpusUsed(name="x", fingerprint=one) for one in ("1", "2")]
    one, other = (
        entry(name, {"pitch_bits": 2.0}, facts={"corpora": (corpus,)})
        for name, corpus in zip("ab", corpora, strict=True)
    )
    assert compared([one, other])["is_one_part"] is False
    assert compared([one, one])["is_one_part"] is True


def test_no_best_is_marked_among_figures_of_different_music_or_tasks() -> None:
    def of(name: str, music: str, task: str = "melody", **more: Any) -> Entry:
        corpora = (CorpusUsed(name=f"tunes {music}", fingerprint=music),)
        facts = {"corpora": corpora, "task": task}
        return entry(name, {"pitch_bits": float(len(name))}, facts=facts, **more)

    def best(*entries: Entry) -> list[int]:
        (row,) = compared(entries)["rows"]
        return row["best"]

    assert best(of("a", "x"), of("bb", "x")) == [0]
    assert best(of("a", "x"), of("bb", "y")) == []
    assert best(of("a", "x"), of("bb", "x", task="companion")) == []
    judged = Judgement(
        kind="lstm", corpus="tunes x", part="validation", unit="tune", pieces=9,
        figures={"pitch_bits": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}},
    )  # fmt: skip
    assert best(of("a", "x"), of("bb", "x", judged=(judged,))) == [1]
    assert best(of("a", "x"), of("bb", "y", judged=(judged,))) == []


def test_the_radar_draws_no_figures_of_different_music_over_each_other() -> None:
    def of(name: str, music: str) -> Entry:
        corpora = (CorpusUsed(name=music, fingerprint=music),)
        return entry(name, {"pitch_bits": 2.0, "accuracy": 0.5}, facts={"corpora": corpora})

    assert len(compared([of("a", "x"), of("b", "x")])["radar"]) == 2
    assert compared([of("a", "x"), of("b", "y")])["radar"] == []


def test_only_settings_that_differ_are_told_without_the_kind_before_them() -> None:
    one = entry("a", {}, facts={"recipe": {"lstm": {"model": {"size": 8, "layers": 1}}}})
    other = entry(
        "b",
        {},
        facts={
            "kind": "transformer",
            "recipe": {"transformer": {"model": {"size": 9, "layers": 1}}},
        },
    )
    assert compared([one, other])["settings"] == [{"key": "model.size", "cells": ["8", "9"]}]
