"""The exporter: layers by hand, in forward order, equal to PyTorch; and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import Causal, Channels, Lambda, Outputs, example, filled
from torch import nn
from torch.nn import functional

from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.golden import golden_inputs, sequence_outputs
from chromasonic.export.interpreter import compute
from chromasonic.export.rtneural import layers_of


def set_to(module: nn.Module, **values: list) -> nn.Module:
    """Put numbers into a module's parameters."""
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(torch.tensor(value))
    return module


def lists(layer: DocumentLayer) -> list:
    return [array.tolist() for array in layer.weights]


def test_a_dense_layer_is_transposed_to_inputs_by_outputs() -> None:
    linear = set_to(nn.Linear(2, 3), weight=[[1.0, 2], [3, 4], [5, 6]], bias=[7.0, 8, 9])
    (layer,) = layers_of(linear, example(2))
    assert (layer.type, layer.size, layer.activation) == ("dense", 3, "")
    assert lists(layer) == [[[1, 3, 5], [2, 4, 6]], [7, 8, 9]]


def test_an_lstm_keeps_its_gates_and_has_the_sum_of_its_biases() -> None:
    # PyTorch's rows: input, forget, cell, output; the file's columns: i, f, c, o.
    lstm = set_to(
        nn.LSTM(1, 1, batch_first=True),
        weight_ih_l0=[[0.1], [0.2], [0.3], [0.4]], weight_hh_l0=[[0.5], [0.6], [0.7], [0.8]],
        bias_ih_l0=[1.0, 2, 3, 4], bias_hh_l0=[0.5, 0.25, 0.125, 0],
    )  # fmt: skip
    (layer,) = layers_of(Outputs(lstm), example(1))
    assert (layer.type, layer.size, layer.activation) == ("lstm", 1, "")
    assert [array.shape for array in layer.weights] == [(1, 4), (1, 4), (4,)]
    assert np.allclose(layer.weights[0], [[0.1, 0.2, 0.3, 0.4]])
    assert np.allclose(layer.weights[1], [[0.5, 0.6, 0.7, 0.8]])
    assert layer.weights[2].tolist() == [1.5, 2.25, 3.125, 4]


