"""Browsers driven by what they bring along: WebDriver over HTTP, and Firefox by Marionette.

No more than `studio_browsers.py` needs: open, run a script, click, size, picture, errors.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

START_SECONDS = 60.0
ANSWER_SECONDS = 300.0
PREFERENCES: dict[str, Any] = {
    "devtools.console.stdout.content": True,
    "app.normandy.enabled": False, "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#", "toolkit.telemetry.server": "",
    "extensions.update.enabled": False,
    "browser.download.folderList": 2,
    "browser.download.alwaysOpenPanel": False,
    "messaging-system.rsexperimentloader.enabled": False, "browser.aboutwelcome.enabled": False,
}  # fmt: skip
"""Of Firefox: the console goes to its output, nothing is asked of the network."""

NARROW_WINDOW = "* { min-width: 0; min-height: 0; padding: 0; margin: 0; font-size: 1px; }"
"""For WebKit's MiniBrowser, whose buttons would keep the window wider than a phone."""


class Unusable(Exception):
    """A browser that is not there, or does not start."""


class Quiet:
    """A screen and a loudspeaker that nobody sees or hears, where the machine has none.

    Args:
        folder: for their files, and the browsers'.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Quiet:
        if "PULSE_SERVER" not in os.environ and shutil.which("pulseaudio"):
            where = self.folder / "loudspeaker"
            self.environment["PULSE_SERVER"] = f"unix:{where}"
            door = f"module-native-protocol-unix socket={where} auth-anonymous=1"
            options = ("-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes")
            self._start("pulseaudio", *options, "-L", "module-null-sink", "-L", door)
        if os.name == "posix" and "DISPLAY" not in os.environ and shutil.which("Xvfb"):
            reading, writing = os.pipe()
            screen = ("-screen", "0", "1400x1600x24", "-nolisten", "tcp")
            self._start("Xvfb", "-displayfd", str(writing), *screen, pass_fds=(writing,))
            os.close(writing)
            with os.fdopen(reading) as told:
                self.environment["DISPLAY"] = ":" + told.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.wait()

    def _start(self, *command: str, **more: Any) -> None:
        self._processes.append(
            subprocess.Popen(
                command,
                env={**self.environment, "XDG_RUNTIME_DIR": str(self.folder)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **more,
            )
        )


class Driver:
    """A browser with one window."""

    name = ""
    version = ""

    def __init__(self, quiet: Quiet) -> None:
        self.quiet = quiet
        self.folder = quiet.folder / self.name
        self.folder.mkdir()
        self.said = self.folder / "output.txt"
        self._read = 0

    def send(self, name: str, **values: Any) -> Any:
        """One command of the WebDriver protocol; its answer."""
        raise NotImplementedError

    def quit(self) -> None:
        """End the browser."""
        raise NotImplementedError

    def go(self, address: str) -> None:
        self.send("Navigate", url=address)

    def js(self, code: str, *values: Any) -> Any:
        """The value that a script returns; a promise is waited for."""
        return self.send("ExecuteScript", script=code, args=list(values))

    def click(self, css: str) -> None:
        found = self.send("FindElement", using="css selector", value=css)
        self.send("ElementClick", id=next(iter(found.values())))

    def size(self, width: int, height: int) -> int:
        """Make the page so wide; how wide it is then."""
        self.send("SetWindowRect", width=width, height=height)
        return int(self.js("return innerWidth"))

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("TakeScreenshot")))

    def errors(self) -> list[str]:
        """What the pages said on the console that is an error, since it was last asked."""
        with suppress(FileNotFoundError), self.said.open(errors="replace") as file:
            file.seek(self._read)
            lines = file.read().splitlines()
            self._read = file.tell()
            return [line.strip() for line in lines if self._is_error(line)]
        return []

    def _is_error(self, line: str) -> bool:
        raise NotImplementedError


class OverHttp(Driver):
    """A browser whose driver speaks WebDriver over HTTP."""

    command: tuple[str, ...] = ()
    package = ""
    paths: ClassVar[dict[str, tuple[str, str]]] = {
        "Navigate": ("POST", "/url"), "ExecuteScript": ("POST", "/execute/sync"),
        "FindElement": ("POST", "/element"), "SetWindowRect": ("POST", "/window/rect"),
        "TakeScreenshot": ("GET", "/screenshot"), "Quit": ("DELETE", ""),
    }  # fmt: skip

    def __init__(self, quiet: Quiet) -> None:
        if not shutil.which(self.command[0]):
            raise Unusable(f"{self.command[0]} is not installed: {self.package}.")
        super().__init__(quiet)
        self.port = _free_port()
        self.process = subprocess.Popen(
            [*self.command, f"--port={self.port}"], env=self.environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.session = ""
        try:
            _wait_for(self.port, self.command[0])
            wish = {"capabilities": {"alwaysMatch": self.capabilities()}}
            told = self._ask("POST", "/session", wish)
        except (Unusable, Refused) as error:
            self.process.terminate()
            raise Unusable(f"It does not start: {error}") from error
        self.session = f"/session/{told['sessionId']}"
        known = told["capabilities"]
        self.version = f"{known['browserName']} {known['browserVersion']}"

    def environment(self) -> dict[str, str]:
        return self.quiet.environment

    def capabilities(self) -> dict[str, Any]:
        raise NotImplementedError

    def send(self, name: str, **values: Any) -> Any:
        if name == "ElementClick":
            return self._ask("POST", f"{self.session}/element/{values['id']}/click", {})
        method, path = self.paths[name]
        return self._ask(method, self.session + path, values if method == "POST" else None)

    def quit(self) -> None:
        with suppress(Refused, OSError):
            self.send("Quit")
        self.process.terminate()
        self.process.wait()

    def _ask(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"},
            method=method,
        )  # fmt: skip
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.loads(error.read() or b"{}").get("value", {})
            raise Refused(f"{told.get('error')}: {told.get('message', '')[:300]}") from error


class Refused(Exception):
    """A command that the browser could not follow."""


class WebKit(OverHttp):
    """Safari's engine in the small browser of WebKitGTK."""

    name = "webkit"
    command = ("WebKitWebDriver",)
    package = "apt install webkit2gtk-driver xvfb"

    def environment(self) -> dict[str, str]:
        (self.folder / "gtk-3.0").mkdir()
        (self.folder / "gtk-3.0" / "gtk.css").write_text(NARROW_WINDOW)
        return {
            **self.quiet.environment,
            "XDG_CONFIG_HOME": str(self.folder),
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # of our own pages alone
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }

    def capabilities(self) -> dict[str, Any]:
        found = sorted(Path("/usr").glob("lib*/**/webkit*gtk-*/MiniBrowser"))
        if not found:
            raise Unusable("WebKitGTK's MiniBrowser is not installed: " + self.package)
        starter = self.folder / "start"  # its output is not passed on by the driver
        starter.write_text(f'#!/bin/sh\nexec {found[-1]} "$@" >>{self.said} 2>&1\n')
        starter.chmod(0o755)
        args = ["--automation", "--enable-write-console-messages-to-stdout=true"]
        return {"webkitgtk:browserOptions": {"binary": str(starter), "args": args}}

    def _is_error(self, line: str) -> bool:
        return line.startswith("CONSOLE") and " ERROR " in line


