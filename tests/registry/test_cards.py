"""Cards: the hub's format, the strictest licence, nothing hostile, nothing of a machine."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from chromasonic.registry import markdown
from chromasonic.registry.card_words import WORDS
from chromasonic.registry.cards import card_text
from chromasonic.registry.front_matter import tag
from chromasonic.registry.made_up import learned_by_set, learned_from, warning
from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.metrics import metric
from chromasonic.registry.model import CorpusUsed, ModelFacts
from chromasonic.registry.readme import Described, details_text
from chromasonic.registry.version import Export, Version
from chromasonic.tasks.table import TASKS, task_named

GROOVE = CorpusUsed(
    name="groove-midi",
    title="Groove MIDI Dataset",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    citation="Gillick and others, ICML 2019",
    url="https://example.org/groove",
    fingerprint="5554aa0b201d4107ff",
    weights_may_ship=True,
)
FACTS = ModelFacts(
    task="companion",
    kind="groove_predictor",
    title="GroovePredictor",
    parameters=18_656,
    corpora=(GROOVE,),
    seed=0,
    validation={
        "timing MAE": 0.25,
        "velocity MAE": {
            "value": 22.5,
            "low": 20.25,
            "high": 24.75,
            "n": 124,
            "unit": "MIDI units",
        },
        "unknown": float("nan"),
    },
    headline="velocity MAE",
    recipe={"groove_predictor": {"dropout": 0.5, "data": {"data_dir": "/home/ann/corpora"}}},
    command=("/home/ann/.venv/bin/chromasonic", "train", "companion", "-o", "/home/ann/runs/x"),
    code={"code_version": "0.1.0", "code_commit": "abcdef0123456789", "python": "3.11.7"},
    run="/home/ann/runs/x",
)
VERSION = Version(
    name="groove",
    number=3,
    aliases=("champion",),
    facts=FACTS,
    files={"checkpoints/best.pt": FileFacts(sha256="ab" * 32, size_bytes=75_000)},
    content="cd" * 32,
    created="2026-05-01T12:00:00+00:00",
)


def head_and_body(card: str) -> tuple[dict[str, Any], str]:
    match = re.match(r"---\n(.*?)\n---\n(.*)\Z", card, flags=re.DOTALL)
    assert match
    return yaml.safe_load(match[1]), match[2]


def check_head(head: dict[str, Any]) -> None:
    """The rules that the hub's own reader enforces, and those that its pages rely on."""
    assert isinstance(head["license"], str)
    if head["license"] == "other":
        assert re.fullmatch(r"[a-z-]+", head["license_name"])
    assert head["library_name"] == "chromasonic"
    assert len(set(head["tags"])) == len(head["tags"])
    assert all(re.fullmatch(r"[a-z0-9.-]+", word) for word in head["tags"])
    for model in head.get("model-index", []):
        assert isinstance(model["name"], str)
        for result in model["results"]:
            assert isinstance(result["task"]["type"], str)
            assert isinstance(result["dataset"]["type"], str)
            assert isinstance(result["dataset"]["name"], str)
            for one in result["metrics"]:
                assert isinstance(one["type"], str)
                assert isinstance(one["value"], float)


def test_the_head_says_licence_data_and_results_with_their_intervals() -> None:
    head, _ = head_and_body(card_text(VERSION))
    check_head(head)
    assert head["license"] == "cc-by-4.0"
    assert head["datasets"] == ["groove-midi"]
    assert {"music", "companion", "groove-predictor", "drums"} <= set(head["tags"])
    (index,) = head["model-index"]
    assert index["name"] == "groove@3"
    (result,) = index["results"]
    assert result["dataset"] == {
        "type": "groove-midi",
        "name": "Groove MIDI Dataset",
        "split": "validation",
    }
    assert result["metrics"] == [
        {
            "type": "velocity-mae",
            "name": "velocity MAE",
            "value": 22.5,
            "args": {"interval_95": [20.25, 24.75], "n": 124, "unit": "MIDI units"},
        },
        {
            "type": "timing-mae",
            "name": "timing MAE",
            "value": 0.25,
            "args": {"unit": "share of a step"},
        },
    ]


