"""The report: one whole page out of plain values, that needs nothing else."""

from __future__ import annotations

import base64
import json
import math
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.figure import Figure, undefined
from chromasonic.evaluation.report import report_html, write_report
from chromasonic.evaluation.report_charts import Line, interval_chart, line_chart, nice_ticks
from chromasonic.evaluation.report_data import (
    HUMAN,
    ReportCurves,
    ReportData,
    ReportModel,
    ReportRow,
    ReportTune,
)
from chromasonic.evaluation.report_media import TuneMedia, media_of, sounding_heads
from chromasonic.evaluation.report_table import figure_text
from chromasonic.formats import audio
from chromasonic.formats.abc import read_abc

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"
TUNES = read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes
HOSTILE = "<script>alert('1')</script> & \"Tom\" <!--body-->"

MODELS = (
    ReportModel(name="lstm", label="LSTM", says="Remembers."),
    ReportModel(name="markov", label="Markov", says="Counts.", is_baseline=True),
)


def figure(value: float, n: int = 172) -> Figure:
    return Figure(value=value, low=value - 0.05, high=value + 0.05, n=n)


def data(**changes: object) -> ReportData:
    """A small report with one of everything."""
    names = ("Accuracy", "Diversity", "Coherence")
    rows = tuple(
        ReportRow(
            title=name,
            says=f"What {name} is.",
            figures={"lstm": figure(0.61), "markov": figure(0.42)},
            kind="score",
            better="higher",
            in_radar=True,
            words={"lstm": "good"},
        )
        for name in names
    )
    odd = ReportRow(
        title="Musicality",
        says="",
        figures={"lstm": undefined("no tune has eight bars"), "markov": figure(0.3)},
        kind="share",
    )
    values = {
        "title": "Three models",
        "lead": "What they are worth.",
        "models": MODELS,
        "facts": (("Corpus", "Nottingham"), ("From", "https://example.org/a?b=1&c=2")),
        "verdicts": ("The LSTM is best.",),
        "curves": (
            ReportCurves(
                model="lstm",
                train_loss=(3.0, 2.0, 1.5),
                val_loss=(3.1, 2.2, 2.3),
                val_accuracy=(0.1, math.nan, 0.3),
                learning_rate=(1e-3, 1e-3, 5e-4),
                best_epoch=2,
                findings=(("warning", "Over-fitting & more.", "Less of it."),),
            ),
        ),
        "rows": (*rows, odd),
        "pitch_bits": {"lstm": figure(2.35), "markov": figure(2.52)},
        "tunes": (
            ReportTune(tune=TUNES[0], model="lstm", seed=7, temperature=0.9, copied_share=0.21,
                       longest_run=9),
            ReportTune(tune=TUNES[3], model=HUMAN),
        ),
        "remarks": ("The network was not reached.",),
        "colophon": (("Again", "`chromasonic demo`"),),
    }  # fmt: skip
    return ReportData(**{**values, **changes})  # type: ignore[arg-type]


