"""The shelf: pieces are whole or not there, in order of time, and come back when taken away."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.studio.running import RunningStudio

from chromasonic.errors import StorageError, UsageError
from chromasonic.studio import shelf as shelf_module
from chromasonic.studio.shelf import CARD, ID, NotHereError, Shelf, new_id

KEEPER = """
import sys
from pathlib import Path
from chromasonic.studio.shelf import Shelf
shelf = Shelf(Path(sys.argv[1]))
while True:
    shelf.keep("tune", "A", {"n": 1}, {f"file-{n}.txt": b"whole" * 2_000 for n in range(4)})
    print("kept", flush=True)
"""


def keep(shelf: Shelf, title: str = "A tune", kind: str = "tune") -> str:
    return shelf.keep(kind, title, {"seed": 1}, {"tune.abc": "X:1", "tune.mid": b"MThd"}).id


def test_what_was_kept_is_found_again_by_another_shelf(tmp_path: Path) -> None:
    piece = Shelf(tmp_path).keep(
        "tune", "Ä  <b>\n", {"seed": 1}, {"tune.abc": "X:1\n", "a.mid": b"M"}
    )
    again = Shelf(tmp_path).get(piece.id)
    assert again == piece
    assert (again.title, again.data, again.files) == ("Ä <b>", {"seed": 1}, ("a.mid", "tune.abc"))
    assert Shelf(tmp_path).path(piece.id, "tune.abc").read_text() == "X:1\n"


def test_ids_are_in_order_of_time_and_can_stand_in_an_address() -> None:
    ids = []
    for _ in range(5):
        ids.append(new_id())
        time.sleep(0.002)
    assert ids == sorted(ids)
    assert all(ID.fullmatch(one) and one[0].isalnum() for one in ids)


def test_the_list_has_pages_and_reads_no_more_cards_than_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path)
    ids = []
    for number in range(12):
        ids.append(keep(shelf, f"{number}", "tune" if number % 3 else "groove"))
        time.sleep(0.002)
    newest_first = ids[::-1]
    first = [entry.id for entry in shelf.listed(most=5)]
    second = [entry.id for entry in shelf.listed(most=5, before=first[-1])]
    assert first + second == newest_first[:10]
    assert [e.title for e in shelf.listed(kinds=("groove",))] == ["9", "6", "3", "0"]
    fresh, read = Shelf(tmp_path), []
    whole = Shelf._card
    monkeypatch.setattr(Shelf, "_card", lambda self, one: read.append(one) or whole(self, one))
    fresh.listed(most=3)
    assert read == newest_first[:3]
    fresh.listed(most=3)
    assert len(read) == 3, "a card that was read is remembered"


def test_a_piece_that_was_taken_away_can_be_brought_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    one, other = keep(shelf), keep(shelf)
    shelf.remove(one)
    shelf.remove(one)
    assert [entry.id for entry in shelf.listed()] == [other]
    with pytest.raises(NotHereError, match="no piece"):
        shelf.get(one)
    assert shelf.restore(one).id == one
    assert shelf.path(one, "tune.mid").read_bytes() == b"MThd"
    assert shelf.restore(one).id == one, "twice does no harm"
    with pytest.raises(NotHereError, match="for good"):
        shelf.restore("AAAAAAAAAAAA")


def test_what_was_taken_away_long_ago_and_what_is_half_built_is_swept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    gone, recent, there = keep(shelf), keep(shelf), keep(shelf)
    shelf.remove(gone)
    shelf.remove(recent)
    half, building = tmp_path / ".half", tmp_path / ".building"
    for path in (half, building):
        path.mkdir()
    os.utime(tmp_path / ".trash" / gone, (time.time() - 31 * 86_400,) * 2)
    os.utime(half, (time.time() - 86_400,) * 2)
    shelf.sweep()
    assert not half.exists()
    assert building.exists(), "another process may be at it"
    assert shelf.restore(recent).id == recent
    assert shelf.get(there).id == there
    with pytest.raises(NotHereError):
        shelf.restore(gone)


@pytest.mark.parametrize("name", ["", "..", "../x.abc", "a/b.abc", "A.abc", ".abc", "a", "a.b.c"])
def test_a_file_has_a_plain_name(tmp_path: Path, name: str) -> None:
    shelf = Shelf(tmp_path)
    piece = keep(shelf)
    with pytest.raises(UsageError):
        shelf.path(piece, name)
    with pytest.raises(UsageError):
        shelf.keep("tune", "A", {}, {name: b""})
    assert len(list(tmp_path.iterdir())) == 1, "nothing half-built is left"


@pytest.mark.parametrize("piece", ["", "..", "../..", ".trash", "A" * 11, "A" * 13, "AAAA/AAAAAAA"])
def test_only_ids_lead_to_pieces(tmp_path: Path, piece: str) -> None:
    for ask in (Shelf(tmp_path).get, Shelf(tmp_path).restore, Shelf(tmp_path).remove):
        with pytest.raises(UsageError):
            ask(piece)


def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    shelf = Shelf(tmp_path)
    monkeypatch.setattr(shelf_module, "_write", full)
    with pytest.raises(StorageError, match=r"No space left on device\. Free some space"):
        keep(shelf)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("card", ["{", "{}", "[]", '"tune"'])
def test_a_damaged_card_hides_its_piece_and_no_other(tmp_path: Path, card: str) -> None:
    shelf = Shelf(tmp_path)
    damaged, whole = keep(shelf), keep(shelf)
    (tmp_path / damaged / CARD).write_text(card)
    (tmp_path / "holiday-list").write_text("no piece, though its name could be one")
    assert [entry.id for entry in shelf.listed()] == [whole]
    with pytest.raises(UsageError, match="damaged"):
        shelf.get(damaged)


def test_many_keep_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda n: keep(shelf, str(n)), range(60)))
    assert {entry.id for entry in shelf.listed(most=100)} == set(ids)
    assert len(set(ids)) == 60


def test_a_process_that_is_killed_leaves_whole_pieces_only(tmp_path: Path) -> None:
    for milliseconds in (30, 60, 90):
        process = subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"kept\n"  # then it is somewhere in the next one
        time.sleep(milliseconds / 1_000)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    shelf = Shelf(tmp_path)
    pieces = shelf.all(most=100_000)
    assert pieces, "some were kept before the end"
    for piece in pieces:
        assert len(piece.files) == 4
        for name in piece.files:
            assert shelf.path(piece.id, name).read_bytes() == b"whole" * 2_000


def test_over_http_pieces_are_listed_downloaded_taken_away_and_brought_back(
    studio: RunningStudio,
) -> None:
    shelf = Shelf(studio.folder / "pieces")
    kind = "shelf-test"
    ids = []
    for number in range(3):
        ids.append(keep(shelf, f"Tune № {number} <script>", kind))
        time.sleep(0.002)
    with httpx.Client(base_url=studio.address, timeout=30) as http:

        def listed(**wishes: Any) -> dict[str, Any]:
            return http.get("/api/pieces", params={"kind": kind, **wishes}).json()

        page = listed(most=2)
        assert [one["id"] for one in page["pieces"]] == [ids[2], ids[1]]
        assert page["next"] == ids[1]
        rest = listed(most=2, before=page["next"])
        assert [one["id"] for one in rest["pieces"]] == [ids[0]]
        assert rest["next"] is None
        file = http.get(f"/api/pieces/{ids[0]}/tune.abc", params={"download": 1})
        assert file.headers["content-disposition"].endswith('.abc"')
        assert "<" not in file.headers["content-disposition"]
        assert "sandbox" in file.headers["content-security-policy"]
        assert http.delete(f"/api/pieces/{ids[0]}").status_code == 200
        assert http.get(f"/api/pieces/{ids[0]}").status_code == 404
        assert http.post(f"/api/pieces/{ids[0]}/restore", json={}).json()["id"] == ids[0]
        assert http.get(f"/api/pieces/{ids[0]}/tune.mid").content == b"MThd"
