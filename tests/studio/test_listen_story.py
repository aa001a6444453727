"""A listening test from its making to its table, in a browser, and a listener in another one."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
from playwright.sync_api import expect
from tests.studio.listening import made_test, tone, wait_until
from tests.studio.running import RunningStudio, patient_context, serious_faults
from tests.studio.story_listen import made, vote_for_many


def hear_both(page: Any) -> None:
    """Play both clips until the page takes a vote."""
    for side in ("first", "second"):
        clip = page.locator(f".clip[data-side={side}]")
        expect(clip.locator(".play")).to_be_enabled()
        clip.locator(".play").click()
        expect(clip).to_have_class(re.compile("is-heard"))


def test_from_two_models_to_a_table_of_votes(
    visitor: Any, studio: RunningStudio, browser: Any, tmp_path: Path
) -> None:
    made(
        visitor, studio.address, bars=2, items=2, trials=2, repeats=1,
        metre="2/4", key="G major", is_reloaded=True, title="<img src=x onerror=alert(1)>",
    )  # fmt: skip
    expect(visitor.locator("#one .verdict")).to_have_text("Nobody has voted yet.")
    expect(visitor.locator("#one h1")).to_have_text("<img src=x onerror=alert(1)>")
    assert serious_faults(visitor) == []
    field = visitor.get_by_label("Link for listeners")
    expect(field).to_have_value(re.compile("^http"))  # it is asked for when the test is shown
    link = field.input_value()
    context = patient_context(browser, viewport={"width": 375, "height": 740}, has_touch=True)
    phone = context.new_page()
    errors: list[str] = []
    phone.on("pageerror", lambda error: errors.append(str(error)))
    phone.goto(link)
    expect(phone.get_by_text("What is kept")).to_be_visible()
    assert phone.locator("nav").count() == 0
    assert context.cookies() == []
    phone.click("#tone")
    phone.click("#begin")
    expect(phone.locator("#how-far")).to_have_text("1 of 3")
    assert serious_faults(phone) == []

    # No vote before both were heard; then one by touch.
    expect(phone.get_by_role("radio").first).to_be_disabled()
    hear_both(phone)
    expect(phone.get_by_role("button", name="fairly sure")).to_be_disabled()
    phone.get_by_role("radio", name="the second").check()
    assert serious_faults(phone) == []
    phone.get_by_role("button", name="fairly sure").dblclick()
    expect(phone.locator("#how-far")).to_have_text("2 of 3")

    # A closed tab: the link leads to where the listener was. This one by keyboard.
    phone.close()
    phone = context.new_page()
    phone.goto(link)
    expect(phone.locator("#how-far")).to_have_text("2 of 3")
    for side in ("first", "second"):
        expect(phone.locator(f".clip[data-side={side}] .play")).to_be_enabled()
    for key, side in (("a", "first"), ("b", "second")):
        phone.keyboard.press(key)
        heard = phone.locator(f".clip[data-side={side}]")
        expect(heard).to_have_class(re.compile("is-heard"))
    phone.keyboard.press("ArrowLeft")
    phone.keyboard.press("3")
    expect(phone.locator("#how-far")).to_have_text("3 of 3")

    # The connection goes away while the last vote is sent; it waits, and a reload loses nothing.
    hear_both(phone)
    phone.get_by_role("radio", name="neither").check()
    context.set_offline(True)
    phone.get_by_role("button", name="a guess").click()
    expect(phone.get_by_text("Your vote is safe")).to_be_visible()
    context.set_offline(False)
    phone.reload()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    assert errors == []
    context.close()

    # The owner saw it live.
    expect(visitor.locator("#one .figures")).to_contain_text("3 cast")
    expect(visitor.locator("#one")).to_contain_text("3 of 3")
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="Votes, CSV").click()
    download.value.save_as(tmp_path / "votes.csv")
    with open(tmp_path / "votes.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["choice"] for row in rows] == ["second", "first", "neither"]
    assert [row["confidence"] for row in rows] == ["2", "3", "1"]
    assert [row["set_apart_by"] for row in rows] == ["", "", ""]
    assert rows[2]["item"] == rows[int(rows[2]["repeats"])]["item"]
    name = download.value.suggested_filename.removesuffix("-votes.csv")
    told = subprocess.run(
        [sys.executable, "-m", "chromasonic.cli.app", "ab", "verify", name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "3 votes, each as it was cast" in told.stdout


def test_results_of_many_listeners_are_drawn_and_the_test_is_closed(
    visitor: Any, studio: RunningStudio
) -> None:
    # With a fixed salt pairs are drawn the same each time, and so are the votes.
    invitation, experiment = made_test(studio.folder, items=6, trials=6, repeats=2, salt="pepper")
    vote_for_many(experiment.name, liking=2.5)
    visitor.goto(f"{studio.address}/listen")
    visitor.get_by_role("link", name="Quagga title").first.click()
    expect(visitor.locator("#one h1")).to_have_text("Quagga title")
    votes = [vote for vote in experiment.votes() if vote.repeats is None]
    points = [{"A": 1.0, "B": 0.0, None: 0.5}[vote.preferred] for vote in votes]
    share = f"{100 * sum(points) / len(points):.0f}%"
    visitor.goto(f"{studio.address}/listen?test={invitation.key}")
    expect(visitor.locator(".verdict")).to_contain_text("A (zebra-model) is preferred")
    expect(visitor.locator(".evidence svg[role=img]")).to_have_attribute(
        "aria-label", re.compile(f"A, zebra-model got {share} of the votes")
    )
    assert visitor.locator("#one tbody tr").count() >= 36
    for scheme, width in (("light", 1280), ("dark", 375)):
        visitor.emulate_media(color_scheme=scheme)
        visitor.set_viewport_size({"width": width, "height": 800})
        assert serious_faults(visitor) == []
        assert visitor.evaluate("document.documentElement.scrollWidth") <= width
    visitor.get_by_role("button", name="Close the test").click()
    visitor.get_by_role("button", name="Close it").click()
    expect(visitor.locator("#one .badge").first).to_have_text("closed")
    visitor.reload()
    expect(visitor.locator("#one .badge").first).to_have_text("closed")
    visitor.get_by_role("link", name="All listening tests").click()
    expect(visitor.locator("#tests")).to_contain_text("closed")


def test_recordings_of_ones_own_are_matched_by_name_and_compared(
    visitor: Any, studio: RunningStudio, tmp_path: Path
) -> None:
    paths = []
    for label, hertz in (("a", 330.0), ("b", 440.0)):
        (tmp_path / label).mkdir()
        for name in ("waltz", "reel"):
            sound = tone(hertz, 0.6)
            paths.append(tmp_path / label / f"{name}.wav")
            soundfile.write(paths[-1], sound.samples, sound.rate)
    visitor.goto(f"{studio.address}/listen")
    visitor.click("#new")
    visitor.get_by_label("My own recordings").check()
    visitor.get_by_label("Name of version A").fill("Oboe")
    visitor.get_by_label("Recordings of version A").set_input_files(paths[:2])
    visitor.get_by_label("Recordings of version B").set_input_files(paths[2:3])
    expect(visitor.locator("#own")).to_contain_text("without a partner: reel.wav")
    visitor.get_by_role("button", name="Make the test").click()
    expect(visitor.locator("#making-error")).to_contain_text("Version B has no recording 'reel'")
    visitor.get_by_label("Recordings of version B").set_input_files(paths[2:])
    expect(visitor.locator("#own")).not_to_contain_text("without a partner")
    visitor.get_by_role("button", name="Make the test").click()
    expect(visitor.locator("#one h1")).to_have_text("Oboe or Version B")
    expect(visitor.locator("#one")).to_contain_text("waltz")


def test_agents_are_compared_over_the_same_tunes_with_bach_beside_them(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.goto(f"{studio.address}/listen")
    visitor.click("#new")
    visitor.get_by_label("Settings for four voices").check()
    expect(visitor.locator("[name=version-B]")).to_have_value("agent:exact")
    visitor.select_option("[name=version-A]", "agent:advanced")
    for name in ("bars", "groove_bars"):
        expect(visitor.locator(f"[name={name}]")).to_be_hidden()
    visitor.get_by_label("Mix in what Bach wrote").check()
    for name, value in (("items", 1), ("trials", 1), ("repeats", 0)):
        visitor.fill(f"[name={name}]", str(value))
    assert serious_faults(visitor) == []
    visitor.get_by_role("button", name="Make the test").click()
    expect(visitor.locator("#one h1")).to_have_text("Advanced or Exact")
    expect(visitor.locator(".versions")).to_contain_text("Bach")
    visitor.get_by_role("button", name="Play Bach").click()
    expect(visitor.locator("#one tbody use").last).to_have_attribute("href", re.compile("#pause"))


def test_drummers_are_compared_without_loss(visitor: Any, studio: RunningStudio) -> None:
    visitor.goto(f"{studio.address}/listen")
    visitor.click("#new")
    visitor.get_by_label("Drums", exact=True).check()
    expect(visitor.locator("[name=version-A]")).to_have_value("drummer:groove@shipped")
    expect(visitor.locator("[name=version-B]")).to_have_value("drummer:straight")
    for name, value in (("items", 1), ("trials", 1), ("repeats", 0)):
        visitor.fill(f"[name={name}]", str(value))
    visitor.select_option("[name=groove_bars]", "2")
    expect(visitor.locator("#from-models")).to_contain_text("which nobody has played")
    visitor.click("#making summary")
    visitor.get_by_label("Lossless sound").check()
    assert serious_faults(visitor) == []
    visitor.get_by_role("button", name="Make the test").click()
    expect(visitor.locator("#one h1")).to_have_text("groove or Straight")
    expect(visitor.locator(".figures")).to_contain_text("1 pair each, as WAV, lossless")
    key = visitor.url.partition("test=")[2]
    api = f"{studio.address}/api/listen/{key}"
    clips = [visitor.request.get(f"{api}/clips/0/{label}") for label in "AB"]
    assert {clip.headers["content-type"] for clip in clips} == {"audio/wav"}
    assert len({len(clip.body()) for clip in clips}) == 1
    assert clips[0].body() != clips[1].body()
    told = visitor.request.get(f"{api}/votes.json").json()
    assert told["clips"] == "WAV, lossless"
    assert [arm["version"] for arm in told["design"]["arms"]] == [
        "drummer:groove@shipped", "drummer:straight",
    ]  # fmt: skip
    visitor.goto(f"{studio.address}/hear/{key}")
    visitor.click("#begin")
    hear_both(visitor)


@pytest.mark.parametrize("source", ["Models that write tunes", "Settings for four voices"])
def test_versions_differ_however_late_the_lists_of_models_come(
    source: str, visitor: Any, studio: RunningStudio
) -> None:
    is_agent = source != "Models that write tunes"
    asked: list[Any] = []
    visitor.route("**/api/choices**", lambda one: asked.append(one))
    visitor.goto(f"{studio.address}/listen")
    visitor.click("#new")
    visitor.get_by_label(source).check()
    first, second = (visitor.locator(f"[name=version-{label}]") for label in "AB")
    # Both lists are filled when the page opens, and again when another source is chosen.
    for _ in range(4 if is_agent else 2):
        wait_until(visitor, lambda: asked)
        asked.pop().continue_()  # what was asked for last is answered first
    for one in (first, second):
        expect(one).to_have_value(re.compile("^agent:" if is_agent else "^(?!agent:)."))
    expect(second).not_to_have_value(first.input_value())


def test_without_a_connection_a_listener_goes_on_with_what_was_fetched(
    browser: Any, studio: RunningStudio
) -> None:
    invitation, experiment = made_test(studio.folder, items=5, trials=5, repeats=0)
    visitor = patient_context(browser).new_page()  # which may say that there is no connection
    visitor.goto(f"{studio.address}/hear/{invitation.key}")
    visitor.click("#begin")
    visitor.wait_for_function(  # this pair, and two ahead; a slow one may be asked for twice
        "() => new Set(performance.getEntriesByType('resource').filter((one) => "
        "/(first|second)$/.test(one.name) && one.responseStatus === 200).map((one) => one.name))"
        ".size === 6"
    )
    visitor.context.set_offline(True)
    for number in range(3):
        expect(visitor.locator("#how-far")).to_have_text(f"{number + 1} of 5")
        hear_both(visitor)
        visitor.get_by_role("radio", name="the first").check()
        visitor.get_by_role("button", name="fairly sure").click()
        if number == 0:
            expect(visitor.locator("#kept")).to_contain_text(
                "One vote is kept on this device and goes out by itself when it is back."
            )
            assert serious_faults(visitor) == []
    expect(visitor.get_by_role("heading", name="Your 3 votes are safe")).to_be_visible()
    assert experiment.votes() == []
    visitor.context.set_offline(False)
    expect(visitor.locator("#how-far")).to_have_text("4 of 5")
    expect(visitor.locator("#kept")).to_be_empty()
    votes = experiment.votes()
    assert [vote.choice for vote in votes] == ["first"] * 3
    assert experiment.reading().flags == ()  # no haste, though they came in the same moment
    visitor.context.close()


def test_a_clip_that_could_not_be_had_is_fetched_anew_on_another_try(
    browser: Any, studio: RunningStudio
) -> None:
    invitation, _ = made_test(studio.folder, items=2, trials=2, repeats=0)
    visitor = patient_context(browser).new_page()  # which may say that a clip was refused
    refused: list[str] = []

    def refuse_once(route: Any) -> None:
        if refused:
            route.continue_()
            return
        refused.append(route.request.url)
        route.fulfill(status=404, json={"error": "no"})

    visitor.route("**/clips/*/first", refuse_once)
    visitor.goto(f"{studio.address}/hear/{invitation.key}")
    visitor.click("#begin")
    expect(visitor.locator("#end-title")).to_have_text("A clip is missing")
    visitor.click("#end-again")
    hear_both(visitor)
    visitor.context.close()


def test_two_tabs_of_one_listener_make_one_vote(visitor: Any, studio: RunningStudio) -> None:
    invitation, experiment = made_test(studio.folder, items=2, trials=2, repeats=0)
    link = f"{studio.address}/hear/{invitation.key}"
    visitor.goto(link)
    for width, height in ((320, 640), (640, 400)):  # a small phone; 1280 by 800 at 200% zoom
        visitor.set_viewport_size({"width": width, "height": height})
        assert visitor.evaluate("document.documentElement.scrollWidth") <= width
    visitor.click("#begin")
    expect(visitor.locator("#trial")).to_be_visible()
    for width, height in ((320, 640), (640, 400)):
        visitor.set_viewport_size({"width": width, "height": height})
        assert visitor.evaluate("document.documentElement.scrollWidth") <= width
    hear_both(visitor)
    other = visitor.context.new_page()
    other.goto(link)
    hear_both(other)
    visitor.get_by_role("radio", name="the first").check()
    visitor.get_by_role("button", name="fairly sure").click()
    expect(visitor.locator("#how-far")).to_have_text("2 of 2")
    assert other.locator("#how-far").inner_text() == "1 of 2"  # it knows of no vote yet
    other.get_by_role("radio", name="the second").check()
    # What the browser says of the refusal is no fault of the page.
    other.get_by_role("button", name="fairly sure").click()
    expect(other.locator("#how-far")).to_have_text("2 of 2")
    assert [vote.choice for vote in experiment.votes()] == ["first"]


def test_a_link_that_leads_nowhere_is_told(browser: Any, studio: RunningStudio) -> None:
    page = patient_context(browser).new_page()
    page.goto(f"{studio.address}/hear/AAAAAAAAAAAAAAAA")
    expect(page.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
    assert serious_faults(page) == []
    page.context.close()
