"""Files that are broken, foreign or hostile: always a clear error, never another exception."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from movement_files import ARM_ASF, CHAIN_BVH, arm_amc, hand_movement, written

from chromasonic.errors import FormatError
from chromasonic.formats.asf import parse_asf
from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.formats.landmark_stream import parse_frame
from chromasonic.formats.landmarks_npz import read_npz
from chromasonic.formats.movements import READABLE, read_movement, write_movement


class Bomb:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


def archive(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def raw_archive(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def array_bytes(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array))
    return buffer.getvalue()


GOOD: dict[str, Any] = {
    "frames": np.zeros((2, 3, 3), dtype=np.float32),
    "nodes": np.array(["a", "b", "c"]),
    "rate_hz": 30.0,
}


def test_the_fewest_arrays_are_enough(tmp_path: Path) -> None:
    movement = read_npz(written(tmp_path, "a.npz", archive(**GOOD)))
    assert movement.skeleton.channels == ("x", "y", "z")
    assert (movement.skeleton.axes, movement.skeleton.edges) == ((0, 1, 2), ())
    assert (movement.id, movement.label) == ("a", "")


def header_that_lies(shape: str, kind: str = "<f4") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + bytes(72)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (archive(**GOOD | {"frames": np.array([Bomb()], dtype=object)}), "holds objects.*run code"),
        (archive(**GOOD | {"label": np.array(Bomb(), dtype=object)}), "'label' holds objects"),
        (pickle.dumps(Bomb()), "not a zip file"),
        (raw_archive({"frames.npy": pickle.dumps(Bomb())}), "is no .npz movement"),
        (raw_archive({"frames.npy": header_that_lies("(100000, 1000, 1000)")}), "says that it has"),
        (raw_archive({"frames.npy": header_that_lies("(2, 3, 3)", "|O")}), "holds objects"),
        (raw_archive({"frames.npy": header_that_lies("(-2, 3, -3)")}), "a.npz"),
        (raw_archive({"frames.npy": header_that_lies("(" * 90)}), "is no .npz movement"),
        (archive(frames=GOOD["frames"]), "lacks the arrays nodes, rate_hz; there: frames"),
        (archive(poses=np.zeros(3)), "lacks the arrays frames, nodes, rate_hz; there: poses"),
        (archive(**GOOD | {"frames": np.zeros((2, 3))}), "of shape \\(2, 3\\)"),
        (archive(**GOOD | {"frames": np.zeros((0, 3, 3))}), "no frame"),
        (archive(**GOOD | {"frames": np.full((2, 3, 3), np.inf)}), "infinite"),
        (archive(**GOOD | {"frames": np.full((2, 3, 3), 1e30)}), "beyond"),
        (archive(**GOOD | {"frames": np.zeros((2, 3, 3), dtype=complex)}), "only numbers"),
        (archive(**GOOD | {"nodes": np.array(["a", "b"])}), "does not fit together"),
        (archive(**GOOD | {"nodes": np.array(["a", "b", "b"])}), "each name once"),
        (archive(**GOOD | {"edges": np.array([[0, 9]])}), "does not fit together"),
        (archive(**GOOD | {"edges": np.array([0, 1, 2])}), "does not fit together"),
        (archive(**GOOD | {"edges": np.array([[0.5, np.nan]])}), "does not fit together"),
        (archive(**GOOD | {"rate_hz": "fast"}), "does not fit together"),
        (archive(**GOOD | {"rate_hz": np.nan}), "does not fit together"),
        (archive(**GOOD | {"rate_hz": np.array([])}), "does not fit together"),
        (archive(**GOOD)[:-30], "is no .npz movement"),
    ],
    ids=range(24),
)
def test_a_broken_or_hostile_archive_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message):
        read_npz(written(tmp_path, "a.npz", data))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chromasonic.formats.landmarks_npz.MOST_BYTES", 2**20)
    members = {f"{key}.npy": array_bytes(value) for key, value in GOOD.items()}
    bomb = raw_archive(members | {"frames.npy": bytes(2**24)})
    assert len(bomb) < 2**16
    with pytest.raises(FormatError, match="bytes when unpacked; up to 1,048,576"):
        read_npz(written(tmp_path, "bomb.npz", bomb))
    beside = raw_archive(members | {"huge.npy": bytes(2**24)})  # what is not read may be large
    assert len(read_npz(written(tmp_path, "beside.npz", beside))) == 2


def test_a_file_larger_than_what_is_read_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chromasonic.formats.motion_text.MOST_BYTES", 1000)
    for ending in READABLE:
        with pytest.raises(FormatError, match="1,001 bytes; up to 1,000"):
            read_movement(written(tmp_path, f"a{ending}", b"0" * 1001))


@pytest.mark.parametrize("ending", [e for e in READABLE if e not in (".npz", ".sign")])
@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"MThd\0\0\0\6", "a MIDI file"), (b"PK\3\4\0\0", "a zip archive"), (b"\1\0\2", "binary")],
)
def test_binary_files_are_told_from_text(
    ending: str, data: bytes, kind: str, tmp_path: Path
) -> None:
    with pytest.raises(FormatError, match=f"is {kind}, not the text of"):
        read_movement(written(tmp_path, f"a{ending}", data))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A whole file of each kind, by its ending."""
    folder = tmp_path_factory.mktemp("samples")
    movement = hand_movement(4)
    found = {
        ending: write_movement(movement, folder / f"a{ending}").read_bytes()
        for ending in (".npz", ".csv", ".jsonl")
    }
    found[".bvh"] = CHAIN_BVH.encode()
    found[".amc"] = arm_amc(np.arange(22.0).reshape(2, 11)).encode()
    found[".json"] = b'[{"landmarks": [[0.1, 0.2, 0.3], [1, 2, null]], "t": 0}, {"landmarks": []}]'
    found[".asf"] = ARM_ASF.encode()
    return found


