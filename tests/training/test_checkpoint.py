"""Checkpoints: the promised keys; and no file, however bad, does more than raise one error."""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import resource
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from toy import ToyModel, ToyTask, same_tensors

from chromasonic.errors import CheckpointError, StorageError
from chromasonic.training.checkpoint import _Guard, load_checkpoint, save_checkpoint
from chromasonic.training.config import TrainingConfig
from chromasonic.training.loop import fit

META = {"task": "toy", "model": {"kind": "toy", "config": {"size": 8}}, "corpus": {"name": "made"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    train(tmp_path)
    return tmp_path


def train(folder: Path, **changes: object) -> None:
    config = TrainingConfig(**{"epochs": 2, "batch_size": 8, "device": "cpu", **changes})  # type: ignore[arg-type]
    fit(ToyModel(), ToyTask(), config, folder=folder, name="toy", metadata=META)


def test_a_checkpoint_has_the_promised_keys(folder: Path) -> None:
    content = load_checkpoint(folder / "toy_best.pt")
    promised = {
        "model_state_dict", "optimizer_state_dict", "scheduler_state_dict", "epoch", "config",
        "metrics", "rng_state", "sampler_state", "format_version",
    }  # fmt: skip
    assert promised <= content.keys()
    assert content["config"]["corpus"] == {"name": "made"}
    assert content["config"]["training"]["batch_size"] == 8
    assert content["metrics"]["epoch"] == content["epoch"]


def test_the_specifications_own_words_load_it(folder: Path) -> None:
    checkpoint = torch.load(folder / "toy_best.pt")
    model = ToyModel(seed=3)
    model.load_state_dict(checkpoint["model_state_dict"])
    assert checkpoint["epoch"] in (1, 2)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_checkpoint_is_named(folder: Path, share: float) -> None:
    whole = (folder / "toy_best.pt").read_bytes()
    broken = folder / "broken.pt"
    broken.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError, match=r"broken.pt.*(truncated|damaged).*"):
        load_checkpoint(broken)


def test_bytes_flipped_anywhere_never_do_worse_than_the_error(folder: Path) -> None:
    whole = (folder / "toy_best.pt").read_bytes()
    for place in range(0, len(whole), 997):
        flipped = bytearray(whole)
        flipped[place] ^= 0xFF
        (folder / "flipped.pt").write_bytes(flipped)
        with contextlib.suppress(CheckpointError):  # any other error fails the test
            load_checkpoint(folder / "flipped.pt")


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("form", ["torch", "pickle", "among weights"])
def test_a_hostile_pickle_runs_no_code(folder: Path, form: str) -> None:
    mark, hostile = folder / "mark", folder / "hostile.pt"
    content: dict = {"model_state_dict": {}, "format_version": 1, "extra": Bomb(mark)}
    if form == "among weights":
        content = {**load_checkpoint(folder / "toy_best.pt"), "config": Bomb(mark)}
    if form == "pickle":
        hostile.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, hostile)
    with pytest.raises(CheckpointError, match=r"refused.*run code"):
        load_checkpoint(hostile)
    assert not mark.exists()
    # The file is a real weapon: read otherwise, it fires.
    if form == "pickle":
        pickle.loads(hostile.read_bytes())
    else:
        torch.load(hostile, weights_only=False)
    assert mark.exists()


def test_a_huge_file_and_a_zip_bomb_are_refused_unread(folder: Path) -> None:
    huge = folder / "huge.pt"
    with huge.open("wb") as file:
        file.truncate(5 * 2**30)  # sparse: takes no room
    with pytest.raises(CheckpointError, match="holds 5,120 MiB; more than 4,096 MiB is not read"):
        load_checkpoint(huge)
    huge.unlink()
    bomb = folder / "bomb.pt"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 2**22)
    with pytest.raises(CheckpointError, match="more than 1 MiB is not read"):
        load_checkpoint(bomb, largest_bytes=2**20)


