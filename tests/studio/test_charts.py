"""The charts in a real browser: ticks, smoothing, keys, legend, tables, empty and broken values."""

from __future__ import annotations

from typing import Any

import pytest
from tests.studio.running import RunningStudio, serious_faults

KIT = "const charts = await import('/web/kit/charts.js');"
EMPTY = """<!doctype html><html lang="en"><title>Charts</title>
<link rel="icon" href="/web/kit/icon.svg"><link rel="stylesheet" href="/web/kit/base.css">
<link rel="stylesheet" href="/web/kit/charts.css">
<main><h1>Charts</h1></main></html>"""
PLACE = """
const place = document.createElement('div'); place.id = 'chart';
document.querySelector('main').append(place);
"""
TWO = """
[{name: 'Validation', points: [[1, 3], [2, 2], [3, null], [4, 1]]},
 {name: 'Training', points: [[1, 4], [2, 3], [3, 2], [4, 1]], dashes: 1}]
"""


@pytest.fixture
def page(visitor: Any, studio: RunningStudio) -> Any:
    """A page of the studio's with the kit at hand and no work of its own that could meet ours."""
    policy = "content-security-policy"
    headers = {policy: visitor.request.get(studio.address + "/models").headers[policy]}
    visitor.route(
        "**/empty",
        lambda route: route.fulfill(content_type="text/html", body=EMPTY, headers=headers),
    )
    visitor.goto(studio.address + "/empty")
    return visitor


def run(page: Any, script: str) -> Any:
    return page.evaluate(f"(async () => {{ {KIT} {script} }})()")


@pytest.mark.parametrize(
    ("low", "high", "whole", "wanted"),
    [
        (0, 1, False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1, 20, True, [5, 10, 15, 20]),
        (1, 3, True, [1, 2, 3]),
        (-0.31, 0.3, False, [-0.2, 0, 0.2]),
        (5, 5, False, [5]),
    ],
)
def test_ticks_are_round_and_within(
    page: Any, low: float, high: float, whole: bool, wanted: list[float]
) -> None:
    most = 5 if high != 0.3 else 4
    found = run(page, f"return charts.ticks({low}, {high}, {most}, {str(whole).lower()});")
    assert found == wanted


def test_smoothing_begins_where_the_line_does_and_passes_over_gaps(page: Any) -> None:
    found = run(page, "return charts.smoothed([[1, 4], [2, null], [3, 8]], 0.5);")
    # weights 1/2 and 1/4 + 1/2: (0.25 * 4 + 0.5 * 8) / 0.75
    assert found == [[1, 4], [2, None], [3, pytest.approx(20 / 3)]]


def draw(page: Any, series: str = TWO, y: str = "{label: 'Loss'}") -> None:
    run(
        page,
        f"{PLACE} window.chart = charts.lineChart(place, {{title: 'Loss', series: {series}, "
        f"x: {{label: 'Epoch', whole: true}}, y: {y}}});",
    )


def test_arrow_keys_read_the_lines_value_by_value(page: Any) -> None:
    draw(page)
    plot = page.get_by_role("slider", name="Epoch")
    plot.focus()
    plot.press("Home")
    assert plot.get_attribute("aria-valuetext") == "Epoch 1: Validation 3, Training 4"
    plot.press("ArrowRight")
    plot.press("ArrowRight")
    assert plot.get_attribute("aria-valuetext") == "Epoch 3: Training 2"  # a gap is no zero
    plot.press("End")
    assert page.locator(".chart-readout").inner_text() == "Epoch 4: Validation 1, Training 1"
    assert serious_faults(page) == []


def test_a_legend_button_takes_a_line_away_and_brings_it_back(page: Any) -> None:
    draw(page)
    button = page.get_by_role("button", name="Training")
    lines = page.locator(".chart-lines path[stroke]")
    assert lines.count() == 2
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert lines.count() == 1
    button.click()
    assert lines.count() == 2


def test_lines_differ_by_more_than_their_colour(page: Any) -> None:
    draw(page)
    marks = page.locator(".chart-lines path:not([stroke])").evaluate_all(
        "all => all.map((one) => one.getAttribute('d'))"
    )
    dashes = page.locator(".chart-lines path[stroke]").evaluate_all(
        "all => all.map((one) => one.getAttribute('stroke-dasharray'))"
    )
    assert len(set(marks)) == len(set(dashes)) == 2


def test_new_values_move_the_same_line_instead_of_drawing_another(page: Any) -> None:
    draw(page)
    page.evaluate("window.kept = document.querySelector('.chart-lines path[stroke]')")
    before = page.evaluate("kept.getAttribute('d')")
    run(page, "chart.update({series: [{name: 'Validation', points: [[1, 3], [2, 9]]}]});")
    assert page.evaluate("kept.isConnected")
    assert page.evaluate("kept.getAttribute('d')") != before


def test_the_table_has_the_same_figures(page: Any) -> None:
    draw(page)
    page.locator("#chart summary").click()
    rows = page.locator("#chart tbody tr").evaluate_all(
        "all => all.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert rows == [["1", "3", "4"], ["2", "2", "3"], ["3", "–", "2"], ["4", "1", "1"]]


@pytest.mark.parametrize(
    "series", ["[]", "[{name: 'a', points: []}]", "[{name: 'a', points: [[1, null]]}]"]
)
def test_a_chart_without_values_says_so(page: Any, series: str) -> None:
    draw(page, series)
    assert page.locator("#chart text.empty").text_content() == "Nothing yet."


def test_a_log_scale_passes_over_what_it_cannot_show(page: Any) -> None:
    draw(page, "[{name: 'a', points: [[1, 100], [2, 0], [3, 1]]}]", "{label: '', log: true}")
    line = page.locator(".chart-lines path[stroke]").get_attribute("d")
    assert line.count("M") == 2  # the line is broken at the zero
    assert "NaN" not in line


def test_a_single_value_is_drawn_as_a_mark_within_the_picture(page: Any) -> None:
    draw(page, "[{name: 'a', points: [[1, 2.5]]}]")
    assert page.locator(".chart-lines path").nth(1).get_attribute("d")
    assert "NaN" not in page.locator("#chart svg").last.evaluate("one => one.outerHTML")


def test_a_radar_and_intervals_are_told_in_words_and_as_tables(page: Any) -> None:
    run(
        page,
        PLACE + "charts.radar(place, {title: 'Figures', axes: [{label: 'one'}, {label: 'two'}, "
        "{label: 'three'}], series: [{name: 'a', values: [1, 0.5, null], "
        "texts: ['9', '5', '–']}]});"
        "const other = document.createElement('div'); place.after(other);"
        "charts.intervals(other, {title: 'Bits', unit: 'bits', better: 'lower', rows: "
        "[{name: 'a', value: 2, low: 1, high: 3}, {name: 'b', value: 4, low: null, high: null}]});",
    )
    pictures = page.get_by_role("img")
    assert "a: one 9, two 5, three –." in pictures.nth(0).get_attribute("aria-label")
    assert "Bits: a 2, b 4" in page.locator("[aria-label^=Bits]").first.get_attribute("aria-label")
    assert page.get_by_text("bits; lower is better").is_visible()
    assert serious_faults(page) == []
