"""The five networks: their sizes, their arithmetic beside NumPy's, their state."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from chromasonic.companion.features import INPUTS
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.errors import ConfigError, UsageError
from chromasonic.export.spec import ModelSpec, slices

SIZES = {  # layers and torch's count, by hand: sum of (in + 1) * out; LSTM 4 * h * (in + h + 2)
    "emotion_recognizer": (128, 64, 129 * 512 + 513 * 256 + 4 * 128 * (256 + 128 + 2) + 129 * 64),
    "melody_transformer": (64, 128, 65 * 256 + 4 * 256 * (256 + 256 + 2) + 257 * 256 + 257 * 128),
    "harmony_predictor": (128, 64, 129 * 256 + 257 * 128 + 129 * 64),
    "dynamics_engine": (32, 16, 33 * 128 + 129 * 64 + 65 * 16),
    "groove_predictor": (64, 32, 65 * 128 + 129 * 64 + 65 * 32),
}


def network_of(name: str) -> CompanionNetwork:
    torch.manual_seed(3)
    return CompanionNetwork(SPECS[name]).eval()


def features_of(spec: ModelSpec, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, spec.inputs, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("name", SPECS)
def test_each_network_has_the_size_that_is_promised(name: str) -> None:
    spec = SPECS[name]
    inputs, outputs, parameters = SIZES[name]
    count = sum(p.numel() for p in network_of(name).parameters())
    assert (spec.inputs, spec.outputs, spec.parameters, count) == (
        inputs, outputs, parameters, parameters,
    )  # fmt: skip
    assert sum(spec.parameters for spec in SPECS.values()) == 1_151_280


@pytest.mark.parametrize("name", SPECS)
def test_the_page_of_features_fills_each_input_without_gaps(name: str) -> None:
    places = list(slices(INPUTS[name]).values())
    assert [place.start for place in places] == [0, *(place.stop for place in places[:-1])]
    assert places[-1].stop == SPECS[name].inputs


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def in_numpy(network: CompanionNetwork, steps: np.ndarray) -> np.ndarray:
    """The same arithmetic written down again: one step at a time, gates i, f, g, o."""
    finals = {"softmax": lambda x: np.exp(x) / np.exp(x).sum(), "sigmoid": sigmoid}
    hidden = cell = None
    answers = []
    for x in steps:
        for layer, module in zip(network.spec.layers, network.layers, strict=True):
            weights = {k: v.detach().numpy().astype(float) for k, v in module.named_parameters()}
            if isinstance(module, nn.Linear):
                x = weights["weight"] @ x + weights["bias"]
                x = np.maximum(x, 0) if layer.activation == "relu" else x
                x = finals[layer.activation](x) if layer.activation in finals else x
                continue
            hidden = np.zeros(layer.size) if hidden is None else hidden
            cell = np.zeros(layer.size) if cell is None else cell
            gates = weights["weight_ih_l0"] @ x + weights["bias_ih_l0"]
            gates += weights["weight_hh_l0"] @ hidden + weights["bias_hh_l0"]
            i, f, g, o = np.split(gates, 4)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
            x = hidden = sigmoid(o) * np.tanh(cell)
        answers.append(x)
    return np.array(answers)


@pytest.mark.parametrize("name", SPECS)
def test_predictions_agree_with_the_same_arithmetic_in_numpy(name: str) -> None:
    network = network_of(name)
    features_TI = features_of(network.spec, 9)
    if network.spec.is_recurrent:
        found = network.predict(features_TI[None])[0]
    else:
        found = network.predict(features_TI)
    np.testing.assert_allclose(found, in_numpy(network, features_TI.numpy()), atol=2e-5)


@pytest.mark.parametrize("name", [n for n, spec in SPECS.items() if spec.is_recurrent])
def test_a_recurrent_network_goes_on_from_its_state_and_forgets_it_when_reset(name: str) -> None:
    network = network_of(name)
    features_BTI = features_of(network.spec, 2, 12)
    whole = network(features_BTI)
    first, state = network.step(features_BTI[:, :5])
    second, _ = network.step(features_BTI[:, 5:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    anew, _ = network.step(features_BTI[:, 5:])
    assert not torch.allclose(anew, second, atol=1e-4)


def test_dropout_acts_in_training_alone_and_adds_no_parameter() -> None:
    spec = SPECS["groove_predictor"]
    network, plain = CompanionNetwork(spec, dropout=0.5), network_of("groove_predictor")
    network.load_state_dict(plain.state_dict())
    features_BI = features_of(spec, 4)
    assert torch.equal(network.eval()(features_BI), plain(features_BI))
    assert not torch.equal(network.train()(features_BI), plain(features_BI))


def test_wrong_features_and_wrong_dropout_are_named() -> None:
    with pytest.raises(UsageError, match=r"EmotionRecognizer .*\(3, 128\).*\(B, T, I\)"):
        network_of("emotion_recognizer")(torch.zeros(3, 128))
    with pytest.raises(UsageError, match=r"GroovePredictor .*\(3, 63\).* I = 64"):
        network_of("groove_predictor")(torch.zeros(3, 63))
    with pytest.raises(ConfigError, match=r"dropout is 1.0"):
        CompanionNetwork(SPECS["groove_predictor"], dropout=1.0)
