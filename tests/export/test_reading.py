"""The reader takes every valid document, and names what is wrong with any other."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_documents import (
    TINY_SPEC,
    changed,
    dumped,
    random_document,
    random_layer,
    same,
    text_of,
    value_of,
)  # fmt: skip

from chromasonic.errors import ExportError
from chromasonic.export.document import Document
from chromasonic.export.json_limits import Limits
from chromasonic.export.layer_reading import TYPES
from chromasonic.export.reading import parse_document, read_document

TINY = random_document(TINY_SPEC)
EVERY_TYPE = Document(
    inputs=4,
    layers=(
        random_layer("conv1d", 4, 6, kernel_size=3, dilation=2, groups=2, activation="elu"),
        random_layer("batchnorm", 6, 6, epsilon=1e-3),
        random_layer("prelu", 6, 6),
        random_layer("gru", 6, 5),
        random_layer("time-distributed-dense", 5, 5, activation="tanh"),
        random_layer("lstm", 5, 3),
        random_layer("dense", 3, 4),
        random_layer("activation", 4, 4, activation="softmax"),
    ),
)


def bare(*layers: dict[str, Any], size: int = 2) -> dict[str, Any]:
    return {"in_shape": [None, None, size], "layers": list(layers)}


def dense(**changes: Any) -> dict[str, Any]:
    layer = {
        "type": "dense", "shape": [None, None, 3], "activation": "",
        "weights": [[[1, 2, 3], [4, 5, 6]], [7, 8, 9]],
    }  # fmt: skip
    return {**layer, **changes}


def refused(value: Any, match: str) -> None:
    text = value if isinstance(value, (str, bytes)) else dumped(value)
    with pytest.raises(ExportError, match=match):
        parse_document(text)


# What is valid.


def test_every_type_of_layer_is_read() -> None:
    assert {layer.type for layer in EVERY_TYPE.layers} == set(TYPES)
    assert same(parse_document(text_of(EVERY_TYPE)), EVERY_TYPE)


def test_a_document_with_metadata_is_read_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    path.write_text(text_of(TINY) + "\n")
    read = read_document(path)
    assert same(read, TINY)
    for ours, theirs in zip(read.layers, TINY.layers, strict=True):
        for one, other in zip(ours.weights, theirs.weights, strict=True):
            assert one.dtype == np.float32
            assert one.tobytes() == other.tobytes()


def test_text_and_bytes_and_spaces_are_one() -> None:
    text = json.dumps(value_of(TINY), indent=3).replace("\n", "\r\n")
    assert same(parse_document(text), TINY)
    assert same(parse_document(text.encode()), TINY)


@pytest.mark.parametrize("shape", [[3], [None, 3], [None, None, 3], [1, 7, 3]])
def test_only_the_last_of_a_shape_counts(shape: list[Any]) -> None:
    assert parse_document(dumped(bare(dense(shape=shape)))).outputs == 3


@pytest.mark.parametrize("place", ["in_shape", "shape"])
def test_files_with_metadata_have_their_exact_form(place: str) -> None:
    for shape in ([3], [None, 3], [1, None, 3], [None, False, 3], [None, None, None, 3]):
        value = value_of(TINY)
        (value if place == "in_shape" else value["layers"][0])[place] = shape
        refused(value, f"{place}: an array of {len(shape)}, wanted .null, null, SIZE")


def test_keys_that_rtneural_skips_are_skipped() -> None:
    assert parse_document(dumped({**bare(dense()), "comment": ["x", {"y": 1}]})).parameters == 9


def test_groups_of_a_convolution_may_be_left_out() -> None:
    value = value_of(Document(inputs=4, layers=EVERY_TYPE.layers[:1]))
    del value["layers"][0]["groups"]
    value["layers"][0]["weights"][0] = np.ones((3, 4, 6)).tolist()
    assert parse_document(dumped(value)).layers[0].options["groups"] == 1


def test_numbers_are_rounded_to_float32_once() -> None:
    kernel = [[0.1, 1e-46, -0.0], [16777217, 3.4028235e38, 1e-40]]
    layer = parse_document(dumped(bare(dense(weights=[kernel, [0, 0, 0]])))).layers[0]
    assert layer.weights[0].tolist() == np.array(kernel).astype(np.float32).tolist()


# What is not a document.


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "is empty"),
        (" \n\t ", "is empty"),
        (b"\0\0\0\0", "is empty"),
        (b"{}\0", "no whole JSON"),
        ("{", "no whole JSON"),
        ("[1, 2]", "an array of 2, wanted an object"),
        ("null", "null, wanted an object"),
        ('"text"', "wanted an object"),
        (b"\xff\xfe{}", "no UTF-8: byte 0 is 0xff"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"a":"\xc3("}', "no UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "no UTF-8"),
        ('{"a":"\ud800"}', "surrogate"),
        ('{"a":"x\\ud800y"}', "surrogate"),
        ('{"\\udc00":1}', "surrogate"),
        ('{"a":"\x01"}', "control character"),
        ('{"in_shape":[1],"in_shape":[2],"layers":[]}', "'in_shape' twice"),
        ('{"a":{"b":1,"c":2,"b":3}}', "'b' twice"),
        ('{"a":NaN}', "NaN"),
        ('{"a":[-Infinity]}', "-Infinity"),
        ('{"a":1e400}', "1e400, which no float can hold"),
        ('{"a":-1e999}', "-1e999"),
        ('{"a":' + "9" * 5000 + "}", "a number of more than 64 characters"),
        ('{"a":0.' + "1" * 5000 + "}", "a number of more than 64 characters"),
        ("[" * 9 + "]" * 9, "9 levels"),
        ('{"a":' * 9 + "1" + "}" * 9, "9 levels"),
        ("[" * 100_000, "levels of arrays"),
        ('{"a":' * 100_000, "values|strings|levels|arrays"),
        ("]" * 500_000, "500,000 closing brackets"),
        ("[" * 500_000, "500,000 arrays"),
        ("[" + "[]," * 500_000 + "[]]", "500,002 arrays"),
        ("[" + "0," * 10_000_000 + "0]", "10,000,000 values; allowed: 6,000,000"),
        ('["' + '","' * 40_000 + '"]', "strings"),
        ('{"a":"' + "x" * 70_000 + '"}', "70,000 bytes in one string; allowed: 65,536"),
        ('{"a":"' + '\\"' * 35_000 + '"}', "70,000 bytes in one string"),
        ("{" + ",".join(f'"{key}":1' for key in range(257)) + "}", "257 keys in one object"),
        ("{'a': 1}", "no whole JSON"),
        ('{"a":1,}', "no whole JSON"),
        ('{"a":01}', "no whole JSON"),
        ('{"a":.5}', "no whole JSON"),
        ('{"a":+5}', "no whole JSON"),
        ('{"a":0x1F}', "no whole JSON"),
        ("{} {}", "no whole JSON"),
        ("// x\n{}", "no whole JSON"),
        ("{}", "'in_shape' is missing"),
        ('{"in_shape":[1]}', "'layers' is missing"),
    ],
)
def test_what_is_no_document_is_refused(text: str | bytes, match: str) -> None:
    refused(text, match)


def test_quotes_and_brackets_inside_strings_do_not_count() -> None:
    for word in ("[" * 400, '\\"[[[[' * 99, '\\\\\\"{{{' * 99, "\\\\", "\\u005b" * 40, "9" * 5000):
        text = f'{{"note":"{word}",' + dumped(bare(dense()))[1:]
        assert parse_document(text).parameters == 9


def test_the_end_of_a_string_is_where_json_sees_it() -> None:
    """After an escaped backslash the quote ends the string, and what follows counts."""
    refused('{"a":"\\\\",' + '"b":' + "[" * 99, "levels")
    refused('{"a":"\\\\\\\\",' + '"b":' + "[" * 99, "levels")


# What is wrong in it, by its place.

WRONG_VALUES: list[tuple[dict[str, Any], str]] = [
    ({**bare(dense()), "in_shape": 2}, "in_shape: 2, wanted an array"),
    ({**bare(dense()), "in_shape": []}, "in_shape: 0 values, wanted at least 1"),
    ({**bare(dense()), "in_shape": [None]}, r"in_shape\[0\]: null, wanted a whole number"),
    ({**bare(dense()), "in_shape": [None, None, True]}, "true, wanted a whole number"),
    ({**bare(dense()), "in_shape": [None, None, 2.0]}, "2.0, wanted a whole number"),
    ({**bare(dense()), "in_shape": [None, None, 0]}, "0, wanted 1 to"),
    ({**bare(dense()), "in_shape": [None, None, -2]}, "-2, wanted 1 to"),
    ({**bare(dense()), "in_shape": [None, None, 10**30]}, "wanted 1 to"),
    ({**bare(dense()), "in_shape": ["x", None, 2]}, r"in_shape\[0\]: 'x'"),
    ({**bare(dense()), "in_shape": [None, None, 2, 1]}, "an array of 4, wanted .null, null, SIZE"),
    ({**bare(dense()), "in_shape": [None, None, 3]},
     r"layers\[0\].weights\[0\]: 2 rows, wanted 3"),
    (bare(), "layers: 0 values, wanted at least 1"),
    (bare(*[{}] * 257), "layers: 257; allowed: 256"),
    ({**bare(dense()), "layers": {}}, "layers: an object of 0, wanted an array"),
    ({**bare(dense()), "layers": [[]]}, r"layers\[0\]: an array of 0, wanted an object"),
    (bare({}), "'type' is missing"),
    (bare(dense(type=1)), r"layers\[0\].type: 1, wanted a string"),
    (bare(dense(type="Dense")), r"layers\[0\].type: 'Dense'; allowed: dense, "),
    (bare(dense(type="attention", weights=[])), "'attention'; allowed: dense"),
    (bare(dense(type="conv2d")), "'conv2d'; allowed"),
    (bare(dense(type="")), "type: ''; allowed"),
    (bare(dense(bias=False)), "the key 'bias' is unknown; allowed: type, shape"),
    (bare(dense(activation=None)), "activation: null, wanted a string"),
    (bare(dense(activation="ReLU")), "activation: 'ReLU'; allowed after dense: .*\"relu\""),
    (bare(dense(activation="relu ")), "activation: 'relu '"),
    (bare(dense(activation="gelu")), "activation: 'gelu'; allowed"),
    (bare(dense(activation="\x1b[31m\n")), r"'\\x1b\[31m\\n'"),
    (bare({k: v for k, v in dense().items() if k != "weights"}), "'weights' is missing"),
    (bare({k: v for k, v in dense().items() if k != "shape"}), "'shape' is missing"),
    (bare({k: v for k, v in dense().items() if k != "activation"}), "'activation' is missing"),
    (bare(dense(shape=[None, None, 4])), r"weights\[0\]\[0\]: 3 columns, wanted 4"),
    (bare(dense(weights=[])), r"weights: 0 arrays, wanted 2 \(W, b\)"),
    (bare(dense(weights=None)), "weights: null, wanted an array"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, 6]]])), "weights: 1 arrays, wanted 2"),
    (bare(dense(weights=[[[1, 4], [2, 5], [3, 6]], [7, 8, 9]])),
     "3 rows, wanted 2 .it lies as torch has it: transpose it"),
    (bare(dense(weights=[[[1, 2, 3]], [7, 8, 9]])), r"layers\[0\].weights\[0\]: 1 rows, wanted 2"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5]], [7, 8, 9]])),
     r"layers\[0\].weights\[0\]\[1\]: 2 columns, wanted 3"),
    (bare(dense(weights=[[[1, 2, 3], 4], [7, 8, 9]])), r"weights\[0\]\[1\]: 4, wanted 3 columns"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, [6]]], [7, 8, 9]])), "an array of 1 among its numbers"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, "6"]], [7, 8, 9]])), "'6' among its numbers"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, True]], [7, 8, 9]])), "true among its numbers"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, None]], [7, 8, 9]])), "null among its numbers"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, {}]], [7, 8, 9]])), "an object of 0 among"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, 6]], [7, 8]])),
     r"layers\[0\].weights\[1\]: 2 numbers, wanted 3"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, 6]], [[7, 8, 9]]])), "1 numbers, wanted 3"),
    (bare(dense(weights=[[[1, 2, 3], [4, 5, 6]], [7, 8, 1e39]])),
     r"weights\[1\]\[2\]: 1e\+39, which is beyond float32"),
    (bare(dense(weights=[[[1, 2, 3], [4, -(10**60), 6]], [7, 8, 9]])),
     r"weights\[0\]\[1\]\[1\]: -1e\+60"),
    (bare(dense(), dense()), r"layers\[1\].weights\[0\]: 2 rows, wanted 3"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "match"), WRONG_VALUES)
def test_a_wrong_value_is_named_by_its_place(value: dict[str, Any], match: str) -> None:
    refused(value, match)


def in_layer(place: int, **changes: Any) -> dict[str, Any]:
    value = value_of(EVERY_TYPE)
    value["layers"][place].update(changes)
    return value


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (in_layer(0, kernel_size=[2]), r"layers\[0\].weights\[0\]: 3 blocks, wanted 2"),
        (in_layer(0, kernel_size=3), "kernel_size: 3, wanted an array"),
        (in_layer(0, kernel_size=[0]), "wanted 1 to"),
        (in_layer(0, dilation=[2, 2]), "dilation: 2 values, wanted 1"),
        (in_layer(0, dilation=[1_000_000], kernel_size=[9]), "remembers 32,000,000 numbers"),
        (in_layer(0, groups=3), "3, which divides not both the 4"),
        (in_layer(0, groups=1), "2 rows, wanted 4"),
        (in_layer(0, strides=[2]), "'strides' is unknown"),
        (in_layer(1, epsilon=0), "epsilon: 0, wanted 1e-30"),
        (in_layer(1, epsilon="x"), "epsilon: 'x', wanted a number"),
        (in_layer(1, activation="relu"), "'relu'; allowed after batchnorm: \"\""),
        (in_layer(1, shape=[7]), "7 come out of a layer of type batchnorm that 6 go into"),
        (in_layer(1, weights=[[1] * 6] * 3 + [[-1] * 6]), "a variance below 0"),
        (in_layer(2, weights=[[[[1] * 6]]]), "1 columns, wanted 6"),
        (in_layer(3, activation="relu"), "'relu'; allowed after gru"),
        (in_layer(3, weights=[[[0] * 15] * 6, [[0] * 15] * 5, [0] * 15]),
         r"layers\[3\].weights\[2\]: 15 rows, wanted 2"),
        (in_layer(5, weights=[[[0] * 12] * 5, [[0] * 12] * 3, [0] * 12, [0] * 12]),
         "4 arrays, wanted 3 .W, U, b.; both biases of an LSTM are added into one"),
        (in_layer(5, weights=[[[0] * 12] * 5, [[0] * 12] * 3, [[0] * 12] * 2]),
         r"layers\[5\].weights\[2\]: 2 numbers, wanted 12"),
        (in_layer(5, weights=[[[0] * 9] * 5, [[0] * 12] * 3, [0] * 12]), "9 columns, wanted 12"),
        (in_layer(7, activation=""), "''; allowed after activation"),
        (in_layer(7, weights=[[1]]), "1 arrays, wanted 0"),
    ],
)  # fmt: skip
def test_each_type_of_layer_is_held_to_its_own_shapes(value: dict[str, Any], match: str) -> None:
    refused(value, match)


def in_metadata(change: Callable[[dict[str, Any]], object]) -> str:
    return changed(TINY, lambda value: change(value["metadata"]))


@pytest.mark.parametrize("key", sorted(value_of(TINY)["metadata"]))
def test_every_key_of_the_metadata_is_wanted_and_of_one_type(key: str) -> None:
    refused(in_metadata(lambda found: found.pop(key)), f"'{key}' is missing")
    for wrong in (None, [], {}, "", True, -1, 1.5, 10**40, "x", ["x"], [[]], [{}], {"x": 1}):
        fits = {"is_synthetic": wrong is True, "training": isinstance(wrong, dict)}
        fits["corpora"] = wrong == []
        fits |= dict.fromkeys(("name", "title", "version", "step", "weight_hash"), wrong == "x")
        if not fits.get(key, False):
            refused(in_metadata(lambda found, wrong=wrong: found.update({key: wrong})), "metadata")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update(format=2), "reads up to 1, so take a newer one"),
        (lambda m: m.update(licence="x"), "'licence' is unknown"),
        (lambda m: m.update(state_policy="reset"), "'reset'; allowed: stateless, carry"),
        (lambda m: m.update(tolerance=0.5), "tolerance: 0.5, wanted 1e-12 to 0.001"),
        (lambda m: m["feature_page"]["inputs"].pop(), "blocks of 1 numbers, the model has 3"),
        (lambda m: m["feature_page"]["inputs"][0].update(name="b"), "two blocks of one name"),
        (lambda m: m["feature_page"]["outputs"][0].update(size=True), "true, wanted a whole"),
        (lambda m: m["corpora"][0].pop("licence"), r"corpora\[0\]: the key 'licence' is missing"),
        (lambda m: m.update(training={"a": [{"b": -1e39}]}), "training: -1e.39, which is beyond"),
        (lambda m: m["golden"]["inputs"].pop(), "outputs: 96 rows, wanted 95"),
        (lambda m: m["golden"]["inputs"][3].pop(), r"golden.inputs\[3\]: 2 columns, wanted 3"),
        (lambda m: m["golden"].update(inputs=[[]] * 4097), "4,097 steps; allowed: 4,096"),
        (lambda m: m["golden"].update(reset_before=[]), "reset_before: 0 values"),
        (lambda m: m["golden"].update(reset_before=[1]), "wanted 0 first"),
        (lambda m: m["golden"].update(reset_before=[0, 9, 9]), "then ascending"),
        (lambda m: m["golden"].update(reset_before=[0, 96]), "96, wanted 0 to 95"),
        (lambda m: m["golden"].update(reset_before=[False]), "false, wanted a whole number"),
    ],
)  # fmt: skip
def test_metadata_that_contradict_the_model_are_refused(
    change: Callable[[dict[str, Any]], object], match: str
) -> None:
    refused(in_metadata(change), match)


# Files.


def test_a_message_names_the_file_the_fault_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(text_of(TINY)[:100])
    with pytest.raises(ExportError) as caught:
        read_document(path)
    assert "cut.json" in str(caught.value)
    assert "Export the model anew" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_folders_pipes_devices_and_absent_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    device = "is a pipe or a device, no ordinary file"
    for place, what in (
        (tmp_path, "is a folder, no ordinary file"), (tmp_path / "pipe", device),
        ("/dev/zero", device), ("/dev/null", device),
    ):  # fmt: skip
        with pytest.raises(ExportError, match=what):
            read_document(place)
    for place in (tmp_path / "absent.json", tmp_path / "loop", "a\0b", tmp_path / ("x" * 5000)):
        with pytest.raises(ExportError, match="Cannot read"):
            read_document(place)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    tracemalloc.start()
    with pytest.raises(ExportError, match=r"1,099,511,627,776 bytes; allowed: 67,108,864"):
        read_document(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_limits_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    path.write_text(text_of(TINY))
    with pytest.raises(ExportError, match="allowed: 1,000"):
        read_document(path, limits=Limits(size_bytes=1000))
    with pytest.raises(ExportError, match="allowed: 2"):
        read_document(path, limits=Limits(depth=2))


# Memory: a few times the length of the text, whatever it says.

LENGTH = 2**20


@pytest.mark.parametrize(
    "pattern",
    ["[", "{", '"', "\\", '\\"', "[]", "[],", "{},", '{"a":', "0,", "1.5,", '"a",', "9", "-", "\0",
     "\u00e9", "[1.5],", '"\\u00e9",', "null,"],
)  # fmt: skip
@pytest.mark.parametrize("start", ["", "[", '["'])
def test_no_pattern_costs_more_than_some_times_its_length(pattern: str, start: str) -> None:
    text = (start + pattern * (LENGTH // len(pattern))).encode()
    tracemalloc.start()
    with pytest.raises(ExportError):
        parse_document(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * len(text) + 2**25  # arrays and objects are limited by their number


def test_64_mb_of_brackets_cost_neither_memory_nor_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_bytes(b"[" * (64 * 2**20))
    script = (
        "import resource, sys\n"
        "from chromasonic.errors import ExportError\n"
        "from chromasonic.export.reading import read_document\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 5 * 64 * 2**20,) * 2)\n"
        "try:\n    read_document(sys.argv[1])\n"
        "except ExportError as error:\n    print('refused:', error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "67,108,864 arrays and objects; allowed: 400,000" in run.stdout


# Fuzzing: an ExportError or the same model, and nothing else.


def outcome(text: str | bytes) -> Document | None:
    try:
        return parse_document(text)
    except ExportError as error:
        assert len(str(error)) < 500
        return None


def small_text() -> str:
    value = value_of(TINY)
    golden = value["metadata"]["golden"]
    golden.update(inputs=golden["inputs"][:2], outputs=golden["outputs"][:2], reset_before=[0, 1])
    return dumped(value)


def test_a_document_cut_at_any_byte_is_refused() -> None:
    text = small_text().encode()
    assert outcome(text) is not None
    for end in range(len(text)):
        assert outcome(text[:end]) is None, text[max(0, end - 40) : end]


def test_a_large_document_cut_at_random_places_is_refused() -> None:
    layers = (random_layer("dense", 64, 128), random_layer("lstm", 128, 64))
    text = text_of(Document(inputs=64, layers=layers)).encode()
    chance = random.Random(3)
    for _ in range(200):
        assert outcome(text[: chance.randrange(len(text))]) is None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipped_bytes_are_refused_or_read_as_what_they_now_say(data: st.DataObject) -> None:
    text = bytearray(small_text().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    found = outcome(bytes(text))
    if found is not None:  # what was read is what any JSON reader sees there
        seen = json.loads(bytes(text))
        assert found.inputs == seen["in_shape"][-1]
        for layer, theirs in zip(found.layers, seen["layers"], strict=True):
            assert (layer.type, layer.activation) == (theirs["type"], theirs["activation"])
            for one, other in zip(layer.weights, theirs["weights"], strict=True):
                assert one.tolist() == np.array(other, dtype=np.float32).tolist()


def paths_in(value: Any, path: tuple = ()) -> list[tuple]:
    items = (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    )  # fmt: skip
    return [path, *(deeper for key, item in items for deeper in paths_in(item, (*path, key)))]


def at(value: Any, path: tuple) -> Any:
    for key in path:
        value = value[key]
    return value


PATHS = [path for path in paths_in(json.loads(small_text())) if path]

ODD = st.sampled_from(
    [None, True, False, 0, -1, 2**70, 0.5, 1e38, "", "x", [], {}, [[]], [None], {"a": 1}]
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_swapped_and_odd_values_never_end_in_another_error(data: st.DataObject) -> None:
    value = json.loads(small_text())
    one, other = data.draw(st.sampled_from(PATHS)), data.draw(st.sampled_from(PATHS))
    new = data.draw(ODD) if data.draw(st.booleans()) else json.loads(dumped(at(value, other)))
    at(value, one[:-1])[one[-1]] = new
    outcome(dumped(value))
