"""The five companion models as ONNX files compute what training left, and hold the same numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from chromasonic.companion.exporting_onnx import export_companion_onnx
from chromasonic.companion.features import INPUTS, OUTPUTS
from chromasonic.companion.models import LoadedCompanion
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.preparing import prepare_companion
from chromasonic.companion.spec import SPECS
from chromasonic.export.exported import Exported
from chromasonic.export.onnx_checking import check_onnx


@pytest.fixture(scope="module", params=list(SPECS))
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LoadedCompanion, Exported]:
    """A network with random weights, large enough that its state matters, and its file."""
    spec = SPECS[request.param]
    torch.manual_seed(5)
    network = CompanionNetwork(spec, dropout=0.3).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight *= 2
    loaded = LoadedCompanion(network, spec, Path("none.pt"), {})
    return loaded, export_companion_onnx(loaded, tmp_path_factory.mktemp("onnx"))


def exact(loaded: LoadedCompanion, features: np.ndarray) -> np.ndarray:
    """What the PyTorch network gives in float64."""
    network = CompanionNetwork(loaded.spec).double().eval()
    network.load_state_dict(loaded.network.state_dict())
    return network.predict(torch.from_numpy(features).double()).numpy()


def test_a_file_computes_what_the_network_predicts(
    exported: tuple[LoadedCompanion, Exported],
) -> None:
    loaded, file = exported
    spec, session = loaded.spec, onnxruntime.InferenceSession(file.path)
    chance = np.random.default_rng(11)
    for batch, steps in ((1, 1), (5, 1), (2, 33), (1, 200)):
        features = chance.uniform(-1, 2, (batch, steps, spec.inputs)).astype(np.float32)
        wanted = exact(loaded, features)
        if not spec.is_recurrent:
            assert [port.name for port in session.get_inputs()] == ["features"]
            (found,) = session.run(["output"], {"features": features[:, 0]})
            np.testing.assert_allclose(found, wanted[:, 0], rtol=0, atol=1e-5)
            continue
        size = next(layer.size for layer in spec.layers if layer.kind == "lstm")
        state = [np.zeros((1, batch, size), np.float32)] * 2
        found = []
        for part in np.array_split(features, min(steps, 7), axis=1):
            feeds = {"features": part, "hidden": state[0], "cell": state[1]}
            output, *state = session.run(["output", "hidden_out", "cell_out"], feeds)
            found.append(output)
        np.testing.assert_allclose(np.concatenate(found, 1), wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("exported", ["emotion_recognizer", "melody_transformer"], indirect=True)
def test_the_state_matters_and_clearing_it_begins_anew(
    exported: tuple[LoadedCompanion, Exported],
) -> None:
    loaded, file = exported
    session = onnxruntime.InferenceSession(file.path)
    size = session.get_inputs()[1].shape[2]
    zeros = np.zeros((1, 1, size), np.float32)
    x = np.random.default_rng(2).uniform(-1, 1.5, (1, 1, loaded.spec.inputs)).astype(np.float32)
    first, hidden, cell = session.run(None, {"features": x, "hidden": zeros, "cell": zeros})
    then, *_ = session.run(None, {"features": x, "hidden": hidden, "cell": cell})
    again, *_ = session.run(None, {"features": x, "hidden": zeros, "cell": zeros})
    assert np.abs(then - first).max() > 1e-3
    np.testing.assert_array_equal(again, first)


def test_a_file_holds_the_numbers_and_golden_steps_of_the_json(
    exported: tuple[LoadedCompanion, Exported],
) -> None:
    loaded, file = exported
    metadata = prepare_companion(loaded).document.metadata
    assert metadata is not None
    check = check_onnx(file.path)
    assert check.metadata["weight_hash"] == metadata.weight_hash
    assert check.parameters == file.parameters == loaded.spec.exported_parameters
    golden = json.loads(check.metadata["golden"])
    np.testing.assert_array_equal(np.float32(golden["inputs"]), metadata.golden.inputs)
    np.testing.assert_array_equal(np.float32(golden["outputs"]), metadata.golden.outputs)
    page = json.loads(check.metadata["feature_page"])
    for blocks, said in ((INPUTS, page["inputs"]), (OUTPUTS, page["outputs"])):
        wanted = [(block.name, block.size, block.meaning) for block in blocks[loaded.name]]
        assert [tuple(block.values()) for block in said] == wanted


def test_an_export_says_how_near_it_is_and_over_how_much(
    exported: tuple[LoadedCompanion, Exported],
) -> None:
    loaded, file = exported
    assert file.name == loaded.name
    assert file.path.name == f"{loaded.name}.onnx"
    assert file.size_bytes == file.path.stat().st_size
    assert file.steps > 300
    assert 0 < file.largest_difference <= 1e-5


@pytest.mark.parametrize("exported", ["emotion_recognizer"], indirect=True)
def test_the_documented_example_proves_a_file_step_by_step(
    exported: tuple[LoadedCompanion, Exported],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, file = exported
    page = (Path(__file__).parents[2] / "docs/onnx.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```py\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(file.path.parent)
    exec(code, {})
    difference, _, rest = capsys.readouterr().out.partition(" ")
    assert float(difference) <= 1e-5
    assert rest.strip() == "from the golden outputs; allowed is 1e-05"
