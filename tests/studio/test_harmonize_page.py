"""The Harmonize page in a real browser: set, hear, compare, see what is broken, take it along."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from tests.studio.running import (
    RunningStudio,
    reload_in_the_middle,
    serious_faults,
    watched_page,
)
from tests.studio.story_harmonize import tell

from chromasonic.studio.shelf import Shelf

FAULTY = "An exercise with faults"


def test_a_tune_is_set_by_two_agents_heard_and_taken_along(
    visitor: Any, studio: RunningStudio
) -> None:
    tell(visitor, studio.address)
    cards = visitor.locator("#settings .setting")
    assert [one.split("\n")[0] for one in cards.all_inner_texts()] == ["Hybrid", "Exact"]
    assert "Other chords than Hybrid on" in cards.nth(1).inner_text()
    assert visitor.locator("#score .score-stage svg g.harm").count() > 10  # the numerals
    marked = visitor.locator("#score [data-note].is-marked").count()
    assert marked > 0
    assert visitor.locator("#mixer .strip-name").all_inner_texts() == [
        *("Soprano", "Alto", "Tenor", "Bass")
    ]
    assert serious_faults(visitor) == []

    visitor.get_by_role("button", name="Hear the bass alone").click()
    assert visitor.locator(".strip.is-silent .strip-name").count() == 3
    visitor.get_by_role("button", name="Hear Exact").click()
    visitor.wait_for_selector("[data-note].is-sounding")
    visitor.get_by_role("button", name="Play over and over").click()  # until it is paused
    assert visitor.locator(".strip.is-silent .strip-name").count() == 3  # kept for this setting
    visitor.get_by_role("button", name="Mute the bass").click()
    assert visitor.locator(".strip.is-silent .strip-name").count() == 4
    visitor.get_by_role("button", name="Pause Exact").click()

    with visitor.expect_download() as coming:
        visitor.get_by_role("button", name="WAV", exact=True).click()
    with wave.open(str(coming.value.path())) as sound:
        assert sound.getnframes() / sound.getframerate() > 20
    whole = heights(coming)
    visitor.get_by_role("button", name="WAV as heard").click()
    visitor.get_by_text("No voice is heard").wait_for()
    visitor.get_by_role("button", name="Mute the bass").click()
    with visitor.expect_download() as coming:
        visitor.get_by_role("button", name="WAV as heard").click()
    assert coming.value.suggested_filename.endswith("-as-heard.wav")
    assert heights(coming) < 0.6 * whole  # the bass alone
    with visitor.expect_download() as coming:
        visitor.get_by_role("link", name="MusicXML").click()
    assert "<part-name>Tenor</part-name>" in Path(coming.value.path()).read_text()

    visitor.reload()
    visitor.wait_for_selector("#score[aria-label*='Exact'] svg")
    assert visitor.locator("#settings input:checked").count() == 1
    visitor.click("#ask summary")
    assert visitor.locator("#text").input_value().startswith("X:1")
    assert visitor.locator("#agents input:checked").count() == 2


def heights(coming: Any) -> float:
    """Where in hertz half of a sound's energy lies below."""
    with wave.open(str(coming.value.path())) as sound:
        data = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(float)
        mono = data.reshape(-1, sound.getnchannels()).mean(1)
        power = np.abs(np.fft.rfft(mono)) ** 2
        share = np.cumsum(power) / power.sum()
        return float(np.searchsorted(share, 0.5) * sound.getframerate() / len(mono))


