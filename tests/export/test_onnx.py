"""An ONNX file computes what its document says, or there is none; and no other file passes."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from sample_documents import TINY_SPEC, golden_inputs, random_document, random_layer, with_metadata

from chromasonic.errors import ExportError, UsageError
from chromasonic.export.document import Document, DocumentLayer
from chromasonic.export.interpreter import compute
from chromasonic.export.onnx_checking import OPERATORS, check_onnx
from chromasonic.export.onnx_graph import LOWEST_OPSET, newest_opset
from chromasonic.export.onnx_writing import export_onnx


def reference_of(document: Document) -> Callable[[NDArray], NDArray]:
    """The document by the NumPy interpreter, each example from a cleared state."""
    return lambda inputs: np.stack([compute(document, example) for example in inputs])


def document_of(*layers: DocumentLayer, inputs: int) -> Document:
    return with_metadata(Document(inputs=inputs, layers=layers), replace(TINY_SPEC, inputs=inputs))


def written(document: Document, path: Path, **options: Any) -> Path:
    return export_onnx(document, reference_of(document), path, **options).path


def session_of(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def tiny() -> Document:
    return random_document(TINY_SPEC, seed=3)


@pytest.fixture(scope="module")
def tiny_file(tiny: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A right file; not to be written to."""
    return written(tiny, tmp_path_factory.mktemp("onnx") / "tiny.onnx")


def changed(file: Path, to: Path, change: Callable[[onnx.ModelProto], object]) -> Path:
    """A copy of a file after a change."""
    model = onnx.load(file)
    change(model)
    to.write_bytes(model.SerializeToString())
    return to


def set_metadata(model: onnx.ModelProto, key: str, change: Callable[[Any], Any]) -> None:
    for entry in model.metadata_props:
        if entry.key == key:
            entry.value = change(entry.value)


