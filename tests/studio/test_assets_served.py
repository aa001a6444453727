"""What pages load: from memory, fresh when it changes, and never anything else."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from tests.studio.running import RunningStudio

from chromasonic.studio import assets as assets_module
from chromasonic.studio.assets import Assets
from chromasonic.studio.place import WEB


def test_a_file_is_read_once_and_again_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets_module, "LOOK_SECONDS", 0.0)
    path = tmp_path / "kit" / "a.js"
    path.parent.mkdir()
    path.write_text("one")
    served = Assets(tmp_path)
    first = served.asset("kit/a.js")
    assert first is not None
    assert (first.content, first.kind) == (b"one", "text/javascript; charset=utf-8")
    assert served.asset("kit/a.js") is first
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    second = served.asset("kit/a.js")
    assert second is not None
    assert second.content == b"two"
    assert second.tag != first.tag
    (tmp_path / "late.css").write_text("a {}")
    assert served.asset("late.css") is not None
    path.unlink()
    assert served.asset("kit/a.js") is None


def test_only_what_lies_in_the_folder_and_is_for_pages_is_served(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    for name in ("page.html", "notes.py", ".hidden"):
        (folder / name).write_text("x")
    served = Assets(folder)
    for path in ("../secret.txt", "page.html", "notes.py", ".hidden", "", "/etc/passwd", "."):
        assert served.asset(path) is None, path


def test_every_script_and_style_of_the_package_is_served_as_what_it_is() -> None:
    served = Assets(WEB)
    for path in WEB.rglob("*"):
        if path.suffix in (".js", ".css", ".svg"):
            asset = served.asset(path.relative_to(WEB).as_posix())
            assert asset is not None, path
            wanted = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
            assert asset.kind == f"{wanted[path.suffix]}; charset=utf-8"


def test_a_browser_that_has_a_copy_is_told_that_it_is_good(studio: RunningStudio) -> None:
    with httpx.Client(base_url=studio.address, timeout=30) as http:
        first = http.get("/web/kit/base.css")
        assert first.status_code == 200
        tag = {"If-None-Match": first.headers["etag"]}
        again = http.get("/web/kit/base.css", headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        other = http.get("/web/kit/base.css", headers={"If-None-Match": '"other"'})
        assert other.status_code == 200
        head = http.head("/web/kit/base.css")
        assert (head.status_code, head.content) == (200, b"")
