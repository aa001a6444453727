"""Exported gesture models compute what the trained ones compute, in the runtimes that ship."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.errors import ExportError, UsageError
from chromasonic.export.interpreter import compute
from chromasonic.export.onnx_checking import check_onnx
from chromasonic.export.reading import read_document
from chromasonic.export.validation import validate_file
from chromasonic.gesture.exporting import export_gesture, export_gesture_model, facts_of
from chromasonic.gesture.exporting_onnx import LENGTHS
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import extract
from chromasonic.gesture.models import GestureModel, build, describe
from chromasonic.gesture.network_config import CAUSAL, COMPACT, FUSED, PLAIN, NetworkConfig
from chromasonic.gesture.statistics import Statistics
from chromasonic.gesture.task import Reader
from chromasonic.music.movement import Movement, Skeleton
from chromasonic.training.checkpoint import save_checkpoint

HAND = Skeleton(
    name="hand",
    nodes=("wrist", "thumb", "index"),
    edges=((0, 1), (0, 2)),
    channels=("x", "y"),
    axes=(0, 1),
)
CLASSES = ("circle", "wave", "point", "rest")
FEATURES = FeatureConfig(rate_hz=30.0)
DATA = {
    "dataset": "mine",
    "title": "Takes",
    "licence": "my own",
    "weights_may_ship": True,
    "fingerprint": "abc",
}


def model_of(config: NetworkConfig, **changes: object) -> GestureModel:
    """A model whose batch norms, like those of a trained one, are not the identity."""
    torch.manual_seed(5)
    small = replace(
        config, spatial_dim=8, frame_dim=min(config.frame_dim, 6), temporal_dim=8,
        stem_dim=min(config.stem_dim, 8), classifier_dim=min(config.classifier_dim, 8), **changes,
    )  # fmt: skip
    network = build(small, HAND, CLASSES, FEATURES).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.5)
            module.running_var.uniform_(0.3, 3)
            torch.nn.init.normal_(module.weight, 1, 0.3)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    for value in network.classifier.parameters():
        value.data *= 3  # so that the answers are not all alike
    mean = np.array([[0.4, 0.5, 0, 0]] * 3, np.float32)
    deviation = np.array([[0.1, 0.2, 3, 5], [0.2, 0.1, 40, 0], [0.1, 0.1, 2, 2]], np.float32)
    reader = Reader(config=FEATURES, performers={}, standardization=Statistics(mean, deviation))
    return GestureModel(
        network=network, classes=CLASSES, skeleton=HAND, reader=reader, info={"data": DATA}
    )


def recording(length: int, seed: int = 0) -> Movement:
    walk = np.random.default_rng(seed).normal(0, 0.05, (length, 3, 2)).cumsum(0) + 0.5
    return Movement(id="take", skeleton=HAND, frames=walk.astype(np.float32), rate_hz=30.0)


STEMMED = replace(
    COMPACT, stem_dim=8, stem_kernel=3, stem_stride=2, summary="attention", classifier_dim=0
)
ALL = pytest.mark.parametrize(
    "config",
    [PLAIN, FUSED, COMPACT, CAUSAL, STEMMED],
    ids=["plain", "fused", "compact", "causal", "stem and attention"],
)


@ALL
def test_onnxruntime_gives_the_models_own_probabilities_of_recordings(
    config: NetworkConfig, tmp_path: Path
) -> None:
    model = model_of(config)
    exported = export_gesture_model(model, tmp_path)
    assert exported.path == tmp_path / "gesture.onnx"
    assert exported.largest_difference < 1e-4
    session = onnxruntime.InferenceSession(str(exported.path))
    for length in LENGTHS:
        movement = recording(length)
        feeds = {"features": extract(movement, FEATURES)[None]}
        if model.is_causal:
            feeds |= {name: np.zeros((1, 1, 8), np.float32) for name in ("hidden", "cell")}
        (found,) = session.run(["output"], feeds)
        np.testing.assert_allclose(found[0], model.probabilities(movement), atol=2e-6)


def test_a_causal_file_goes_on_from_the_state_that_it_gave(tmp_path: Path) -> None:
    model = model_of(CAUSAL, temporal_layers=2)
    path = export_gesture_model(model, tmp_path).path
    session = onnxruntime.InferenceSession(str(path))
    movement = recording(20)
    features = extract(movement, FEATURES)
    state = {name: np.zeros((2, 1, 8), np.float32) for name in ("hidden", "cell")}
    found = []
    for frame in features:
        answer, hidden, cell = session.run(
            ["output", "hidden_out", "cell_out"], {"features": frame[None, None], **state}
        )
        state = {"hidden": hidden, "cell": cell}
        found.append(answer[0, 0])
    np.testing.assert_allclose(found, model.probabilities(movement), atol=2e-6)


@ALL
def test_older_runtimes_get_the_same(config: NetworkConfig, tmp_path: Path) -> None:
    path = export_gesture_model(model_of(config), tmp_path, opset=18).path
    assert check_onnx(path).opset == 18


def test_the_file_says_what_a_host_must_know(tmp_path: Path) -> None:
    path = export_gesture_model(model_of(COMPACT), tmp_path).path
    facts = onnxruntime.InferenceSession(str(path)).get_modelmeta().custom_metadata_map
    assert json.loads(facts["classes"]) == list(CLASSES)
    assert json.loads(facts["skeleton"])["nodes"] == ["wrist", "thumb", "index"]
    features = json.loads(facts["features"])
    assert features["names"] == ["x", "y", "x velocity", "y velocity"]
    assert features["rate_hz"] == 30.0
    assert json.loads(facts["corpora"])[0]["licence"] == "my own"
    assert check_onnx(path).parameters > 0


def test_a_feature_that_is_nan_stands_at_its_mean(tmp_path: Path) -> None:
    path = export_gesture_model(model_of(COMPACT), tmp_path).path
    session = onnxruntime.InferenceSession(str(path))
    features = extract(recording(9), FEATURES)[None]
    known = model_of(COMPACT).reader.standardization
    features[0, 3, 1, 0] = known.mean[1, 0]
    (wanted,) = session.run(None, {"features": features})
    features[0, 3, 1, 0] = float("nan")
    (found,) = session.run(None, {"features": features})
    np.testing.assert_array_equal(found, wanted)


def test_a_file_that_was_changed_is_found_out(tmp_path: Path) -> None:
    import onnx

    path = export_gesture_model(model_of(COMPACT), tmp_path).path
    content = onnx.load(path)
    weight = next(t for t in content.graph.initializer if t.name == "spatial.projection.weight")
    changed = onnx.numpy_helper.to_array(weight).copy()
    changed[0, 0] += 0.5
    weight.CopyFrom(onnx.numpy_helper.from_array(changed, weight.name))
    onnx.save(content, path)
    with pytest.raises(ExportError, match="hash"):
        check_onnx(path)


def test_a_wrong_graph_gets_no_file_and_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chromasonic.gesture import onnx_network

    path = export_gesture_model(model_of(PLAIN), tmp_path).path
    before = path.read_bytes()
    right = onnx_network.folded
    monkeypatch.setattr(
        onnx_network, "folded", lambda w, b, norm: (right(w, b, norm)[0], right(w, b, norm)[1] * 2)
    )
    with pytest.raises(ExportError, match="golden|allowed"):
        export_gesture_model(model_of(PLAIN), tmp_path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["gesture.onnx"]


@pytest.mark.parametrize("layers", [1, 2])
def test_rtneurals_layers_give_the_networks_probabilities_over_a_reset(
    layers: int, tmp_path: Path
) -> None:
    model = model_of(CAUSAL, temporal_layers=layers)
    exported = export_gesture_model(model, tmp_path, format="rtneural")
    assert exported.largest_difference < 1e-5
    document = read_document(exported.path)
    assert [layer.type for layer in document.layers] == (
        ["dense"] * 3 + ["lstm"] * layers + ["dense"] * 2
    )
    one, other = recording(30, seed=1), recording(25, seed=2)
    rows = [extract(movement, FEATURES).reshape(len(movement), -1) for movement in (one, other)]
    found = compute(document, np.concatenate(rows), (0, 30))
    np.testing.assert_allclose(found[:30], model.probabilities(one), atol=1e-5)
    np.testing.assert_allclose(found[30:], model.probabilities(other), atol=1e-5)


def test_an_exported_rtneural_file_is_valid_in_every_check(tmp_path: Path) -> None:
    exported = export_gesture_model(model_of(CAUSAL), tmp_path, format="rtneural")
    assert exported.remarks == ()
    validation = validate_file(exported.path)
    assert validation.passed, validation.failed
    page = json.loads(exported.path.read_text())["metadata"]["feature_page"]
    assert [block["name"] for block in page["inputs"]] == ["wrist", "thumb", "index"]
    assert [block["name"] for block in page["outputs"]] == list(CLASSES)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (model_of(PLAIN), "bidirectional LSTM.*maximum over the nodes.*layer norm"),
        (model_of(FUSED), "self-attention"),
        (model_of(COMPACT), "bidirectional LSTM"),
        (model_of(STEMMED), "later frames.*attention over the frames"),
        (model_of(CAUSAL, temporal_norm=True), r"layer norm \(temporal_norm = false\)"),
        (model_of(CAUSAL, pooling="mean_max"), r"maximum over the nodes \(pooling = flat\)"),
    ],
    ids=["plain", "fused", "compact", "stemmed", "normed", "maximum"],
)
def test_what_rtneural_has_no_layer_for_is_refused_by_name(
    model: GestureModel, says: str, tmp_path: Path
) -> None:
    for format in ("rtneural", "modelt"):
        with pytest.raises(ExportError, match=says):
            export_gesture_model(model, tmp_path, format=format)
    assert not list(tmp_path.iterdir())


def test_many_nodes_are_too_many_numbers_for_rtneural(tmp_path: Path) -> None:
    face = Skeleton(
        name="face", nodes=tuple(f"point {n}" for n in range(88)), edges=(), channels=("x", "y")
    )
    network = build(CAUSAL, face, CLASSES, FEATURES)
    statistics = Statistics(np.zeros((88, 4), np.float32), np.ones((88, 4), np.float32))
    reader = Reader(config=FEATURES, performers={}, standardization=statistics)
    model = GestureModel(network=network, classes=CLASSES, skeleton=face, reader=reader)
    with pytest.raises(ExportError, match="88 nodes.*--format onnx"):
        export_gesture_model(model, tmp_path, format="rtneural")


def test_the_header_has_the_files_layers(tmp_path: Path) -> None:
    text = export_gesture_model(model_of(CAUSAL), tmp_path, format="modelt").path.read_text()
    assert "LSTMLayerT" in text
    assert "SoftmaxActivationT" in text


def test_weights_that_are_no_numbers_are_not_exported(tmp_path: Path) -> None:
    model = model_of(COMPACT)
    model.network.classifier[-1].weight.data[0, 0] = float("inf")
    with pytest.raises(ExportError, match=r"classifier\.1\.weight"):
        export_gesture_model(model, tmp_path)


def test_a_user_is_told_what_is_unknown(tmp_path: Path) -> None:
    nameless = replace(model_of(COMPACT), info={})
    (remark,) = export_gesture_model(nameless, tmp_path).remarks
    assert "does not say what it was trained on" in remark
    config = replace(FEATURES, normalization="performer")
    known = model_of(COMPACT)
    reader = replace(known.reader, config=config)
    (remark,) = export_gesture_model(replace(known, reader=reader), tmp_path).remarks
    assert "each performer's landmarks" in remark


def test_names_of_performers_stay_at_home() -> None:
    model = model_of(COMPACT)
    statistics = Statistics(np.zeros((3, 2), np.float32), np.ones((3, 2), np.float32))
    model = replace(model, reader=replace(model.reader, performers={"Zoe": statistics}))
    assert "Zoe" not in json.dumps(facts_of(model))


def test_formats_that_there_are_not_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="onnx, rtneural, modelt"):
        export_gesture(tmp_path, format="tflite")


def checkpoint_of(model: GestureModel, folder: Path) -> Path:
    """A checkpoint as training leaves it."""
    folder.mkdir(exist_ok=True)
    return save_checkpoint(
        folder / "best_model.pth",
        {
            "format_version": 1,
            "model_state_dict": model.network.state_dict(),
            "config": {**describe(model), "data": DATA},
            "epoch": 3,
            "metrics": {"val_loss": 0.5, "val": {"accuracy": {"value": 0.75, "count": 8}}},
        },
    )


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_the_command_writes_beside_the_checkpoint_what_validates(tmp_path: Path) -> None:
    checkpoint_of(model_of(CAUSAL), tmp_path / "run")
    for format, name in (("onnx", "gesture.onnx"), ("rtneural", "gesture.json")):
        result = run("export", str(tmp_path / "run"), "--format", format, "--json")
        assert result.exit_code == 0, result.output
        (exported,) = json.loads(result.stdout)["exported"]
        assert Path(exported["path"]) == tmp_path / "run" / name
        assert run("validate", exported["path"]).exit_code == 0
    facts = json.loads((tmp_path / "run" / "gesture.json").read_text())["metadata"]["training"]
    assert facts["epoch"] == 3
    assert facts["validation"] == {"accuracy": 0.75}


def test_the_command_says_what_to_do_instead(tmp_path: Path) -> None:
    file = checkpoint_of(model_of(COMPACT), tmp_path / "run")
    result = run("export", str(file))
    assert result.exit_code == 1
    assert "--format onnx" in result.stderr
    assert list(file.parent.iterdir()) == [file]
    result = run("export", str(file), "--format", "onnx", "--models", "lstm")
    assert result.exit_code == 2
    assert "Leave the option out" in result.stderr