def test_the_gates_of_an_lstm_stand_where_onnx_wants_them(tmp_path: Path) -> None:
    i, f, c, o = 0.3, -0.7, 1.1, 0.5  # of the input
    ui, uf, uc, uo = 0.2, 0.9, -0.4, -0.6  # of the state
    bi, bf, bc, bo = 0.05, 0.4, -0.1, 0.15
    layer = DocumentLayer(
        type="lstm", size=1,
        weights=tuple(np.array(rows, dtype=np.float32)
                      for rows in ([[i, f, c, o]], [[ui, uf, uc, uo]], [bi, bf, bc, bo])),
    )  # fmt: skip
    session = session_of(written(document_of(layer, inputs=1), tmp_path / "gates.onnx"))

    def sigmoid(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    h = cell = 0.0
    expected = []
    inputs = [0.8, -1.2, 0.3]
    for x in inputs:
        cell = sigmoid(f * x + uf * h + bf) * cell + (
            sigmoid(i * x + ui * h + bi) * math.tanh(c * x + uc * h + bc)
        )
        h = sigmoid(o * x + uo * h + bo) * math.tanh(cell)
        expected.append(h)
    zeros = np.zeros((1, 1, 1), np.float32)
    features = np.array(inputs, np.float32).reshape(1, 3, 1)
    output, hidden_out, cell_out = session.run(
        ["output", "hidden_out", "cell_out"], {"features": features, "hidden": zeros, "cell": zeros}
    )
    np.testing.assert_allclose(output[0, :, 0], expected, atol=1e-6)
    assert hidden_out.item() == pytest.approx(h, abs=1e-6)
    assert cell_out.item() == pytest.approx(cell, abs=1e-6)


@pytest.mark.parametrize("activation", ["", "relu", "tanh", "sigmoid", "softmax", "elu"])
@pytest.mark.parametrize("kind", ["dense", "time-distributed-dense"])
def test_dense_layers_and_their_activations_compute_what_the_document_says(
    kind: str, activation: str, tmp_path: Path
) -> None:
    # Square, so that a matrix the wrong way round would not be seen by its shape.
    layer = random_layer(kind, 4, 4, activation=activation)
    document = document_of(layer, inputs=4)
    inputs = golden_inputs(50, 4)
    (found,) = session_of(written(document, tmp_path / "x.onnx")).run(None, {"features": inputs})
    np.testing.assert_allclose(found, compute(document, inputs), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "layers",
    [
        (("lstm", 5),),
        (("gru", 5),),
        (("dense", 6), ("lstm", 4), ("gru", 4), ("lstm", 3), ("dense", 2)),
    ],
    ids=lambda layers: "+".join(kind for kind, _ in layers),
)
def test_recurrent_state_goes_in_and_comes_out_at_any_length_and_batch(
    layers: tuple[tuple[str, int], ...], tmp_path: Path
) -> None:
    made, size = [], 4
    for place, (kind, out) in enumerate(layers):
        made.append(random_layer(kind, size, out, seed=place))
        size = out
    document = document_of(*made, inputs=4)
    path = written(document, tmp_path / "x.onnx")
    session = session_of(path)
    states = json.loads(session.get_modelmeta().custom_metadata_map["interface"])["state"]
    streams = np.stack([golden_inputs(40, 4, seed=seed) for seed in range(3)])
    wanted = np.stack([compute(document, stream) for stream in streams])
    names = ["output", *(tensor["output"] for tensor in states)]
    for cuts in ([], [1, 2, 3, 17], list(range(1, 40))):
        state = {t["input"]: np.zeros((1, 3, t["shape"][2]), np.float32) for t in states}
        found = []
        for part in np.split(streams, cuts, axis=1):
            output, *new = session.run(names, {"features": part, **state})
            state = {t["input"]: value for t, value in zip(states, new, strict=True)}
            found.append(output)
        np.testing.assert_allclose(np.concatenate(found, 1), wanted, rtol=0, atol=1e-6)


def test_a_file_tells_what_its_document_tells(tiny: Document, tiny_file: Path) -> None:
    metadata = tiny.metadata
    assert metadata is not None
    facts = session_of(tiny_file).get_modelmeta().custom_metadata_map
    assert (facts["name"], facts["title"], facts["version"]) == ("tiny", "Tiny", "0.1.0")
    assert facts["weight_hash"] == metadata.weight_hash
    assert json.loads(facts["corpora"]) == [dict(corpus) for corpus in metadata.corpora]
    assert json.loads(facts["is_synthetic"]) is True
    assert float(facts["tolerance"]) == metadata.tolerance
    assert (facts["state_policy"], facts["step"]) == (TINY_SPEC.state, TINY_SPEC.step)
    assert json.loads(facts["parameters"]) == TINY_SPEC.exported_parameters
    assert [b["name"] for b in json.loads(facts["feature_page"])["inputs"]] == ["a", "b"]
    golden = json.loads(facts["golden"])
    np.testing.assert_array_equal(np.float32(golden["inputs"]), metadata.golden.inputs)
    np.testing.assert_array_equal(np.float32(golden["outputs"]), metadata.golden.outputs)
    assert golden["reset_before"] == [0, 64]


def test_a_right_file_is_checked_by_itself(tiny: Document, tiny_file: Path) -> None:
    check = check_onnx(tiny_file)
    assert (check.name, check.title, check.steps) == ("tiny", "Tiny", 96)
    assert check.parameters == tiny.parameters
    assert check.opset == newest_opset()
    assert 0 < check.largest_difference < 1e-6


def test_the_reference_implementation_of_onnx_computes_the_same(
    tiny: Document, tiny_file: Path
) -> None:
    inputs = golden_inputs(9, tiny.inputs)
    zeros = np.zeros((1, 1, 4), np.float32)
    feeds = {"features": inputs[None], "hidden": zeros, "cell": zeros}
    (found,) = ReferenceEvaluator(onnx.load(tiny_file)).run(["output"], feeds)
    np.testing.assert_allclose(found[0], compute(tiny, inputs), rtol=0, atol=1e-6)


def test_the_operator_set_is_the_newest_that_onnxruntime_takes() -> None:
    newest = newest_opset()
    node = helper.make_node("Relu", ["x"], ["y"])
    ports = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    for opset, is_taken in ((newest, True), (newest + 1, False)):
        imports = [helper.make_opsetid("", opset)]
        model = helper.make_model(
            helper.make_graph([node], "g", ports[:1], ports[1:]), opset_imports=imports,
            ir_version=helper.find_min_ir_version_for(imports, ignore_unknown=True),
        )  # fmt: skip
        if is_taken:
            onnxruntime.InferenceSession(model.SerializeToString())
        else:
            with pytest.raises(Exception, match="opset|IR_VERSION|IR version"):
                onnxruntime.InferenceSession(model.SerializeToString())


def test_an_older_operator_set_can_be_asked_for(tiny: Document, tmp_path: Path) -> None:
    assert check_onnx(written(tiny, tmp_path / "old.onnx", opset=LOWEST_OPSET)).opset == 18
    for opset in (LOWEST_OPSET - 1, newest_opset() + 1):
        with pytest.raises(UsageError, match=f"opset is {opset}; allowed are 18 to"):
            written(tiny, tmp_path / "none.onnx", opset=opset)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (random_layer("conv1d", 3, 4, kernel_size=2, dilation=1, groups=1), "'conv1d'"),
        (random_layer("dense", 3, 4, activation="gelu"), "activation 'gelu'"),
    ],
)
def test_what_onnx_is_not_written_for_is_refused_by_name(
    layer: DocumentLayer, said: str, tiny: Document, tmp_path: Path
) -> None:
    document = replace(tiny, layers=(layer,))
    with pytest.raises(ExportError, match=said):
        written(document, tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_computes_something_else_is_not_kept_and_the_older_stays(
    tiny: Document, tiny_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny_file.read_bytes())

    def other(inputs: NDArray) -> NDArray:
        result = reference_of(tiny)(inputs)
        result[..., -1, -1] += 1e-4  # one number of the last step
        return result

    with pytest.raises(ExportError, match=r"is 0\.0001 from the trained model"):
        export_onnx(tiny, other, path)
    assert path.read_bytes() == tiny_file.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["tiny.onnx"]


def test_a_model_that_gives_no_numbers_is_not_kept(tiny: Document, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is nan from the trained model"):
        export_onnx(tiny, lambda x: np.full((*x.shape[:2], 4), np.nan), tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_golden_step_that_is_wrong_keeps_the_file_from_being_written(
    tiny: Document, tmp_path: Path
) -> None:
    assert tiny.metadata is not None
    outputs = tiny.metadata.golden.outputs.copy()
    outputs[95, 0] += np.float32(1e-3)
    golden = replace(tiny.metadata.golden, outputs=outputs)
    document = replace(tiny, metadata=replace(tiny.metadata, golden=golden))
    with pytest.raises(ExportError, match="golden steps at once are 0.001 from"):
        written(document, tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []


def weight_called(model: onnx.ModelProto, ending: str) -> onnx.TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name.endswith(ending))


def edit_weight(ending: str, change: Callable[[NDArray], NDArray]) -> Callable:
    def edit(model: onnx.ModelProto) -> None:
        tensor = weight_called(model, ending)
        array = change(numpy_helper.to_array(tensor).copy())
        tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float32), tensor.name))

    return edit


