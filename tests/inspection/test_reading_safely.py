"""Files of strangers: nothing in them is run, nothing of them fills the memory, each refusal says
what to do."""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from chromasonic.cli.inspect_table import table_text
from chromasonic.errors import CheckpointError
from chromasonic.inspection import inspect_file, inspect_paths, reading, tensors
from chromasonic.inspection.markdown import markdown
from chromasonic.inspection.plain import printable, to_plain

WEIGHTS = {"fc.weight": torch.ones(2, 3), "fc.bias": torch.zeros(2)}


KEYS = st.sampled_from(
    [
        "epoch", "global_step", "lr", "config", "args", "metrics", "history", "best", "optimizer",
        "optimizer_state_dict", "param_groups", "state", "scheduler", "lr_schedulers", "T_max",
        "eta_min", "base_lrs", "_last_lr", "last_epoch", "params", "initial_lr", "betas", "eps",
        "weight_decay", "val_loss", "val_acc", "train", "val", "epochs", "task", "model", "kind",
        "format_version", "callbacks", "monitor", "best_model_score", "metric", "value",
        "rng_state", "model_state_dict", "momentum", "exp_avg", 0,
    ]
)  # fmt: skip


def saved(folder: Path, content: Any, name: str = "some.pt", **options: Any) -> Path:
    torch.save(content, folder / name, **options)
    return folder / name


