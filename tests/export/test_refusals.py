"""What RTNeural's format cannot express is refused by name: module, class and reason."""

from __future__ import annotations

import pytest
import torch
from nets import Channels, Lambda, Outputs, example
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.errors import ExportError
from chromasonic.export.rtneural import layers_of


def after_dense(layer: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(4, 4), layer)


def conv(before: int = 0, after: int = 0, value: float = 0.0, **settings: object) -> nn.Module:
    """A convolution of kernel 3 over padded steps."""
    return Lambda(
        lambda self, x: self.conv(
            functional.pad(x.transpose(1, 2), (before, after), value=value)
            if before or after
            else x.transpose(1, 2)
        ).transpose(1, 2),
        conv=nn.Conv1d(4, 3, 3, **settings),  # type: ignore[arg-type]
    )


def cells(self: nn.Module, x: Tensor) -> Tensor:
    return torch.stack([self.cell(x[:, step])[0] for step in range(x.shape[1])], 1)


def from_ones(self: nn.Module, x: Tensor) -> Tensor:
    return self.lstm(x, (torch.ones(1, 1, 3), torch.zeros(1, 1, 3)))[0]


def lstm(**settings: object) -> nn.Module:
    return nn.LSTM(4, 3, **{"batch_first": True, **settings})  # type: ignore[arg-type]


MOVES = "numbers go into RTNeural, not ids"
REFUSED: dict[str, tuple[nn.Module, str]] = {
    "LayerNorm": (after_dense(nn.LayerNorm(4)), r"1 \(LayerNorm\): it normalizes"),
    "GELU": (after_dense(nn.GELU()), r"1 \(GELU\): RTNeural knows tanh, relu"),
    "GELU as a function": (
        Lambda(lambda self, x: functional.gelu(self.a(x)), a=nn.Linear(4, 4)), "gelu in Lambda:",
    ),
    "LeakyReLU": (after_dense(nn.LeakyReLU()), r"1 \(LeakyReLU\).*PReLU can say the same"),
    "SiLU": (after_dense(nn.SiLU()), r"1 \(SiLU\): RTNeural knows"),
    "ReLU6": (after_dense(nn.ReLU6()), r"1 \(ReLU6\): RTNeural knows"),
    "log-softmax": (after_dense(nn.LogSoftmax(-1)), r"1 \(LogSoftmax\)"),
    "ELU of another alpha": (after_dense(nn.ELU(0.5)), r"1 \(ELU\): its alpha is 0\.5"),
    "softmax over steps": (after_dense(nn.Softmax(1)), r"1 \(Softmax\): .*another axis"),
    "attention": (
        Lambda(lambda self, x: self.attend(x, x, x)[0], attend=nn.MultiheadAttention(4, 2)),
        r"attend \(MultiheadAttention\): it looks at all steps at once",
    ),
    "a Transformer's layer": (
        nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
        r"self_attn \(MultiheadAttention\): it looks at all steps",
    ),
    "Embedding": (
        Lambda(lambda self, x: self.embed(x.long()[:, :, 0]), embed=nn.Embedding(9, 3)),
        "RTNeural JSON cannot express",
    ),
    "max pooling": (Channels(nn.MaxPool1d(2)), r"layer \(MaxPool1d\): it joins several"),
    "average pooling": (Channels(nn.AvgPool1d(3, 1, 1)), r"layer \(AvgPool1d\): it joins"),
    "plain RNN": (Outputs(nn.RNN(4, 3, batch_first=True)), r"layer \(RNN\): .*no plain RNN"),
    "bidirectional": (Outputs(lstm(bidirectional=True)), r"layer \(LSTM\): it is bidirectional"),
    "bidirectional GRU": (
        Outputs(nn.GRU(4, 3, batch_first=True, bidirectional=True)),
        r"layer \(GRU\): it is bidirectional",
    ),
    "projected LSTM": (Outputs(lstm(proj_size=2)), r"layer \(LSTM\): its outputs are projected"),
    "LSTM that takes examples for steps": (
        Outputs(lstm(batch_first=False)), r"layer \(LSTM\): it reads axes T, B, F",
    ),
    "LSTM that begins elsewhere": (Lambda(from_ones, lstm=lstm()), r"lstm \(LSTM\): its state"),
    "last state": (
        Lambda(lambda self, x: self.lstm(x)[1][0], lstm=lstm()), r"lstm \(LSTM\): the state",
    ),
    "last step": (
        Lambda(lambda self, x: self.lstm(x)[0][:, -1:], lstm=lstm()), "every step's output",
    ),
    "LSTM cell": (Lambda(cells, cell=nn.LSTMCell(4, 3)), "cannot express"),
    "skip connection": (
        Lambda(lambda self, x: x + self.a(x), a=nn.Linear(4, 4)), "add in Lambda: it joins values",
    ),
    "two branches": (
        Lambda(
            lambda self, x: torch.cat([self.a(x), self.b(x)], -1), a=nn.Linear(4, 4),
            b=nn.Linear(4, 2),
        ),
        r"b \(Linear\): it joins values|cat in Lambda: it joins",
    ),
    "weights that depend on what goes in": (
        Lambda(lambda self, x: functional.linear(self.a.weight[None], x[0]), a=nn.Linear(4, 4)),
        "linear in Lambda: it joins values|select in Lambda",
    ),
    "constant factor": (
        Lambda(lambda self, x: 2 * self.a(x), a=nn.Linear(4, 4)), "fold the factor",
    ),
    "two-sided padding": (conv(padding=1), r"conv \(Conv1d\): .*still to come"),
    "same padding": (conv(padding="same"), r"conv \(Conv1d\): its padding of same"),
    "no padding": (conv(), r"conv \(Conv1d\): 0 steps of zeros go before.*= 2"),
    "too much padding": (conv(3), r"conv \(Conv1d\): 3 steps of zeros"),
    "padding after the last": (conv(0, 2), "pad in Lambda: only zeros before the first"),
    "padding with ones": (conv(2, value=1.0), "pad in Lambda: only zeros before the first"),
    "reflected padding": (conv(padding=1, padding_mode="reflect"), r"conv \(Conv1d\)"),
    "stride": (conv(2, stride=2), r"conv \(Conv1d\): its stride is 2"),
    "BatchNorm1d over steps": (nn.BatchNorm1d(5), r"BatchNorm1d: it reads axes B, F, T"),
    "BatchNorm1d without running mean": (
        Channels(nn.BatchNorm1d(4, track_running_stats=False)), r"layer \(BatchNorm1d\): it keeps",
    ),
    "InstanceNorm1d": (Channels(nn.InstanceNorm1d(4)), r"layer \(InstanceNorm1d\)"),
    "Linear over steps": (Channels(nn.Linear(5, 5)), r"layer \(Linear\): the last axis"),
    "Flatten": (nn.Sequential(nn.Flatten(1, 2), nn.Linear(20, 3)), r"0 \(Flatten\)"),
    "sum over time": (
        Lambda(lambda self, x: self.a(x).cumsum(1), a=nn.Linear(4, 4)), "cumsum in Lambda",
    ),
    "features not last": (
        Lambda(lambda self, x: self.a(x).transpose(1, 2), a=nn.Linear(4, 3)), "features last",
    ),
    "Bilinear": (Lambda(lambda self, x: self.a(x, x), a=nn.Bilinear(4, 4, 2)), r"a \(Bilinear\)"),
}  # fmt: skip


