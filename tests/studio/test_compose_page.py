"""The Compose page in a browser: from a click on the plane to score, sound, a bar anew, files."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import soundfile
from PIL import Image
from playwright.sync_api import expect
from tests.studio.running import NO_TIMERS, RunningStudio, reload_in_the_middle, serious_faults
from tests.studio.story_compose import tell


def picture(*colours: tuple[int, int, int]) -> bytes:
    image = Image.new("RGB", (60, 20 * len(colours)))
    for number, colour in enumerate(colours):
        image.paste(colour, (0, 20 * number, 60, 20 * number + 20))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def opened(page: Any, studio: RunningStudio) -> None:
    """Open the page, and wait until there is a model to write with."""
    page.goto(studio.address + "/compose")
    expect(page.locator("#model")).to_have_value("folk@shipped")


def test_from_a_picture_to_a_tune_a_new_bar_and_a_sound_file(
    visitor: Any, studio: RunningStudio
) -> None:
    tell(visitor, studio.address)
    expect(visitor.locator(".plane-told")).to_contain_text("delighted")
    expect(visitor.locator("#tune-title")).to_contain_text("Bright jig in G major")
    expect(visitor.locator("#tune-facts")).to_contain_text("G major · 6/8 · 16 bars")
    expect(visitor.locator("#tune-facts")).to_contain_text("mood: a little delighted")
    expect(visitor.locator("#tune-colours i")).to_have_count(6)
    assert visitor.locator("#score .note").count() > 8
    assert serious_faults(visitor) == []

    first = re.search(r"piece=([\w-]+)", visitor.url)[1]
    visitor.click("#reroll")
    visitor.wait_for_selector("#versions [aria-pressed=true]:has-text('2')")
    second = re.search(r"piece=([\w-]+)", visitor.url)[1]
    assert first != second
    assert abc(visitor, studio, first)[2] != abc(visitor, studio, second)[2]

    visitor.get_by_role("button", name="Play over and over").click()  # until it is paused
    visitor.get_by_role("button", name="Play", exact=True).click()
    expect(visitor.get_by_role("button", name="Pause")).to_be_visible()
    expect(visitor.locator("#score .is-sounding").first).to_be_attached()
    expect(visitor.locator(".score-cursor")).to_be_visible()
    visitor.get_by_role("button", name="Pause").click()

    with visitor.expect_download() as coming:
        visitor.get_by_role("button", name="WAV").click()
    samples, rate = soundfile.read(coming.value.path())
    seconds = visitor.evaluate(
        "async (id) => (await (await fetch(`/api/pieces/${id}/timeline.json`)).json()).duration",
        second,
    )
    assert seconds <= len(samples) / rate <= seconds + 5
    assert 0.05 < np.abs(samples).max() < 1.0
    for form in ("MIDI", "MusicXML", "ABC"):
        with visitor.expect_download() as coming:
            visitor.get_by_role("link", name=form).click()
        assert coming.value.path().stat().st_size > 100
    assert visitor.locator("#tune-harmonize").get_attribute("href") == f"/harmonize?from={second}"

    visitor.reload()
    visitor.wait_for_selector("#score svg")
    expect(visitor.locator("#tune-title")).to_contain_text("Bright jig in G major")
    expect(visitor.locator(".plane-told")).to_contain_text("delighted")
    expect(visitor.locator("[name=metre]")).to_have_value("6/8")
    visitor.get_by_role("button", name="Back to the version before").click()
    visitor.wait_for_url(f"**piece={first}")


def abc(page: Any, studio: RunningStudio, piece: str) -> list[str]:
    """The bars of a piece's ABC text."""
    text = page.request.get(f"{studio.address}/api/pieces/{piece}/tune.abc").text()
    return "".join(re.sub(r"^\w:.*\n", "", text, flags=re.MULTILINE).split("\n")).split("|")


