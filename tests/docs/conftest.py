"""A tiny corpus and a tiny training, for the pages' commands and snippets to work on."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from documentation_pages import REPOSITORY, made_small, run_chromasonic, run_python_script
from filelock import FileLock


@pytest.fixture(scope="session")
def tiny_corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for CHROMASONIC_DATA: Nottingham's layout, filled with the project's own tunes."""
    from chromasonic.data.nottingham import FACTS

    root = tmp_path_factory.mktemp("corpora")
    (collection,) = FACTS.collections
    folder = root / "nottingham" / collection.folder
    folder.mkdir(parents=True)
    text = (REPOSITORY / "tests/fixtures/tunes.abc").read_text(encoding="utf-8")
    tunes = re.findall(r"^X:.*?(?=^X:|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    for index, name in enumerate(sorted(collection.sha256)):
        (folder / name).write_text(tunes[index % len(tunes)], encoding="utf-8")
    return root


def shrink_the_world(patch: pytest.MonkeyPatch, corpora: Path) -> None:
    """Let commands find tiny corpora, and judge models by a few short tunes of their own."""
    from chromasonic.harmonization import hybrid_results
    from chromasonic.melody_generation.judging import TestSettings

    patch.setenv("CHROMASONIC_DATA", str(corpora))
    defaults = TestSettings.__init__.__kwdefaults__
    patch.setitem(defaults, "generated_tunes", 3)
    patch.setitem(defaults, "generated_bars", 4)
    shortest = min(hybrid_results.FOLK_TUNES.items(), key=lambda tune: len(tune[1][0]))
    patch.setattr(hybrid_results, "FOLK_TUNES", dict([shortest]))
    patch.setattr(hybrid_results, "CHORALES", 1)


@pytest.fixture(autouse=True)
def small_world(tiny_corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the documentation's commands meet here."""
    shrink_the_world(monkeypatch, tiny_corpora)


@pytest.fixture(scope="session")
def trained_reader(
    tmp_path_factory: pytest.TempPathFactory, tiny_corpora: Path, worker_id: str
) -> Path:
    """What a reader has trained, once for all test processes; not to be written to."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "trained-reader"
    with FileLock(f"{shared}.lock"):
        if not (shared / "whole").exists():
            shutil.rmtree(shared, ignore_errors=True)  # half made, where a test process failed
            shared.mkdir()
            train_as_a_reader(shared, tiny_corpora)
            (shared / "whole").touch()
    return shared


@pytest.fixture(scope="module")
def readers_folder(trained_reader: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader has trained: `training_results/`, `models/`, `runs/hands` are there.

    A copy for each file of tests, whichever process runs it after whichever other.
    """
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(trained_reader, folder, symlinks=True, dirs_exist_ok=True)
    return folder


def train_as_a_reader(folder: Path, tiny_corpora: Path) -> None:
    """Train in a folder what the pages take for trained."""
    for name in ("tests", "examples", "recipes"):  # a reader stands in the repository
        (folder / name).symlink_to(REPOSITORY / name)
    with pytest.MonkeyPatch.context() as patch:
        shrink_the_world(patch, tiny_corpora)
        patch.chdir(folder)
        arguments = made_small(["train_models.py", "--model", "all"])[1:]
        assert run_python_script(REPOSITORY / "train_models.py", arguments, patch) == 0
        for training in (
            ["harmonizer", "--output", "models"],
            ["gesture", "--dataset", "synthetic-gestures", "--output", "runs/hands"],
        ):
            arguments = made_small(["chromasonic", "train", *training])[1:]
            assert run_chromasonic(arguments, patch) == 0