def test_a_setting_of_ones_own_is_marked_with_its_parallels(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.goto(studio.address + "/harmonize")
    visitor.get_by_role("tab", name="Check a setting").click()
    visitor.get_by_role("button", name=FAULTY).click()
    visitor.wait_for_selector(f"#result-title:has-text('{FAULTY}')")
    rule = visitor.locator(".rule", has_text="Parallel fifths")
    rule.wait_for()
    places = rule.locator(".place").all_inner_texts()
    assert places[0].split("\n")[1:] == ["Bar 1, beat 2", "alto G4 to A4, bass C3 to D3"]
    visitor.mouse.move(0, 0)  # a number that scrolls under the mouse would light its own notes
    rule.locator(".place").first.focus()
    visitor.keyboard.press("Enter")
    strong = visitor.locator(".score-frame.is-strong")
    assert strong.count() == 1
    visitor.locator(".chip.fault").click()  # without the faults
    assert rule.count() == 0
    assert visitor.locator(".chip.fault").get_attribute("aria-pressed") == "false"


def test_a_file_with_several_parts_says_which_was_taken_and_offers_the_others(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    visitor.goto(studio.address + "/harmonize")
    visitor.wait_for_selector("#melody-score svg")
    path = tmp_path / "two.abc"
    path.write_text(
        'X:1\nT:<script>alert(1)</script>\nM:4/4\nL:1/4\nK:C\nV:1 name="Lower"\nG A B A|G4|]\n'
        'V:2 name="Higher"\nc d e d|c4|]\n'
    )
    visitor.set_input_files("#melody-drop input", str(path))
    visitor.wait_for_selector("#melody-said:has-text('2 parts were found')")
    assert "taken from Higher" in visitor.locator("#melody-said").inner_text()
    visitor.select_option("#part", label="Lower")
    visitor.wait_for_selector("#melody-said:not(:has-text('2 parts'))")
    visitor.click("#go")
    visitor.wait_for_selector("#score svg")
    assert visitor.locator("#result-title").inner_text() == "<script>alert(1)</script>"
    assert visitor.locator("script:not([src])").count() == 0


def test_a_setting_fits_every_window(visitor: Any, studio: RunningStudio) -> None:
    piece = _made(visitor, studio)
    visitor.goto(f"{studio.address}/harmonize?piece={piece}")
    visitor.wait_for_selector("#result[aria-busy=false]")
    visitor.click("#compared summary")
    visitor.locator(".chip.taste").click()
    for width in (1280, 640, 375, 320):
        visitor.set_viewport_size({"width": width, "height": 800})
        visitor.wait_for_function(
            """(width) => innerWidth === width && document.documentElement.scrollWidth <= width""",
            arg=width,
        )


HELD = (
    *("X:1", "M:4/4", "L:1/4", "K:C"),
    *("V:1", "c4 | c2 B2 | d4 | c4 |]", "V:2", "G4 | A4 | B4 | G4 |]"),
    *("V:3", "A2 E2 | F4 | A2 F2 | E4 |]", "V:4", "C,2 C2 | F,2 C,2 | G,2 F,2 | C,4 |]"),
)


def test_marks_of_one_held_chord_can_all_be_tapped(visitor: Any, studio: RunningStudio) -> None:
    visitor.set_viewport_size({"width": 375, "height": 800})
    visitor.goto(studio.address + "/harmonize")
    visitor.get_by_role("tab", name="Check a setting").click()
    visitor.fill("#setting-text", "\n".join(HELD))
    visitor.click("#to-check [type=submit]")
    visitor.wait_for_selector("#result[aria-busy=false]")
    visitor.locator(".chip.taste").click()
    numbers = visitor.locator(".score-mark").all_inner_texts()
    assert len(numbers) >= 6  # two over each of the first three bars
    for width in (375, 320):
        visitor.set_viewport_size({"width": width, "height": 800})
        visitor.wait_for_function("(width) => innerWidth === width", arg=width)
        for number in numbers:  # a click waits until nothing else lies over the middle
            visitor.locator(f".score-mark:text-is('{number}')").click()
            visitor.wait_for_selector(f".place[aria-current=true] .number:text-is('{number}')")


def test_a_tune_of_compose_survives_a_reload_in_the_middle(
    visitor: Any, studio: RunningStudio
) -> None:
    tune = Shelf(studio.folder / "pieces").keep(
        "tune",
        "Brought along",
        {},
        {"tune.abc": "X:1\nT:Brought along\nK:G\nL:1/4\nGABc|d2 d2|BAG2|]\n"},
    )
    visitor.goto(f"{studio.address}/harmonize?from={tune.id}")
    visitor.wait_for_selector("#melody-said:has-text('G major')")
    assert visitor.locator(".taken-name").inner_text() == "Brought along"
    visitor.locator("[name=agent-simple]").check()
    reload_in_the_middle(visitor, "harmonize", lambda: visitor.click("#go"))
    visitor.wait_for_selector("#result[aria-busy=false]")
    assert visitor.locator("#result-title").inner_text() == "Brought along"
    assert visitor.locator("#settings .setting").count() == 2
    visitor.locator("#settings input").first.focus()
    visitor.keyboard.press("ArrowDown")  # the other setting, by the keyboard alone
    visitor.wait_for_selector("#score[aria-label*='two parts'] svg")
    assert visitor.locator("#mixer .strip-name").all_inner_texts() == ["Melody", "Second voice"]
    visitor.go_back()
    visitor.wait_for_selector("#result", state="hidden")


@pytest.fixture
def remover(browser: Any) -> Iterator[Any]:
    """A fresh page that may ask for the sound of a setting that has just been taken away."""
    with watched_page(browser, but="status of 404") as page:
        yield page


def test_an_earlier_setting_is_found_again_taken_away_and_brought_back(
    remover: Any, studio: RunningStudio
) -> None:
    visitor = remover
    piece = _made(visitor, studio)
    told = visitor.request.get(f"{studio.address}/api/pieces/{piece}").json()
    visitor.goto(f"{studio.address}/harmonize")
    line = visitor.locator(f"#earlier li:has(a[href$='{piece}'])")
    line.locator("a").click()
    visitor.wait_for_selector("#result[aria-busy=false]")
    line.get_by_role("button").click()
    visitor.get_by_role("button", name="Remove", exact=True).click()
    visitor.wait_for_url("**/harmonize")
    parts = [piece, *(setting["piece"] for setting in told["data"]["settings"])]
    for one in parts:
        assert visitor.request.get(f"{studio.address}/api/pieces/{one}").status == 404
    visitor.get_by_role("button", name="Bring it back").click()
    visitor.wait_for_selector("#result[aria-busy=false]")
    expect(line.locator("a")).to_have_attribute("aria-current", "page")
    for one in parts:
        assert visitor.request.get(f"{studio.address}/api/pieces/{one}").ok


def test_what_is_printed_is_the_score_alone(visitor: Any, studio: RunningStudio) -> None:
    piece = _made(visitor, studio)
    visitor.goto(f"{studio.address}/harmonize?piece={piece}")
    visitor.wait_for_selector("#result[aria-busy=false]")
    visitor.emulate_media(media="print")
    assert visitor.locator("#score svg").first.is_visible()
    assert visitor.locator("#print-title").is_visible()
    for other in ("#transport", "#mixer", "#rules", "#settings", "#ask", ".score-mark", "#files"):
        assert not visitor.locator(other).first.is_visible()


def test_what_is_wrong_is_said_beside_the_melody(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(studio.address + "/harmonize")
    visitor.wait_for_selector("#melody-score svg")
    for typed, said in (
        ("C5 H5", "is no note"),
        ("C3 C6", "no voice sings that"),
        ("R R:2", "no note"),
    ):
        visitor.fill("#text", typed)
        visitor.wait_for_selector(f"#text-bad:has-text('{said}')")
    visitor.fill("#text", "")
    visitor.wait_for_selector("#text-bad", state="hidden")
    visitor.click("#go")
    assert "Type a melody first" in visitor.locator("#text-bad").inner_text()
    visitor.fill("#text", "C5:1/4 D5:1/4")
    said = "C major (by ear: no key was given), 4/4, 1 bar, 2 notes"
    visitor.wait_for_selector(f"#melody-said:has-text('{said}')")
    visitor.evaluate(
        """() => {
          const words = document.querySelector('#hum span');
          const heard = new MutationObserver(() => said.push(words.textContent));
          window.said = [];
          heard.observe(words, {childList: true});
        }"""
    )  # a quarter of a second: a test that looks from without may miss it
    visitor.get_by_role("button", name="Hear the melody").click()
    visitor.wait_for_function("() => said.includes('Stop') && said.at(-1) === 'Hear the melody'")


def test_a_melody_that_is_typed_anew_is_not_shown_or_heard_as_the_one_before(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.goto(studio.address + "/harmonize")
    hear = visitor.get_by_role("button", name="Hear the melody")
    hear.wait_for()
    held: list[Any] = []
    visitor.route("**/api/harmonize/melody", lambda route: held.append(route))
    visitor.fill("#text", "D5 E5 F5 D5")
    visitor.wait_for_selector("#melody.is-stale[aria-busy=true] #melody-said:text-is('Reading …')")
    hear.wait_for(state="hidden")
    while not held:
        visitor.wait_for_timeout(20)
    assert visitor.locator("#melody").get_attribute("class") == "is-stale"
    held[0].continue_()
    visitor.wait_for_selector("#melody[aria-busy=false]:not(.is-stale)")
    visitor.wait_for_selector("#melody-said:has-text('4 notes')")
    hear.wait_for()


def _made(visitor: Any, studio: RunningStudio) -> str:
    """A piece with two settings, asked for over HTTP."""
    wishes = {
        "source": {"text": "A4 B4 C5 D5 | E5:2 E5 D5 | C5 B4 A4:2"},
        "agents": [{"agent": "exact"}],
        "count": 2,
    }
    job = visitor.request.post(f"{studio.address}/api/harmonize/settings", data=wishes).json()
    while job["state"] not in ("done", "failed"):
        job = visitor.request.get(f"{studio.address}/api/jobs/{job['id']}").json()
    return job["result"]["piece"]