def test_a_picture_sets_mood_mode_and_tempo_and_can_be_undone(
    visitor: Any, studio: RunningStudio
) -> None:
    opened(visitor, studio)
    sun = {"name": "sun.png", "mimeType": "image/png", "buffer": picture((255, 225, 60))}
    visitor.set_input_files("#picture input", sun)
    visitor.wait_for_selector(".palette-swatches li", state="attached")
    expect(visitor.locator(".palette-says")).to_contain_text("light, saturated, yellowish")
    expect(visitor.locator("[name=mode]")).to_have_value("major")
    tempo = visitor.get_attribute("[name=tempo]", "placeholder") or ""
    assert int(tempo.removeprefix("about ")) > 120
    assert "excited" in visitor.locator(".plane-field").get_attribute("aria-valuetext")
    visitor.locator(".palette summary").click()
    expect(visitor.locator(".palette")).to_contain_text("beats a minute: arousal")
    visitor.reload()
    visitor.wait_for_selector(".palette-swatches li", state="attached")
    night = {"name": "night.png", "mimeType": "image/png", "buffer": picture((14, 18, 40))}
    visitor.set_input_files("#picture input", night)
    expect(visitor.locator("[name=mode]")).to_have_value("minor")
    visitor.get_by_role("button", name="Undo what the picture set").click()
    expect(visitor.locator("[name=mode]")).to_have_value("")
    expect(visitor.locator("[name=tempo]")).to_have_value("")
    expect(visitor.locator(".plane-told")).to_contain_text("No mood")
    words = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"not a picture"}
    visitor.set_input_files("#picture input", words)
    told = visitor.locator("#picture .dropzone-told")
    expect(told).to_contain_text("no file of this kind")


def test_a_mode_that_a_picture_set_does_not_change_what_letters_mean(
    visitor: Any, studio: RunningStudio
) -> None:
    opened(visitor, studio)
    night = {"name": "night.png", "mimeType": "image/png", "buffer": picture((14, 18, 40))}
    visitor.set_input_files("#picture input", night)
    expect(visitor.locator("[name=mode]")).to_have_value("minor")
    visitor.locator("#opening > summary").click()
    visitor.fill("#abc", "GABc dedB G4")  # no E flat, no B flat
    expect(visitor.locator("#abc-says")).to_contain_text("G major, 4/4.")
    expect(visitor.locator("#abc-says")).to_contain_text("Mode minor changes nothing here")
    with visitor.expect_request("**/api/compose/tunes") as asked:
        visitor.get_by_role("button", name="Write a tune").click()
    assert asked.value.post_data_json["key"] is None


def test_the_plane_is_worked_by_clicks_and_by_keys(visitor: Any, studio: RunningStudio) -> None:
    opened(visitor, studio)
    field = visitor.locator(".plane-field")
    box = field.bounding_box()
    field.click(position={"x": box["width"] * 0.76, "y": box["height"] * 0.66})
    expect(visitor.locator(".plane-told")).to_contain_text("serene")
    expect(visitor.locator("#music-says")).to_contain_text("major")
    visitor.get_by_role("button", name="No mood").click()
    assert field.get_attribute("aria-valuetext") == "no mood chosen"
    field.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        visitor.keyboard.press(key)
    assert "valence +0.10, arousal −0.15" in field.get_attribute("aria-valuetext")
    visitor.keyboard.press("Home")
    expect(visitor.locator("#music-says")).to_contain_text("minor")
    visitor.keyboard.press("Delete")
    assert field.get_attribute("aria-valuetext") == "no mood chosen"


