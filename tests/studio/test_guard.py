"""What stands before every route of the studio, asked over HTTP as a stranger would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.studio.running import LONGEST_WAIT_MS, RunningStudio, run_async

from chromasonic.studio.answers import without_paths
from chromasonic.studio.guard import Guard
from chromasonic.studio.pages import PAGES
from chromasonic.studio.settings import StudioSettings

JSON = {"Content-Type": "application/json"}
PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LONGEST_SECONDS = LONGEST_WAIT_MS / 1000
CANCEL = "/api/jobs/AAAAAAAAAAAA/cancel"


@pytest.fixture
def http(studio: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.address, timeout=LONGEST_SECONDS) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8770", "127.0.0.1.evil.example", "192.168.1.7", "", "[::"],
)
def test_a_name_that_points_here_reads_nothing(http: httpx.Client, host: str) -> None:
    for path in ("/compose", "/api/pieces"):
        assert http.get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:9000", "localhost."]
)
def test_this_machine_by_its_own_names_is_answered(http: httpx.Client, host: str) -> None:
    assert http.get("/api/pieces", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_neither_does_nor_reads_anything(
    http: httpx.Client, headers: dict[str, str]
) -> None:
    assert http.post(CANCEL, json={}, headers=headers).status_code == 403
    assert http.delete("/api/pieces/AAAAAAAAAAAA", headers=headers).status_code == 403
    assert http.get("/api/pieces", headers=headers).status_code == 403
    assert http.get("/compose", headers=headers).status_code == 200, "a link may lead here"


def test_the_own_origin_is_answered_and_no_answer_lets_others_read(http: httpx.Client) -> None:
    own = {"Origin": str(http.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert http.post(CANCEL, json={}, headers=own).status_code == 404, "reached: no such job"
    answer = http.options("/api/pieces", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
def test_what_a_form_can_send_is_refused(http: httpx.Client, kind: str) -> None:
    answer = http.post(CANCEL, content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "path",
    [
        "/web/../app.py",
        "/web/..%2fapp.py",
        "/web/%2e%2e/settings.py",
        "/web/..%5capp.py",
        "/web/kit/..%2f..%2fapp.py",
        "/web//etc/passwd",
        "/web/%00",
        "/web/compose/page.html",
        "/web/base.html",
        "/api/pieces/..%2f..%2fuploads/x.mid",
        "/api/pieces/%2e%2e/piece.json",
        "/api/pieces/AAAAAAAAAAAA/..%2f..%2f..%2fetc%2fpasswd",
        "/hear/../api/pieces",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_path_leads_out_of_what_is_offered(studio: RunningStudio, path: str) -> None:
    import http.client

    host, port = studio.address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=LONGEST_SECONDS)
    connection.request("GET", path)  # as it is: nothing tidies it up
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status in (400, 404)
    assert b"import" not in said
    assert b"{%" not in said
    assert b"root:" not in said


def test_every_answer_carries_what_keeps_a_browser_from_harm(http: httpx.Client) -> None:
    for path in (*(page.address for page in PAGES), "/api/pieces", "/web/kit/api.js", "/nothing"):
        headers = http.get(path).headers
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in headers["content-security-policy"].split(";")
        )
        scripts = policy.get("script-src", policy.get("default-src", ""))
        assert "unsafe" not in scripts, path
        assert scripts in ("'self'", "'none'"), path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers
    assert http.get("/api/pieces").headers["cache-control"] == "no-store"
    assert http.get("/web/kit/api.js").headers["cache-control"] == "no-cache"


def test_pages_hold_no_script_but_files_of_the_studio(http: httpx.Client) -> None:
    import re

    for page in PAGES:
        text = http.get(page.address).text
        inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text)
        assert [tag for tag in inline if 'type="application/json"' not in tag] == [], page.name
        assert re.findall(r"\son[a-z]+\s*=", text) == [], page.name
        assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == [], page.name


def test_a_person_gets_a_page_and_a_script_gets_json_when_something_is_not_there(
    http: httpx.Client,
) -> None:
    person = http.get("/nowhere", headers=PERSON)
    assert (person.status_code, "<h1>" in person.text) == (404, True)
    script = http.get("/api/nowhere", headers=PERSON)
    assert (script.status_code, list(script.json())) == (404, ["error"])
    assert http.get("/api/pieces/AAAAAAAAAAAA").status_code == 404
    assert http.get("/api/jobs/AAAAAAAAAAAA").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b'"\\ud800"',
        b"NaN",
    ],
)
def test_a_body_that_is_no_sensible_json_is_refused_in_words(
    http: httpx.Client, body: bytes
) -> None:
    answer = http.post("/api/compose/tunes", content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "request: This is no valid JSON"),
        (b"[]", "request: Send a JSON object"),
        (b"{}", "title: This is missing"),
        (b'{"title": "A", "colour": 3}', "colour: There is no such value here"),
        (b'{"title": "A", "trials": "few"}', "trials: Give a whole number"),
        (b"[" * 200_000, "What came with this request cannot be read."),
    ],
)
def test_what_does_not_fit_is_told_in_the_studios_own_words(
    http: httpx.Client, body: bytes, words: str
) -> None:
    answer = http.post("/api/listen", content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    assert words in answer.json()["error"]


def test_a_header_that_browsers_only_warn_of_is_sent_where_they_heed_it(
    http: httpx.Client,
) -> None:
    name = "cross-origin-opener-policy"
    assert http.get("/train").headers[name] == "same-origin"
    assert name not in http.get("/train", headers={"Host": "192.168.1.7:8770"}).headers


def test_another_method_is_refused_with_those_that_are_taken(http: httpx.Client) -> None:
    answer = http.put("/api/pieces", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert "the Allow header says which" in answer.json()["error"]


def test_a_body_over_the_limit_is_refused_whether_its_length_is_told_or_not(
    http: httpx.Client,
) -> None:
    told = http.post("/api/compose/tunes", content=b" " * 1_000_001, headers=JSON)
    parts = (b" " * 100_000 for _ in range(11))
    untold = http.post("/api/compose/tunes", content=parts, headers=JSON)
    assert (told.status_code, untold.status_code) == (413, 413)
    assert "1 MB" in told.json()["error"]
    assert http.get("/api/pieces").status_code == 200


def test_who_has_no_key_can_send_no_more_than_a_vote(http: httpx.Client) -> None:
    votes = "/api/hear/AAAAAAAAAAAAAAAA/votes"
    assert http.post(votes, content=b" " * 10_001, headers=JSON).status_code == 413
    assert http.post(votes, content=b" " * 10_000, headers=JSON).status_code == 422


def test_of_very_many_values_that_do_not_fit_a_few_are_told(http: httpx.Client) -> None:
    answer = http.post("/api/compose/tunes", json={f"value-{number}": 1 for number in range(5_000)})
    assert answer.status_code == 422
    assert len(answer.json()["fields"]) == 50
    assert len(answer.content) < 10_000


def test_nothing_is_spoken_but_http(http: httpx.Client) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    assert http.get("/compose", headers=upgrade).status_code == 200, "the upgrade is passed over"
    assert http.get("/api/jobs/x/events", headers=upgrade).status_code == 404


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Cannot write /data/studio/pieces/x/tune.mid: full.", "Cannot write tune.mid: full."),
        ("'/tmp/a b' and /tmp/c/d.abc", "'a b' and d.abc"),
        ("Metres such as 6/8 and and/or stay; so does http://127.0.0.1:8770/compose", None),
        (f"{Path.home()}/Music/tune.mid is empty.", "tune.mid is empty."),
    ],
)
def test_messages_name_files_and_not_folders(words: str, shown: str | None) -> None:
    assert without_paths(words) == (shown or words)


def random_requests(count: int) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """Requests of every method to every kind of address with values of every type."""
    import random

    chance = random.Random(8)
    values = [
        None,
        True,
        -1,
        2**70,
        1e308,
        "",
        "x" * 5_000,
        "<script>",
        "../..",
        "\0",
        [],
        {},
        [[1]],
    ]
    paths = [
        "/api/compose/tunes", "/api/harmonize/settings", "/api/groove/takes", "/api/uploads",
        "/api/pieces", "/api/pieces/x", "/api/pieces/AAAAAAAAAAAA/sound", "/api/choices",
        "/api/jobs/x", "/api/train/runs", "/api/models", "/api/listen/experiments", "/hear/x",
        "/api/hear/x", "/compose", "/harmonize", "/",
    ]  # fmt: skip
    names = ["model", "bars", "key", "kind", "before", "most", "task", "name", "piece", "seed"]
    for _ in range(count):
        query = {chance.choice(names): str(chance.choice(values)) for _ in range(2)}
        body = {chance.choice(names): chance.choice(values) for _ in range(4)}
        method = chance.choice(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"])
        yield method, chance.choice(paths), query, body


def test_no_request_makes_the_studio_fail(http: httpx.Client) -> None:
    for method, path, query, body in random_requests(150):
        content = None if method in ("GET", "HEAD") else body
        answer = http.request(method, path, params=query, json=content)
        assert answer.status_code < 500, (method, path, query, body, answer.text)
    assert http.get("/api/pieces").status_code == 200


async def body_of_nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def asked(guarded: Guard, path: str, **headers: str) -> list[Any]:
    """What a guard answers to a GET, as messages of ASGI."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    run_async(guarded(scope, body_of_nothing, send))
    return said


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "[::1"}, 421),
        ({"host": "localhost:["}, 401),
        ({"host": "localhost", "origin": "http://["}, 403),
        ({"host": "localhost", "cookie": "chromasonic_80=\xe9"}, 401),
    ],
)
def test_headers_that_are_no_addresses_are_refused_like_wrong_ones(
    headers: dict[str, str], status: int
) -> None:
    async def never(*_: Any) -> None:
        raise AssertionError("the routes were reached")

    said = asked(Guard(never, StudioSettings(token="long-enough")), "/api/pieces", **headers)
    assert said[0]["status"] == status
    assert b"content-security-policy" in dict(said[0]["headers"])


def test_what_was_asked_for_is_one_line_of_the_terminal(caplog: pytest.LogCaptureFixture) -> None:
    async def faulty(*_: Any) -> None:
        raise ZeroDivisionError

    guarded = Guard(faulty, StudioSettings())
    asked(guarded, "/api/x\nAll is well\x1b[2J\u202e", host="localhost")
    (record,) = caplog.records
    assert record.message == r"The studio failed at GET /api/x\nAll is well\x1b[2J\u202e"


def test_a_fault_tells_the_user_little_and_the_terminal_the_whole_story_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def faulty(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError("/home/nobody/secrets")

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    said: list[Any] = []
    guarded = Guard(faulty, StudioSettings())
    scope = {
        "type": "http", "method": "GET", "path": "/api/x", "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }  # fmt: skip
    for _ in range(3):
        run_async(guarded(dict(scope), receive, send))
    assert [one["status"] for one in said[::2]] == [500] * 3
    assert "its terminal says more" in said[1]["body"].decode()
    assert "secrets" not in said[1]["body"].decode()
    told = [record.exc_info for record in caplog.records if "failed at GET" in record.message]
    assert len(told) == 3
    assert told[0]
    assert told[1:] == [None, None]