@pytest.mark.parametrize(("net", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_expressed_is_refused_by_name(net: nn.Module, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        layers_of(net, example(4, steps=5))


UNFOLLOWED: dict[str, tuple[nn.Module, str]] = {
    "two inputs": (nn.Bilinear(4, 4, 3), "forward of Bilinear cannot be followed"),
    "a recurrent layer by itself": (lstm(), "forward of LSTM gives 3 values"),
    "two outputs": (Lambda(lambda self, x: (x, self.a(x)), a=nn.Linear(4, 4)), "gives 2 values"),
    "no layer": (nn.Identity(), "holds no layer"),
    "a constant": (Lambda(lambda self, x: self.a.weight[None], a=nn.Linear(4, 4)), "same output"),
    "another number of features": (nn.Linear(7, 4), "forward of Linear cannot be followed"),
}  # fmt: skip


@pytest.mark.parametrize(("net", "said"), UNFOLLOWED.values(), ids=UNFOLLOWED)
def test_what_is_no_row_of_layers_is_refused(net: nn.Module, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        layers_of(net, example(4))


def test_ids_are_refused_as_embeddings_are() -> None:
    with pytest.raises(ExportError, match=r"Embedding: it takes int64 ids.*--format onnx"):
        layers_of(nn.Embedding(9, 3), torch.zeros(1, 4, dtype=torch.long))


def test_the_next_step_is_one_that_a_module_of_ones_own_can_take() -> None:
    with pytest.raises(ExportError, match=r"Change the module; or .*torch\.onnx\.export") as told:
        layers_of(after_dense(nn.LayerNorm(4)), example(4))
    assert "--format" not in str(told.value)


def test_an_example_of_one_axis_is_refused() -> None:
    with pytest.raises(ExportError, match=r"the shape \(4,\); allowed"):
        layers_of(nn.Linear(4, 3), torch.zeros(4))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_refused_by_name(bad: float) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
    with torch.no_grad():
        net[2].bias[1] = bad
    with pytest.raises(ExportError, match=r"2\.bias of Sequential .*no finite 32-bit float"):
        layers_of(net, example(4))


def test_a_float64_weight_beyond_float32_is_refused() -> None:
    linear = nn.Linear(4, 2).double()
    with torch.no_grad():
        linear.weight[0, 0] = 1e39
    with pytest.raises(ExportError, match=r"weight of Linear holds .*beyond 3\.4e38"):
        layers_of(linear, example(4).double())


def test_a_running_mean_that_is_not_finite_is_refused() -> None:
    norm = nn.BatchNorm1d(4)
    assert norm.running_mean is not None
    norm.running_mean[2] = float("nan")
    with pytest.raises(ExportError, match=r"layer\.running_mean of Channels"):
        layers_of(Channels(norm), example(4))
