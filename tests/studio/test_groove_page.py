"""The Groove page in a real browser: draw, hear, switch, drop a file, take it along."""

from __future__ import annotations

import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from tests.studio.listening import wait_until
from tests.studio.running import (
    LONGEST_WAIT_MS,
    RunningStudio,
    reload_in_the_middle,
    serious_faults,
)
from tests.studio.story_groove import tell

from chromasonic.formats.midi_drums import read_drum_file
from chromasonic.formats.midi_messages import ProgramChange, SoundedNote, messages_midi

EMPTY = "name=New&bars=1&tempo=120&swing=50&swung=16&d36=x..............."


def ready(page: Any) -> None:
    page.wait_for_selector("#downloads a")


def samples_of(coming: Any) -> np.ndarray:
    with wave.open(str(coming.value.path())) as sound:
        assert sound.getframerate() == 44_100
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2")


def downloaded(page: Any, name: str) -> Any:
    with page.expect_download() as coming:
        page.get_by_role("link", name=name).click()
    return coming


def struck(page: Any) -> list[str]:
    """What the grid's cells say that are struck."""
    return page.eval_on_selector_all(
        ".cell[aria-selected=true]", "cells => cells.map((cell) => cell.ariaLabel)"
    )


def test_a_beat_sounds_straight_and_humanized_while_it_goes_round(
    visitor: Any, studio: RunningStudio
) -> None:
    tell(visitor, studio.address)
    assert serious_faults(visitor) == []
    visitor.get_by_role("radio", name="Straight").check()
    assert visitor.get_by_role("button", name="Pause", exact=True).is_visible()
    assert not any("played" in one for one in struck(visitor))
    visitor.get_by_role("radio", name="Humanized").check()
    assert all("played" in one for one in struck(visitor))

    straight, humanized = (
        samples_of(downloaded(visitor, f"{name} WAV")) for name in ("Straight", "Humanized")
    )
    # Two bars of 4/4 at 98 beats a minute, to the sample, both of them.
    assert len(straight) == len(humanized) == round(8 * 60 / 98 * 44_100)
    assert np.abs(straight.astype(int) - humanized.astype(int)).max() > 1000
    loudness = [np.sqrt(np.mean(one.astype(float) ** 2)) for one in (straight, humanized)]
    assert loudness[0] == pytest.approx(loudness[1], rel=0.01)

    velocities = {
        name: read_drum_file(downloaded(visitor, f"{name} MIDI").value.path()).hits.velocity
        for name in ("Straight", "Humanized")
    }
    assert set(velocities["Straight"].tolist()) == {60, 100, 120}
    assert len(set(velocities["Humanized"].tolist())) > 8

    visitor.reload()
    ready(visitor)
    assert visitor.locator("#tempo").input_value() == "98"
    assert len(struck(visitor)) == len(velocities["Straight"])