class Safari(OverHttp):
    """Apple's own, on a Mac."""

    name = "safari"
    command = ("safaridriver",)
    package = "comes with macOS; allow it once with `safaridriver --enable`"

    def capabilities(self) -> dict[str, Any]:
        return {"browserName": "safari"}

    def errors(self) -> list[str]:
        return []  # it tells nobody what is on its console


class Chromium(OverHttp):
    """The tests' own browser, for comparison."""

    name = "chromium"
    command = ("chromedriver",)
    package = "apt install chromium-driver"
    paths: ClassVar[dict[str, tuple[str, str]]] = {**OverHttp.paths, "Log": ("POST", "/se/log")}

    def capabilities(self) -> dict[str, Any]:
        args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        wish = {"goog:chromeOptions": {"args": args}, "goog:loggingPrefs": {"browser": "SEVERE"}}
        return {"browserName": "chrome", **wish}

    def errors(self) -> list[str]:
        return [one["message"] for one in self.send("Log", type="browser")]


class Firefox(Driver):
    """Firefox by Marionette, the protocol that it speaks itself."""

    name = "firefox"

    def __init__(self, quiet: Quiet) -> None:
        binary = shutil.which("firefox-esr") or shutil.which("firefox")
        if binary is None:
            raise Unusable("firefox is not installed: apt install firefox-esr.")
        super().__init__(quiet)
        port = _free_port()
        downloads = str(self.folder / "downloads")
        chosen = {**PREFERENCES, "marionette.port": port, "browser.download.dir": downloads}
        lines = [
            f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in chosen.items()
        ]
        (self.folder / "user.js").write_text("".join(lines))
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [binary, "--headless", "--marionette", "--remote-allow-system-access",
                 "--no-remote", "--profile", str(self.folder)],
                env=quiet.environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        _wait_for(port, binary)
        self.line = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.answers = self.line.makefile("rb")
        self._next()
        self.number = 0
        known = self.send("NewSession", capabilities={})["capabilities"]
        self.version = f"Firefox {known['browserVersion']}"
        self._lift_least_width()

    def send(self, name: str, **values: Any) -> Any:
        self.number += 1
        group = "Marionette" if name in ("Quit", "SetContext") else "WebDriver"
        text = json.dumps([0, self.number, f"{group}:{name}", values]).encode()
        self.line.sendall(b"%d:%s" % (len(text), text))
        _, _, error, told = self._next()
        if error:
            raise Refused(f"{error['error']}: {error['message'][:300]}")
        return told["value"] if isinstance(told, dict) and set(told) == {"value"} else told

    def quit(self) -> None:
        with suppress(OSError, Refused, ValueError):
            self.send("Quit", flags=["eForceQuit"])
        self.process.terminate()
        self.process.wait()

    def _next(self) -> Any:
        length = b""
        while (sign := self.answers.read(1)) not in (b":", b""):
            length += sign
        return json.loads(self.answers.read(int(length)))

    def _lift_least_width(self) -> None:
        """Let the window be as narrow as a phone."""
        self.send("SetContext", value="chrome")
        self.js("for (const one of document.querySelectorAll('*')) if (one.style) "
                "one.style.minWidth = '0';")  # fmt: skip
        self.send("SetContext", value="content")

    def _is_error(self, line: str) -> bool:
        if line.startswith("console.error:"):  # its own parts say their name first
            return not re.match(r"console\.error: \w+: *$", line)
        return line.startswith("JavaScript error: http")


ENGINES: dict[str, type[Driver]] = {one.name: one for one in (WebKit, Firefox, Chromium, Safari)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, name: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise Unusable(f"{name} does not answer within {START_SECONDS:.0f} s.")
