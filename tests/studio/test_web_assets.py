"""What the studio's own scripts, styles and templates promise: short, complete, nothing remote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chromasonic.studio.place import WEB

ASSETS = sorted(path for path in WEB.rglob("*") if path.suffix in {".js", ".css", ".html", ".svg"})
SCRIPTS = [path for path in ASSETS if path.suffix == ".js"]
LONGEST_LINES = 400
NAMES_NOT_ADDRESSES = ("http://www.w3.org/",)


def name_of(path: Path) -> str:
    return path.relative_to(WEB).as_posix()


@pytest.mark.parametrize("asset", ASSETS, ids=name_of)
def test_nothing_is_fetched_from_elsewhere(asset: Path) -> None:
    addresses = re.findall(r"""(?:https?:|["'(])//[^\s"')]+""", asset.read_text(encoding="utf-8"))
    remote = [one for one in addresses if not one.startswith(NAMES_NOT_ADDRESSES)]
    assert remote == []


@pytest.mark.parametrize("asset", ASSETS, ids=name_of)
def test_pages_of_code_are_short(asset: Path) -> None:
    assert asset.read_text(encoding="utf-8").count("\n") <= LONGEST_LINES


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_every_import_is_there(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    wanted = re.findall(r"""^(?:import|export)\b[^;]*?from\s+['"]([^'"]+)['"]""", text, re.M | re.S)
    missing = [one for one in wanted if not (script.parent / one).resolve().is_file()]
    assert missing == []


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_scripts_say_what_they_are_for(script: Path) -> None:
    assert script.read_text(encoding="utf-8").startswith("/**")


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_no_text_becomes_markup(script: Path) -> None:
    """Titles and names are strangers' words: they are set as text, never parsed as HTML."""
    parsing = r"\.(?:innerHTML|outerHTML)\s*\+?=(?!=)|insertAdjacentHTML|document\.write|\beval\("
    assert re.findall(parsing, script.read_text(encoding="utf-8")) == []
