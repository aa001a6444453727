"""`chromasonic studio`: how it starts, what it says, why it does not start, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.studio.running import RunningStudio, ended, started_studio

from chromasonic.studio import patience

HEAVY = ("torch", "matplotlib", "mlflow", "music21", "verovio", "symusic", "scipy", "ray", "PIL")
COMMAND = (sys.executable, "-m", "chromasonic.cli.app", "studio", "--no-browser")
SECONDS = 300


def refusal(*options: str, **environment: str) -> tuple[int, str]:
    """How the command ends that cannot start, and what it says."""
    done = subprocess.run(
        [*COMMAND, *options],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, "COLUMNS": "200", **environment},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def children_of(process: int) -> list[int]:
    """Processes that a process has started, as far as they live."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process and fields[0] != "Z":
            found.append(int(place.parent.name))
    return found


def wait_until_gone(processes: list[int]) -> None:
    deadline = time.monotonic() + SECONDS
    while any(Path(f"/proc/{one}/cmdline").exists() and _lives(one) for one in processes):
        assert time.monotonic() < deadline, "a process has outlived its studio"
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_the_server_imports_nothing_heavy_and_opens_no_folder_to_start() -> None:
    script = (
        "import sys; from chromasonic.studio.app import create_app; "
        "import chromasonic.studio.serving, chromasonic.studio.patience; create_app(); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert done.stdout.strip() == "[]"


def test_it_says_where_it_is_and_a_second_one_finds_the_first(tmp_path: Path) -> None:
    first = started_studio(tmp_path)
    port = first.address.rsplit(":", 1)[1]
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", first.address)
        code, said = refusal("--port", port)
        assert code != 0
        assert f"A studio is open already at http://localhost:{port}/" in said
        assert "--port 0" in said
    finally:
        ended(first)


def test_a_port_that_something_else_has_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = refusal("--port", str(port))
    assert code != 0
    assert f"Port {port} is taken by another program" in said


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--host", "0.0.0.0"], "Start with --share"),
        (["--host", "::"], "Start with --share"),
        (["--host", "192.0.2.77", "--share"], "no address of this machine"),
        (["--port", "70000"], "65535"),
        (["--public-address", "https://listen.example.org"], "--share"),
    ],
)
def test_what_cannot_be_is_refused_with_the_next_step(options: list[str], says: str) -> None:
    code, said = refusal(*options)
    assert code == 2 or "no address" in says
    assert code != 0
    assert says in said


def test_a_folder_in_which_nothing_can_be_kept_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    folder = tmp_path / "file" / "studio"
    code, said = refusal("--port", "0", "--folder", str(folder), "--runs", str(tmp_path / "none"))
    assert code != 0
    assert f"cannot keep anything in {folder}" in said
    assert f"{tmp_path / 'none'} is no folder (yet)" in said


def test_without_the_extra_it_says_in_one_line_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'fastapi' else found(name, *rest)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        COMMAND, capture_output=True, text=True, timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 2
    said = done.stderr.strip()
    assert "pip install 'chromasonic[studio]'" in said
    assert len(said.splitlines()) == 1


