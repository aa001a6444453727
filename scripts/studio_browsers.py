"""Walk the studio's pages in more browsers than the tests do: Firefox, WebKit, Safari.

A studio is started in a folder of its own; in each browser that is found each page's main story is
told with real clicks: the page loads without an error on the console, a score is drawn, sound moves
on, what can be downloaded is there, and nothing scrolls sideways at 375 and 1280 pixels. Pictures
of each page in each browser lie in --output afterwards.

    python scripts/studio_browsers.py                       all browsers, all pages
    python scripts/studio_browsers.py --only webkit --pages compose,hear
    python scripts/studio_browsers.py --shared              through the network address, over http,
                                                            where browsers give pages fewer rights

Wanted: `pip install -e '.[studio,dev]'` and, on Debian or Ubuntu, `apt install firefox-esr
webkit2gtk-driver chromium-driver xvfb pulseaudio gstreamer1.0-plugins-good`. On a Mac Safari itself
is driven, once `safaridriver --enable` was said.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.browser_drivers import ENGINES, Driver, Quiet, Unusable  # noqa: E402

WIDTHS = (375, 1280)
HEIGHT = 900
PATIENCE_SECONDS = 90.0
SUNSET = ROOT / "examples" / "pictures" / "sunset.jpg"
FUNK = "name=Funk&bars=1&tempo=98&swing=50&swung=16&d36=x.x.......x.....&d38=....X..o.o..X..o"
SETTINGS = {
    "data.num_sequences": 60, "lstm.training.epochs": 3, "lstm.model.hidden_size": 8,
}  # fmt: skip
DROP = """const [css, name, kind, text] = arguments;
const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
const all = new DataTransfer();
all.items.add(new File([bytes], name, {type: kind}));
const input = document.querySelector(css);
input.files = all.files;
input.dispatchEvent(new Event('change', {bubbles: true}));"""
FILL = """const [css, value] = arguments;
const field = document.querySelector(css);
if (typeof value === 'boolean') field.checked = value; else field.value = value;
for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, {bubbles: true}));"""
AT = """const element = document.querySelector(arguments[0]);
element.scrollIntoView({block: 'center', behavior: 'instant'});
const {left, top} = element.getBoundingClientRect();
return `${left} ${top} ${scrollY}`;"""
FILES = """const [inside] = arguments;
const links = [...document.querySelectorAll(`${inside} a.download`)].map((one) => one.href);
return Promise.all(links.map(async (link) => {
  const answer = await fetch(link);
  return {link, isThere: answer.ok, bytes: (await answer.arrayBuffer()).byteLength};
}));"""
FACTS = """return {
  agent: navigator.userAgent, isSecure: isSecureContext, midi: 'requestMIDIAccess' in navigator,
  clipboard: 'clipboard' in navigator,
}"""


class Trouble(Exception):
    """Something on a page is not as it should be."""


class Visitor:
    """Somebody who uses the studio in one browser."""

    def __init__(self, driver: Driver, address: str, token: str, output: Path) -> None:
        self.driver, self.address, self.token, self.output = driver, address, token, output
        self.link = ""  # for listeners, once a test was made

    def enter(self) -> None:
        """Come in with the token, if one is wanted."""
        self.driver.size(WIDTHS[1], HEIGHT)
        self.driver.go(f"{self.address}/compose{self.token}")

    def go(self, path: str) -> None:
        """Open a page anew, with the errors of earlier ones forgotten."""
        self.driver.go("about:blank")
        self.driver.errors()
        self.driver.go(path if path.startswith("http") else self.address + path)

    def js(self, code: str, *values: Any) -> Any:
        return self.driver.js(code, *values)

    def wait(self, truth: str, what: str, seconds: float = PATIENCE_SECONDS) -> Any:
        """Until an expression of the page is true; its value."""
        end = time.monotonic() + seconds
        while not (found := self.js(f"return {truth}")):
            if time.monotonic() > end:
                said = self.js("return document.querySelector('#notices')?.textContent ?? ''")
                raise Trouble(f"{what}: waited {seconds:.0f} s in vain. {said}".strip())
            time.sleep(0.15)
        return found

    def press(self, css: str, seconds: float = PATIENCE_SECONDS) -> None:
        """A real click, once the thing is there and can be pressed."""
        there = f"document.querySelector({css!r})"
        usable = f"{there} && !{there}.disabled && {there}.getClientRects().length > 0"
        self.wait(usable, f"{css} can be pressed", seconds)
        for _ in range(20):  # what comes late above it would move it away from under the finger
            before = self.js(AT, css)
            time.sleep(0.1)
            if before == self.js(AT, css):
                break
        self.driver.click(css)

    def fill(self, css: str, value: str | bool) -> None:
        self.wait(f"document.querySelector({css!r})", f"{css} is there")
        self.js(FILL, css, value)

    def hear(self, transport: str = "#transport") -> str:
        """Play until a second has passed on the page, then pause."""
        self.press(f"{transport} .round")
        clock = f"document.querySelector('{transport} .time').textContent"
        self.wait(f"{clock} > '0:00'", "the sound moves on")
        self.press(f"{transport} .round")
        self.wait(
            f"document.querySelector('{transport} .round').getAttribute('aria-label') === 'Play'",
            "the sound pauses",
        )
        return "sound plays"

    def files(self, least: int, inside: str = "") -> str:
        """All that can be downloaded is there."""
        found = self.js(FILES, inside)
        gone = [one["link"] for one in found if not one["isThere"] or not one["bytes"]]
        if gone or len(found) < least:
            raise Trouble(f"{len(found)} downloads, at least {least} expected; missing: {gone}")
        return f"{len(found)} downloads"

    def check_widths(self, name: str) -> None:
        """Nothing scrolls sideways; a picture of each width."""
        for width in WIDTHS:
            if self.driver.size(width, HEIGHT) > width:
                raise Trouble(f"the window cannot be {width} px wide")
            time.sleep(0.7)  # a score is engraved for the width
            self.js("document.activeElement?.blur()")
            needed = self.js("return document.documentElement.scrollWidth")
            self.driver.picture(self.output / f"{name}-{self.driver.name}-{width}.png")
            if needed > width:
                raise Trouble(f"at {width} px it scrolls sideways: {needed} px wide")


def compose(visitor: Visitor) -> list[str]:
    """A picture sets the mood, a tune is written, heard, one bar written anew."""
    visitor.go("/compose")
    visitor.wait("document.querySelector('#model option')", "the models are listed")
    data = base64.b64encode(SUNSET.read_bytes()).decode()
    visitor.js(DROP, "#picture input", SUNSET.name, "image/jpeg", data)
    visitor.wait("document.querySelector('.palette-swatches li')", "the picture's colours")
    visitor.fill("[name=bars]", "8")
    visitor.press(".compose-go .primary")
    visitor.wait("document.querySelectorAll('#score svg g.note').length > 5", "a score is drawn")
    heard = visitor.hear()
    visitor.press(".score-bar[data-bar='3']")
    before = visitor.js("return location.search")
    visitor.press("#reroll")
    visitor.wait(f"location.search !== {before!r}", "a bar is written anew")
    visitor.press("#downloads button.download")  # WAV, made when it is asked for
    busy = "document.querySelector('#downloads [aria-busy=\"true\"]')"
    visitor.wait(f"!{busy}", "the WAV is made")
    files = visitor.files(3)
    visitor.press(".earlier li button")  # take it away? No.
    visitor.press("dialog[open] button[value='']")
    visitor.wait("!document.querySelector('dialog')", "the question goes away")
    notes = visitor.js("return document.querySelectorAll('#score svg g.note').length")
    return [f"score of {notes} notes", heard, files, "bar re-rolled", "dialog"]


def harmonize(visitor: Visitor) -> list[str]:
    """The melody that stands there is set; a voice is muted."""
    visitor.go("/harmonize")
    visitor.wait("document.querySelector('#melody-score svg')", "the melody is drawn")
    visitor.press("#go")
    visitor.wait(
        "document.querySelector('#result[aria-busy=false]') && "
        "document.querySelectorAll('#score svg g.note').length > 20", "four voices are drawn",
    )  # fmt: skip
    return ["four voices drawn", visitor.hear(), visitor.files(3)]


def groove(visitor: Visitor) -> list[str]:
    """A beat is humanized and goes round; straight and humanized are switched."""
    visitor.go(f"/groove#{FUNK}")
    visitor.wait("document.querySelector(\".cell[aria-label*='played']\")", "the drummer answers")
    visitor.press("#transport .round")
    visitor.wait("!document.querySelector('#cursor').hidden", "the line moves")
    visitor.js("document.querySelector('[name=version][value=straight]').click()")
    visitor.press("#transport .round")
    return ["grid humanized", visitor.hear(), visitor.files(2)]


def gesture(visitor: Visitor) -> list[str]:
    """The example moves, is recognized and plays."""
    visitor.go("/gesture")
    visitor.press("#example")
    visitor.wait("document.querySelector('#downloads a')", "the gestures are recognized")
    return ["recognized", visitor.hear(), visitor.files(1)]


def train(visitor: Visitor) -> list[str]:
    """A run that is over: it is listed, its curves are drawn."""
    visitor.go("/train")
    visitor.wait("!document.querySelector('#runs[aria-busy]')", "the runs are listed")
    if not visitor.js("return document.querySelector('#runs button')"):
        wish = {
            "task": "melody", "kind": "lstm", "corpus": "synthetic-structured", "name": "Small",
            "settings": SETTINGS,
        }  # fmt: skip
        run = visitor.js(
            "return fetch('/api/train/runs', {method: 'POST', body: JSON.stringify(arguments[0]),"
            " headers: {'Content-Type': 'application/json'}}).then((one) => one.json())", wish,
        )["run"]  # fmt: skip
        told = f"fetch('/api/train/runs/{run}').then((one) => one.json())"
        over = f"{told}.then((one) => ['done', 'failed'].includes(one.state.state))"
        visitor.wait(over, "a training ends", 240)
        visitor.go("/train")
    visitor.press("#runs button")
    visitor.wait("document.querySelector('#loss .chart-lines path')", "the curves are drawn")
    visitor.wait("document.querySelector('.finding')", "the curves are read")
    return ["list and curves drawn"]


def models(visitor: Visitor) -> list[str]:
    """Two models that ship are laid side by side."""
    visitor.go("/models")
    for reference in ("folk@shipped", "folk-markov@shipped"):
        visitor.press(f"[aria-label='Compare {reference}']")
    visitor.press("#compare")
    visitor.wait("document.querySelector('svg.radar')", "the radar is drawn")
    return ["compared, radar drawn"]


def listen(visitor: Visitor) -> list[str]:
    """A test between two models is made; its link is copied."""
    visitor.go("/listen")
    visitor.press("#new")
    visitor.wait(
        "document.querySelector('[name=version-B] option[value]')", "the models are listed"
    )
    visitor.fill("[name=version-A]", "folk@shipped")
    visitor.fill("[name=version-B]", "folk-markov@shipped")
    for name, value in {"items": "2", "bars": "2", "trials": "2", "repeats": "0"}.items():
        visitor.fill(f"[name={name}]", value)
    visitor.press("#making [type=submit]")
    visitor.wait("document.querySelector('#one .verdict')", "the test is made", 180)
    visitor.link = visitor.wait("document.querySelector('.link-row input')?.value", "a link")
    visitor.press(".link-row .primary")
    said = visitor.wait("document.querySelector('#notices .notice')?.textContent", "an answer")
    return ["test made", said.rstrip("×")]


def hear(visitor: Visitor) -> list[str]:
    """A listener votes, closes the page, comes back, and ends; the votes are in the result."""
    if not visitor.link:
        listen(visitor)
    visitor.go(visitor.link)
    visitor.press("#begin")
    for pair in ("1 of 2", "2 of 2"):
        visitor.wait(f"document.querySelector('#how-far').textContent === '{pair}'", pair)
        for side in ("first", "second"):
            visitor.press(f".clip[data-side={side}] .play:enabled")
            visitor.wait(
                f"document.querySelector('.clip[data-side={side}].is-heard')",
                f"the {side} clip plays",
            )
        if pair == "1 of 2":
            visitor.check_widths("pair")
        visitor.press("#choice label:first-of-type")
        visitor.press("#confidence button[value='2']:enabled")
        if pair == "1 of 2":
            visitor.wait("document.querySelector('#how-far').textContent === '2 of 2'", "2 of 2")
            visitor.go(visitor.link)  # the page was closed in between
    visitor.wait("document.querySelector('#end-title').textContent === 'Thank you'", "thanks")
    return ["both clips play", "resumed at 2 of 2", "2 votes"]


def results(visitor: Visitor) -> list[str]:
    """What the votes say."""
    if not visitor.link:
        hear(visitor)
    visitor.go(f"/listen?test={visitor.link.rstrip('/').rpartition('/')[2]}")
    visitor.wait("document.querySelector('#one .figures')?.textContent.includes('2 cast')", "votes")
    links = visitor.js(
        "return [...document.querySelectorAll('#one a[download], #one a[href*=csv]')].length"
    )
    return ["2 votes counted", f"{links} export links"]


WALKS: dict[str, Callable[[Visitor], list[str]]] = {
    "compose": compose, "harmonize": harmonize, "groove": groove, "gesture": gesture,
    "train": train, "models": models, "listen": listen, "hear": hear, "results": results,
}  # fmt: skip


def main() -> int:
    """Walk; 0 if each page works in each browser that was found, and one was."""
    from tests.studio.running import ended, started_studio

    options = _options()
    options.output.mkdir(parents=True, exist_ok=True)
    failed = tried = 0
    with tempfile.TemporaryDirectory() as folder, Quiet(Path(folder)) as quiet:
        os.environ["CHROMASONIC_EXPERIMENTS"] = f"{folder}/experiments.db"
        studio = started_studio(Path(folder), *(["--share"] if options.shared else []))
        try:
            address, token = _addresses(studio.address)
            for name in options.only.split(","):
                try:
                    driver = ENGINES[name](quiet)
                except Unusable as why:
                    print(f"{name}: not tried. {why}", file=sys.stderr)
                    continue
                try:
                    failed += walked(Visitor(driver, address, token, options.output), options)
                    tried += 1
                finally:
                    driver.quit()
        finally:
            ended(studio)
    return 1 if failed or not tried else 0


def walked(visitor: Visitor, options: argparse.Namespace) -> int:
    """Tell each story in one browser, a line each; how many went wrong."""
    visitor.enter()
    facts, failed = visitor.js(FACTS), 0
    print(f"{visitor.driver.name}: {visitor.driver.version}; {facts}", flush=True)
    for name in options.pages.split(","):
        begin = time.monotonic()
        try:
            told = WALKS[name](visitor)
            visitor.check_widths(name)
            if errors := visitor.driver.errors():
                raise Trouble("on the console: " + " | ".join(errors))
            words = "ok      " + ", ".join([*told, "no error", "fits 375 and 1280 px"])
        except Exception as trouble:  # one page that fails must not hide the others
            failed += 1
            words = f"FAILED  {trouble} {visitor.driver.errors() or ''}".rstrip()
            visitor.driver.picture(options.output / f"{name}-{visitor.driver.name}-failed.png")
        print(f"  {name:10} {words} ({time.monotonic() - begin:.0f} s)", flush=True)
        visitor.driver.size(WIDTHS[1], HEIGHT)
    return failed


def _addresses(printed: str) -> tuple[str, str]:
    """The studio's address, and `?token=...`; of the network where it is shared."""
    address, _, token = printed.partition("/?")
    if not token:
        return address, ""
    from chromasonic.studio.serving import address_of_this_machine

    host = address_of_this_machine()
    return re.sub(r"//[^:/]+", f"//{host}", address), f"?{token}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(ENGINES), help=f"of {', '.join(ENGINES)}")
    parser.add_argument("--pages", default=",".join(WALKS), help=f"of {', '.join(WALKS)}")
    parser.add_argument("--shared", action="store_true", help="through the network address")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "browser-pictures")
    options = parser.parse_args()
    for chosen, known in ((options.only, ENGINES), (options.pages, WALKS)):
        if wrong := [one for one in chosen.split(",") if one not in known]:
            parser.error(f"{', '.join(wrong)}: choose of {', '.join(known)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
