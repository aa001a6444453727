"""The public side of experiments: what a link leads to, and where its clips lie.

A folder for each in `listening/`, called by its key, which cannot be guessed and says nothing of
the experiment; votes and design are in the database of experiments (`abtest`).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from chromasonic import files
from chromasonic.abtest.experiments import Experiment, Experiments
from chromasonic.abtest.vote_store import experiments_address
from chromasonic.studio.shelf import NotHereError

KEY = re.compile(r"[A-Za-z0-9_-]{16}")
CARD, CLIPS = "invitation.json", "clips"
ABANDONED_SECONDS = 3_600.0
CLIP_TYPES = {".mp3": "audio/mpeg", ".wav": "audio/wav", ".flac": "audio/flac"}
"""Ending of a clip's file to what it is called on the network."""


class UnknownLink(NotHereError):
    """No experiment is behind a link."""


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """A link to an experiment.

    Args:
        key: 16 characters that stand in the link.
        experiment: its name.
        title: what its owner calls it; listeners never see it.
        versions: label to what its owner reads for the version.
        made: when, UTC, ISO 8601.
        notes: what its owner told listeners before they begin; "" for none.
    """

    key: str
    experiment: str
    title: str
    versions: dict[str, str]
    made: str
    notes: str = ""


class Invitations:
    """Keeps invitations in a folder; any number of processes may use it at once.

    Args:
        folder: made when the first is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self) -> tuple[str, Path]:
        """A new key, and the folder into which its clips are to be written: `FOLDER/clips/`."""
        self._sweep()
        key = secrets.token_urlsafe(12)
        building = self.folder / f".{key}"
        (building / CLIPS).mkdir(parents=True)
        return key, building

    def _sweep(self) -> None:
        """Remove what was begun long ago and never kept: it was cancelled, or the power failed."""
        for path in self.folder.glob(".*") if self.folder.is_dir() else ():
            if path.is_dir() and time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)

    def keep(
        self, key: str, experiment: str, *, title: str, versions: dict[str, str], notes: str = ""
    ) -> Invitation:
        """What was begun stands from now on, whole."""
        invitation = Invitation(
            key=key,
            experiment=experiment,
            title=title,
            versions=versions,
            made=datetime.now(UTC).isoformat(),
            notes=notes,
        )
        building = self.folder / f".{key}"
        files.write_json(building / CARD, asdict(invitation))
        building.rename(self.folder / key)
        return invitation

    def get(self, key: str) -> Invitation:
        """The invitation of a key.

        Raises:
            UnknownLink: there is none.
        """
        if not KEY.fullmatch(key):
            raise UnknownLink("This link leads nowhere. Ask for it again.")
        try:
            return _read(self.folder / key / CARD)
        except FileNotFoundError as error:
            raise UnknownLink("This link leads nowhere. Ask for it again.") from error

    def all(self) -> list[Invitation]:
        """Every one, the newest first."""
        if not self.folder.is_dir():
            return []
        keys = [one.name for one in self.folder.iterdir() if KEY.fullmatch(one.name)]
        return sorted(map(self.get, keys), key=lambda one: one.made, reverse=True)

    def clip(self, key: str, source: str) -> Path:
        """Where a clip of the design lies."""
        clips = (self.folder / key / CLIPS).resolve()
        path = (clips / source).resolve()
        if not path.is_relative_to(clips) or not path.is_file():
            raise NotHereError("This clip is not here (any more).")
        return path

    def secret(self) -> bytes:
        """What the ids of listeners are signed with; made once."""
        path = self.folder / "secret.key"
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{secrets.token_hex(8)}")
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(32))
            try:
                path.hardlink_to(fresh)  # another process may have been first: then its own stays
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return _secret_in(path)


@lru_cache(maxsize=200)
def _read(card: Path) -> Invitation:
    """An invitation never changes, and every vote asks for it."""
    return Invitation(**json.loads(card.read_text(encoding="utf-8")))


@lru_cache(maxsize=8)
def _secret_in(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def experiments() -> Experiments:
    """The experiments that the settings name, opened once in this process."""
    return _opened(experiments_address())


@lru_cache(maxsize=4)
def _opened(address: str) -> Experiments:
    return Experiments(address)


def experiment_of(invitation: Invitation) -> Experiment:
    """The experiment that a link leads to, as it is now."""
    return experiments().get(invitation.experiment)