class Page(HTMLParser):
    """What a page holds: balanced tags, ids, addresses, text."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(html)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data

    def values(self, name: str, tag: str = "") -> list[str]:
        return [value for on, key, value in self.attributes if key == name and on in (tag or on,)]


@pytest.fixture(scope="module")
def media() -> list[TuneMedia]:
    return media_of([TUNES[0], TUNES[3]])


@pytest.fixture(scope="module")
def html(media: list[TuneMedia]) -> str:
    return report_html(data(), media)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_asks_the_network_for_nothing(page: Page, html: str) -> None:
    loaded = page.values("src") + [
        value for tag, name, value in page.attributes if tag in ("link", "image", "use")
        and name in ("href", "xlink:href")
    ]  # fmt: skip
    assert loaded
    assert all(address.startswith(("data:", "#")) for address in loaded)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|sendBeacon", html)


def test_everything_is_in_it(page: Page) -> None:
    for text in (
        "Three models", "What they are worth.", "The LSTM is best.", "The network was not reached.",
        "The Lamplighter's Errand", "G major", "6/8", "seed 7", "temperature 0.9",
        "21% of its notes stand in training tunes, longest run 9 notes", "Held-out tune",
        "2.350", "0.56 – 0.66", "n = 172", "good", "undefined", "no tune has eight bars",
        "Over-fitting & more.", "Less of it.", "Nottingham", "chromasonic demo",
    ):  # fmt: skip
        assert text in page.text, text
    assert page.counts["audio"] == 2
    assert page.counts["h1"] == 1


def test_ids_are_unique_and_links_within_the_page_arrive(page: Page) -> None:
    ids = page.values("id")
    assert max(Counter(ids).values()) == 1
    inside = {value[1:] for value in page.values("href") if value.startswith("#")}
    assert inside <= set(ids)


def test_controls_and_pictures_have_names(page: Page) -> None:
    buttons = page.counts["button"] + sum(value == "range" for value in page.values("type"))
    named = page.values("aria-label", "button") + page.values("aria-label", "input")
    assert len(named) == buttons == 4
    assert all("Errand" in name or "Nine Steps" in name for name in named)
    inner = page.values("class", "svg").count("definition-scale")
    assert page.counts["svg"] - inner == page.values("role").count("img") > 4


def test_downloads_hold_the_files_themselves(html: str, tmp_path: Path) -> None:
    from chromasonic.formats.tunes import load_tune

    links = re.findall(r'download="([^"]+)" href="data:[^;]+;base64,([^"]+)"', html)
    assert len(links) == 6
    for name, content in links[:3]:
        (tmp_path / name).write_bytes(base64.b64decode(content))
        back = load_tune(tmp_path / name)
        assert list(back.expanded().sounding()) == list(TUNES[0].expanded().sounding())


@pytest.mark.parametrize("place", ["title", "lead", "verdicts", "facts", "tune", "label", "curves"])
def test_nothing_that_is_told_becomes_markup(place: str) -> None:
    changes: dict[str, object] = {
        "title": {"title": HOSTILE},
        "lead": {"lead": HOSTILE},
        "verdicts": {"verdicts": (HOSTILE,)},
        "facts": {"facts": ((HOSTILE, HOSTILE),)},
        "label": {"models": (replace(MODELS[0], label=HOSTILE, says=HOSTILE), MODELS[1])},
        "curves": {
            "curves": (
                ReportCurves(model="lstm", train_loss=(1.0,), val_loss=(1.0,),
                             findings=(("note", HOSTILE, HOSTILE),)),
            )
        },
        "tune": {"tunes": (ReportTune(tune=replace(TUNES[3], title=HOSTILE), model="lstm"),)},
    }[place]  # fmt: skip
    report = data(**{"tunes": (), **changes})
    shown = media_of([one.tune for one in report.tunes], sound=False)
    page = Page(report_html(report, shown))
    assert page.counts["script"] == 1
    assert "alert('1')" in page.text


def test_lit_notes_follow_the_sound_through_repeats(media: list[TuneMedia]) -> None:
    jig = TUNES[0]
    moments = sounding_heads(jig)
    assert len(moments) > len(list(jig.expanded().sounding())) - 1
    starts = [start for start, _, _ in moments]
    assert starts == sorted(starts)
    second_pass = [head for _, _, head in moments].index(0, 1)
    eighth = 60 / 112 / 3
    assert moments[second_pass][0] == pytest.approx((1 + 8 * 6 - 1) * eighth, abs=0.01)
    heads = len(re.findall(r'class="note"', media[0].wide))
    assert heads == max(head for _, _, head in moments) + 1


def test_moments_in_the_page_are_json(page: Page) -> None:
    moments = [json.loads(value) for value in page.values("data-moments")]
    assert all(len(moment) == 3 for one in moments for moment in one)
    assert all(moments)


def test_without_a_soundfont_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMASONIC_SOUNDFONT", raising=False)
    monkeypatch.setattr(audio, "SYSTEM_SOUNDFONTS", ())
    monkeypatch.setattr(audio, "_of_pretty_midi", list)
    shown = media_of([TUNES[3]])
    page = Page(report_html(data(tunes=(ReportTune(tune=TUNES[3], model=HUMAN),)), shown))
    assert page.counts["audio"] == 0
    assert "There is no soundfont to play with" in page.text


def test_an_empty_report_is_still_a_page() -> None:
    page = Page(report_html(ReportData(title="Nothing", lead="", models=()), []))
    assert "Nothing" in page.text
    assert page.counts["section"] == 0


def test_names_that_no_model_has_are_refused() -> None:
    with pytest.raises(EvaluationError, match="names gru, but its models are lstm, markov"):
        data(pitch_bits={"gru": figure(2.0)})
    curves = ReportCurves(model="lstm", train_loss=(1.0, 2.0), val_loss=(1.0,))
    with pytest.raises(EvaluationError, match="2 training and 1 validation"):
        data(curves=(curves,))


def test_the_best_figure_is_set_in_bold_whichever_way_is_better(media: list[TuneMedia]) -> None:
    def bold(better: str) -> list[str]:
        row = ReportRow(
            title="x", says="", figures={"lstm": figure(2.0), "markov": figure(3.0)},
            better=better,  # type: ignore[arg-type]
        )  # fmt: skip
        return re.findall(r"<b>(.*?)</b>", report_html(data(rows=(row,)), media))

    assert bold("lower") == ["2.000"]
    assert bold("higher") == ["3.000"]
    assert bold("") == []


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [(2.3456, "number", "2.346"), (12.345, "number", "12.3"), (0.2149, "share", "21.5%"),
     (0.666, "score", "0.67"), (12345.0, "count", "12,345")],
)  # fmt: skip
def test_figures_have_the_digits_that_matter(value: float, kind: str, text: str) -> None:
    assert figure_text(value, kind) == text


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 1.0, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (2.29, 2.59, [2.2, 2.3, 2.4, 2.5, 2.6]),
        (-0.17, 0.2, [-0.2, -0.1, 0.0, 0.1, 0.2]),
        (5.0, 5.0, [4.5, 4.75, 5.0, 5.25, 5.5]),
    ],
)
def test_ticks_are_round_and_hold_the_range(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == ticks


def numbers(svg: str) -> Iterator[float]:
    for text in re.findall(r'(?:d|points|cx|cy|x|y|width)="([^"]*)"', svg):
        yield from map(float, re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text))


def test_charts_stay_in_their_frame_with_gaps_and_single_epochs() -> None:
    for values in ((1.0, math.nan, 3.0), (2.0,), (1e-5, 1.0), (-3.0, -2.0)):
        svg = line_chart([Line(label="a", colour="red", values=values, mark=1)], title="t",
                         y_label="y")  # fmt: skip
        assert all(0 <= number <= 440 for number in numbers(svg))
    assert "no values" in line_chart([Line(label="a", colour="red", values=(math.nan,))],
                                     title="t", y_label="y")  # fmt: skip
    assert "no values" in interval_chart([("a", "red", undefined("why"))], title="t")


def test_a_chart_puts_values_where_they_belong() -> None:
    svg = line_chart([Line(label="a", colour="red", values=(0.0, 1.0))], title="t", y_label="y")
    (path,) = re.findall(r'class="line" d="([^"]+)"', svg)
    assert path == "M52.0 232.0 L426.0 12.0"  # bottom left to top right of the frame


def test_the_written_file_is_whole(tmp_path: Path) -> None:
    path = write_report(tmp_path / "demo" / "report.html", data(), sound=False)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]


def test_the_script_is_sound_where_node_is_there_to_say(html: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the page's script is not parsed")
    (tmp_path / "script.js").write_text(html.split("<script>")[1].split("</script>")[0])
    done = subprocess.run([node, "--check", str(tmp_path / "script.js")], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