class Hostile:
    """Would write a file when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Path, is_zip: bool) -> None:
    mark = tmp_path / "was-run"
    path = saved(tmp_path, {**WEIGHTS, "x": Hostile(mark)}, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(CheckpointError, match=r"objects of \w+\.system.*nothing of it was run"):
        inspect_file(path)
    assert not mark.exists()
    torch.load(path, weights_only=False)  # the file is what it claims to be
    assert mark.exists()


def test_a_whole_pickled_model_is_refused_with_what_to_save_instead(tmp_path: Path) -> None:
    path = saved(tmp_path, nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(CheckpointError, match=r"container\.Sequential.*save model\.state_dict\(\)"):
        inspect_file(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", bytes(50_000_000))
    with pytest.raises(CheckpointError, match=r"unpack from [\d,]+ to 50,000,000 bytes"):
        inspect_file(path)


def test_members_that_share_their_bytes_are_refused_as_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "overlapping.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "data/0", "data/1"):
            archive.writestr(f"a/{name}", bytes(1000))
        for member in archive.infolist():  # each entry of the list claims the first one's place
            member.header_offset = 0
            member.file_size = member.compress_size = 3000
    with pytest.raises(CheckpointError, match="unpack from .* to 9,000 bytes"):
        inspect_file(path)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_anywhere_ends_in_an_explanation_or_in_a_refusal(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = saved(tmp_path, {"model": WEIGHTS, "epoch": 3, "val_acc": 0.5})
    whole = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(1, len(whole) - 1)) :]
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        inspect_file(path).to_dict()
    except CheckpointError as error:
        assert str(path) in str(error)


def tar_file(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("storages"), io.BytesIO())


def torchscript(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py"):
            archive.writestr(f"model/{name}", "x")


OTHERS = {
    "it is empty": lambda path: path.write_bytes(b""),
    "something else": lambda path: path.write_text("hello"),
    "pickle that PyTorch's torch.save did not write": lambda path: path.write_bytes(
        pickle.dumps({"a": 1})
    ),
    "tar archive, as PyTorch wrote before 2018": tar_file,
    "TorchScript program": torchscript,
    "no data.pkl": lambda path: zipfile.ZipFile(path, "w").writestr("a.txt", "x"),
    "HDF5": lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"),
    "no tensor and nothing of a training": lambda path: torch.save({}, path),
    "is a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("said", OTHERS)
def test_what_is_no_checkpoint_is_refused_by_its_name(tmp_path: Path, said: str) -> None:
    path = tmp_path / "other.pt"
    OTHERS[said](path)
    with pytest.raises(CheckpointError, match=said):
        inspect_file(path)


def test_a_pipe_and_an_absent_file_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    with pytest.raises(CheckpointError, match="pipe or a device"):
        inspect_file(tmp_path / "pipe.pt")
    with pytest.raises(CheckpointError, match="No such file"):
        inspect_file(tmp_path / "absent.pt")


def test_files_beyond_the_limits_are_refused_by_their_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, WEIGHTS)
    monkeypatch.setattr(reading, "LARGEST_PICKLE_BYTES", 100)
    with pytest.raises(CheckpointError, match="are not tensors"):
        inspect_file(path)
    monkeypatch.setattr(reading, "LARGEST_BYTES", 100)
    with pytest.raises(CheckpointError, match="more than 0 GiB is not read"):
        inspect_file(path)


def test_five_gigabytes_are_explained_without_reading_their_values(tmp_path: Path) -> None:
    # A .safetensors file with a hole: 5 GiB of zeros that take no room on the disk.
    size = 5 * 2**30
    header = json.dumps(
        {
            "head.weight": {
                "dtype": "F32",
                "shape": [2**10, size // 2**12],
                "data_offsets": [0, size],
            }
        }
    ).encode()
    path = tmp_path / "large.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    os.truncate(path, 8 + len(header) + size)
    known = inspect_file(path)
    assert known.architecture is not None
    assert known.architecture.totals.state_dict == size // 4
    assert known.fingerprint == ""
    assert [found.rule for found in known.findings] == ["missing-configuration", "unread"]


def test_a_tensor_that_claims_more_than_is_stored_is_found_and_not_read(tmp_path: Path) -> None:
    known = inspect_file(saved(tmp_path, {"w": torch.zeros(1).expand(10**6, 10**6)}))
    (found,) = [found for found in known.findings if found.rule == "strides"]
    assert "1000000 x 1000000" in found.message


def test_many_views_of_one_storage_are_not_read_over_and_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = torch.zeros(1000)
    views = {f"w{number}": storage[number:] for number in range(100)}
    path = saved(tmp_path, views)
    monkeypatch.setattr(tensors, "MOST_READ_BYTES", 4000)
    assert inspect_file(path).fingerprint == ""


def test_a_pickle_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "greedy.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.")
    with pytest.raises(CheckpointError, match="bytearray of whatever size"):
        inspect_file(path)


def test_numbers_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    weight = torch.ones(4, 4)
    weight[0, 0], weight[1, 1], weight[2, 2] = float("nan"), float("inf"), float("-inf")
    known = inspect_file(saved(tmp_path, {"fc.weight": weight, "fc.bias": torch.zeros(4)}))
    (found,) = [found for found in known.findings if found.rule == "not-finite"]
    assert (
        "1 NaN and 2 infinite numbers stand in 1 of 2 tensors, first in fc.weight" in found.message
    )


def test_a_sum_that_overflows_is_not_taken_for_an_infinite_weight(tmp_path: Path) -> None:
    weight = torch.full((64, 64), 60000.0, dtype=torch.float16)
    known = inspect_file(saved(tmp_path, {"fc.weight": weight, "fc.bias": torch.zeros(64)}))
    assert "not-finite" not in {found.rule for found in known.findings}


def test_tied_weights_are_counted_twice_and_once_and_said(tmp_path: Path) -> None:
    table = torch.ones(10, 4)
    known = inspect_file(saved(tmp_path, {"emb.weight": table, "head.weight": table}))
    assert known.architecture is not None
    assert known.architecture.totals.state_dict == 80
    assert known.architecture.totals.distinct == 40
    (found,) = [found for found in known.findings if found.rule == "tied"]
    assert "head.weight with emb.weight: 40 numbers" in found.message


def test_every_kind_of_tensor_is_told_by_its_shape(tmp_path: Path) -> None:
    strange = {
        "sparse": torch.eye(4).to_sparse(),
        "complex": torch.complex(torch.ones(2), torch.ones(2)).conj(),
        "empty": torch.zeros(0, 3),
        "truth": torch.tensor(True),
        "half": torch.ones(3).half(),
        "brain": torch.ones(3).bfloat16(),
        "tiny": torch.ones(3).to(torch.float8_e4m3fn),
        "nowhere": torch.empty(3, 3, device="meta"),
    }
    known = inspect_file(saved(tmp_path, strange))
    assert {t.name: t.shape for t in known.tensors} == {
        name: tuple(tensor.shape) for name, tensor in strange.items()
    }


def test_what_others_store_beside_tensors_is_read_by_inert_stand_ins(tmp_path: Path) -> None:
    content = {
        "model": WEIGHTS,
        "args": argparse.Namespace(lr=0.1, out=Path("/some/where"), name="a"),
        "best_acc": np.float64(0.75),
        "val_loss": np.float32(1.25),
        "rng": np.random.RandomState(0).get_state(),
        "epoch": np.int64(7),
    }
    known = inspect_file(saved(tmp_path, content))
    assert known.config == {"lr": 0.1, "out": "/some/where", "name": "a"}
    assert known.metrics == {"best_acc": 0.75, "val_loss": 1.25}
    assert known.epoch == 7


def test_the_old_format_is_read_too(tmp_path: Path) -> None:
    path = saved(tmp_path, {"model": WEIGHTS, "epoch": 2}, _use_new_zipfile_serialization=False)
    known = inspect_file(path)
    assert known.epoch == 2
    assert "1.6" in known.format


def safetensors_file(path: Path, header: dict[str, Any], data: bytes) -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def test_safetensors_are_read_by_hand(tmp_path: Path) -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "fc.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "fc.bias": {"dtype": "BF16", "shape": [2], "data_offsets": [24, 28]},
    }
    numbers = struct.pack("<6f", 1, 2, 3, 4, 5, float("nan")) + bytes(4)
    known = inspect_file(safetensors_file(tmp_path / "a.safetensors", header, numbers))
    assert known.shapes == {"fc.weight": (2, 3), "fc.bias": (2,)}
    assert [t.nan for t in known.tensors] == [1, 0]
    assert known.remarks == {"format": "pt"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 20]}, "do not agree"),
        ({"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}, "beyond its end"),
        ({"dtype": "F32", "shape": [-1, -6], "data_offsets": [0, 24]}, "do not agree"),
        ({"dtype": "X1", "shape": [6], "data_offsets": [0, 24]}, "not understood"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [20, 24]}, "leave a gap"),
        ([], "not understood"),
    ],
)
def test_safetensors_that_lie_are_refused(tmp_path: Path, entry: Any, said: str) -> None:
    path = safetensors_file(tmp_path / "a.safetensors", {"w": entry}, bytes(24))
    with pytest.raises(CheckpointError, match=said):
        inspect_file(path)


def test_values_that_hold_themselves_or_repeat_without_end_are_cut_off(tmp_path: Path) -> None:
    loop: dict[str, Any] = {"a": 1}
    loop["self"] = loop
    laughs: list[Any] = ["ha"]
    for _ in range(40):
        laughs = [laughs] * 10
    known = inspect_file(saved(tmp_path, {"model": WEIGHTS, "config": {"l": loop, "h": laughs}}))
    assert known.config is not None
    assert len(json.dumps(known.config)) < 20_000_000


def test_names_from_strangers_cannot_move_the_cursor(tmp_path: Path) -> None:
    known = inspect_file(saved(tmp_path, {"\x1b[2Jfc.weight": torch.ones(2, 2)}))
    assert "\x1b" not in known.tensors[0].name
    assert printable("\x1b[31m" + "a" * 1000, 20) == "�[31m" + "a" * 15 + "..."


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_plain_values_stay_what_they_are(value: Any) -> None:
    json.dumps(to_plain(value))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([torch.ones(2, 2), torch.tensor(3.0), torch.tensor(float("nan"))]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.dictionaries(KEYS, JUNK, max_size=8),
    network=st.sampled_from(["model", "state_dict", ""]),
)
def test_whatever_stands_under_known_names_is_explained_in_every_form(
    tmp_path: Path, content: dict[Any, Any], network: str
) -> None:
    path = saved(tmp_path, {**content, **({network: WEIGHTS} if network else {})}, "best.pt")
    saved(tmp_path, {"model": WEIGHTS, "history": {"val_loss": [1.0, 0.5]}}, "last.pt")
    try:
        found = inspect_paths([path, tmp_path / "last.pt"])
    except CheckpointError as error:
        assert "holds no tensor" in str(error)
        return
    json.dumps(found.to_dict())
    assert markdown(found)
    assert table_text(found, full=True)


def test_a_folder_tells_what_can_be_read_and_what_cannot(tmp_path: Path) -> None:
    saved(tmp_path, WEIGHTS, "good.pt")
    (tmp_path / "bad.pt").write_bytes(b"PK\x03\x04 and no more")
    found = inspect_paths([tmp_path])
    assert [known.name for known in found.checkpoints] == ["good.pt"]
    assert ("unreadable", ("bad.pt",)) in [(f.rule, f.files) for f in found.findings]


def test_a_folder_without_any_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint in"):
        inspect_paths([tmp_path])
    (tmp_path / "bad.pt").write_bytes(b"")
    with pytest.raises(CheckpointError, match="can be read"):
        inspect_paths([tmp_path])