@pytest.mark.parametrize("form", ["zip", "pickle"])
def test_a_pickle_that_asks_for_gigabytes_is_refused(tmp_path: Path, form: str) -> None:
    greedy, path = b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.", tmp_path / "greedy.pt"
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", greedy)
    else:
        path.write_bytes(greedy)
    with pytest.raises(CheckpointError, match="bytearray of whatever size"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([1, 2], "no 'model_state_dict'"),
        ({"weight": torch.zeros(2)}, "no 'model_state_dict'"),
        ({"model_state_dict": {}, "format_version": 99}, "format 99; this version reads 1 to 1"),
        ({"model_state_dict": {}}, "format None"),
    ],
)
def test_a_foreign_file_is_named(tmp_path: Path, content: object, says: str) -> None:
    torch.save(content, tmp_path / "foreign.pt")
    with pytest.raises(CheckpointError, match=says):
        load_checkpoint(tmp_path / "foreign.pt")


def test_text_a_folder_a_pipe_and_nothing_are_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "tune.mid").write_bytes(b"MThd\0\0\0\6")
    for name, says in (
        ("text.pt", "text.pt is no checkpoint: it is something else. Give a NAME_best.pt"),
        ("tune.mid", "tune.mid is no checkpoint: it is a MIDI file"),
        (".", "is a folder"),
        ("pipe.pt", "is a pipe"),
        ("no.pt", "No such file"),
    ):
        with pytest.raises(CheckpointError, match=says):
            load_checkpoint(tmp_path / name)


def test_weights_and_plain_values_come_back_exactly(tmp_path: Path) -> None:
    content = {
        "format_version": 1, "model_state_dict": {"a": torch.randn(3)}, "nan": float("nan"),
        "inf": float("inf"), "nested": {"list": [1, (2, "three")], "none": None},
    }  # fmt: skip
    save_checkpoint(tmp_path / "x.pt", content)
    assert same_tensors(load_checkpoint(tmp_path / "x.pt"), content)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    before = {path: path.read_bytes() for path in folder.glob("*.pt")}

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError, match="No space left on device"):
        save_checkpoint(folder / "toy_best.pt", {"format_version": 1, "model_state_dict": {}})
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in folder.glob("*.pt")} == before
    assert not list(folder.glob(".*"))


def test_an_interruption_while_writing_is_one_and_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = {f"layer{i}": torch.full((50,), float(i)) for i in range(20)}
    file = save_checkpoint(tmp_path / "toy_best.pt", {"model_state_dict": {}})
    before = file.read_bytes()
    write, writes_left, interrupted = _Guard.write, 0, 0

    def one_of_them_is_interrupted(guard: _Guard, data: Any) -> int:
        nonlocal writes_left
        writes_left -= 1
        if writes_left == 0:
            raise KeyboardInterrupt
        return write(guard, data)

    monkeypatch.setattr(_Guard, "write", one_of_them_is_interrupted)
    while True:  # at the first write, at the second, ..., until it comes to its end before
        try:
            writes_left = interrupted + 1
            save_checkpoint(file, {"model_state_dict": weights})
            break
        except KeyboardInterrupt:
            assert file.read_bytes() == before
            assert [one.name for one in tmp_path.iterdir()] == [file.name]
            interrupted += 1
    assert interrupted > len(weights)
    assert torch.load(file)["model_state_dict"].keys() == weights.keys()


def test_a_disk_that_fills_while_writing_keeps_the_old_checkpoint(folder: Path) -> None:
    """A real limit on the file size: the write itself fails halfway."""
    before = (folder / "toy_best.pt").read_bytes()
    big = {"format_version": 1, "model_state_dict": {"w": torch.zeros(200_000)}}
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old_limit[1]))
    try:
        with pytest.raises(StorageError, match=r"Cannot write .*toy_best.pt: File too large"):
            save_checkpoint(folder / "toy_best.pt", big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_handler)
    assert (folder / "toy_best.pt").read_bytes() == before
    assert not list(folder.glob(".*"))
    assert load_checkpoint(folder / "toy_best.pt")["epoch"] in (1, 2)