def test_a_shared_studio_gives_links_and_says_who_may_have_them(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--share", "--port", "0", "--folder", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = "".join(process.stdout.readline() for _ in range(4))
    process.terminate()
    process.wait(SECONDS)
    process.stdout.close()
    links = re.findall(r"http://(\S+?)/\?token=([\w-]+)", said)
    assert len(links) == 2
    assert links[0][1] == links[1][1]
    assert links[0][0].startswith("localhost:")
    assert not links[1][0].startswith(("localhost", "0.0.0.0", "127."))
    assert "Listen page" in said


def test_the_next_internet_protocol_is_served_too(tmp_path: Path) -> None:
    running = started_studio(tmp_path, "--host", "::1")
    try:
        assert running.address.startswith("http://localhost:")
        port = running.address.rsplit(":", 1)[1]
        assert httpx.get(f"http://[::1]:{port}/compose", timeout=SECONDS).status_code == 200
    finally:
        ended(running)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_its_processes_end_with_it(tmp_path: Path, ending: int) -> None:
    running = started_studio(tmp_path)
    deadline = time.monotonic() + SECONDS
    while not (children := children_of(running.process.pid)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with httpx.Client(base_url=running.address, timeout=SECONDS) as http:
        assert http.get("/compose").status_code == 200  # a connection that is kept holds up nothing
        running.process.send_signal(ending)
        running.process.wait(SECONDS)
    wait_until_gone(children)


def test_answers_do_not_wait_for_acknowledgements() -> None:
    from chromasonic.studio.serving import _listening
    from chromasonic.studio.settings import StudioSettings

    with _listening(StudioSettings(port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP, "what asyncio wants to see before it says so"


def test_two_hundred_clients_at_once_are_answered(studio: RunningStudio) -> None:
    def visit(number: int) -> int:
        paths = ("/compose", "/api/pieces", "/web/kit/api.js", "/robots.txt")
        with urllib.request.urlopen(studio.address + paths[number % 4], timeout=SECONDS) as answer:
            return answer.status

    with ThreadPoolExecutor(200) as clients:
        assert list(clients.map(visit, range(400))) == [200] * 400


def test_who_sends_nothing_or_drips_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import asyncio

    import uvicorn
    from tests.studio.running import run_async

    async def app(scope: dict, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    async def story() -> list[bytes]:
        config = uvicorn.Config(
            app, http=patience.PatientProtocol, lifespan="off", log_config=None, port=0
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]

        async def talk(*parts: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                for part in parts:
                    writer.write(part)
                    await asyncio.sleep(0.1)
                return await asyncio.wait_for(reader.read(), SECONDS)
            except ConnectionError:  # it was closed while we dripped
                return b""
            finally:
                writer.close()

        good = await talk(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        monkeypatch.setattr(patience, "HEAD_SECONDS", 0.5)
        drip = [b"GET / HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 10]
        refused = await asyncio.gather(talk(), talk(*drip))
        server.should_exit = True
        await serving
        return [*refused, good]

    nothing, dripped, good = run_async(story())
    assert (nothing, dripped) == (b"", b"")
    assert good.startswith(b"HTTP/1.1 204")


def test_who_takes_nothing_of_an_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    import uvicorn
    from tests.studio.running import run_async

    async def app(scope: dict, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": bytes(50_000_000)})  # type: ignore[operator]

    async def story() -> None:
        config = uvicorn.Config(
            app, http=patience.PatientProtocol, lifespan="off", log_config=None, port=0
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.01)
        with socket.create_connection(server.servers[0].sockets[0].getsockname()) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while not server.server_state.connections:
                await asyncio.sleep(0.01)
            async with asyncio.timeout(SECONDS):
                while server.server_state.connections:
                    await asyncio.sleep(0.01)
        server.should_exit = True
        await serving

    monkeypatch.setattr(patience, "TAKEN_SECONDS", 0.2)
    run_async(story())


def test_who_takes_an_answer_slowly_is_waited_for() -> None:
    import uvicorn
    from uvicorn.server import ServerState

    class Wire:
        """A transport, and a loop whose time passes when it is told to."""

        left, is_cut, later = 0, False, None

        def call_later(self, _: float, later):  # type: ignore[no-untyped-def]
            self.later = later
            return self

        def cancel(self) -> None:
            pass

        def get_extra_info(self, _: str) -> None:
            return None

        def get_write_buffer_size(self) -> int:
            return self.left

        def abort(self) -> None:
            self.is_cut = True

    wire = Wire()
    config = uvicorn.Config(lambda: None, log_config=None, lifespan="off")
    protocol = patience.PatientProtocol(config, ServerState(), {}, _loop=wire)  # type: ignore[arg-type]
    protocol.connection_made(wire)
    looks = []
    for left in (0, 90, 80, "80 anew", 0, 80):
        wire.left = left if isinstance(left, int) else 80
        if left == "80 anew":  # what was left has been taken, and as much written since
            protocol.pause_writing()
            protocol.resume_writing()
        protocol._look()
        looks.append(wire.is_cut)
    assert looks == [False] * 6
    protocol._look()
    assert wire.is_cut


def test_a_body_that_stops_in_the_middle_is_given_up() -> None:
    import asyncio

    from tests.studio.running import run_async

    from chromasonic.studio.guard_body import Limits
    from chromasonic.studio.settings import StudioSettings

    said: list[dict] = []

    async def app(scope: dict, receive, send) -> None:  # type: ignore[no-untyped-def]
        while (await receive()).get("more_body"):
            pass

    async def receive() -> dict:
        if not said and not started:
            started.append(1)
            return {"type": "http.request", "body": b"{", "more_body": True}
        await asyncio.sleep(60)
        raise AssertionError("waited for too long")

    async def send(message: dict) -> None:
        said.append(message)

    started: list[int] = []
    scope = {"type": "http", "method": "POST", "path": "/api/x", "headers": [], "query_string": b""}
    limits = Limits(app, StudioSettings(), part_seconds=0.05)
    run_async(limits(scope, receive, send))
    assert said[0]["status"] == 408
    assert "Send it again" in json.loads(said[1]["body"])["error"]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
