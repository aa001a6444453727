"""A page that follows a job while the studio goes away."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect
from tests.studio.running import NO_TIMERS, RunningStudio, patient_context


def test_a_studio_that_went_away_is_told_and_asked_again(
    browser: Any, studio: RunningStudio
) -> None:
    context = patient_context(browser)
    page = context.new_page()  # its console tells of lost connections, as it should
    page.add_init_script(NO_TIMERS)  # the page would give the studio up after a while
    is_back: list[bool] = []

    def answer(route: Any) -> None:
        if is_back:  # a studio that was started anew knows nothing of the job
            route.continue_(url=re.sub("/jobs/[^/]+", "/jobs/unknown", route.request.url))
        else:
            route.abort("connectionrefused")

    page.route(re.compile(r"/api/jobs/[^/]+(/events)?$"), answer)
    page.goto(studio.address + "/compose")
    expect(page.locator("#model")).to_have_value("folk@shipped")
    page.get_by_role("button", name="Write a tune").click()
    expect(page.locator("#working")).to_contain_text("The studio does not answer; trying again")
    is_back.append(True)
    expect(page.locator("#form-says")).to_contain_text("Begin it once more")
    expect(page.get_by_role("button", name="Write a tune")).to_be_enabled()
    context.close()