def test_an_opening_is_typed_or_played_and_faults_are_told_at_their_field(
    visitor: Any, studio: RunningStudio
) -> None:
    opened(visitor, studio)
    visitor.locator("#opening > summary").click()
    visitor.fill("#abc", 'GABc "open')
    expect(visitor.locator("#abc-says")).to_contain_text("quotation mark is not closed")
    expect(visitor.locator("#abc")).to_have_attribute("aria-invalid", "true")
    visitor.locator(".fault").click()
    chosen = (
        "(f => f.value.slice(f.selectionStart, f.selectionEnd))(document.querySelector('#abc'))"
    )
    assert visitor.evaluate(chosen) == '"open'
    visitor.get_by_role("button", name="Write a tune").click()
    expect(visitor.locator("#form-says")).to_contain_text("quotation mark is not closed")
    visitor.fill("#abc", "GABc dedB")
    visitor.wait_for_selector("#abc-preview svg")
    expect(visitor.locator("#abc-says")).to_contain_text("8 notes in 1 bar")
    assert serious_faults(visitor) == []

    visitor.get_by_role("tab", name="Play").click()
    for key in "adg":
        visitor.keyboard.press(key)
    expect(visitor.locator("#abc")).to_have_value("CE G")
    visitor.keyboard.press("x")
    visitor.keyboard.press("a")
    expect(visitor.locator("#abc")).to_have_value("CE Gc")
    visitor.locator(".piano-board [data-pitch='74']").click()
    expect(visitor.locator("#abc")).to_have_value("CE Gc d")
    visitor.get_by_role("button", name="Take back").click()
    expect(visitor.locator("#abc")).to_have_value("CE Gc")
    assert serious_faults(visitor) == []


def test_notes_that_have_just_been_played_are_in_the_tune(
    visitor: Any, studio: RunningStudio
) -> None:
    # Nothing is read by itself, as if the press came at once.
    visitor.add_init_script(NO_TIMERS)
    opened(visitor, studio)
    visitor.locator("[name=metre]").select_option("4/4")
    visitor.locator("[name=bars]").fill("2")
    visitor.locator("#opening > summary").click()
    visitor.get_by_role("tab", name="Play").click()
    for key in "adg":
        visitor.keyboard.press(key)
    expect(visitor.locator("#abc-says")).to_contain_text("3 notes played")
    visitor.get_by_role("button", name="Write a tune").click()
    visitor.wait_for_url("**piece=*")
    written = re.search(r"piece=([\w-]+)", visitor.url)[1]
    timeline = visitor.request.get(f"{studio.address}/api/pieces/{written}/timeline.json").json()
    assert [note["pitch"] for note in timeline["notes"][:3]] == [60, 64, 67]


def test_a_hostile_title_stays_text_and_a_tune_in_the_making_can_be_cancelled(
    visitor: Any, studio: RunningStudio
) -> None:
    opened(visitor, studio)
    visitor.get_by_text("More", exact=True).click()
    title = "<script>document.body.remove()</script><img src=x onerror=alert(1)>"
    visitor.fill("[name=title]", title)
    visitor.fill("[name=bars]", "2")
    visitor.get_by_role("button", name="Write a tune").click()
    visitor.wait_for_selector("#score svg")
    expect(visitor.locator("#tune-title")).to_have_text(title)
    expect(visitor.locator(".earlier-title").first).to_have_text(title)
    assert visitor.locator("#tune img, #score script").count() == 0

    visitor.fill("[name=bars]", "64")
    visitor.locator("[name=count]").select_option("4")
    before = visitor.url
    # Nothing is heard of its end: it is in the making for as long as the test wants.
    visitor.route("**/api/jobs/*/events", lambda route: None)
    visitor.get_by_role("button", name="Write a tune").click()
    with visitor.expect_request("**/api/jobs/*/cancel"):
        visitor.get_by_role("button", name="Cancel").click()
    expect(visitor.get_by_role("button", name="Write a tune")).to_be_enabled()
    expect(visitor.locator("#working")).to_be_hidden()
    assert visitor.url == before


