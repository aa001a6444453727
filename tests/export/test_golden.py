"""Golden vectors: inputs under which no wrong export computes the right outputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nets import Outputs, filled
from torch import nn

from chromasonic.errors import ExportError
from chromasonic.export.golden import (
    REAL,
    RESET_BEFORE,
    STEPS,
    golden_inputs,
    golden_of,
    sequence_outputs,
)
from chromasonic.export.golden_strength import weaknesses


@pytest.mark.parametrize("inputs", [2, 16, 64, 128])
def test_the_inputs_meet_the_standard_of_the_validator(inputs: int) -> None:
    net = filled(Outputs(nn.LSTM(inputs, 3, batch_first=True)))
    assert weaknesses(golden_of(net, golden_inputs(inputs), RESET_BEFORE)) == []


def test_the_same_inputs_come_every_time_and_others_with_another_seed() -> None:
    one, same, other = golden_inputs(8), golden_inputs(8), golden_inputs(8, seed=1)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.shape == (STEPS, 8)
    assert one.dtype == np.float32


def test_dense_sparse_and_silent_steps_are_among_them() -> None:
    inputs = golden_inputs(64)
    filled_shares = (inputs != 0).mean(axis=1)
    assert (filled_shares == 0).sum() == STEPS // 16
    assert ((filled_shares > 0) & (filled_shares < 0.3)).sum() > 20
    assert (filled_shares > 0.9).sum() > 20
    assert inputs.min() < -0.5
    assert inputs.max() > 1


def test_real_features_stand_in_two_stretches() -> None:
    real = np.arange(12, dtype=np.float32).reshape(3, 4)
    inputs = golden_inputs(4, examples=real)
    assert np.array_equal(inputs[list(REAL)[:4]], real[[0, 1, 2, 0]])
    apart = [step for step in range(STEPS) if step not in REAL]
    assert np.array_equal(inputs[apart], golden_inputs(4)[apart])


def test_outputs_carry_the_state_and_lose_it_at_a_reset() -> None:
    net = filled(Outputs(nn.LSTM(3, 4, batch_first=True)))
    inputs = golden_inputs(3)
    outputs = sequence_outputs(net, inputs, (0, 64))
    exact = net.double()
    with torch.no_grad():
        values = torch.from_numpy(inputs).double()
        whole = exact(values[None])[0].numpy()
        anew = exact(values[None, 64:])[0].numpy()
    assert np.array_equal(outputs[:64], whole[:64])
    assert np.array_equal(outputs[64:], anew)
    assert np.abs(whole[64] - anew[0]).max() > 1e-3


def test_a_model_that_gives_no_number_is_refused() -> None:
    net = nn.Linear(3, 2)
    with torch.no_grad():
        net.weight[1, 0] = float("inf")
    with pytest.raises(ExportError, match=r"Linear gives -?(inf|nan) at output 1 of step"):
        golden_of(net, golden_inputs(3), RESET_BEFORE)