def test_two_steps_of_an_lstm_by_hand() -> None:
    lstm = set_to(
        nn.LSTM(1, 1, batch_first=True),
        weight_ih_l0=[[1.0], [2], [3], [4]], weight_hh_l0=[[-1.0], [0.5], [2], [1]],
        bias_ih_l0=[0.5, -0.5, 0, 0.25], bias_hh_l0=[0.0, 0, 0, 0],
    )  # fmt: skip

    def sigmoid(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    hidden, cell, wanted = 0.0, 0.0, []
    for x in (0.5, -0.25):
        i, f = sigmoid(x - hidden + 0.5), sigmoid(2 * x + 0.5 * hidden - 0.5)
        g, o = math.tanh(3 * x + 2 * hidden), sigmoid(4 * x + hidden + 0.25)
        cell = f * cell + i * g
        hidden = o * math.tanh(cell)
        wanted.append([hidden])
    document = Document(inputs=1, layers=layers_of(Outputs(lstm), example(1)))
    given = compute(document, np.array([[0.5], [-0.25]]))
    assert np.allclose(given, wanted, rtol=0, atol=1e-15)


def test_a_gru_has_update_before_reset_and_keeps_both_biases() -> None:
    # PyTorch's rows: reset, update, new; the file's columns: z (update), r (reset), c (new).
    gru = set_to(
        nn.GRU(1, 1, batch_first=True),
        weight_ih_l0=[[1.0], [2], [3]], weight_hh_l0=[[4.0], [5], [6]],
        bias_ih_l0=[7.0, 8, 9], bias_hh_l0=[10.0, 11, 12],
    )  # fmt: skip
    (layer,) = layers_of(Outputs(gru), example(1))
    assert layer.type == "gru"
    assert lists(layer) == [[[2, 1, 3]], [[5, 4, 6]], [[8, 7, 9], [11, 10, 12]]]


def test_each_unit_of_a_gate_stays_in_its_gate() -> None:
    lstm = filled(nn.LSTM(3, 2, batch_first=True))
    (layer,) = layers_of(Outputs(lstm), example(3))
    for gate in range(4):
        for unit in range(2):
            row = lstm.weight_ih_l0[2 * gate + unit].detach().numpy()
            assert np.array_equal(layer.weights[0][:, 2 * gate + unit], row)


def test_a_convolution_by_hand() -> None:
    causal = Causal(1, 1, 2, dilation=2)
    set_to(causal.conv, weight=[[[10.0, 1.0]]], bias=[0.5])  # 10 x two steps ago + 1 x now
    (layer,) = layers_of(causal, example(1))
    assert layer.type == "conv1d"
    assert layer.options == {"kernel_size": 2, "dilation": 2, "groups": 1}
    assert lists(layer) == [[[[10]], [[1]]], [0.5]]
    steps = np.array([[1.0], [2], [3], [4]])
    given = compute(Document(inputs=1, layers=(layer,)), steps)
    assert given.ravel().tolist() == [1.5, 2.5, 13.5, 24.5]


def test_batch_normalization_and_prelu_hold_their_numbers() -> None:
    norm = filled(nn.BatchNorm1d(3, eps=0.01))
    layer, slopes = layers_of(Channels(nn.Sequential(norm, nn.PReLU(3, init=0.5))), example(3))
    assert (layer.type, slopes.type) == ("batchnorm", "prelu")
    assert layer.options == {"epsilon": 0.01}
    for array, tensor in zip(
        layer.weights, (norm.weight, norm.bias, norm.running_mean, norm.running_var), strict=True
    ):
        assert np.array_equal(array, tensor.detach().numpy())
    assert lists(slopes) == [[[0.5, 0.5, 0.5]]]


def test_layers_come_in_the_order_of_forward_not_of_registration() -> None:
    net = Lambda(
        lambda self, x: self.first(torch.tanh(self.second(x))),
        first=nn.Linear(5, 2), second=nn.Linear(4, 5), never=nn.Linear(4, 4),
    )  # fmt: skip
    layers = layers_of(net, example(4))
    assert [(layer.size, layer.activation) for layer in layers] == [(5, "tanh"), (2, "")]


def test_an_activation_folds_into_dense_and_convolution_alone() -> None:
    net = nn.Sequential(
        nn.Linear(4, 3), nn.ReLU(), nn.Tanh(), Outputs(nn.LSTM(3, 3, batch_first=True)), nn.ReLU(),
        Causal(3, 3, 2), nn.Sigmoid(),
    )  # fmt: skip
    found = [(layer.type, layer.activation) for layer in layers_of(net, example(4))]
    assert found == [
        ("dense", "relu"), ("activation", "tanh"), ("lstm", ""), ("activation", "relu"),
        ("conv1d", "sigmoid"),
    ]  # fmt: skip


def test_dropout_and_identity_are_dropped_and_the_module_is_left_as_it_was() -> None:
    net = nn.Sequential(nn.Identity(), nn.Linear(4, 3), nn.Dropout(0.5), nn.ELU(), nn.Dropout(0.1))
    net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    layers = layers_of(net, example(4))
    assert [(layer.type, layer.activation) for layer in layers] == [("dense", "elu")]
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_layer_that_is_used_twice_is_written_twice() -> None:
    one, other = layers_of(
        Lambda(lambda self, x: self.layer(self.layer(x).relu()), layer=filled(nn.Linear(3, 3))),
        example(3),
    )
    assert lists(one) == lists(other)
    assert (one.activation, other.activation) == ("relu", "")


def two_axes_turned(self: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return self.layer(x.transpose(0, 1))[0].permute(1, 0, 2)


EXPRESSIBLE = {
    "dense, functional": Lambda(
        lambda self, x: functional.softmax(
            self.b(functional.elu(functional.dropout(self.a(x), 0.5, self.training))), dim=2
        ),
        a=nn.Linear(4, 6), b=nn.Linear(6, 5, bias=False),
    ),
    "in place": nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 3), nn.Tanh()),
    "two LSTMs, one over the other": Outputs(nn.LSTM(4, 5, 2, batch_first=True, dropout=0.3)),
    "LSTM without biases": Outputs(nn.LSTM(4, 4, bias=False, batch_first=True)),
    "LSTM with steps first": Lambda(two_axes_turned, layer=nn.LSTM(4, 3)),
    "two GRUs, one over the other": Outputs(nn.GRU(4, 4, 2, batch_first=True)),
    "GRU without biases": Outputs(nn.GRU(4, 3, bias=False, batch_first=True)),
    "convolutions": nn.Sequential(
        Causal(4, 6, 3, dilation=2), nn.Tanh(), Causal(6, 4, 2, groups=2), Causal(4, 4, 1)
    ),
    "depthwise": nn.Sequential(Causal(4, 4, 3, groups=4), nn.ELU()),
    "batch normalization": nn.Sequential(
        nn.Linear(4, 5), Channels(nn.BatchNorm1d(5)), nn.ReLU(), nn.Linear(5, 2)
    ),
    "batch normalization without its own factors": Channels(nn.BatchNorm1d(4, affine=False)),
    "PReLU, one slope": nn.Sequential(nn.Linear(4, 5), nn.PReLU()),
    "PReLU, many": nn.Sequential(nn.Linear(4, 5), Channels(nn.PReLU(5))),
    "softmax inside": nn.Sequential(nn.Linear(4, 5), nn.Softmax(-1), nn.Linear(5, 3)),
    "activation first": nn.Sequential(nn.Tanh(), nn.Linear(4, 3), nn.Sigmoid()),
    "weights that are computed": nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)),
    "all together": nn.Sequential(
        nn.Linear(4, 6), nn.ReLU(), Outputs(nn.GRU(6, 5, batch_first=True)), Causal(5, 5, 3),
        nn.Sigmoid(), Outputs(nn.LSTM(5, 5, batch_first=True)), nn.Linear(5, 4), nn.Softmax(-1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("net", EXPRESSIBLE.values(), ids=EXPRESSIBLE)
def test_what_is_exported_computes_the_same_over_many_steps_and_resets(net: nn.Module) -> None:
    filled(net)
    document = Document(inputs=4, layers=layers_of(net, example(4)))
    inputs, resets = golden_inputs(4, seed=9), (0, 64, 70)
    given, wanted = compute(document, inputs, resets), sequence_outputs(net, inputs, resets)
    assert given.shape == wanted.shape
    assert np.abs(given - wanted).max() < 2e-7


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_row_of_expressible_layers_computes_the_same(data: st.DataObject) -> None:
    parts: list[nn.Module] = []
    size = 3
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(["dense", "lstm", "gru", "conv", "norm", "prelu", "act"]))
        out = data.draw(st.integers(1, 5))
        made: dict[str, list] = {
            "dense": [nn.Linear(size, out), out],
            "lstm": [Outputs(nn.LSTM(size, out, batch_first=True)), out],
            "gru": [Outputs(nn.GRU(size, out, batch_first=True)), out],
            "conv": [Causal(size, out, data.draw(st.integers(1, 3)), dilation=2), out],
            "norm": [Channels(nn.BatchNorm1d(size)), size],
            "prelu": [Channels(nn.PReLU(size)), size],
            "act": [data.draw(st.sampled_from([nn.Tanh, nn.ReLU, nn.Sigmoid, nn.ELU]))(), size],
        }
        parts.append(made[kind][0])
        size = made[kind][1]
    net = filled(nn.Sequential(*parts), seed=data.draw(st.integers(0, 99)))
    document = Document(inputs=3, layers=layers_of(net, example(3)))
    inputs = golden_inputs(3, steps=24)
    given, wanted = compute(document, inputs, (0, 17)), sequence_outputs(net, inputs, (0, 17))
    assert np.abs(given - wanted).max() < 1e-6 * max(1, np.abs(wanted).max())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_rounded_to_float32(dtype: torch.dtype) -> None:
    linear = nn.Linear(3, 2).to(dtype)
    (layer,) = layers_of(linear, example(3).to(dtype))
    assert layer.weights[0].dtype == np.float32
    assert np.array_equal(layer.weights[0], linear.weight.detach().float().numpy().T)
    assert linear.weight.dtype == dtype


def test_features_without_steps_have_two_axes() -> None:
    net = filled(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.PReLU(4), nn.Softmax(1)))
    layers = layers_of(net, torch.zeros(2, 3))
    assert [layer.type for layer in layers] == ["dense", "batchnorm", "prelu", "activation"]
    inputs = golden_inputs(3)
    wanted = net.double()(torch.from_numpy(inputs).double()).detach().numpy()
    assert np.abs(compute(Document(inputs=3, layers=layers), inputs) - wanted).max() < 1e-7
