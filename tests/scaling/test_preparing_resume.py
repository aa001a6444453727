"""A preparation that was killed goes on; nothing is done twice, lost, or mixed."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from planted_files import contents

from chromasonic.errors import UsageError
from chromasonic.scaling.preparing import PrepareSettings, prepare
from chromasonic.scaling.preparing.blocks import blocks_done

SETTINGS = PrepareSettings(block_files=1)
BLOCKS = 19


@pytest.fixture
def killed(collection: Path, tmp_path: Path) -> Path:
    """What a preparation left that was killed (SIGKILL) after three blocks or a few more."""
    out = tmp_path / "out"
    program = (
        "import os, signal, sys\n"
        "from chromasonic.scaling.preparing import PrepareSettings, prepare\n"
        "def die(what, done, total):\n"
        "    if what.startswith('preparing') and done == 3:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "prepare(sys.argv[1], sys.argv[2], settings=PrepareSettings(block_files=1),\n"
        "        on_progress=die)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(collection), str(out)], check=False)
    assert ended.returncode == -signal.SIGKILL
    return out


def test_a_killed_preparation_goes_on_where_it_was(
    killed: Path, collection: Path, prepared: Path
) -> None:
    there = len(blocks_done(killed / ".work"))
    assert 3 <= there < BLOCKS
    assert not (killed / "manifest.json").exists()
    with pytest.raises(UsageError, match="broken off.*--resume"):
        prepare(collection, killed, settings=SETTINGS)
    done = prepare(collection, killed, settings=SETTINGS, resume=True)
    assert done.blocks_kept == there
    assert contents(killed) == contents(prepared)
    again = prepare(collection, killed, settings=SETTINGS, resume=True)
    assert again.blocks == 0  # it is there: nothing is done
    assert again.facts == done.facts


def test_a_block_that_was_damaged_since_is_done_again(
    killed: Path, collection: Path, prepared: Path
) -> None:
    blocks = sorted((killed / ".work" / "blocks").glob("block-*.npz"))
    blocks[0].write_bytes(blocks[0].read_bytes()[:-30])
    blocks[1].write_bytes(b"")
    done = prepare(collection, killed, settings=SETTINGS, resume=True)
    assert done.blocks_kept == len(blocks) - 2
    assert contents(killed) == contents(prepared)


def test_other_settings_or_other_files_are_refused_and_named(
    killed: Path, collection: Path, tmp_path: Path
) -> None:
    other = replace(SETTINGS, min_notes=32, metres=("4/4",))
    with pytest.raises(UsageError) as refused:
        prepare(collection, killed, settings=other, resume=True)
    assert "min_notes was 16 and is 32" in str(refused.value)
    assert "metres was [] and is ['4/4']" in str(refused.value)
    smaller = tmp_path / "web"
    smaller.mkdir()
    (smaller / "a.mid").write_bytes(b"MThd")
    with pytest.raises(UsageError, match="files was 19 and is 1;.*--overwrite"):
        prepare(smaller, killed, settings=SETTINGS, resume=True)


def test_a_finished_corpus_is_not_taken_for_one_of_other_settings(
    prepared: Path, collection: Path
) -> None:
    before = contents(prepared)
    assert prepare(collection, prepared, resume=True).blocks == 0
    with pytest.raises(UsageError, match="on_grid was 0.75 and is 0.5"):
        prepare(collection, prepared, resume=True, settings=PrepareSettings(on_grid=0.5))
    assert contents(prepared) == before


def test_two_processes_do_not_prepare_one_folder(collection: Path, tmp_path: Path) -> None:
    met: list[str] = []

    def second(*_: object) -> None:
        if not met:
            try:
                prepare(collection, tmp_path / "out", resume=True)
            except UsageError as error:
                met.append(str(error))

    prepare(collection, tmp_path / "out", on_progress=second)
    assert "Another process is preparing" in met[0]
