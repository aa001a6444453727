"""Padding changes nothing: not a result, not a derivative, not what batch norm remembers."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from chromasonic.errors import UsageError
from chromasonic.gesture.graph import adjacency_of
from chromasonic.gesture.network import GestureNetwork
from chromasonic.gesture.network_config import CAUSAL, COMPACT, FUSED, PLAIN, NetworkConfig
from chromasonic.gesture.temporal import MaskedLstm
from chromasonic.music.movement import Skeleton

TINY = {
    name: replace(config, spatial_dim=8, temporal_dim=8, classifier_dim=8, dropout=0.0,
                  frame_dim=min(config.frame_dim, 6))
    for name, config in
    {"plain": PLAIN, "fused": FUSED, "compact": COMPACT, "causal": CAUSAL,
     "stem and attention": replace(COMPACT, stem_dim=6, summary="attention"),
     "stem of stride 3": replace(COMPACT, stem_dim=6, stem_stride=3, stem_kernel=3)}.items()
}  # fmt: skip
ALL = pytest.mark.parametrize("config", TINY.values(), ids=TINY)

ARM = Skeleton(
    name="arm and a loose end",
    nodes=("shoulder", "elbow", "hand", "loose"),
    edges=((0, 1), (1, 2)),
    channels=("x", "y"),
)


def network(config: NetworkConfig, seed: int = 0) -> GestureNetwork:
    torch.manual_seed(seed)
    made = GestureNetwork(config, adjacency=adjacency_of(ARM), features=2, classes=5)
    for module in made.modules():  # figures that a fresh batch norm does not have
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    return made


def batch(lengths: list[int], seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(len(lengths), max(lengths), 4, 2, generator=generator)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return features, mask


def last(logits: Tensor, length: int) -> Tensor:
    """Of a causal network what it says of the frames that count."""
    return logits[:length] if logits.ndim == 2 else logits


@ALL
@settings(max_examples=12, deadline=None)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_each_movement_is_judged_as_if_it_were_alone(
    config: NetworkConfig, lengths: list[int]
) -> None:
    model = network(config).eval()
    features, mask = batch(lengths)
    features[~mask] = float("nan")
    with torch.no_grad():
        together = model(features, mask)
        for number, length in enumerate(lengths):
            alone = model(features[number : number + 1, :length])[0]
            torch.testing.assert_close(last(together[number], length), alone, atol=1e-6, rtol=0)


@ALL
def test_more_padding_changes_neither_a_derivative_nor_what_batch_norm_remembers(
    config: NetworkConfig,
) -> None:
    features, mask = batch([7, 3, 1])
    more = torch.full((3, 20, 4, 2), 1e3)
    more[:, :7] = features
    wider = torch.zeros(3, 20, dtype=torch.bool)
    wider[:, :7] = mask
    one = network(config).train()
    other = copy.deepcopy(one)
    for model, given_features, given_mask in ((one, features, mask), (other, more, wider)):
        logits = model(given_features, given_mask)
        logits.square().sum().backward()
    for (name, a), b in zip(one.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, atol=1e-5, rtol=1e-4, msg=name)
    for (name, x), y in zip(one.named_buffers(), other.buffers(), strict=True):
        torch.testing.assert_close(x, y, atol=1e-6, rtol=0, msg=name)


@ALL
def test_a_full_mask_is_no_mask(config: NetworkConfig) -> None:
    model = network(config).eval()
    features, mask = batch([6, 6])
    with torch.no_grad():
        torch.testing.assert_close(model(features, mask), model(features), atol=0, rtol=0)


@ALL
def test_one_frame_is_a_movement_in_training_too(config: NetworkConfig) -> None:
    features, mask = batch([1])
    model = network(config)
    assert torch.isfinite(model.eval()(features, mask)).all()
    assert torch.isfinite(model.train()(features, mask)).all()


@ALL
def test_one_node_of_one_number_is_a_skeleton(config: NetworkConfig) -> None:
    model = GestureNetwork(config, adjacency=torch.ones(1, 1), features=1, classes=2).train()
    assert torch.isfinite(model(torch.ones(1, 1, 1, 1))).all()


def test_batch_norm_takes_its_figures_from_the_frames_that_count() -> None:
    model = network(TINY["plain"]).train()
    norm = model.spatial.norms[0]
    norm.momentum = 1.0
    features, mask = batch([5, 2])
    model(features, mask)
    convolution = model.spatial.convolutions[0]
    mixed = torch.einsum("nm,kmf->knf", model.spatial.adjacency, features[mask])
    rows = (mixed @ convolution.weight.T + convolution.bias).flatten(0, 1)
    torch.testing.assert_close(norm.running_mean, rows.mean(0))
    torch.testing.assert_close(norm.running_var, rows.var(0))


@settings(max_examples=15, deadline=None)
@given(lengths=st.lists(st.integers(1, 8), min_size=1, max_size=4), layers=st.integers(1, 3))
def test_the_masked_lstm_is_torchs_over_packed_sequences(lengths: list[int], layers: int) -> None:
    torch.manual_seed(0)
    lstm = MaskedLstm(3, 4, layers, batch_first=True, bidirectional=True)
    frames = torch.randn(len(lengths), max(lengths), 3)
    wanted = lstm.packed_outputs(frames, torch.tensor(lengths))  # what runs on a GPU
    alone = [lstm(frames[number : number + 1, :n])[0][0] for number, n in enumerate(lengths)]
    found = lstm.outputs(frames, torch.tensor(lengths))
    for number, length in enumerate(lengths):
        torch.testing.assert_close(found[number, :length], wanted[number, :length])
        torch.testing.assert_close(found[number, :length], alone[number])


def test_derivatives_of_the_masked_lstm_are_those_of_packed_sequences() -> None:
    torch.manual_seed(0)
    lstm = MaskedLstm(3, 4, 2, batch_first=True, bidirectional=True).double()
    frames = torch.randn(3, 6, 3, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([6, 2, 5])
    counts = torch.arange(6)[:, None] < lengths[:, None, None]
    weights = torch.randn(3, 6, 8, dtype=torch.float64) * counts
    one, other = (
        torch.autograd.grad((run(frames, lengths) * weights).sum(), [frames, *lstm.parameters()])
        for run in (lstm.outputs, lstm.packed_outputs)
    )
    for mine, torchs in zip(one, other, strict=True):
        torch.testing.assert_close(mine, torchs)


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        ([[False, True]], "padding before a frame"),
        ([[False, False]], "without one"),
        ([[True, True, True]], r"\(1, 3\)"),
    ],
)
def test_masks_that_mean_nothing_are_refused(mask: list[list[bool]], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        network(TINY["plain"])(torch.zeros(1, 2, 4, 2), torch.tensor(mask))


@pytest.mark.parametrize("shape", [(1, 2, 3, 2), (1, 2, 4, 3), (2, 4, 2), (1, 0, 4, 2)])
def test_features_of_another_skeleton_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="it wants|one or more"):
        network(TINY["plain"])(torch.zeros(shape))


@ALL
def test_a_network_learns_in_mixed_precision(config: NetworkConfig) -> None:
    model = network(config).train()
    features, mask = batch([7, 3, 1])
    for given_mask in (mask, None):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(features, given_mask)
        logits.float().square().sum().backward()
    for name, value in model.named_parameters():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name
