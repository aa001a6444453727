"""The kit's score, piano roll and small parts in a real browser, on the page of parts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from tests.studio.running import (
    NO_TIMERS,
    RunningStudio,
    patient_context,
    reload_in_the_middle,
    serious_faults,
)
from tests.studio.test_rendering_files import chorale, tune_of

from chromasonic.studio.pages import PAGES
from chromasonic.studio.rendering import setting_files, tune_files
from chromasonic.studio.shelf import Shelf

# At 120 a quarter is half a second: bar 1 at 0 s, its repeat at 4 s, the second ending at 6 s.
TUNE = "X:1\nT:A <b>bold</b> tune\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\n|:C D E F|1 G A B c:|2 c4|]\n"
PASSES = ((0.1, "note-1-1"), (1.6, "note-1-4"), (3.9, "note-1-8"), (4.1, "note-1-1"),
          (5.6, "note-1-4"), (6.1, "note-1-9"))  # fmt: skip

CURSOR = """() => {
  const line = document.querySelector('.score-cursor').getBoundingClientRect();
  const heads = [...document.querySelectorAll('.is-sounding .notehead')];
  const [head] = heads.map((one) => one.getBoundingClientRect());
  return {
    lit: [...document.querySelectorAll('.is-sounding')].map((one) => one.dataset.note),
    offset: line.left + line.width / 2 - head.left,
    width: head.width,
    inside: line.top < head.top + head.height && line.bottom > head.top,
  };
}"""


@pytest.fixture(scope="module")
def tune(studio: RunningStudio) -> str:
    files = tune_files(tune_of(TUNE))
    return Shelf(studio.folder / "pieces").keep("tune", "A <b>bold</b> tune", {}, files).id


@pytest.fixture(scope="module")
def setting(studio: RunningStudio) -> str:
    files = setting_files(chorale())
    return Shelf(studio.folder / "pieces").keep("harmony", "Little", {}, files).id


def opened(visitor: Any, studio: RunningStudio, piece: str) -> None:
    visitor.goto(f"{studio.address}/kit?piece={piece}")
    visitor.wait_for_selector(".score-bar")
    visitor.wait_for_selector("#roll canvas[role=img]")


def test_the_line_stands_at_the_note_that_sounds_and_jumps_back(
    visitor: Any, studio: RunningStudio, tune: str
) -> None:
    opened(visitor, studio, tune)
    visitor.evaluate(
        """async (id) => {
          const {voicesOf} = await import('/web/kit/sound.js');
          await player.load(await voicesOf(id));
        }""",
        tune,
    )
    for seconds, note in PASSES:
        visitor.evaluate("(at) => player.seek(at)", seconds)
        found = visitor.evaluate(CURSOR)
        assert found["lit"] == [note]
        assert found["inside"]
        assert found["offset"] >= -1  # never before its note
    # Exactly at an onset the line stands on the middle of the head.
    visitor.evaluate("player.seek(4.5)")
    found = visitor.evaluate(CURSOR)
    assert found["lit"] == ["note-1-2"]
    assert found["offset"] == pytest.approx(found["width"] / 2, abs=1.0)


def test_a_note_is_clicked_and_the_sound_goes_there(
    visitor: Any, studio: RunningStudio, tune: str
) -> None:
    opened(visitor, studio, tune)
    visitor.get_by_role("button", name="Play over and over").click()  # until it is paused
    visitor.click("#transport .round")
    visitor.get_by_role("button", name="Pause").click()
    visitor.evaluate("window.bars = []; score.addEventListener('bar', (e) => bars.push(e.detail))")
    box = visitor.locator("[data-note=note-1-3] .notehead").bounding_box()
    visitor.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert visitor.evaluate("player.position") == pytest.approx(1.0, abs=0.01)
    assert visitor.evaluate("bars") == [{"number": 1, "label": 1, "isChosen": True}]
    assert (
        visitor.get_by_role("button", name="Bar 1", exact=True).get_attribute("aria-pressed")
        == "true"
    )


def test_bars_are_reached_and_chosen_with_the_keyboard(
    visitor: Any, studio: RunningStudio, tune: str
) -> None:
    opened(visitor, studio, tune)
    first = visitor.get_by_role("button", name="Bar 1", exact=True)
    assert first.get_attribute("aria-description") == "C4, D4, E4, F4"
    first.focus()
    visitor.keyboard.press("ArrowRight")
    visitor.keyboard.press("Enter")
    assert visitor.evaluate("score.chosen") == 2
    assert visitor.evaluate("document.querySelectorAll('.score-bar[tabindex=\"0\"]').length") == 1
    visitor.keyboard.press("End")
    assert visitor.evaluate("document.activeElement.ariaLabel") == "Bar 3"
    visitor.keyboard.press("Enter")
    assert visitor.evaluate("score.chosen") == 3
    visitor.keyboard.press("Enter")
    assert visitor.evaluate("score.chosen") is None


def test_a_marked_place_tells_its_reason_to_the_mouse_and_the_keyboard(
    visitor: Any, studio: RunningStudio, setting: str
) -> None:
    opened(visitor, studio, setting)
    badge = visitor.get_by_role("button", name="1: Parallel fifths between soprano and bass.")
    badge.hover()
    tip = visitor.get_by_role("tooltip")
    expect(tip).to_have_text("Parallel fifths between soprano and bass.")
    assert visitor.locator(".score-frame.is-strong").count() >= 1
    visitor.mouse.move(5, 5)
    other = visitor.get_by_role("button", name="2: The alto leaps by a sixth.")
    other.focus()
    expect(tip).to_have_text("The alto leaps by a sixth.")
    visitor.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    # Its second bar has one note a voice: soprano and bass are marked, and the alto.
    assert visitor.locator("g.note.is-marked").count() == 3


def test_a_narrow_page_has_an_engraving_of_its_own(
    visitor: Any, studio: RunningStudio, tune: str
) -> None:
    opened(visitor, studio, tune)
    wide = visitor.evaluate("document.querySelector('.score svg').viewBox.baseVal.width")
    visitor.set_viewport_size({"width": 375, "height": 800})
    visitor.wait_for_function(
        "(wide) => document.querySelector('.score svg').viewBox.baseVal.width < wide", arg=wide
    )
    expect(visitor.locator(".score-bar")).to_have_count(3)


def test_sound_is_downloaded_under_the_title(
    visitor: Any, studio: RunningStudio, tune: str
) -> None:
    opened(visitor, studio, tune)
    with visitor.expect_download() as waiting:
        visitor.get_by_role("button", name="WAV").click()
    saved = waiting.value
    assert saved.suggested_filename == "a-b-bold-b-tune.wav"
    assert saved.path().read_bytes()[:4] == b"RIFF"
    with visitor.expect_download() as waiting:
        visitor.get_by_role("link", name="MIDI").click()
    assert waiting.value.path().read_bytes()[:4] == b"MThd"


def test_a_title_is_text_and_the_roll_says_what_it_shows(
    visitor: Any, studio: RunningStudio, tune: str
) -> None:
    opened(visitor, studio, tune)
    assert visitor.locator("h2#title").inner_text() == "A <b>bold</b> tune"
    said = visitor.locator("#roll canvas[role=img]").get_attribute("aria-label")
    assert said.startswith("Piano roll: 13 notes from C4 to C5, 4 bars, 8 seconds")


def test_a_drawing_is_shown_without_its_scripts(browser: Any, studio: RunningStudio) -> None:
    # Without the content policy, which would stop them too, and would say so on the console.
    context = patient_context(browser, bypass_csp=True)
    page = context.new_page()
    page.goto(studio.address + "/kit")
    kept = page.evaluate(
        """async () => {
          const {safeSvg} = await import('/web/kit/score-drawing.js');
          const bad = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">'
            + '<script>1</script>'
            + '<a href="https://example.org"><g id="note-1-1" class="note" onclick="x()"/></a>'
            + '<g class="note" id="note-1-2"><use href="#own"/>'
            + '<use href="//far/x.svg#y"/></g></svg>';
          return new XMLSerializer().serializeToString(safeSvg(bad));
        }"""
    )
    context.close()
    assert not any(word in kept for word in ("script", "onload", "onclick", "example", "far"))
    assert 'data-note="note-1-2"' in kept
    assert 'href="#own"' in kept


def test_a_form_is_as_it_was_after_a_reload(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(studio.address + "/kit")
    visitor.fill("input[name=opening]", "G2 <i>")
    visitor.check("input[value='32']")
    visitor.check("input[name=again]")
    visitor.locator("input[name=temperature]").fill("1.5")
    visitor.reload()
    expect(visitor.locator("input[name=opening]")).to_have_value("G2 <i>")
    expect(visitor.locator("input[value='32']")).to_be_checked()
    expect(visitor.locator("input[name=again]")).to_be_checked()
    expect(visitor.locator(".slider output")).to_have_text("1.5")


def test_a_job_is_taken_up_again_after_a_reload(
    visitor: Any, studio: RunningStudio, setting: str
) -> None:
    visitor.goto(studio.address + "/kit")
    script = """async (id) => {
      const {post} = await import('/web/kit/api.js');
      const {keptJob} = await import('/web/kit/remember.js');
      const job = await post(`/api/pieces/${id}/sound`, {form: 'mp3', program: 52});
      keptJob('test', job);
    }"""
    reload_in_the_middle(visitor, "test", lambda: visitor.evaluate(script, setting))
    found = visitor.evaluate(
        """async () => {
          const {jobTaken, keptJob, resumeJob} = await import('/web/kit/remember.js');
          const job = await resumeJob('test');
          const result = job && await keptJob('test', job);
          jobTaken('test', job);
          return [result, await resumeJob('test')];
        }"""
    )
    assert found[0]["files"] == ["sound-p52.mp3"]
    assert found[1] is None


def test_a_file_of_another_kind_is_refused_in_words(visitor: Any, studio: RunningStudio) -> None:
    visitor.add_init_script(NO_TIMERS)
    visitor.goto(studio.address + "/kit")
    file = {"name": "tune.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}
    visitor.set_input_files("#zone input", file)
    told = visitor.locator(".dropzone-told")
    expect(told).to_contain_text("tune.exe is no file of this kind")
    picture = {"name": "sea.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
    visitor.set_input_files("#zone input", picture)
    expect(visitor.locator(".notice")).to_contain_text("sea.png")
    expect(told).to_have_text("")


def test_tabs_and_questions_work_with_the_keyboard(visitor: Any, studio: RunningStudio) -> None:
    visitor.add_init_script(NO_TIMERS)
    visitor.goto(studio.address + "/kit")
    visitor.get_by_role("tab", name="Lists").focus()
    visitor.keyboard.press("ArrowLeft")
    expect(visitor.get_by_role("tab", name="Buttons")).to_have_attribute("aria-selected", "true")
    visitor.click("#ask")
    expect(visitor.get_by_role("dialog", name="Take it away?")).to_be_visible()
    visitor.keyboard.press("Escape")
    expect(visitor.locator(".notice")).to_contain_text("false")


def test_work_that_runs_can_be_stopped(visitor: Any, studio: RunningStudio) -> None:
    visitor.add_init_script(NO_TIMERS)  # it would be done after some seconds
    visitor.goto(studio.address + "/kit")
    visitor.get_by_role("button", name="Write a tune").click()
    expect(visitor.get_by_role("progressbar", name="Writing")).to_be_visible()
    visitor.get_by_role("button", name="Cancel").click()
    visitor.wait_for_selector("#working", state="hidden")
    assert visitor.locator(".notice").count() == 0


def test_a_teacher_prints_the_score_and_nothing_else(
    visitor: Any, studio: RunningStudio, tune: str
) -> None:
    opened(visitor, studio, tune)
    visitor.emulate_media(media="print")
    assert visitor.locator(".score svg").first.is_visible()
    assert visitor.locator("h2#title").is_visible()
    for hidden in (".masthead", "#form", "#transport", "#downloads", "#roll"):
        assert not visitor.locator(hidden).is_visible(), hidden


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_among_the_parts(
    scheme: str, visitor: Any, studio: RunningStudio, setting: str
) -> None:
    visitor.emulate_media(color_scheme=scheme)
    opened(visitor, studio, setting)
    assert serious_faults(visitor) == []
    for tab in ("Words", "Buttons"):
        visitor.get_by_role("tab", name=tab).click()
        assert serious_faults(visitor) == []


def test_all_pages_are_reached_on_a_phone(visitor: Any, studio: RunningStudio) -> None:
    visitor.set_viewport_size({"width": 320, "height": 640})
    visitor.goto(studio.address + "/kit")
    assert visitor.evaluate("document.documentElement.scrollWidth") == 320
    for page in PAGES:
        link = visitor.get_by_role("navigation", name="Pages").get_by_role("link", name=page.title)
        link.focus()
        box = link.bounding_box()
        assert box["x"] >= 0, page.title
        assert box["x"] + box["width"] <= 320, page.title


def test_a_second_score_takes_the_place_of_the_first(
    visitor: Any, studio: RunningStudio, tune: str, setting: str
) -> None:
    opened(visitor, studio, tune)
    shown = visitor.evaluate(
        """async (id) => {
          const at = (name) => `/api/pieces/${id}/${name}`;
          const files = {svg: at('score.svg'), timeline: at('timeline.json')};
          await score.show(files);
          const bars = document.querySelectorAll('.score-bar').length;
          const notes = document.querySelectorAll('.score g.note').length;
          score.clear();
          return [bars, notes, document.querySelectorAll('.score svg').length];
        }""",
        setting,
    )
    # The little chorale: four bars; nine notes in soprano, alto and bass, seven in the tenor.
    assert shown == [4, 34, 0]