def test_the_page_has_the_sections_of_the_hub_and_tells_how_to_go_on() -> None:
    _, body = head_and_body(card_text(VERSION))
    assert [line for line in body.splitlines() if line.startswith("## ")] == [
        "## Uses",
        "## Bias, Risks, and Limitations",
        "## Licence of the Weights",
        "## How to Get Started with the Model",
        "## Training Details",
        "## Evaluation",
        "## Files",
    ]
    for words in (
        "| velocity MAE ↓ | 22.500 [20.250, 24.750] | 124 | MIDI units |",
        "| timing MAE ↓ | 0.250 |",
        "--model groove@3",
        "chromasonic models show groove@3 --recipe > recipe.toml",
        "chromasonic train companion --recipe recipe.toml --output again",
        "Gillick and others, ICML 2019",
        "`5554aa0b201d4107ff`",
        "abcdef012345",
        "ab" * 32,
        "75,000",
        "may be given away for any purpose, with the corpora named",
    ):
        assert words in body


def test_a_card_tells_nothing_of_the_machine() -> None:
    card = card_text(VERSION)
    assert "/home" not in card
    assert "ann" not in re.findall(r"\w+", card)
    assert "chromasonic train companion -o x" in card


def test_figures_without_intervals_say_so() -> None:
    _, body = head_and_body(card_text(VERSION))
    assert "A figure without an interval" in body
    assert "| velocity MAE ↓ | 22.500 [20.250, 24.750] | 124 |" in body
    whole = replace(FACTS, validation={"velocity MAE": FACTS.validation["velocity MAE"]})
    _, body = head_and_body(card_text(replace(VERSION, facts=whole)))
    assert "A figure without an interval" not in body


def test_how_much_a_training_measured_by_is_said_where_no_figure_says_it() -> None:
    bare = replace(FACTS, validation={"accuracy": 0.5}, validated_on="96 recordings, seen")
    _, body = head_and_body(card_text(replace(VERSION, facts=bare)))
    assert "On the validation part: 96 recordings, seen." in body
    assert "| pieces |" not in body


def test_made_up_examples_are_warned_of_first() -> None:
    made = replace(GROOVE, name="synthetic-groove", licence="CC0-1.0 (made on the spot)")
    _, body = head_and_body(card_text(replace(VERSION, facts=replace(FACTS, corpora=(made,)))))
    warning = body.index("**It was trained on made-up examples**")
    assert warning < body.index("must not be used for music") < body.index("## Uses")


def test_a_model_of_made_up_examples_is_good_for_nothing_real() -> None:
    facts = replace(FACTS, corpora=learned_from({"is_synthetic": True, "corpora": []}))
    head, body = head_and_body(card_text(replace(VERSION, facts=facts)))
    check_head(head)
    assert head["datasets"] == ["made-up-examples"]
    assert "made-up-examples" in head["tags"]
    direct, _, out_of_scope = body.partition("### Out-of-Scope Use")
    assert "drums" not in direct.partition("### Direct Use")[2]  # nor any use of its kind
    assert "it has learned from nothing real" in out_of_scope
    assert "ot recorded" not in body
    assert "and its taste" not in body
    assert "- **Warning**: It was trained on made-up examples" in details_text(
        Described(heading="", facts=facts)
    )


def test_a_set_says_which_of_its_models_learned_from_made_up_examples() -> None:
    made = {"is_synthetic": True, "corpora": []}
    real = {"is_synthetic": False, "corpora": [{**vars(GROOVE), "found_at": "/data"}]}
    corpora = learned_by_set({"groove_predictor": real, "dynamics_engine": made})
    assert corpora[0] == GROOVE
    assert corpora[1].title == "Made-up examples (dynamics_engine)"
    facts = replace(FACTS, kind="all", corpora=corpora)
    _, body = head_and_body(card_text(replace(VERSION, facts=facts)))
    assert "**A part of it was trained on made-up examples** (Made-up examples (dynamics" in body
    assert learned_by_set({"a": made, "b": made}) == learned_from(made)
    assert learned_by_set({"a": real, "b": real}) == (GROOVE,)
    (bare,) = learned_from(real)
    assert warning(replace(FACTS, corpora=(bare,))) == ("", "")


def test_exports_stand_with_their_proof() -> None:
    export = Export(
        format="rtneural",
        files={"groove_predictor.json": FileFacts(sha256="ef" * 32, size_bytes=9)},
        parity={"largest_difference": 2.5e-7},
    )
    _, body = head_and_body(card_text(replace(VERSION, exports=(export,))))
    assert f"| `groove_predictor.json` | rtneural | 9 | `{'ef' * 32}` | 2.5e-07 |" in body


