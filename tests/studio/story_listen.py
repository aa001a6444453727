"""The story of the Listen page: a test between two models, its link, votes, the result."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.studio.running import reload_in_the_middle

LISTENERS = 36
PHONE = "#one .verdict"


def tell(page: Any, address: str) -> None:
    """A test is made, and three dozen made-up listeners have voted when it is looked at."""
    title = "Reels and jigs: by network, or by counting?"
    made(page, address, bars=4, items=8, trials=8, has_anchor=True, title=title)
    key = page.url.partition("test=")[2]
    name = page.evaluate(f"fetch('/api/listen/{key}').then((one) => one.json())")["name"]
    vote_for_many(name)
    page.wait_for_selector(f"#one .figures:has-text('{12 * LISTENERS} cast')")
    page.wait_for_selector(".evidence .dot")


def made(
    page: Any, address: str, *, bars: int, items: int, is_reloaded: bool = False, **more: Any
) -> None:
    """Make a test by the form, and wait until it is there; or reload the page meanwhile."""
    page.goto(address + "/listen")
    page.click("#new")
    page.wait_for_selector("#versions select[name=version-B] option[value]", state="attached")
    page.select_option("[name=version-A]", "folk@shipped")
    page.select_option("[name=version-B]", "folk-markov@shipped")
    page.fill("[name=items]", str(items))
    page.fill("[name=bars]", str(bars))
    page.click("#making summary")
    for name, value in more.items():
        field = page.locator(f"[name={name}]")
        if isinstance(value, bool):
            field.set_checked(value)
        elif field.evaluate("(one) => one.localName") == "select":
            field.select_option(value)
        else:
            field.fill(str(value))
    send = page.locator("#making [type=submit]")
    if is_reloaded:
        reload_in_the_middle(page, "listen", send.click)
    else:
        send.click()
    page.wait_for_selector("#one .verdict")


def vote_for_many(name: str, *, liking: float = 0.9) -> None:
    """Votes of made-up listeners over the last days.

    Args:
        name: of the experiment, whose pairs are drawn by chance: so are the votes.
        liking: of version A beside B, in log odds; 0.9: two in three prefer A.
    """
    from chromasonic.abtest.experiments import Experiments
    from chromasonic.abtest.vote import Answer

    chance = random.Random(4)
    liked = {"A": liking, "B": 0.0, "anchor": 1.4}
    begin = datetime.now(UTC) - timedelta(days=3)
    with Experiments() as experiments:
        experiment = experiments.get(name)
        for number in range(LISTENERS):
            taste, said = chance.gauss(0, 0.6), dict[int, str | None]()
            for trial in experiment.plan(f"listener {number}"):
                lean = liked[trial.first] - liked[trial.second]
                lean += taste * ((trial.first == "A") - (trial.second == "A"))
                is_first = chance.random() < 1 / (1 + math.exp(-lean))
                choice = "neither" if chance.random() < 0.1 else ("second", "first")[is_first]
                if trial.repeats is not None and chance.random() < 0.7:  # as before, sides swapped
                    before = said[trial.repeats]
                    sides = {trial.first: "first", trial.second: "second"}
                    choice = sides.get(before or "", "neither")
                sides = {"first": trial.first, "second": trial.second}
                said[trial.index] = sides.get(choice)
                clips = experiment.design.item(trial.item).clips
                heard = (clips[trial.first].duration_ms, clips[trial.second].duration_ms)
                moment = begin + timedelta(minutes=40 * number, seconds=50 * trial.index)
                answer = Answer(
                    choice=choice, confidence=chance.choice([1, 2, 2, 3]), heard_ms=heard
                )
                experiment.cast(
                    f"listener {number}", trial.token, answer,
                    address=f"192.0.2.{number}", now=moment,
                )  # fmt: skip