def test_a_beat_is_drawn_by_keys_alone(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    for _ in range(60):
        visitor.keyboard.press("Tab")
        if visitor.evaluate("document.activeElement.classList.contains('cell')"):
            break
    keys = visitor.keyboard
    assert "Kick, beat 1: hit" in visitor.evaluate("document.activeElement.ariaLabel")
    keys.press("ArrowUp")  # the snare
    for _ in range(4):
        keys.press("ArrowRight")
    keys.press("Space")
    keys.press("a")
    keys.press("End")
    keys.press("g")
    keys.press("Home")
    keys.press("Enter")
    keys.press("Enter")  # a second press: an accent
    keys.press("ArrowDown")
    keys.press("Delete")
    said = [one.split(",")[0] + one.split(",")[1] for one in struck(visitor)]
    assert said == [
        "Snare beat 1: accent",
        "Snare beat 2: accent",
        "Snare beat 4 a: ghost note",
    ]
    visitor.wait_for_url("**/groove#*d38=X...X..........o*")
    # What was played last says of each hit how.
    silent = ".cell[aria-selected=true]:not([aria-label*=played])"
    visitor.locator(silent).first.wait_for(state="detached")
    visitor.locator("#table summary").click()
    visitor.wait_for_selector("#table td")  # it is drawn when it is open
    expect(visitor.locator("#table td")).to_have_count(3 * 5)  # of the last beat, not one before


def test_a_beat_is_painted_and_kept_under_a_name_that_is_only_text(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    visitor.get_by_label("Start from").select_option("bossa")
    assert visitor.locator("#tempo").input_value() == "72"
    visitor.get_by_role("button", name="Clear").click()
    visitor.get_by_text("The grid is empty").wait_for()
    places = [
        visitor.get_by_role("gridcell", name=f"Hat, beat {beat}: silent", exact=True).bounding_box()
        for beat in (1, 2)
    ]
    visitor.mouse.move(places[0]["x"] + 8, places[0]["y"] + 8)
    visitor.mouse.down()
    visitor.mouse.move(places[1]["x"] + 8, places[1]["y"] + 8, steps=12)
    visitor.mouse.up()
    assert [one.split(":")[0] for one in struck(visitor)] == [
        *("Hat, beat 1", "Hat, beat 1 e", "Hat, beat 1 and", "Hat, beat 1 a", "Hat, beat 2")
    ]
    visitor.get_by_label("Name").fill("<img src=x onerror=alert(1)>")
    visitor.get_by_role("button", name="Keep in the studio").click()
    visitor.wait_for_url("**/groove?piece=*")
    visitor.reload()
    ready(visitor)
    assert len(struck(visitor)) == 5
    assert visitor.get_by_label("Name").input_value() == "<img src=x onerror=alert(1)>"
    assert visitor.locator("main img").count() == 0


def test_a_dropped_file_keeps_its_other_parts(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    hits = [
        SoundedNote(
            start=n / 4, end=n / 4 + 0.05, pitch=42 if n % 2 else 36, velocity=90, channel=9
        )
        for n in range(32)
    ]
    bass = [SoundedNote(start=n, end=n + 0.9, pitch=40, velocity=80, channel=1) for n in range(8)]
    path = tmp_path / "part.mid"
    path.write_bytes(messages_midi([*hits, *bass], tempo_bpm=120))
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    visitor.set_input_files("#drop input", path)
    visitor.wait_for_selector("#lanes svg")
    assert "32 drum hits in 4 bars, 120 beats a minute; 8 notes" in visitor.inner_text("#file-told")
    assert serious_faults(visitor) == []
    assert visitor.locator("#lanes rect.hit").count() == 16  # two of the four bars
    visitor.get_by_role("button", name="Later bars").click()
    assert "Bar 3 to 4 of 4" in visitor.inner_text("#lanes")

    played = downloaded(visitor, "Humanized MIDI").value.path()
    bass_file, drum_file = (read_drum_file(played, channel=channel) for channel in (1, 9))
    assert bass_file.hits.velocity.tolist() == [80] * 8
    assert len(set(drum_file.hits.velocity.tolist())) > 4
    visitor.reload()
    visitor.wait_for_selector("#lanes svg")
    visitor.get_by_role("button", name="Edit its first bars").click()
    visitor.wait_for_selector("#grid .cell")
    assert len(struck(visitor)) == 32


def test_the_grids_name_comes_back_with_the_grid(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    visitor.locator("#title").fill("Of my own")
    visitor.set_input_files("#drop input", kicks(tmp_path / "dropped.mid"))
    expect(visitor.locator("#title")).to_have_value("dropped")
    visitor.get_by_role("button", name="Back to the grid").click()
    expect(visitor.locator("#title")).to_have_value("Of my own")


def test_drums_on_another_channel_are_chosen_and_the_choice_stays(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    kit = [
        SoundedNote(
            start=n / 4, end=n / 4 + 0.05, pitch=42 if n % 2 else 36, velocity=90, channel=2
        )
        for n in range(16)
    ]
    bass = [SoundedNote(start=n, end=n + 0.9, pitch=40, velocity=80, channel=1) for n in range(4)]
    path = tmp_path / "kit.mid"
    path.write_bytes(
        messages_midi(
            [*kit, *bass], tempo_bpm=120, programs=[ProgramChange(time=0, program=33, channel=1)]
        )
    )
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    visitor.set_input_files("#drop input", path)
    visitor.get_by_text("no notes on channel 10").wait_for()
    assert serious_faults(visitor) == []
    visitor.reload()  # the question stays too
    visitor.get_by_text("no notes on channel 10").wait_for()
    assert visitor.locator("#downloads a").count() == 0
    choice = visitor.get_by_label("Drums are on")
    assert choice.locator("option").all_inner_texts() == [
        *("Choose a channel …", "Channel 2: 4 notes, bass", "Channel 3: 16 notes")
    ]
    visitor.get_by_label("Name").fill("My kit")
    choice.select_option("3")
    visitor.wait_for_selector("#lanes svg")
    ready(visitor)
    assert "16 drum hits in 2 bars, 120 beats a minute; 4 notes" in visitor.inner_text("#file-told")
    played = downloaded(visitor, "Humanized MIDI").value.path()
    bass_file, drum_file = (read_drum_file(played, channel=channel) for channel in (1, 2))
    assert bass_file.hits.velocity.tolist() == [80] * 4
    assert len(set(drum_file.hits.velocity.tolist())) > 4

    visitor.get_by_role("button", name="Keep in the studio").click()
    visitor.wait_for_url("**/groove?piece=*")
    visitor.reload()
    visitor.wait_for_selector("#lanes svg")
    assert visitor.get_by_label("Name").input_value() == "My kit"
    assert choice.input_value() == "3"


def test_a_file_that_is_none_says_why(visitor: Any, studio: RunningStudio, tmp_path: Path) -> None:
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    path = tmp_path / "piano.mid"
    path.write_bytes(messages_midi([]))
    visitor.set_input_files("#drop input", path)
    visitor.get_by_text("its notes are on no channel").wait_for()
    path.write_bytes(path.read_bytes()[:-6])
    visitor.set_input_files("#drop input", path)
    visitor.get_by_text("cut short").wait_for()


def kicks(path: Path) -> Path:
    """Write a kick on each quarter of two bars."""
    hits = [
        SoundedNote(start=n / 2, end=n / 2 + 0.05, pitch=36, velocity=90, channel=9)
        for n in range(8)
    ]
    path.write_bytes(messages_midi(hits, tempo_bpm=120))
    return path


def test_a_file_that_was_being_read_is_there_after_a_reload(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    path = kicks(tmp_path / "verse.mid")
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    reload_in_the_middle(
        visitor, "groove-reading", lambda: visitor.set_input_files("#drop input", path)
    )
    visitor.wait_for_selector("#lanes svg")
    assert visitor.inner_text("#file-name") == "verse.mid"


def test_a_file_whose_end_was_heard_but_not_yet_shown_is_there_after_a_reload(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    path = kicks(tmp_path / "chorus.mid")
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    held: list[Any] = []

    def hold_what_was_read(route: Any) -> None:
        answer = route.fetch(timeout=LONGEST_WAIT_MS)
        if "chorus.mid" in answer.text() and not held:
            held.append(route)  # it never comes
        else:
            route.fulfill(response=answer)

    visitor.route(re.compile(r"/api/pieces/[^/]+$"), hold_what_was_read)
    visitor.set_input_files("#drop input", path)
    wait_until(visitor, lambda: held)
    visitor.reload()
    visitor.wait_for_selector("#lanes svg")
    assert visitor.inner_text("#file-name") == "chorus.mid"
    visitor.get_by_role("button", name="Back to the grid").click()
    visitor.reload()
    visitor.wait_for_selector("#grid .cell")  # it is taken up once


def test_what_is_taken_along_says_which_version_it_is(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    names = [
        downloaded(visitor, f"{version} {form}").value.suggested_filename
        for version in ("Straight", "Humanized")
        for form in ("MIDI", "WAV")
    ]
    assert names == [
        *("new-straight.mid", "new-straight.wav", "new-humanized.mid", "new-humanized.wav")
    ]


def test_a_waltz_has_three_beats_and_a_six_eight_six(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    assert not visitor.locator("#metre-told").is_visible()
    visitor.get_by_label("Start from").select_option("waltz")
    counts = visitor.locator(".counts .bar, .counts .beat")
    assert counts.all_inner_texts() == ["1", "2", "3"] * 2
    visitor.wait_for_url("**/groove#*metre=3%2F4*")
    visitor.reload()
    ready(visitor)
    assert visitor.get_by_label("Metre").input_value() == "3/4"
    assert visitor.locator("#metre-told").is_visible()
    visitor.get_by_label("Metre").select_option("6/8")
    assert counts.all_inner_texts() == ["1", "2", "3", "4", "5", "6"] * 2
    visitor.get_by_role("gridcell", name="Kick, bar 2, beat 4: silent", exact=True).click()
    assert serious_faults(visitor) == []
    visitor.locator(".cell[aria-label^='Kick, bar 2, beat 4: hit, played']").wait_for()
    sound = samples_of(downloaded(visitor, "Humanized WAV"))
    assert len(sound) == round(6 * 60 / 138 * 44_100)
    file = read_drum_file(downloaded(visitor, "Humanized MIDI").value.path())
    assert file.events.metres == [(0, 6, 8)]
    visitor.get_by_label("Metre").select_option("4/4")
    assert counts.all_inner_texts() == ["1", "2", "3", "4"] * 2
    visitor.locator(".cell[aria-label^='Kick, bar 2, beat 1: hit, played']").wait_for()


def test_a_tempo_out_of_range_is_told(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(f"{studio.address}/groove#{EMPTY}")
    ready(visitor)
    visitor.locator("#tempo").fill("9999")
    visitor.locator("#tempo").press("Tab")
    visitor.get_by_text("from 30 to 300 beats a minute").wait_for()
    assert visitor.locator("#tempo").input_value() == "300"
    for typed, tempo in (("0", "30"), ("200", "200"), ("", "200")):  # empty: what there was stays
        visitor.locator("#tempo").fill(typed)
        visitor.locator("#tempo").press("Tab")
        assert visitor.locator("#tempo").input_value() == tempo
        if typed != tempo:
            visitor.get_by_text(f"The tempo is {tempo} now").wait_for()