def test_a_model_of_nothing_but_its_kind_has_a_card() -> None:
    bare = replace(VERSION, facts=ModelFacts(task="companion", kind="groove_predictor"))
    head, body = head_and_body(card_text(bare))
    check_head(head)
    assert "model-index" not in head
    assert head["license_name"] == "not-recorded"
    assert "not recorded" in body


MARKS = "ab1 `*_[]()<>&|~#+-=.!\\\"':/\n"
HOSTILE = [
    "# Heading\n---\nlicense: mit\n---",
    "</details><script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "a | b | c",
    "``` \n# out of the fence",
    "`code` *bold* _it_ ~~gone~~",
    "!!python/object/apply:os.system ['true']",
    "&lt;b&gt; \u202egnp.exe",
    "- item: {a: b}, [c] # comment",
    "'quoted' \"twice\" \\ back",
    "<!-- hidden",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_stranger_wrote_becomes_markdown_html_or_yaml(text: str) -> None:
    corpus = CorpusUsed(
        name=text, title=text, licence=text, licence_url=text, citation=text, url=text
    )
    facts = replace(FACTS, title=text, corpora=(corpus,), run=text, parent=text, command=(text,),
                    validation={text: 1.5}, headline=text, recipe={"a": {"b": text}},
                    code={"code_version": text, "platform": text})  # fmt: skip
    plain = card_text(replace(VERSION, facts=replace(FACTS, corpora=(GROOVE,)), note="x"))
    card = card_text(replace(VERSION, facts=facts, note=text))
    head, body = head_and_body(card)
    check_head(head)
    assert head["license"] == "other"
    assert set(head) <= {"license", "license_name", "license_link", "library_name", "tags",
                         "datasets", "model-index"}  # fmt: skip
    tokens = list(read(body))
    assert not [token for token in tokens if token.type.startswith("html")]
    links = [token.attrs["href"] for token in tokens if token.type == "link_open"]
    assert all(str(link).startswith("https://") for link in links)
    assert not [token for token in tokens if token.type == "image"]
    assert headings(body)[1:] == headings(plain)[1:]
    assert "\u202e" not in body.partition("`recipe.toml`:")[0]


def read(page: str) -> Iterator[Token]:
    """What another program, the renderer that GitHub's rules are written for, sees in a page."""
    for token in MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(page):
        yield token
        yield from token.children or []


def headings(page: str) -> list[str]:
    tokens = list(read(head_and_body(page)[1] if page.startswith("---") else page))
    return [
        f"{token.tag} {after.content}"
        for token, after in itertools.pairwise(tokens)
        if token.type == "heading_open"
    ]


@given(st.text(alphabet=MARKS, max_size=40) | st.text(max_size=80))
def test_another_renderer_reads_escaped_text_as_it_was(text: str) -> None:
    shown = "".join(token.content for token in read(markdown.escaped(text)) if token.type == "text")
    assert shown == markdown.one_line(text)


@given(st.text(alphabet=MARKS, max_size=20).filter(str.strip) | st.text("x` ", min_size=1))
def test_another_renderer_reads_code_as_it_was(text: str) -> None:
    shown = [token for token in read(f"a {markdown.code(text)} b") if token.type != "inline"]
    codes = [token.content for token in shown if token.type == "code_inline"]
    assert codes == [markdown.one_line(text)] or not markdown.one_line(text)


def test_every_kind_of_every_task_has_words_of_its_own() -> None:
    for task in TASKS:
        if task != "gesture":  # one page for every size
            assert set(WORDS[task]) - {"all"} == set(task_named(task).kinds)


def test_a_metric_of_a_set_is_known_by_its_end() -> None:
    assert metric("groove_predictor velocity MAE") == metric("velocity MAE")
    assert metric("groove_predictor velocity MAE").is_lower_better is True
    assert metric("emotion_recognizer quadrant accuracy").is_lower_better is False
    assert metric("pitch_bits") == metric("pitch bits")
    assert metric("colour").is_lower_better is None


def test_tags_are_words_of_the_hub() -> None:
    assert tag("Velocity MAE (ms)") == "velocity-mae-ms"
