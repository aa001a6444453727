"""What `chromasonic validate` passes the C++ side loads: broken files, judged by both."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chromasonic.companion.validating import validate_companion

NAME = "dynamics_engine"
CHANGES = 150
ODD = (
    None, True, 0, 1, -1, 2**70, 0.5, 1e38, 1e39, -0.0, "", "x", [], {}, [[]], "relu", "tanh", 64,
    [None, None, 3], 1e-9, "a" * 70_000, [1] * 300, {str(key): key for key in range(300)},
)  # fmt: skip
INSERTED = (
    b" ", b"\t", b"/**/", b",", b'"a":1,', b'"a":[1,2,[3]],', b"{}", b"null", b'"\\ud800"',
    b'"x":"\\u0000",', b'"x":NaN,', b'"x":1e400,', b'"x":[[[[[[[[[[1]]]]]]]]]],', b'"x":-0,',
    '"x":"é",'.encode(), b'"x":0e999,', b'"layers":[],', b"\xff", b"\xef\xbb\xbf",
)  # fmt: skip

Judge = Callable[[Path], bool]


@pytest.fixture(scope="module")
def loads(built: Path) -> Iterator[Judge]:
    """Whether C++ loads a file as the dynamics engine."""
    with subprocess.Popen(
        [built / "chromasonic-load-check"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(path: Path) -> bool:
            process.stdin.write(f"{NAME} {path}\n".encode())  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            answer = process.stdout.readline()  # type: ignore[union-attr]
            assert answer == b"ok\n" or answer.startswith(b"no "), answer  # it has not crashed
            return answer == b"ok\n"

        yield ask
        process.stdin.close()


def places_in(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Every place of a document, of long arrays the first few."""
    items = (
        value.items() if isinstance(value, dict)
        else list(enumerate(value))[:12] if isinstance(value, list) else ()
    )  # fmt: skip
    for key, item in items:
        yield (*path, key)
        yield from places_in(item, (*path, key))


def at(value: Any, path: tuple) -> Any:
    for key in path:
        value = value[key]
    return value


def numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, (int, float)):
        yield float(value)


def rehash(value: dict[str, Any]) -> None:
    numbers = [n for layer in value["layers"] for n in numbers_in(layer["weights"])]
    with np.errstate(over="ignore"):
        data = np.array(numbers, dtype=np.float64).astype("<f4").tobytes()
    value["metadata"]["weight_hash"] = f"sha256:{hashlib.sha256(data).hexdigest()}"


def changed(text: bytes, chance: random.Random, places: list[tuple]) -> bytes:
    """The text with one thing in it broken; where its values are, mostly with a new hash."""
    kind = chance.choice(["byte", "insert", "odd", "swap", "delete", "repeat"])
    head, tail = text.index(b'"metadata"'), text.index(b'"golden"')
    if kind == "byte":
        place = chance.choice([chance.randrange(len(text)), chance.randrange(head, tail)])
        return text[:place] + bytes([chance.randrange(256)]) + text[place + 1 :]
    if kind == "insert":
        place = chance.choice([0, 1, head, text.index(b'"layers"'), len(text) - 1])
        return text[:place] + chance.choice(INSERTED) + text[place:]
    value = json.loads(text)
    one, other = chance.choice(places), chance.choice(places)
    holder = at(value, one[:-1])
    if kind == "odd":
        holder[one[-1]] = chance.choice(ODD)
    elif kind == "swap":
        holder[one[-1]] = json.loads(json.dumps(at(value, other)))
    elif kind == "delete":
        del holder[one[-1]]
    elif isinstance(holder, list):
        holder.insert(chance.randrange(len(holder) + 1), holder[one[-1]])
    else:
        holder[chance.choice(["extra", "Name", ""])] = 1
    if chance.random() < 0.7:
        # Where there are no layers any more, the hash stays stale.
        with contextlib.suppress(LookupError, TypeError, AttributeError, OverflowError):
            rehash(value)
    return json.dumps(value, separators=(",", ":")).encode()


def test_both_sides_take_what_was_exported(exported_models: Path, loads: Judge) -> None:
    path = exported_models / f"{NAME}.json"
    assert loads(path)
    assert validate_companion(path).passed


def test_what_validates_is_loaded(exported_models: Path, tmp_path: Path, loads: Judge) -> None:
    text = (exported_models / f"{NAME}.json").read_bytes()
    chance = random.Random(1)
    places = list(places_in(json.loads(text)))
    few = [place for place in places if len(place) <= 4]
    path = tmp_path / f"{NAME}.json"
    taken = {True: 0, False: 0}
    for _ in range(CHANGES):
        path.write_bytes(changed(text, chance, chance.choice([places, few])))
        is_valid, is_loaded = validate_companion(path).passed, loads(path)
        assert is_loaded or not is_valid, path.read_bytes()[:300]
        taken[is_loaded] += 1
    assert min(taken.values()) > 5  # both verdicts were met
