"""A small collection in the layout of LMD-full; it is known what is wrong with each file."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

from chromasonic.data.synthetic import structured_tunes
from chromasonic.music.tune import Tune

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_lakh_like.py"

PLANTED = {
    "arrangement": 8, "copy": 2, "no click": 2, "drums only": 1, "cut short": 2,
    "empty": 1, "too short": 1, "web page": 1, "no melody": 1,
}  # fmt: skip
"""Kind to how many files; the copies are of the first arrangements' tunes."""

REFUSED = {
    "the same melody as another file": 2,
    "off its own beats": 2,
    "drums only": 1,
    "damaged or not what its name says": 3,  # cut short, and the web page
    "empty file": 1,
    "no part can be a melody": 2,  # too short for one, and pads alone
}
"""What must be said of them."""


@cache
def maker() -> ModuleType:
    """The script that makes such collections."""
    spec = importlib.util.spec_from_file_location("make_lakh_like", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_lakh_like"] = module
    spec.loader.exec_module(module)
    return module


def planted_tunes() -> Sequence[Tune]:
    """The melodies of the arrangements."""
    return structured_tunes(PLANTED["arrangement"], 5)


def plant(folder: Path) -> Path:
    """Write the collection; its files are named by kind and number, not by hash."""
    tunes, rng = planted_tunes(), random.Random(0)
    for place, (kind, count) in enumerate(PLANTED.items()):
        below = folder / "lmd_full" / f"{place:x}"
        below.mkdir(parents=True)
        for number in range(count):
            data = maker().MAKERS[kind](tunes[number], rng)
            (below / f"{kind.replace(' ', '-')}-{number}.mid").write_bytes(data)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Name to bytes of every file of a prepared corpus, hidden ones aside."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
