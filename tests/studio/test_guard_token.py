"""A shared studio: everything asks for the key, but what listeners may see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.studio.running import LONGEST_WAIT_MS, ended, patient_context, started_studio

from chromasonic.errors import ConfigError
from chromasonic.studio.pages import PAGES
from chromasonic.studio.settings import StudioSettings

PERSON = {"Accept": "text/html"}


@dataclass(frozen=True)
class Shared:
    """A studio that was started with --share."""

    base: str
    token: str
    entrance: str


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    running = started_studio(tmp_path_factory.mktemp("shared"), "--share", "--host", "127.0.0.1")
    parts = urlsplit(running.address)
    yield Shared(f"http://{parts.netloc}", parts.query.removeprefix("token="), running.address)
    ended(running)


@pytest.fixture
def stranger(shared: Shared) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared.base, timeout=LONGEST_WAIT_MS / 1000) as client:
        yield client


def test_the_key_is_long_and_new_each_time(shared: Shared) -> None:
    assert len(shared.token) >= 20


def test_a_stranger_sees_nothing_of_the_studio(stranger: httpx.Client) -> None:
    for path in ("/", *(page.address for page in PAGES)):
        answer = stranger.get(path, headers=PERSON)
        assert answer.status_code == 401, path
        assert "compose" not in answer.text.lower(), "not even its pages' names"
    for path in ("/api/pieces", "/api/choices", "/api/jobs/x", "/web/compose/page.js", "/nothing"):
        assert stranger.get(path).status_code == 401, path
    assert stranger.post("/api/uploads", content=b"X:1", headers={
        "Content-Type": "application/octet-stream"
    }).status_code == 401  # fmt: skip
    assert stranger.delete("/api/pieces/AAAAAAAAAAAA").status_code == 401


def test_listeners_reach_their_page_and_its_looks_without_a_key(stranger: httpx.Client) -> None:
    for path in ("/web/kit/base.css", "/robots.txt"):
        assert stranger.get(path).status_code == 200, path
    assert stranger.get("/hear/nothing", headers=PERSON).status_code in (200, 404)
    assert stranger.get("/api/hear/nothing").status_code == 404, "reached: no such test"
    for path in ("/hearing", "/api/hearsay", "/web/kitchen/x.js", "/web/listen/page.js"):
        assert stranger.get(path).status_code == 401, path


def test_the_link_opens_the_studio_and_leaves_the_address_without_the_key(
    shared: Shared, stranger: httpx.Client
) -> None:
    entered = stranger.get("/compose", params={"token": shared.token, "piece": "abc"})
    assert entered.status_code == 200
    assert shared.token not in entered.text
    assert "/compose?piece=abc" in entered.text
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert shared.token.lower() not in cookie
    assert stranger.get("/compose").status_code == 200
    assert stranger.get("/api/pieces").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "/compose%0d%0aX:1"])
def test_the_way_in_leads_to_no_other_host(
    shared: Shared, stranger: httpx.Client, path: str
) -> None:
    answer = stranger.get(f"{shared.base}{path}?token={shared.token}")
    assert "url=//" not in answer.text
    assert "evil.example/x" not in answer.text.partition("url=")[2][:40]


def test_a_script_may_send_the_key_in_a_header(shared: Shared, stranger: httpx.Client) -> None:
    right = {"Authorization": f"Bearer {shared.token}"}
    assert stranger.get("/api/pieces", headers=right).status_code == 200
    assert stranger.get("/api/pieces", params={"token": shared.token}).status_code == 401, (
        "keys in the addresses of interfaces would be kept in histories"
    )


def test_a_forged_cookie_opens_nothing(shared: Shared, stranger: httpx.Client) -> None:
    port = urlsplit(shared.base).port
    for value in ("", "x", shared.token, "0" * 64):
        forged = {"Cookie": f"chromasonic_{port}={value}"}
        assert stranger.get("/api/pieces", headers=forged).status_code == 401


def test_a_browser_that_comes_by_a_link_on_another_site_gets_in(
    shared: Shared, browser: Any
) -> None:
    context = patient_context(browser)
    page = context.new_page()
    page.goto(f"data:text/html,<a id=in href='{shared.entrance}'>the studio</a>")
    page.click("#in")
    page.wait_for_url("**/compose")
    assert "token" not in page.url
    assert page.get_by_role("navigation").count() >= 1
    context.close()


def test_z_an_address_that_sends_wrong_keys_has_to_wait(
    shared: Shared, stranger: httpx.Client
) -> None:
    def wrong() -> httpx.Response:
        return stranger.get("/compose", params={"token": "wrong"})

    assert wrong().status_code == 401
    asked = (wrong() for _ in range(100))  # only those of the last minute count
    waits = next(answer for answer in asked if answer.status_code == 429)
    assert waits.headers["retry-after"] == "60"
    assert stranger.get("/compose", params={"token": shared.token}).status_code == 200, (
        "whoever has the right key is let in"
    )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"host": "0.0.0.0"}, "--share"),
        ({"host": "192.168.1.7"}, "--share"),
        ({"host": "::"}, "--share"),
        ({"token": "short"}, "8 characters"),
        ({"port": 70_000}, "65535"),
        ({"public_address": "https://listen.example.org"}, "--share"),
        ({"public_address": "listen.example.org", "token": "long-enough"}, "begins with http"),
    ],
)
def test_a_studio_that_others_can_reach_is_not_started_without_a_key(
    values: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        StudioSettings(**values)
