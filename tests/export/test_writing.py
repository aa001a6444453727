"""A document as text: strict JSON, and the shortest numbers that give back the same floats."""

from __future__ import annotations

import ctypes
import json
import math
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sample_documents import TINY_SPEC, random_document, random_layer, value_of

from chromasonic.errors import ExportError
from chromasonic.export.document import Document
from chromasonic.export.reading import parse_document
from chromasonic.export.writing import array_text, document_text, number_texts

BITS = st.integers(0, 2**32 - 1).map(lambda bits: struct.unpack("<f", struct.pack("<I", bits))[0])


libc = ctypes.CDLL(None)
libc.strtof.restype, libc.strtof.argtypes = ctypes.c_float, [ctypes.c_char_p, ctypes.c_void_p]


def read_as_float32(text: str) -> float:
    """As C reads it, rounded once (NumPy reads a 64-bit float first)."""
    number: float = libc.strtof(text.encode(), None)
    return number


@given(st.lists(BITS.filter(math.isfinite), min_size=1, max_size=40))
@example([0.0, -0.0, 1e-45, -1.1754942e-38, 3.4028235e38, 16777216.0, 0.1, 1 / 3, 8.5e9])
def test_every_number_comes_back_to_the_bit_read_either_way(values: list[float]) -> None:
    numbers = np.array(values, dtype=np.float32)
    texts = number_texts(numbers)
    once = np.array([read_as_float32(text) for text in texts], dtype=np.float32)
    twice = np.array([json.loads(text) for text in texts], dtype=np.float64).astype(np.float32)
    assert once.tobytes() == twice.tobytes() == numbers.tobytes()


@given(BITS.filter(math.isfinite))
def test_no_text_of_fewer_digits_gives_the_same_number(value: float) -> None:
    (text,) = number_texts(np.array([value], dtype=np.float32))
    digits = len(text.lstrip("-").partition("e")[0].replace(".", "").strip("0"))
    for fewer in range(1, digits):
        shorter = f"{value:.{fewer - 1}e}"
        assert value not in (read_as_float32(shorter), np.float32(float(shorter)))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (-2.5, "-2.5"), (3, "3"), (0, "0"), (-0.0, "-0.0"), (1e-5, "1e-5"),
     (16777216, "1.6777216e7"), (1 / 3, "0.33333334")],
)  # fmt: skip
def test_numbers_as_they_read(value: float, text: str) -> None:
    assert number_texts(np.array([value])) == [text]


def test_a_text_that_rounding_twice_would_spoil_has_more_digits() -> None:
    # 7.038531e-26 lies so near the middle of two 32-bit floats that a 64-bit float is the middle.
    number = np.float32(read_as_float32("7.038531e-26"))
    assert np.float32(float("7.038531e-26")) != number
    (text,) = number_texts(np.array([number]))
    assert np.float32(float(text)) == read_as_float32(text) == number
    assert text == "7.0385307e-26"


def test_lists_are_nested_as_the_array_is() -> None:
    assert array_text(np.arange(12, dtype=np.float32).reshape(2, 3, 2)) == (
        "[[[0,1],[2,3],[4,5]],[[6,7],[8,9],[10,11]]]"
    )
    assert array_text(np.zeros((1, 1, 2), dtype=np.float32)) == "[[[0,0]]]"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(bad: float) -> None:
    with pytest.raises(ExportError, match="1 of 3 numbers are not finite"):
        number_texts(np.array([1, bad, 2], dtype=np.float32))


def test_metadata_that_are_not_finite_are_refused() -> None:
    document = random_document(TINY_SPEC)
    assert document.metadata is not None
    metadata = replace(document.metadata, training={"loss": float("nan")})
    with pytest.raises(ExportError, match=r"metadata of tiny .*not finite"):
        document_text(replace(document, metadata=metadata))


def test_a_document_is_one_line_with_exactly_the_keys_of_the_format() -> None:
    document = random_document(TINY_SPEC)
    text = document_text(document)
    assert text.count("\n") == 1
    assert text.endswith("}\n")
    assert ": " not in text.partition('"metadata"')[0]
    assert json.loads(text) == value_of(document)


def test_each_type_of_layer_has_its_keys() -> None:
    layers = (
        random_layer("conv1d", 4, 6, activation="tanh", kernel_size=3, dilation=2, groups=2),
        random_layer("batchnorm", 6, 6, epsilon=0.001),
        random_layer("prelu", 6, 6),
        random_layer("gru", 6, 3),
        random_layer("activation", 3, 3, activation="softmax"),
    )
    conv, norm, prelu, gru, last = json.loads(document_text(Document(inputs=4, layers=layers)))[
        "layers"
    ]
    assert (conv["kernel_size"], conv["dilation"], conv["groups"]) == ([3], [2], 2)
    assert np.shape(conv["weights"][0]) == (3, 2, 6)
    assert norm["epsilon"] == 0.001
    assert np.shape(prelu["weights"]) == (1, 1, 6)
    assert [np.shape(part) for part in gru["weights"]] == [(6, 9), (3, 9), (2, 9)]
    assert last == {
        "type": "activation", "shape": [None, None, 3], "activation": "softmax", "weights": [],
    }  # fmt: skip


def test_what_is_written_reads_back_the_same() -> None:
    document = random_document(TINY_SPEC, seed=5)
    read = parse_document(document_text(document))
    for one, other in zip(read.layers, document.layers, strict=True):
        assert (one.type, one.size, one.activation) == (other.type, other.size, other.activation)
        for a, b in zip(one.weights, other.weights, strict=True):
            assert a.tobytes() == b.tobytes()
    assert read.metadata is not None
    assert document.metadata is not None
    assert np.array_equal(read.metadata.golden.outputs, document.metadata.golden.outputs)
    assert replace(read.metadata, golden=document.metadata.golden) == document.metadata
