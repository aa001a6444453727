"""RTNeural's softmax subtracts no maximum: bounded, shifted, measured, or refused."""

from __future__ import annotations

import numpy as np
import pytest
from sample_documents import random_layer

from chromasonic.errors import ExportError
from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.golden import golden_inputs
from chromasonic.export.interpreter import LARGEST_SUM, SMALLEST_SUM, compute
from chromasonic.export.softmax_bounds import GuardedLayers, guard_softmax


def dense(weights: list, bias: list, activation: str = "") -> DocumentLayer:
    return DocumentLayer(
        type="dense", size=len(bias), activation=activation,
        weights=(np.array(weights, dtype=np.float32), np.array(bias, dtype=np.float32)),
    )  # fmt: skip


def guarded(*layers: DocumentLayer, inputs: int = 3) -> GuardedLayers:
    return guard_softmax(Document(inputs=inputs, layers=layers), golden_inputs(inputs))


def naive_softmax(logits: np.ndarray) -> np.ndarray:
    """As RTNeural computes it, in 32-bit floats."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(logits.astype(np.float32))
        return powers / powers.sum(-1, keepdims=True, dtype=np.float32)


def test_logits_after_an_lstm_are_bounded_whatever_comes_in() -> None:
    lstm = random_layer("lstm", 3, 2)
    after = dense([[40.0, -40], [40, 1]], [0, 0], "softmax")  # at most 80
    found = guarded(lstm, after)
    assert found.remarks == ()
    assert found.layers == (lstm, after)


@pytest.mark.parametrize("offset", [200.0, -300.0, 1000.0])
def test_a_bias_too_high_or_too_low_is_shifted_and_nothing_else_changes(offset: float) -> None:
    lstm = random_layer("lstm", 3, 2)
    after = dense([[30.0, -40], [40, 1]], [offset, offset + 1], "softmax")
    found = guarded(lstm, after)
    shifted = found.layers[1]
    assert np.array_equal(shifted.weights[0], after.weights[0])
    assert shifted.weights[1][1] - shifted.weights[1][0] == 1
    # |h| < 1, so no logit is farther from its bias than 70 or 41.
    assert shifted.weights[1][0] + 70 + np.log(2) <= LARGEST_SUM
    assert shifted.weights[1][1] - 41 >= SMALLEST_SUM
    (remark,) = found.remarks
    assert "changes no probability" in remark
    inputs = golden_inputs(3)
    before, now = (
        compute(Document(inputs=3, layers=(lstm, layer)), inputs) for layer in (after, shifted)
    )
    assert np.abs(before - now).max() < 1e-12
    hidden = compute(Document(inputs=3, layers=(lstm,)), inputs)
    wrong, right = (
        naive_softmax(hidden @ layer.weights[0] + layer.weights[1]) for layer in (after, shifted)
    )
    assert not np.allclose(wrong, before, atol=1e-5)
    assert np.allclose(right, before, atol=1e-5)


def test_where_nothing_bounds_the_inputs_the_golden_steps_are_measured() -> None:
    layer = dense([[1.0, -1], [0.5, 2], [0, 1]], [0, 0], "softmax")
    found = guarded(layer)
    assert found.layers == (layer,)
    (remark,) = found.remarks
    assert "no bound for all inputs could be proven" in remark
    sums = np.log(np.exp(golden_inputs(3).astype(float) @ layer.weights[0]).sum(1))
    assert f"goes from {sums.min():.3g} to {sums.max():.3g}" in remark


def test_what_overflows_on_the_golden_steps_is_shifted_if_it_fits() -> None:
    layer = dense([[1.0, -1], [0.5, 2], [0, 1]], [500, 501], "softmax")
    found = guarded(layer)
    assert "lowered by 49" in found.remarks[0]
    assert abs(found.layers[0].weights[1][0] - 4) < 4


def test_what_overflows_on_the_golden_steps_and_fits_nowhere_is_refused() -> None:
    layer = dense([[900.0, 850], [500, 700], [800, 900]], [0, 0], "softmax")
    with pytest.raises(ExportError, match="softmax of layer 0 would overflow or vanish"):
        guarded(layer)


def test_a_softmax_by_itself_has_no_bias_to_shift() -> None:
    alone = DocumentLayer(type="activation", size=2, activation="softmax")
    assert guarded(random_layer("lstm", 3, 2), alone).remarks == ()
    wild = dense([[900.0, 900], [500, 700], [800, 900]], [0, 0])
    with pytest.raises(ExportError, match="softmax of layer 2 would overflow"):
        guarded(wild, random_layer("prelu", 2, 2), alone)


BETWEEN = {
    "relu": dense(np.eye(2).tolist(), [0, 0], "relu"),
    "tanh": dense(np.eye(2).tolist(), [0, 0], "tanh"),
    "sigmoid": dense(np.eye(2).tolist(), [0, 0], "sigmoid"),
    "elu": dense(np.eye(2).tolist(), [0, 0], "elu"),
    "softmax": dense(np.eye(2).tolist(), [0, 0], "softmax"),
    "prelu": random_layer("prelu", 2, 2, seed=4),
    "batchnorm": random_layer("batchnorm", 2, 2, epsilon=1e-3),
    "conv1d": random_layer("conv1d", 2, 2, kernel_size=3, dilation=2, groups=2),
    "conv1d, one group": random_layer("conv1d", 2, 2, kernel_size=2, dilation=1, groups=1),
    "gru": random_layer("gru", 2, 2),
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
@pytest.mark.parametrize("scale", [5.0, 60.0, 400.0])
def test_a_proven_bound_holds_for_inputs_of_any_size(between: DocumentLayer, scale: float) -> None:
    lstm = random_layer("lstm", 3, 2)
    logits = dense([[scale, -scale], [scale, 0.5 * scale]], [scale, -scale], "softmax")
    try:
        found = guarded(lstm, between, logits)
    except ExportError:
        return  # it says so
    proven = all("no bound" not in remark for remark in found.remarks)
    last = found.layers[-1]
    for size in (1, 30, 1000) if proven else ():
        inputs = size * golden_inputs(3, seed=11)
        before = compute(Document(inputs=3, layers=found.layers[:-1]), inputs)
        sums = np.logaddexp.reduce(before @ last.weights[0] + last.weights[1], axis=1)
        assert sums.max() <= LARGEST_SUM
        assert sums.min() >= SMALLEST_SUM
