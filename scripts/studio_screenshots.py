"""Pictures of the studio's pages for the documentation, each at the end of its story.

A studio is started in a folder of its own; each page's story (`tests/studio/story_NAME.py`, which
its tests walk too) is told in a browser, and the page is then taken wide and narrow, light and
dark. It needs a Chromium and `pip install -e '.[studio,dev]'`:

    python scripts/studio_screenshots.py [--only compose,listen] [--output docs/images]
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

WIDE, NARROW = (1280, 860), (375, 780)
TALLEST_PX = {WIDE: 1500, NARROW: 1100}
"""A page longer than that is cut off."""

COLOURS = 256
"""Of a picture's palette: enough for type and scores, a third of the bytes."""

UNSCROLLED = """(begin) => {
  document.activeElement?.blur();
  for (const one of document.querySelectorAll('main *')) one.scrollTop = 0;
  const place = document.querySelector(begin).getBoundingClientRect().top + scrollY;
  scrollTo({top: begin === 'body' ? 0 : place - 12, behavior: 'instant'});
}"""

DARK_TOO = ("compose",)
"""Pages that are shown in dark as well."""


def main() -> int:
    """Take the pictures; 0 if every story could be told."""
    from tests.studio.running import QUIET, browser_path, ended, started_studio

    from chromasonic.studio.pages import PAGES

    options = _options(known := [*(page.name for page in PAGES), "hear", "listen-making"])
    names = options.only.split(",") if options.only else known
    from playwright.sync_api import sync_playwright

    failed = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        os.environ["CHROMASONIC_EXPERIMENTS"] = f"{folder}/experiments.db"  # nobody's own votes
        studio = started_studio(Path(folder))
        browser = engine.chromium.launch(executable_path=browser_path(), args=list(QUIET))
        try:
            for name in names:
                try:
                    for path in take(browser, studio.address, name, options.output):
                        print(f"{path}  {path.stat().st_size / 1000:.0f} KB")
                except Exception as error:  # one page that fails must not cost the others
                    failed.append(name)
                    print(f"{name}: {error}", file=sys.stderr)
        finally:
            browser.close()
            ended(studio)
    return 1 if failed else 0


def take(browser: Any, address: str, name: str, output: Path) -> list[Path]:
    """Tell a page's story and take its pictures.

    Args:
        browser: a Playwright browser.
        address: of the studio.
        name: of the page.
        output: folder of the pictures.
    """
    story = importlib.import_module(f"tests.studio.story_{name.replace('-', '_')}")
    still = {"color_scheme": "light", "reduced_motion": "reduce"}  # it must not scroll meanwhile
    context = browser.new_context(viewport=_size(WIDE), **still)
    try:
        page = context.new_page()
        page.set_default_timeout(200_000)  # tests of many pairs, on a busy machine
        story.tell(page, address)
        if hasattr(story, "dress"):  # what is done for the picture alone
            story.dress(page)
        taken = [_picture(page, WIDE, output / f"studio-{name}.png")]
        if name in DARK_TOO:
            page.emulate_media(color_scheme="dark")
            taken.append(_picture(page, WIDE, output / f"studio-{name}-dark.png"))
            page.emulate_media(color_scheme="light")
        page.set_viewport_size(_size(NARROW))
        page.wait_for_timeout(600)  # a score is engraved for the width
        begin = getattr(story, "PHONE", "body")
        return [*taken, _picture(page, NARROW, output / f"studio-{name}-phone.png", begin)]
    finally:
        context.close()


def _picture(page: Any, size: tuple[int, int], path: Path, begin: str = "body") -> Path:
    """The page from an element on, as long as it is, as a PNG with a palette."""
    from PIL import Image

    height = page.evaluate("document.documentElement.scrollHeight")
    height = max(size[1], min(height, TALLEST_PX[size]))
    # What sticks to the window's edge sits at the page's end when the window is as tall.
    page.set_viewport_size({"width": size[0], "height": height})
    page.evaluate(UNSCROLLED, begin)
    page.wait_for_timeout(300)
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    palette = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    path.parent.mkdir(parents=True, exist_ok=True)
    palette.save(path, optimize=True)
    return path


def _size(size: tuple[int, int]) -> dict[str, int]:
    return {"width": size[0], "height": size[1]}


def _options(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", default="", help=f"some of {', '.join(names)}, by commas")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