def test_a_reload_while_a_tune_is_written_shows_it_when_it_is_done(
    visitor: Any, studio: RunningStudio
) -> None:
    opened(visitor, studio)
    visitor.fill("[name=bars]", "32")
    write = visitor.get_by_role("button", name="Write a tune")
    reload_in_the_middle(visitor, "compose", write.click)
    visitor.wait_for_selector("#score svg")
    expect(visitor.locator("#tune-facts")).to_contain_text("32 bars")


def test_without_a_model_the_page_says_what_to_do(visitor: Any, studio: RunningStudio) -> None:
    visitor.route(
        "**/api/choices**", lambda route: route.fulfill(json={"choices": [], "problem": ""})
    )
    visitor.goto(studio.address + "/compose")
    expect(visitor.locator("#model option")).to_have_text("No model yet: train one")
    visitor.get_by_role("button", name="Write a tune").click()
    expect(visitor.locator("#form-says")).to_contain_text("Choose a model")


FAKE_MIDI = """
navigator.requestMIDIAccess = async () => {
  const keyboard = {name: 'Small keyboard', onmidimessage: null};
  window.play = (...bytes) => keyboard.onmidimessage({data: bytes});
  return {inputs: new Map([['1', keyboard]])};
};
"""


def test_a_midi_keyboard_enters_notes_and_its_absence_is_said(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.add_init_script("navigator.requestMIDIAccess = undefined")
    opened(visitor, studio)
    visitor.locator("#opening > summary").click()
    visitor.get_by_role("tab", name="Play").click()
    visitor.get_by_role("button", name="MIDI keyboard").click()
    expect(visitor.locator(".piano")).to_contain_text("no Web MIDI")

    visitor.add_init_script(FAKE_MIDI)
    visitor.reload()
    visitor.locator("#opening > summary").click()
    visitor.get_by_role("tab", name="Play").click()
    visitor.get_by_role("button", name="MIDI keyboard").click()
    expect(visitor.locator(".piano")).to_contain_text("Listening to Small keyboard")
    for pitch in (67, 71):
        visitor.evaluate("pitch => { play(0x90, pitch, 80); play(0x80, pitch, 0); }", pitch)
    expect(visitor.locator("#abc")).to_have_value("GB")


def test_played_notes_fall_on_the_grid_one_at_a_time(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(studio.address + "/compose")
    quantized = """async (notes) => {
      const {quantized} = await import('/web/compose/play.js');
      return quantized(notes, 1000, 125, 3000);
    }"""
    notes = [
        {"pitch": 60, "from": 700, "to": 900},  # in the count-in: not taken
        {"pitch": 62, "from": 1020, "to": 1230},  # late by 20 ms, let go 20 ms early
        {"pitch": 64, "from": 1260, "to": 1360},  # a step of gap before the next: no rest
        {"pitch": 65, "from": 1500, "to": 2300},  # still held when the next begins
        {"pitch": 67, "from": 2000, "to": None},  # held until the end
    ]
    assert visitor.evaluate(quantized, notes) == [
        [0, 2, 62],
        [2, 2, 64],
        [4, 4, 65],
        [8, 8, 67],
    ]


def test_the_page_fits_a_phone_and_twice_the_size(visitor: Any, studio: RunningStudio) -> None:
    opened(visitor, studio)
    visitor.locator("#opening > summary").click()
    visitor.get_by_role("tab", name="Play").click()
    for width in (320, 375, 640):
        visitor.set_viewport_size({"width": width, "height": 700})
        assert visitor.evaluate("document.documentElement.scrollWidth") <= width
        assert visitor.locator(".piano-white").first.bounding_box()["width"] >= 22


def test_fields_below_the_edge_of_the_window_are_hinted_at(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.set_viewport_size({"width": 1280, "height": 700})
    opened(visitor, studio)
    form = visitor.locator("#wishes")
    expect(form).to_have_class(re.compile("has-more"))
    form.evaluate("(form) => form.scrollTo(0, form.scrollHeight)")
    expect(form).not_to_have_class(re.compile("has-more"))
