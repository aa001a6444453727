"""The NumPy interpreter computes what torch computes, and what a pencil computes."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from sample_documents import golden_inputs, random_layer
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.errors import ExportError
from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.interpreter import compute, softmax_range

STEPS = 80


def one(layer: DocumentLayer, inputs: int) -> Document:
    return Document(inputs=inputs, layers=(layer,))


def tensors(layer: DocumentLayer) -> list[Tensor]:
    return [torch.tensor(array, dtype=torch.float64) for array in layer.weights]


def of_torch(
    module: Callable[[Tensor], Tensor], inputs: np.ndarray, reset_before: tuple[int, ...]
) -> np.ndarray:
    """Each run between resets through torch from a zero state: (S, I) to (S, O)."""
    values = torch.tensor(inputs, dtype=torch.float64)
    ends = [*reset_before, len(values)]
    with torch.no_grad():
        parts = [module(values[a:b]) for a, b in pairwise(ends)]
    return torch.cat(parts).numpy()


def assert_as_torch(document: Document, module: Callable[[Tensor], Tensor]) -> None:
    inputs = golden_inputs(STEPS, document.inputs)
    for resets in ((0,), (0, 1, 37), (0, 64)):
        ours = compute(document, inputs, resets)
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, of_torch(module, inputs, resets), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["dense", "time-distributed-dense"])
@pytest.mark.parametrize("shape", [(5, 3), (4, 4), (1, 6)])
def test_dense_is_a_torch_linear(kind: str, shape: tuple[int, int]) -> None:
    layer = random_layer(kind, *shape)
    kernel, bias = tensors(layer)
    assert_as_torch(one(layer, shape[0]), lambda x: functional.linear(x, kernel.T, bias))


@pytest.mark.parametrize("shape", [(5, 3), (4, 4)])
def test_lstm_is_a_torch_lstm_with_its_two_biases_added(shape: tuple[int, int]) -> None:
    layer = random_layer("lstm", *shape)
    module = nn.LSTM(*shape, dtype=torch.float64)
    kernel, recurrent, bias = tensors(layer)
    first = torch.rand(bias.shape, dtype=torch.float64)
    with torch.no_grad():
        module.weight_ih_l0.copy_(kernel.T)
        module.weight_hh_l0.copy_(recurrent.T)
        module.bias_ih_l0.copy_(first)
        module.bias_hh_l0.copy_(bias - first)
    assert_as_torch(one(layer, shape[0]), lambda x: module(x)[0])


@pytest.mark.parametrize("shape", [(5, 3), (4, 4)])
def test_gru_is_a_torch_gru_with_its_first_two_gates_swapped(shape: tuple[int, int]) -> None:
    layer = random_layer("gru", *shape)
    module = nn.GRU(*shape, dtype=torch.float64)
    kernel, recurrent, biases = tensors(layer)
    size = shape[1]

    def swapped(array: Tensor) -> Tensor:
        z, r, c = array.split(size, dim=-1)
        return torch.cat([r, z, c], dim=-1)

    with torch.no_grad():
        module.weight_ih_l0.copy_(swapped(kernel).T)
        module.weight_hh_l0.copy_(swapped(recurrent).T)
        module.bias_ih_l0.copy_(swapped(biases[0]))
        module.bias_hh_l0.copy_(swapped(biases[1]))
    assert_as_torch(one(layer, shape[0]), lambda x: module(x)[0])


@pytest.mark.parametrize(
    ("kernel", "dilation", "groups"), [(3, 1, 1), (3, 4, 2), (1, 1, 4), (5, 30, 1)]
)
def test_conv1d_is_a_causal_torch_conv1d(kernel: int, dilation: int, groups: int) -> None:
    layer = random_layer("conv1d", 4, 8, kernel_size=kernel, dilation=dilation, groups=groups)
    weight, bias = tensors(layer)

    def convolve(x: Tensor) -> Tensor:
        padded = functional.pad(x.T[None], ((kernel - 1) * dilation, 0))
        result = functional.conv1d(
            padded, weight.permute(2, 1, 0), bias, dilation=dilation, groups=groups
        )
        return result[0].T

    assert_as_torch(one(layer, 4), convolve)


def test_batchnorm_is_torchs_in_evaluation_mode() -> None:
    layer = random_layer("batchnorm", 6, 6, epsilon=1e-3)
    gamma, beta, mean, variance = tensors(layer)
    assert_as_torch(
        one(layer, 6),
        lambda x: functional.batch_norm(x, mean, variance, gamma, beta, eps=1e-3),
    )


def test_prelu_is_torchs() -> None:
    layer = random_layer("prelu", 6, 6)
    (slopes,) = tensors(layer)
    assert_as_torch(one(layer, 6), lambda x: functional.prelu(x, slopes[0]))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("", lambda x: x), ("tanh", torch.tanh), ("relu", torch.relu),
        ("sigmoid", torch.sigmoid), ("elu", functional.elu),
        ("softmax", lambda x: torch.softmax(x, -1)),
    ],
)  # fmt: skip
def test_activations_are_torchs_in_a_layer_and_as_a_layer(
    name: str, function: Callable[[Tensor], Tensor]
) -> None:
    layer = random_layer("dense", 5, 7, activation=name)
    kernel, bias = tensors(layer)
    assert_as_torch(one(layer, 5), lambda x: function(functional.linear(x, kernel.T, bias)))
    assert_as_torch(one(random_layer("activation", 5, 5, activation=name), 5), function)


def test_layers_in_a_row_keep_each_their_state() -> None:
    layers = (
        random_layer("conv1d", 4, 6, activation="tanh", kernel_size=3, dilation=2, groups=1),
        random_layer("lstm", 6, 5, seed=1),
        random_layer("lstm", 5, 5, seed=2),
        random_layer("dense", 5, 3, activation="softmax", seed=3),
    )
    document = Document(inputs=4, layers=layers)
    inputs = golden_inputs(STEPS, 4)
    whole = compute(document, inputs, (0, 30))
    values = inputs
    for layer in layers:
        values = compute(one(layer, values.shape[1]), values, (0, 30))
    np.testing.assert_array_equal(whole, values)
    np.testing.assert_array_equal(whole[30:], compute(document, inputs[30:]))
    assert np.abs(whole[30:] - compute(document, inputs)[30:]).max() > 1e-3


def by_hand(kind: str, size: int, *weights: list, **options: object) -> DocumentLayer:
    arrays = tuple(np.array(array, dtype=np.float32) for array in weights)
    return DocumentLayer(type=kind, size=size, weights=arrays, options=options)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_dense_by_hand() -> None:
    layer = by_hand("dense", 2, [[1, 2], [3, 4], [5, 6]], [0.5, -0.5])
    assert compute(one(layer, 3), [[1, 10, 100]]).tolist() == [[531.5, 641.5]]


def test_an_lstm_step_after_step_by_hand() -> None:
    layer = by_hand("lstm", 1, [[1, 2, 3, 4]], [[5, 6, 7, 8]], [0.1, 0.2, 0.3, 0.4])
    cell = sigmoid(0.6) * math.tanh(1.8)  # input 0.5; i = 0.6, f = 1.2, c = 1.8, o = 2.4
    hidden = sigmoid(2.4) * math.tanh(cell)
    then = [
        -w + u * hidden + b
        for w, u, b in zip((1, 2, 3, 4), (5, 6, 7, 8), (0.1, 0.2, 0.3, 0.4), strict=True)
    ]
    after = sigmoid(then[1]) * cell + sigmoid(then[0]) * math.tanh(then[2])
    wanted = [[hidden], [sigmoid(then[3]) * math.tanh(after)]]
    np.testing.assert_allclose(compute(one(layer, 1), [[0.5], [-1]]), wanted, atol=1e-7)


def test_a_gru_step_after_step_by_hand() -> None:
    layer = by_hand("gru", 1, [[1, 2, 3]], [[4, 5, 6]], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    update, reset = sigmoid(0.5 + 0.1 + 0.4), sigmoid(1 + 0.2 + 0.5)
    first = (1 - update) * math.tanh(1.5 + 0.3 + reset * 0.6)
    update, reset = sigmoid(-1 + 0.5 + 4 * first), sigmoid(-2 + 0.7 + 5 * first)
    second = (1 - update) * math.tanh(-3 + 0.3 + reset * (6 * first + 0.6)) + update * first
    np.testing.assert_allclose(
        compute(one(layer, 1), [[0.5], [-1]]), [[first], [second]], atol=1e-7
    )


def test_a_conv1d_looks_back_by_hand() -> None:
    layer = by_hand(
        "conv1d", 1, [[[100]], [[10]], [[1]]], [0.5], kernel_size=3, dilation=2, groups=1
    )
    steps = [[1], [2], [3], [4], [5]]
    wanted = [[1.5], [2.5], [13.5], [24.5], [135.5]]  # x[t] + 10 x[t - 2] + 100 x[t - 4] + 0.5
    assert compute(one(layer, 1), steps).tolist() == wanted


def test_small_layers_by_hand() -> None:
    norm = by_hand("batchnorm", 2, [2, 3], [1, -1], [5, 6], [3, 8], epsilon=1.0)
    assert compute(one(norm, 2), [[7, 0]]).tolist() == [[3.0, -7.0]]
    slopes = by_hand("prelu", 2, [[0.5, 0.25]])
    assert compute(one(slopes, 2), [[-4, -4], [4, 4]]).tolist() == [[-2, -1], [4, 4]]
    elu = DocumentLayer(type="activation", size=2, activation="elu")
    np.testing.assert_allclose(compute(one(elu, 2), [[-1, 2]]), [[math.exp(-1) - 1, 2]])


def test_what_stands_as_activation_of_a_recurrent_layer_is_ignored_as_rtneural_does() -> None:
    layer = random_layer("lstm", 3, 4)
    named = DocumentLayer(type="lstm", size=4, activation="tanh", weights=layer.weights)
    inputs = golden_inputs(9, 3)
    np.testing.assert_array_equal(compute(one(named, 3), inputs), compute(one(layer, 3), inputs))


def test_large_numbers_neither_overflow_nor_warn() -> None:
    for name in ("sigmoid", "softmax", "tanh", "elu", "relu"):
        layer = DocumentLayer(type="activation", size=2, activation=name)
        with np.errstate(all="raise", under="ignore"):
            assert np.isfinite(compute(one(layer, 2), [[3e38, -3e38], [-3e38, -3e38]])).all()


def test_softmax_range_is_the_log_of_the_sums_of_exponentials() -> None:
    layer = DocumentLayer(type="activation", size=3, activation="softmax")
    found = softmax_range(one(layer, 3), [[1, 2, 3], [-100, -101, -200]], (0, 1))
    assert found is not None
    assert found.largest == pytest.approx(math.log(math.e + math.e**2 + math.e**3))
    assert found.smallest == pytest.approx(-100 + math.log(1 + 1 / math.e))
    assert softmax_range(one(random_layer("dense", 3, 2), 3), [[1, 2, 3]]) is None


def test_no_steps_give_no_outputs() -> None:
    document = one(random_layer("lstm", 3, 4), 3)
    assert compute(document, np.zeros((0, 3))).shape == (0, 4)


@pytest.mark.parametrize("inputs", [np.zeros((4, 2)), np.zeros(3), np.zeros((1, 4, 3))])
def test_inputs_of_another_shape_are_refused(inputs: np.ndarray) -> None:
    with pytest.raises(ExportError, match=r"it wants \(steps, 3\)"):
        compute(one(random_layer("dense", 3, 2), 3), inputs)


def test_a_reset_at_a_step_that_is_not_there_is_refused() -> None:
    with pytest.raises(ExportError, match="allowed: steps from 0 to 3"):
        compute(one(random_layer("dense", 3, 2), 3), np.zeros((4, 3)), (0, 4))
