"""What listeners can reach, what they are told, and how their votes are taken, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.studio.listening import SECRET_WORDS, Listener, made_test, open_pairs
from tests.studio.running import RunningStudio, ended, started_studio

from chromasonic.abtest.experiments import Experiment
from chromasonic.abtest.guards import SAME_ADDRESS, GuardRules
from chromasonic.studio.hear.listeners import COOKIE, new_listener
from chromasonic.studio.listen.invitations import Invitation, Invitations

Made = tuple[Invitation, Experiment]


@pytest.fixture
def made(studio: RunningStudio) -> Made:
    return made_test(studio.folder, items=4)


@pytest.fixture
def listener(studio: RunningStudio, made: Made) -> Iterator[Listener]:
    with Listener(studio.address, made[0].key) as one:
        yield one


def test_nothing_is_kept_of_a_listener_who_has_not_agreed(listener: Listener) -> None:
    assert listener.state()["hasBegun"] is False
    assert not listener.http.cookies
    listener.join()
    (cookie,) = listener.http.cookies.jar
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"


def test_no_answer_tells_what_is_compared(listener: Listener, studio: RunningStudio) -> None:
    told = listener.join()
    token = told["pairs"][0]["token"]
    page = listener.http.get(listener.api.replace("/api/hear", "/hear"))
    answers = [
        listener.http.get(listener.api), page, listener.clip(token, "first"),
        listener.vote(token), listener.vote("0" * 16), listener.vote(token, "second"),
        listener.http.get(f"{studio.address}/api/hear/AAAAAAAAAAAAAAAA"),
    ]  # fmt: skip
    for answer in answers:
        seen = f"{answer.headers}{answer.url}".encode() + answer.content
        for words in (*SECRET_WORDS, "item-0", "item_0", "/A/", "/B/", str(studio.folder)):
            assert words.encode() not in seen
    assert "<nav" not in page.text


def test_the_two_clips_of_a_pair_differ_in_nothing_but_the_music(listener: Listener) -> None:
    token = listener.join()["pairs"][0]["token"]
    first, second = (listener.clip(token, side) for side in ("first", "second"))
    assert first.status_code == second.status_code == 200
    assert first.content != second.content
    assert len(first.content) == len(second.content)
    unlike = {name for name in first.headers if first.headers[name] != second.headers[name]}
    assert unlike <= {"date"}
    for name in ("last-modified", "etag", "content-disposition"):
        assert name not in first.headers
    assert not first.content.startswith(b"ID3")


def test_listeners_behind_a_proxy_are_told_apart(tmp_path: Path) -> None:
    running = started_studio(
        tmp_path / "studio", "--share", "--host", "127.0.0.1",
        "--public-address", "http://listen.example.org",
    )  # fmt: skip
    try:
        rules = GuardRules(listeners_per_address=2, heard_share=0)
        apart = {}
        for kind in ("own", "one"):
            invitation, experiment = made_test(running.folder, items=2, trials=1, guards=rules)
            for number in range(4):
                with Listener(running.address.partition("/?")[0], invitation.key) as one:
                    place = f"198.51.100.{number if kind == 'own' else 9}"
                    # What the listener's own browser claims; a proxy adds to it, or adds a line.
                    added = f"203.0.113.{number}, {place}" if number % 2 else place
                    claimed = [("X-Forwarded-For", "192.0.2.1")] * (1 - number % 2)
                    one.http.headers = httpx.Headers(
                        [*one.http.headers.raw, *claimed, ("X-Forwarded-For", added)]
                    )
                    one.vote(one.join()["pairs"][0]["token"])
            apart[kind] = {flag.rule for flag in experiment.reading().flags}
        assert apart == {"own": set(), "one": {SAME_ADDRESS}}
    finally:
        ended(running)


def test_a_listener_comes_back_and_goes_on(listener: Listener, made: Made) -> None:
    before = listener.join()
    listener.vote(open_pairs(before)[0])
    again = listener.join()  # as after a closed tab
    assert [one["token"] for one in again["pairs"]] == [one["token"] for one in before["pairs"]]
    assert [one["isDone"] for one in again["pairs"]] == [True, False, False, False, False]
    assert made[1].verify() == 1


def test_a_vote_sent_twice_is_stored_once_and_another_one_is_refused(
    listener: Listener, made: Made
) -> None:
    token = listener.join()["pairs"][0]["token"]
    assert listener.vote(token, "first").status_code == 200
    assert listener.vote(token, "first").status_code == 200
    changed = listener.vote(token, "second")
    assert (changed.status_code, "that vote stands" in changed.json()["error"]) == (409, True)
    assert [vote.choice for vote in made[1].votes()] == ["first"]


def test_only_pairs_of_ones_own_can_be_voted_on_and_heard(
    listener: Listener, made: Made, studio: RunningStudio
) -> None:
    listener.join()
    with Listener(studio.address, made[0].key) as other:
        token = other.join()["pairs"][0]["token"]
    assert listener.vote(token).status_code == 404
    assert listener.clip(token, "first").status_code == 404
    assert listener.clip("../../secret.key", "first").status_code == 404
    assert made[1].verify() == 0


def test_made_up_listeners_are_nobody(
    studio: RunningStudio, made: Made, listener: Listener
) -> None:
    token = listener.join()["pairs"][0]["token"]
    unsigned = "AAAAAAAAAAAAAAAAAAAAAA.00000000000000000000000000000000"
    with Listener(studio.address, made[0].key) as forger:
        for cookie in ("", "x", unsigned, "a" * 5000, "%00.%ff"):
            forger.http.headers["Cookie"] = f"chromasonic_listener={cookie}"
            assert forger.state()["hasBegun"] is False
            assert forger.vote(token).status_code == 403
            assert forger.clip(token, "first").status_code == 403


def test_votes_that_are_none_are_refused_and_nothing_is_stored(
    listener: Listener, made: Made
) -> None:
    token = listener.join()["pairs"][0]["token"]
    for values in (
        {"choice": "third"}, {"confidence": 0}, {"confidence": 2.5}, {"confidence": True},
        {"heard_ms": [-1, 0]}, {"heard_ms": [1, 10**12]}, {"heard_ms": [1]}, {"heard_ms": "x"},
        {"listener": "somebody else"}, {"token": "x" * 1000}, {"choice": {"$ne": ""}},
    ):  # fmt: skip
        sent = {"token": token, "choice": "first", "confidence": 2, **values}
        answer = listener.http.post(f"{listener.api}/votes", json=sent)
        assert answer.status_code in (400, 422), values
    assert made[1].verify() == 0


def test_after_closing_no_vote_is_taken_and_the_page_says_so(
    listener: Listener, made: Made
) -> None:
    token = listener.join()["pairs"][0]["token"]
    made[1].close_for_good()
    answer = listener.vote(token)
    assert (answer.status_code, "has ended" in answer.json()["error"]) == (410, True)
    assert listener.state()["isOpen"] is False


def test_an_old_cookie_dates_no_vote_back(
    listener: Listener, made: Made, studio: RunningStudio
) -> None:
    secret = Invitations(studio.folder / "listening").secret()
    month_ago = datetime.now(UTC) - timedelta(days=30)
    listener.http.cookies.set(COOKIE, new_listener(secret, now=month_ago))
    created = datetime.fromisoformat(made[1].created_at)
    for waited, token in zip((30, 20, 10), open_pairs(listener.state()), strict=False):
        answer = listener.vote(token, waited_ms=waited * 86_400_000)
        assert answer.status_code == 200
    for vote in made[1].votes():
        assert vote.cast_at >= created
        assert vote.cast_at - timedelta(milliseconds=vote.waited_ms) >= created


def test_a_script_that_votes_without_end_is_slowed_down(listener: Listener) -> None:
    token = listener.join()["pairs"][0]["token"]
    codes = [listener.vote(token).status_code for _ in range(100)]
    assert codes[:10] == [200] * 10
    assert 429 in codes


def test_links_that_lead_nowhere_say_so(studio: RunningStudio) -> None:
    with httpx.Client(base_url=studio.address, timeout=60) as http:
        for key in ("AAAAAAAAAAAAAAAA", "..", "a" * 400, "secret.key", "%2e%2e%2fpieces"):
            answer = http.get(f"/api/hear/{key}")
            assert answer.status_code == 404, key
            assert http.get(f"/api/listen/{key}").status_code == 404
        assert http.get("/hear/AAAAAAAAAAAAAAAA").status_code == 200


def test_another_site_cannot_vote(listener: Listener, made: Made) -> None:
    token = listener.join()["pairs"][0]["token"]
    sent = {"token": token, "choice": "first", "confidence": 2}
    evil = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert listener.http.post(f"{listener.api}/votes", json=sent, headers=evil).status_code == 403
    form = listener.http.post(f"{listener.api}/votes", data=sent)
    assert form.status_code in (400, 415, 422)
    assert made[1].verify() == 0