def edit_metadata(key: str, change: Callable[[str], str]) -> Callable:
    return lambda model: set_metadata(model, key, change)


def transposed_with_its_hash(model: onnx.ModelProto) -> None:
    """A square matrix the wrong way round, and the hash set right: only computing tells."""
    edit_weight(".recurrence", lambda a: a.reshape(4, 4, 4).transpose(0, 2, 1).reshape(a.shape))(
        model
    )
    from chromasonic.export.onnx_checking import hash_of, tensors_of

    set_metadata(model, "weight_hash", lambda _: hash_of(tensors_of(model)))


def in_another_file(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def with_a_loop(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type = "Loop"


def of_another_domain(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def with_another_set(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def with_a_renamed_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = model.graph.node[-1].output[0]


def golden_edit(change: Callable[[dict[str, Any]], object]) -> Callable:
    def edit(text: str) -> str:
        value = json.loads(text)
        change(value)
        return json.dumps(value)

    return edit_metadata("golden", edit)


CORRUPTIONS: dict[str, tuple[Callable, str]] = {
    "one weight": (edit_weight("0.weight", lambda a: a + np.eye(*a.shape) * 1e-7),
                   "weights have the hash"),
    "NaN": (edit_weight("2.bias", lambda a: a * np.nan), "not finite"),
    "infinity": (edit_weight("2.bias", lambda a: a + np.inf), "not finite"),
    "transposed": (transposed_with_its_hash, "golden steps at once are"),
    "second bias": (edit_weight("lstm.bias", lambda a: a + 1), "second bias"),
    "hash": (edit_metadata("weight_hash", lambda _: "sha256:0"), "weights have the hash"),
    "tolerance": (edit_metadata("tolerance", lambda _: "1e9"), "a tolerance of '1e9'"),
    "no tolerance": (edit_metadata("tolerance", lambda _: "nan"), "a tolerance of 'nan'"),
    "no metadata": (lambda m: m.ClearField("metadata_props"), "metadata lacks name, title"),
    "golden cut": (edit_metadata("golden", lambda t: t[:-9]), "golden steps in the metadata"),
    "golden deep": (edit_metadata("golden", lambda _: "[" * 100_000), "golden steps in the meta"),
    "no golden step": (golden_edit(lambda g: g.update(inputs=[], outputs=[])), "golden steps in"),
    "ragged": (golden_edit(lambda g: g["inputs"][3].append(0.5)), "golden steps in the metadata"),
    "other outputs": (golden_edit(lambda g: [o.pop() for o in g["outputs"]]), "gives outputs"),
    "other inputs": (golden_edit(lambda g: [i.pop() for i in g["inputs"]]), "onnxruntime stops"),
    "no reset": (golden_edit(lambda g: g.update(reset_before=[0])), "golden steps at once are"),
    "reset nowhere": (golden_edit(lambda g: g.update(reset_before=[900])), "resets before"),
    "interface": (edit_metadata("interface", lambda _: "{}"), "'interface' of the ONNX file"),
    "huge state": (edit_metadata("interface", lambda t: t.replace("4", "400000000000")),
                   "no size of an axis"),
    "loop": (with_a_loop, "the operator 'Loop'"),
    "domain": (of_another_domain, "uses the operator"),
    "set": (with_another_set, "other operator sets"),
    "old set": (lambda m: setattr(m.opset_import[0], "version", 11), "operator set 11"),
    "another file": (in_another_file, "lies in another file"),
    "output": (with_a_renamed_output, "valid ONNX|inputs"),
    "no graph": (lambda m: m.ClearField("graph"), "valid ONNX"),
    "functions": (lambda m: m.functions.add(name="f", domain="d"), "holds functions"),
}  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_file_that_was_changed_is_refused_by_name(
    name: str, tiny_file: Path, tmp_path: Path
) -> None:
    change, said = CORRUPTIONS[name]
    path = changed(tiny_file, tmp_path / "bad.onnx", change)
    with pytest.raises(ExportError, match=said):
        check_onnx(path)


def test_a_file_cut_at_any_byte_is_refused(tiny_file: Path, tmp_path: Path) -> None:
    content, path = tiny_file.read_bytes(), tmp_path / "cut.onnx"
    for end in [*range(0, len(content), len(content) // 150), len(content) - 1]:
        path.write_bytes(content[:end])
        with pytest.raises(ExportError):
            check_onnx(path)


def test_a_file_with_any_byte_changed_is_refused_or_still_right(
    tiny_file: Path, tmp_path: Path
) -> None:
    content, path = bytearray(tiny_file.read_bytes()), tmp_path / "flipped.onnx"
    chance = np.random.default_rng(0)
    for _ in range(150):
        flipped = content.copy()
        flipped[chance.integers(len(content))] ^= 1 << chance.integers(8)
        path.write_bytes(flipped)
        try:
            check = check_onnx(path)
        except ExportError:
            continue
        assert check.largest_difference <= 1e-3


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "valid ONNX|operator sets"), (b'{"layers": []}', "no ONNX file|operator sets"),
     (bytes(range(256)) * 64, "no ONNX file|operator sets")],
)  # fmt: skip
def test_what_is_no_onnx_file_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ExportError, match=said):
        check_onnx(path)
    with pytest.raises(ExportError, match="Cannot read"):
        check_onnx(tmp_path / "none.onnx")
    with pytest.raises(ExportError, match="is a folder, no ordinary file"):
        check_onnx(tmp_path)
    with (tmp_path / "long.onnx").open("wb") as file:
        file.truncate(2**30)  # sparse: takes no room
    with pytest.raises(ExportError, match="has 1,073,741,824 bytes; allowed: 167,772,160"):
        check_onnx(tmp_path / "long.onnx")


@pytest.mark.parametrize("is_constant", [False, True])
def test_a_small_file_that_grows_while_it_runs_takes_bounded_memory(
    is_constant: bool, tiny_file: Path, tmp_path: Path
) -> None:
    def bomb(model: onnx.ModelProto) -> None:
        name = "layer_0.weight" if is_constant else "features"
        nodes = []
        for step in range(34):  # each doubles the one before
            nodes.append(helper.make_node("Concat", [name, name], [f"b{step}"], axis=0))
            name = f"b{step}"
        nodes.append(helper.make_node("ReduceMean", [name], ["tip"], keepdims=0))
        output = model.graph.output[0].name
        (end,) = (node for node in model.graph.node if output in node.output)
        end.output[0] = "before"
        nodes.append(helper.make_node("Add", ["before", "tip"], [output]))
        model.graph.node.extend(nodes)

    path = changed(tiny_file, tmp_path / "bomb.onnx", bomb)
    with pytest.raises(ExportError, match="onnxruntime stops.*(memory|alloc)"):
        check_onnx(path)


def test_files_are_made_of_the_operators_that_a_check_lets_pass(tiny_file: Path) -> None:
    assert {node.op_type for node in onnx.load(tiny_file).graph.node} <= OPERATORS
    assert OPERATORS.isdisjoint({"If", "Loop", "Scan", "ConstantOfShape", "Expand", "Tile"})


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_the_extra_packages_the_error_says_what_to_install(
    package: str, tiny: Document, tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    said = rf"{package} is not installed.*pip install 'chromasonic\[export\]'"
    with pytest.raises(ExportError, match=said):
        check_onnx(tiny_file)
    with pytest.raises(ExportError, match=said):
        written(tiny, tmp_path / "x.onnx")