def read_whatever(folder: Path, ending: str, data: bytes) -> None:
    """A movement, or a clear error."""
    written(folder, "a.asf", ARM_ASF)
    try:
        if ending == ".asf":
            parse_asf(data.decode("latin-1"), name="a")
        else:
            movement = read_movement(written(folder, f"a{ending}", data), rate_hz=30)
            assert movement.frames.dtype == np.float32
    except FormatError as error:
        assert 20 < len(str(error)) < 1500
        assert "\x1b" not in str(error)


@settings(max_examples=60, deadline=None)
@given(ending=st.sampled_from(READABLE), data=st.binary(max_size=400))
def test_any_bytes_are_a_movement_or_a_clear_error(
    ending: str, data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    read_whatever(tmp_path_factory.mktemp("any"), ending, data)


PIECES = [
    *(b"", b"\0", b"\n", b" ", b",", b":", b"{", b"}", b"[", b"]", b'"', b"-", b"1e999", b"nan"),
    *(b"null", b"true", b"99999999999999999999", b"\xff\xfe", b"\x1b[31m", b"x", b"root", b"0"),
]


@settings(max_examples=120, deadline=None)
@given(
    ending=st.sampled_from((*READABLE[:2], ".csv", ".npz", ".json", ".jsonl", ".asf")),
    place=st.floats(0, 1),
    length=st.integers(0, 30),
    piece=st.sampled_from(PIECES),
    is_cut=st.booleans(),
)
def test_a_damaged_file_is_a_movement_or_a_clear_error(
    ending: str,
    place: float,
    length: int,
    piece: bytes,
    is_cut: bool,
    samples: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = samples[ending]
    start = int(place * len(data))
    damaged = data[:start] + piece + (b"" if is_cut else data[start + length :])
    read_whatever(tmp_path_factory.mktemp("damaged"), ending, damaged)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ("x", "y", "z", "landmarks", "landmark", "t", "frames", "fps", "wrist")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(value=JSON)
def test_any_json_is_a_frame_or_a_clear_error(
    value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import json

    text = json.dumps(value)
    try:
        frame = parse_frame(text, HAND_21)
        assert frame is None or frame.values.shape == (21, 3)
    except FormatError:
        pass
    read_whatever(tmp_path_factory.mktemp("json"), ".json", text.encode())


def test_nothing_is_left_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    movement = hand_movement()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("json.dumps", broken)
    with pytest.raises(RuntimeError):
        write_movement(movement, tmp_path / "a.jsonl")
    assert list(tmp_path.iterdir()) == []
