"""Weights at fewer bits, as they are held."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import nn

from chromasonic.errors import ExportError
from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.quantizing import (
    PRECISIONS,
    held,
    int8_scales,
    rounded_document,
    rounded_module,
)

matrices = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 5)),
    elements=st.floats(-60000, 60000, width=32),
)


def half(numerator: int, exponent: int) -> np.float32:
    return np.float32(numerator * 2.0**exponent)


def test_float32_is_as_in_the_file():
    weights = np.array([[1e-40, -3.0], [0.1, 1e30]], dtype=np.float32)
    assert np.array_equal(held(weights, "float32"), weights)


def test_int8_by_hand_ties_go_to_even():
    weights = np.array([[127, 0, 1], [-0.5, 0, -1], [1.5, 0, 0.5]], dtype=np.float32)
    third = np.float32(1) / np.float32(127)
    expected = [[127, 0, third * 127], [0, 0, -third * 127], [2, 0, third * 64]]
    assert np.array_equal(held(weights, "int8"), np.array(expected, dtype=np.float32))


def test_float16_by_hand_ties_go_to_even_also_below_normal_numbers():
    cases = {
        half(1, 0): half(1, 0),
        half(2049, -11): half(1, 0),  # between 1 and its neighbour 1 + 2^-10: the even one
        half(2051, -11): half(1026, -10),
        half(3, -25): half(2, -24),  # between the two smallest of all: the even one
        half(1, -25): half(0, 0),
        half(1, -24): half(1, -24),
        np.float32(65519): np.float32(65504),
    }
    weights = np.array([list(cases)], dtype=np.float32)
    assert held(weights, "float16")[0].tolist() == list(cases.values())


@given(matrices)
def test_no_weight_moves_further_than_half_a_step(weights):
    whole = held(weights, "int8")
    scales = int8_scales(weights)
    for (row, output), weight in np.ndenumerate(weights):
        step = Fraction(float(scales[output]))
        gap = abs(Fraction(float(whole[row, output])) - Fraction(float(weight)))
        assert gap <= step / 2 + abs(Fraction(float(weight))) / 2**22 + Fraction(1e-35)
    lost = 127 * np.finfo(np.float32).tiny  # a whole column of less is held as 0
    assert np.all(np.abs(whole - weights) <= np.abs(weights).max(axis=0) / 253 + lost)
    halves = held(weights, "float16")
    assert np.all(np.abs(halves - weights) <= np.maximum(np.abs(weights) * 2**-11, 2**-25))


@given(matrices, st.sampled_from(PRECISIONS))
def test_what_is_held_is_held_as_it_is(weights, precision):
    once = held(weights, precision)
    again = held(once, precision)
    assert np.allclose(again, once, rtol=3e-7, atol=0)


def test_scales_too_small_to_be_normal_numbers_are_0():
    weights = np.array([[1e-37], [1e-36]], dtype=np.float32)
    assert np.array_equal(held(weights, "int8"), np.zeros((2, 1), np.float32))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_empty_matrix_stays_empty(precision):
    assert held(np.zeros((0, 3), np.float32), precision).shape == (0, 3)


def test_wrong_values_are_refused():
    with pytest.raises(ExportError, match="precision is 'int4'; allowed: float32, float16, int8"):
        held(np.ones((1, 1), np.float32), "int4")  # type: ignore[arg-type]
    with pytest.raises(ExportError, match="NaN or infinite"):
        held(np.array([[np.nan]], np.float32), "float32")
    with pytest.raises(ExportError, match=r"65520 in size, and float16 ends at 65504"):
        held(np.array([[-65520]], np.float32), "float16")
    with pytest.raises(ExportError, match=r"shape \(3,\)"):
        held(np.ones(3, np.float32), "int8")


class Small(nn.Module):
    """A dense and a recurrent layer."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(3, 4)
        self.lstm = nn.LSTM(4, 2, batch_first=True)


def test_a_module_and_its_document_round_alike_and_biases_stay():
    torch.manual_seed(1)
    module = Small()
    dense, lstm = module.dense, module.lstm

    def layers(of: Small) -> tuple[DocumentLayer, ...]:
        def array(tensor):
            return tensor.detach().numpy().T.copy()

        return (
            DocumentLayer(
                type="dense", size=4, weights=(array(of.dense.weight), array(of.dense.bias))
            ),
            DocumentLayer(
                type="lstm",
                size=2,
                weights=(
                    array(of.lstm.weight_ih_l0),
                    array(of.lstm.weight_hh_l0),
                    array(of.lstm.bias_ih_l0 + of.lstm.bias_hh_l0),
                ),
            ),
        )

    for precision in PRECISIONS:
        document = rounded_document(Document(inputs=3, layers=layers(module)), precision)
        rounded = rounded_module(module, precision)
        for one, other in zip(document.layers, layers(rounded), strict=True):
            for first, second in zip(one.weights, other.weights, strict=True):
                assert np.array_equal(first, second)
        assert torch.equal(rounded.dense.bias, dense.bias)
        assert torch.equal(rounded.lstm.bias_hh_l0, lstm.bias_hh_l0)
        changed = not torch.equal(rounded.lstm.weight_hh_l0, lstm.weight_hh_l0)
        assert changed == (precision != "float32")


def test_other_layers_are_refused_by_name():
    with pytest.raises(ExportError, match="0 is a Conv1d"):
        rounded_module(nn.Sequential(nn.Conv1d(1, 1, 3)), "int8")
    layer = DocumentLayer(type="gru", size=1, weights=(np.ones((1, 3), np.float32),) * 3)
    with pytest.raises(ExportError, match="of type gru"):
        rounded_document(Document(inputs=1, layers=(layer,)), "int8")
