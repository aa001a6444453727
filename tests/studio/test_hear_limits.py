"""How often somebody may ask, and who a listener is."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from chromasonic.abtest.guards import MOST_WAITING
from chromasonic.studio.hear.limits import Limit
from chromasonic.studio.hear.listeners import address_of, listener_in, new_listener, waited
from chromasonic.studio.listen.invitations import Invitations, UnknownLink


def test_a_full_bucket_is_emptied_and_fills_again() -> None:
    now = 0.0
    limit = Limit(3, 0.5, clock=lambda: now)
    assert [limit.wait("a") for _ in range(4)] == [0, 0, 0, 2.0]
    assert limit.wait("b") == 0
    now = 2.0
    assert [limit.wait("a"), limit.wait("a")] == [0, 2.0]
    now = 1000.0
    assert [limit.wait("a") for _ in range(4)] == [0, 0, 0, 2.0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "is_behind_proxy", "address"),
    [
        ("192.0.2.7", None, False, "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", False, "192.0.2.7"),  # anybody can claim that
        ("127.0.0.1", "198.51.100.1", False, "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", True, "198.51.100.1"),
        ("::1", "made up, 198.51.100.1", True, "198.51.100.1"),
        ("192.0.2.7", "198.51.100.1", True, "192.0.2.7"),  # past the proxy
        ("127.0.0.1", None, True, ""),
        ("", None, True, ""),
    ],
)
def test_an_address_is_the_peer_s_or_what_a_proxy_here_added(
    peer: str, forwarded: str | None, is_behind_proxy: bool, address: str
) -> None:
    assert address_of(peer, forwarded, is_behind_proxy=is_behind_proxy) == address


def test_only_ids_that_were_given_out_are_known() -> None:
    cookie = new_listener(b"secret")
    listener = listener_in(cookie, b"secret")
    assert listener is not None
    assert len(listener) == 22
    assert listener_in(cookie, b"another") is None
    assert listener_in(cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), b"secret") is None
    assert listener_in(None, b"secret") is None
    assert new_listener(b"secret") != cookie


def test_a_vote_has_waited_as_long_as_the_page_says_but_no_longer_than_its_listener() -> None:
    came = datetime(2026, 5, 1, 12, tzinfo=UTC)
    listener = listener_in(new_listener(b"secret", now=came), b"secret")
    assert listener is not None
    now = came + timedelta(minutes=10)
    assert waited(listener, 0, now=now) == 0
    assert waited(listener, 90_000, now=now) == 90_000
    assert waited(listener, 86_400_000, now=now) == 600_000
    future = listener_in(new_listener(b"secret", now=now + timedelta(days=1)), b"secret") or ""
    assert waited(future, 5_000, now=now) == 0


def test_as_many_votes_can_wait_as_pairs_were_fetched() -> None:
    page = files("chromasonic.studio") / "web/hear/page.js"
    (ahead,) = re.findall(r"const AHEAD = (\d+);", page.read_text(encoding="utf-8"))
    assert int(ahead) + 1 == MOST_WAITING


def test_the_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "listening"
    assert Invitations(folder).secret() == Invitations(folder).secret()
    assert (folder / "secret.key").stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir()] == ["secret.key"]


def test_what_was_begun_and_never_finished_is_swept_away(tmp_path: Path) -> None:
    _, abandoned = Invitations(tmp_path).begin()
    os.utime(abandoned, (0, 0))
    _, young = Invitations(tmp_path).begin()
    assert [path.exists() for path in (abandoned, young)] == [False, True]


def test_clips_outside_of_an_invitation_are_not_there(tmp_path: Path) -> None:
    invitations = Invitations(tmp_path)
    key, building = invitations.begin()
    (building / "clips" / "A").mkdir()
    (building / "clips" / "A" / "one.mp3").write_bytes(b"x")
    with pytest.raises(UnknownLink):
        invitations.get(key)  # what is being made is not there yet
    invitations.keep(key, "taste", title="<b>T</b>", versions={"A": "m"})
    assert invitations.get(key).title == "<b>T</b>"
    assert invitations.clip(key, "A/one.mp3").read_bytes() == b"x"
    from chromasonic.errors import UsageError

    for source in ("../invitation.json", "A/../../invitation.json", "/etc/passwd", "A"):
        with pytest.raises(UsageError):
            invitations.clip(key, source)
