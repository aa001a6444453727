"""The Gesture page in a real browser: a recording moves, is recognized, and plays."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
from tests.studio.running import RunningStudio, reload_in_the_middle, serious_faults
from tests.studio.story_gesture import tell

from chromasonic.data.synthetic_gestures import made_gestures
from chromasonic.formats.movements import write_movement
from chromasonic.gesture.spotting_sequences import sequence_of

PICTURE = "document.querySelector('#stage').toDataURL()"


def ready(page: Any) -> None:
    page.wait_for_selector("#downloads a")


def another_picture(page: Any, before: str) -> None:
    """Wait until the canvas shows something else."""
    page.wait_for_function(
        "(before) => document.querySelector('#stage').toDataURL() !== before", arg=before
    )


def test_the_example_moves_is_recognized_and_sounds(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(studio.address + "/gesture")
    assert serious_faults(visitor) == []
    tell(visitor, studio.address)
    assert visitor.inner_text("#now .word") == "swipe-up"
    assert "certain; plays chord V7" in visitor.inner_text("#now .told")
    listed = visitor.locator("#events .gesture").all_inner_texts()
    assert len(listed) >= 8  # ten gestures were made; chance would find one
    assert {"swipe-up", "tap", "wave", "fist"} <= set(listed)
    assert visitor.locator("#timeline rect").count() > len(listed)
    assert serious_faults(visitor) == []

    still = visitor.evaluate(PICTURE)
    visitor.get_by_role("button", name="A frame on").click()
    another_picture(visitor, still)
    visitor.get_by_role("button", name="Play", exact=True).click()
    visitor.locator("#now .word").filter(has_not_text="swipe-up").wait_for()
    visitor.get_by_role("button", name="Pause", exact=True).click()

    with visitor.expect_download() as coming:
        visitor.get_by_role("link", name="WAV").click()
    with wave.open(str(coming.value.path())) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        assert len(samples) / sound.getframerate() > 20
    assert np.abs(samples).max() > 10_000
    with visitor.expect_download() as coming:
        visitor.get_by_role("link", name="MIDI").click()
    assert Path(coming.value.path()).read_bytes().startswith(b"MThd")

    visitor.reload()
    ready(visitor)
    assert visitor.locator("#events .gesture").all_inner_texts() == listed


def test_what_gestures_play_is_changed_in_rows_and_as_text(
    visitor: Any, studio: RunningStudio
) -> None:
    tell(visitor, studio.address)
    visitor.get_by_label("swipe-up plays", exact=True).select_option("note")
    visitor.locator("#events .did", has_text="note D5").first.wait_for()
    field = visitor.get_by_label("Which note swipe-up plays")
    field.fill("H9")
    field.press("Tab")
    wrong = visitor.locator("#mapping-wrong")
    wrong.get_by_text("gesture 'swipe-up': note is 'H9'").wait_for()
    visitor.get_by_label("Which note swipe-up plays").fill("G3")
    visitor.keyboard.press("Tab")
    visitor.locator("#events .did", has_text="note G3").first.wait_for()
    assert wrong.inner_text() == ""

    visitor.get_by_text("As text, with all that a mapping can say").click()
    text = visitor.get_by_label("The mapping as text")
    assert 'note = ["G3"]' in text.input_value()
    text.fill('[gesture.tapp]\nnote = "C4"\n')
    visitor.get_by_role("button", name="Play this text").click()
    wrong.get_by_text("Did you mean 'tap'?").wait_for()
    text.fill('[gesture.tap]\nnote = "C6"\n')
    visitor.get_by_role("button", name="Play this text").click()
    visitor.locator("#events .did", has_text="note C6").first.wait_for()
    visitor.reload()
    ready(visitor)
    assert visitor.locator("#events .did", has_text="note C6").count() == 1


def test_a_recording_is_dropped_and_its_faults_are_told(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    visitor.goto(studio.address + "/gesture")
    told = visitor.locator("#drop .dropzone-told")
    evil = tmp_path / "evil.npz"
    np.savez(evil, frames=np.array([{"a": 1}], dtype=object), nodes=np.array(["a"]), rate_hz=30.0)
    visitor.set_input_files("#drop input", evil)
    told.get_by_text("evil.npz: the array 'frames' holds objects").wait_for()
    table = tmp_path / "two.csv"
    table.write_text("a_x,a_y\n1,2\n2,3\n")
    visitor.set_input_files("#drop input", table)
    told.get_by_text("two.csv does not say how fast its 2 frames came").wait_for()
    visitor.get_by_label("Frames a second").fill("25")
    visitor.set_input_files("#drop input", table)
    visitor.locator("#status", has_text="This model reads other recordings").wait_for()
    assert "2 frames, 25 a second" in visitor.inner_text("#told")

    takes = [one for one in made_gestures(24, 7) if one.label in ("swipe-left", "fist")]
    movement, _ = sequence_of(takes[:2], id="mine")
    hand = write_movement(movement, tmp_path / "my <i>hand.csv")
    visitor.set_input_files("#drop-again input", hand)
    visitor.locator("#title", has_text="my <i>hand").wait_for()
    ready(visitor)
    assert visitor.locator("#events .gesture").count() >= 1
    assert visitor.locator("main i i, main h2 i").count() == 0


def test_a_reload_in_the_middle_loses_nothing_and_keys_turn_the_picture(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.goto(studio.address + "/gesture")
    example = visitor.get_by_role("button", name="Show me an example")
    reload_in_the_middle(visitor, "gesture-reading", example.click)  # the recording is made
    visitor.locator("#shown").wait_for()
    visitor.reload()  # while gestures are looked for
    ready(visitor)
    visitor.locator("#stage").focus()
    for key in ("ArrowLeft", "ArrowUp"):
        before = visitor.evaluate(PICTURE)
        visitor.keyboard.press(key)
        another_picture(visitor, before)
    visitor.locator("#events button").first.focus()
    visitor.keyboard.press("Enter")
    assert visitor.inner_text("#now .word") == "swipe-down"
