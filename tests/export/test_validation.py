"""Validation passes what was exported, and finds each thing that RTNeural passes in silence."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_documents import (
    TINY_SPEC,
    dumped,
    golden_inputs,
    random_document,
    random_layer,
    text_of,
    value_of,
    with_metadata,
)  # fmt: skip
from torch import Tensor, nn

from chromasonic.export import checks
from chromasonic.export.document import Document, DocumentLayer, Golden, weight_hash
from chromasonic.export.exporting import Description, prepare, write_verified
from chromasonic.export.golden_strength import allowed_difference, mutants
from chromasonic.export.interpreter import compute
from chromasonic.export.reading import read_document
from chromasonic.export.spec import Layer, ModelSpec
from chromasonic.export.validation import Validation, validate_file

CORPORA = (
    {"name": "folk", "title": "Folk", "licence": "CC0-1.0", "licence_url": "", "fingerprint": ""},
)


class Tiny(nn.Module):
    """What TINY_SPEC says, trained on nothing."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Linear(3, 5)
        self.memory = nn.LSTM(5, 4, batch_first=True)
        self.last = nn.Linear(4, 4)

    def forward(self, features: Tensor) -> Tensor:
        return torch.softmax(self.last(self.memory(torch.tanh(self.first(features)))[0]), -1)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A really exported file; not to be written to."""
    path = tmp_path_factory.mktemp("exported") / "tiny.json"
    blank = random_document(TINY_SPEC).metadata
    assert blank is not None
    description = Description(inputs=blank.inputs, outputs=blank.outputs, corpora=CORPORA)
    write_verified(path, prepare(Tiny(), TINY_SPEC, description))
    return path


def failed(validation: Validation) -> set[str]:
    return {check.name for check in validation.failed}


def detail(validation: Validation, name: str) -> str:
    (found,) = [check.detail for check in validation.checks if check.name == name]
    return found


def numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, (int, float)):
        yield float(value)


def rehash(value: dict[str, Any]) -> None:
    """Give a changed document the hash of the weights that it now has."""
    numbers = [n for layer in value["layers"] for n in numbers_in(layer.get("weights", []))]
    with np.errstate(over="ignore"):
        data = np.array(numbers, dtype=np.float64).astype("<f4").tobytes()
    value["metadata"]["weight_hash"] = f"sha256:{hashlib.sha256(data).hexdigest()}"
    value["metadata"]["parameters"] = len(numbers)


def validate_changed(
    exported: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object], hashed: str
) -> Validation:
    value = json.loads(exported.read_text())
    change(value)
    if hashed == "recomputed":
        rehash(value)
    path = tmp_path / "tiny.json"
    path.write_text(dumped(value))
    return validate_file(path, TINY_SPEC)


def weights(value: dict[str, Any], layer: int) -> list[Any]:
    return value["layers"][layer]["weights"]


def put(value: dict[str, Any], layer: int, number: int, array: Any) -> None:
    weights(value, layer)[number] = np.asarray(array).tolist()


def transpose(layer: int, number: int) -> Callable[[dict[str, Any]], None]:
    return lambda value: put(value, layer, number, np.array(weights(value, layer)[number]).T)


def drop_second_bias(value: dict[str, Any]) -> None:
    put(value, 1, 2, Tiny().memory.bias_ih_l0.detach())


def keep_two_biases(value: dict[str, Any]) -> None:
    memory = Tiny().memory
    weights(value, 1)[2:] = [memory.bias_ih_l0.tolist(), memory.bias_hh_l0.tolist()]


def reorder_gates(*order: int) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        for number in range(3):
            parts = np.split(np.array(weights(value, 1)[number]), 4, axis=-1)
            put(value, 1, number, np.concatenate([parts[place] for place in order], axis=-1))

    return change


def zero(layer: int, number: int) -> Callable[[dict[str, Any]], None]:
    return lambda value: put(value, layer, number, 0 * np.array(weights(value, layer)[number]))


def set_in(layer: int, key: str, new: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["layers"][layer].__setitem__(key, new)


def one_weight(layer: int, number: int, *place: int) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        array = np.array(weights(value, layer)[number])
        array[place] += 0.001
        put(value, layer, number, array)

    return change


def last_bias(new: float) -> Callable[[dict[str, Any]], None]:
    return lambda value: weights(value, 2)[1].__setitem__(0, new)


SILENT = {
    "untransposed square": transpose(2, 0),
    "one of two LSTM biases dropped": drop_second_bias,
    "gates i and f swapped": reorder_gates(1, 0, 2, 3),
    "gates as i f o c": reorder_gates(0, 1, 3, 2),
    "gates as f i c o": reorder_gates(1, 0, 2, 3),
    "recurrent weights never trained": zero(1, 1),
    "bias left out": zero(0, 1),
    "a weight of the first layer": one_weight(0, 0, 2, 4),
    "a recurrent weight": one_weight(1, 1, 3, 15),
    "a bias of the last layer": one_weight(2, 1, 0),
    "an output's sign": lambda value: put(value, 2, 0, -np.array(weights(value, 2)[0])),
}
"""Wrong files that RTNeural loads without a word; the shapes are right."""

LOUD: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no in_shape": (lambda value: value.pop("in_shape"), "format"),
    "untransposed non-square": (transpose(0, 0), "shapes"),
    "untransposed LSTM kernel": (transpose(1, 0), "shapes"),
    "missing rows": (lambda value: weights(value, 0)[0].pop(), "shapes"),
    "missing rows of the recurrence": (lambda value: weights(value, 1)[1].pop(), "shapes"),
    "missing columns": (lambda value: weights(value, 2)[0][1].pop(), "shapes"),
    "both LSTM biases": (keep_two_biases, "shapes"),
    "both LSTM biases as GRU has them": (
        lambda value: put(value, 1, 2, [weights(value, 1)[2]] * 2), "shapes"
    ),
    "unknown activation": (set_in(0, "activation", "gelu"), "activations"),
    "mis-cased activation": (set_in(0, "activation", "Tanh"), "activations"),
    "unknown layer type without weights": (
        lambda value: value["layers"].insert(
            1, {"type": "dropout", "shape": [None, None, 5], "activation": "", "weights": []}
        ),
        "layers",
    ),
    "unknown layer type": (set_in(1, "type", "LSTM"), "layers"),
    "wrong shape of the last layer": (set_in(2, "shape", [None, None, 3]), "shapes"),
    "wrong shape of the LSTM": (set_in(1, "shape", [None, None, 16]), "shapes"),
    "wrong in_shape": (
        lambda value: value.__setitem__("in_shape", [None, None, 4]), "shapes"
    ),
    "a weight of NaN": (last_bias(float("nan")), "finite"),
    "an infinite weight": (last_bias(float("inf")), "finite"),
    "a weight beyond float32": (last_bias(1e39), "finite"),
}  # fmt: skip
"""Wrong files on which RTNeural throws, crashes, skips or reads beyond an end."""

HASHED = pytest.mark.parametrize("hashed", ["stale", "recomputed"])


def test_what_was_exported_passes_every_check(exported: Path) -> None:
    found = validate_file(exported, TINY_SPEC)
    assert found.passed, found.failed
    assert {check.passed for check in found.checks} == {True}
    names = [check.name for check in found.checks]
    assert names == [
        "file", "format", "layers", "shapes", "activations", "finite", "metadata", "model",
        "parameters", "name", "weight hash", "golden inputs", "golden outputs", "distribution",
        "softmax", "round trip",
    ]  # fmt: skip
    assert f"{TINY_SPEC.exported_parameters:,} (PyTorch counts" in detail(found, "parameters")


@HASHED
@pytest.mark.parametrize("name", SILENT)
def test_what_rtneural_takes_in_silence_is_found(
    exported: Path, tmp_path: Path, name: str, hashed: str
) -> None:
    found = validate_changed(exported, tmp_path, SILENT[name], hashed)
    wanted = {"golden outputs"} | ({"weight hash"} if hashed == "stale" else set())
    assert failed(found) == wanted


@HASHED
@pytest.mark.parametrize("name", LOUD)
def test_what_rtneural_stumbles_over_is_found(
    exported: Path, tmp_path: Path, name: str, hashed: str
) -> None:
    change, check = LOUD[name]
    found = validate_changed(exported, tmp_path, change, hashed)
    assert failed(found) == {check}
    assert [c.passed for c in found.checks if c.name in ("golden outputs", "round trip")] == []


def test_a_number_too_large_for_any_float_is_found(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    text = exported.read_text()
    path.write_text(text.replace('"weights":[[[', '"weights":[[[1e400,', 1))
    assert failed(validate_file(path, TINY_SPEC)) == {"finite"}
    path.write_text(text.replace('"training":{', '"training":{"loss":1e400,', 1))
    assert failed(validate_file(path, TINY_SPEC)) == {"finite"}


def test_a_square_matrix_that_was_not_transposed_is_named(exported: Path, tmp_path: Path) -> None:
    found = validate_changed(exported, tmp_path, transpose(2, 0), "recomputed")
    assert "it fits with layers[2] transposed" in detail(found, "golden outputs")


def with_gru(*order: int) -> Document:
    """A model with a GRU, its gates in this order, and the golden vectors of the right one."""
    layers = (random_layer("gru", 3, 4), random_layer("dense", 4, 2, seed=1))
    right = with_metadata(Document(inputs=3, layers=layers), _loose_spec(2))
    gru = layers[0]
    changed = tuple(
        np.concatenate([np.split(part, 3, axis=-1)[place] for place in order], axis=-1)
        for part in gru.weights
    )
    return rehashed(replace(right, layers=(replace(gru, weights=changed), layers[1])))


def _loose_spec(outputs: int) -> ModelSpec:
    """A spec of that many outputs whose layers are not compared."""
    layer = Layer(kind="dense", size=outputs)
    return ModelSpec(
        name="tiny", title="Tiny", inputs=3, layers=(layer,), parameters=0, state="carry", step="x"
    )


def rehashed(document: Document) -> Document:
    assert document.metadata is not None
    metadata = replace(document.metadata, weight_hash=weight_hash(document.layers))
    return replace(document, metadata=metadata)


def test_gru_gates_in_torchs_order_are_found_and_named(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    path.write_text(text_of(with_gru(0, 1, 2)))
    assert validate_file(path).passed
    path.write_text(text_of(with_gru(1, 0, 2)))
    found = validate_file(path)
    assert failed(found) == {"golden outputs"}
    assert "it fits with layers[0] gates z, r swapped" in detail(found, "golden outputs")


def test_every_single_weight_counts(exported: Path) -> None:
    """The golden vectors notice each number of the model, changed by a hundredth."""
    document = read_document(exported)
    assert document.metadata is not None
    golden = document.metadata.golden
    allowed = allowed_difference(golden, 1e-5)
    for place, layer in enumerate(document.layers):
        for number, array in enumerate(layer.weights):
            for index in np.ndindex(array.shape):
                new = [part.copy() for part in layer.weights]
                new[number][index] += np.float32(0.01)
                layers = list(document.layers)
                layers[place] = replace(layer, weights=tuple(new))
                outputs = compute(
                    replace(document, layers=tuple(layers)), golden.inputs, golden.reset_before
                )
                assert np.abs(outputs - golden.outputs).max() > allowed, (place, number, index)


# Golden vectors that prove nothing.


def with_golden(
    document: Document, inputs: np.ndarray, resets: tuple[int, ...], outputs: Any = None
) -> Document:
    """Golden vectors that are right, whatever they are worth; or with these outputs."""
    assert document.metadata is not None
    right = compute(document, inputs, resets) if outputs is None else outputs
    golden = Golden(
        inputs=inputs.astype(np.float32), outputs=right.astype(np.float32), reset_before=resets
    )
    return replace(document, metadata=replace(document.metadata, golden=golden))


INPUTS = golden_inputs(96, 3)
TINY = random_document(TINY_SPEC)


@pytest.mark.parametrize(
    ("inputs", "resets", "match"),
    [
        (INPUTS[:40], (0, 30), "30 steps in a row, wanted 64"),
        (INPUTS, (0,), "no reset after the first step"),
        (INPUTS, (0, 95), "fewer than 2 steps after the last reset"),
        (INPUTS, tuple(range(96)), "1 steps in a row"),
        (0 * INPUTS, (0, 64), "3 inputs never change"),
        (INPUTS * np.array([1, 0, 1], np.float32), (0, 64), "1 inputs never change"),
        (INPUTS[:, [0, 1, 1]], (0, 64), "1 inputs are the same as another"),
        (INPUTS * np.float32(1e-9), (0, 64), "they fit . of .. models broken on purpose"),
    ],
)  # fmt: skip
def test_golden_vectors_that_could_not_notice_a_wrong_file_are_refused(
    tmp_path: Path, inputs: np.ndarray, resets: tuple[int, ...], match: str
) -> None:
    path = tmp_path / "tiny.json"
    path.write_text(text_of(with_golden(TINY, inputs, resets)))
    found = validate_file(path, TINY_SPEC)
    assert failed(found) == {"golden inputs"}
    assert re.search(match, detail(found, "golden inputs"))


def test_probabilities_that_do_not_sum_to_1_are_found(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    outputs = np.full((96, 4), 0.3) + np.arange(96)[:, None] / 1000
    path.write_text(text_of(with_golden(TINY, INPUTS, (0, 64), outputs)))
    found = validate_file(path, TINY_SPEC)
    assert failed(found) == {"golden outputs", "distribution"}
    assert "of step 95 sum to 1.58; wanted 1" in detail(found, "distribution")


def test_the_files_own_tolerance_does_not_excuse_a_wrong_weight(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    kernel, bias = TINY.layers[2].weights
    kernel = kernel + np.float32(1e-4) * np.eye(4, dtype=np.float32)
    layers = (*TINY.layers[:2], replace(TINY.layers[2], weights=(kernel, bias)))
    assert TINY.metadata is not None
    loose = replace(TINY.metadata, tolerance=1e-3)
    path.write_text(text_of(rehashed(replace(TINY, layers=layers, metadata=loose))))
    assert failed(validate_file(path, TINY_SPEC)) == {"golden outputs"}


@pytest.mark.parametrize("shift", [200.0, -200.0])
def test_a_softmax_that_would_overflow_in_rtneural_is_found(tmp_path: Path, shift: float) -> None:
    path = tmp_path / "tiny.json"
    last = TINY.layers[2]
    moved = replace(last, weights=(last.weights[0], last.weights[1] + np.float32(shift)))
    document = Document(inputs=3, layers=(*TINY.layers[:2], moved))
    path.write_text(text_of(with_metadata(document, TINY_SPEC)))
    found = validate_file(path, TINY_SPEC)
    assert failed(found) == {"softmax"}
    assert "RTNeural subtracts no maximum" in detail(found, "softmax")


def test_weights_that_overflow_end_in_a_failed_check(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    layers = tuple(
        DocumentLayer(
            type="dense", size=3,
            weights=(np.full((3, 3), 3e38, np.float32), np.zeros(3, np.float32)),
        )
        for _ in range(20)
    )  # fmt: skip
    metadata = TINY.metadata
    assert metadata is not None
    golden = Golden(inputs=INPUTS, outputs=np.zeros((96, 3), np.float32), reset_before=(0, 64))
    page = replace(metadata.outputs[0], size=3)
    metadata = replace(metadata, golden=golden, parameters=240, outputs=(page,))
    path.write_text(text_of(rehashed(Document(inputs=3, layers=layers, metadata=metadata))))
    assert "golden outputs" in failed(validate_file(path))


# What the file says of itself, and what it is called.


@pytest.mark.parametrize(
    ("changes", "check", "match"),
    [
        ({"name": "other"}, "name", "'other', where 'tiny' should be"),
        ({"title": "Other"}, "name", "title is 'Other'; wanted 'Tiny'"),
        ({"parameters": 7}, "parameters", "its metadata say 7"),
        ({"weight_hash": "sha256:" + "0" * 64}, "weight hash", "changed after the export"),
        ({"weight_hash": "md5:0"}, "weight hash", "'md5:0'; wanted sha256:"),
        ({"step": "each year"}, "model", "step is 'each year'; Tiny has 'each test'"),
        ({"is_synthetic": False, "corpora": ()}, "metadata", "corpora: none named"),
        ({"is_synthetic": False, "corpora": ({**CORPORA[0], "licence": ""},)}, "metadata",
         "folk has no licence"),
    ],
)  # fmt: skip
def test_metadata_that_do_not_fit_are_found(
    tmp_path: Path, changes: dict[str, Any], check: str, match: str
) -> None:
    path = tmp_path / "tiny.json"
    assert TINY.metadata is not None
    path.write_text(text_of(replace(TINY, metadata=replace(TINY.metadata, **changes))))
    found = validate_file(path, TINY_SPEC)
    assert failed(found) == {check}
    assert match in detail(found, check)


def test_a_stateless_model_has_no_recurrent_layer(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    assert TINY.metadata is not None
    stateless = replace(TINY.metadata, state_policy="stateless")
    path.write_text(text_of(replace(TINY, metadata=stateless)))
    assert "has a recurrent layer" in detail(validate_file(path), "metadata")


def test_another_model_under_the_right_name_is_found(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    other = replace(
        TINY_SPEC, name="other", title="Other", parameters=TINY_SPEC.parameters + 25,
        layers=(*TINY_SPEC.layers[:2], Layer(kind="dense", size=9, activation="softmax")),
    )  # fmt: skip
    path.write_text(text_of(random_document(other)))
    found = validate_file(path, TINY_SPEC)
    assert failed(found) == {"model", "parameters", "name"}
    assert "layers[2] is dense 9 softmax; Tiny has dense 4 softmax" in detail(found, "model")


def test_another_file_name_is_found_unless_it_is_not_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    path.write_text(text_of(TINY))
    assert failed(validate_file(path, TINY_SPEC)) == {"name"}
    assert validate_file(path, TINY_SPEC, compare_file_name=False).passed
    assert failed(validate_file(path)) == {"name"}


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        (replace(TINY_SPEC, inputs=4), "3 inputs; Tiny has 4"),
        (replace(TINY_SPEC, state="stateless"), "state_policy is carry; Tiny has stateless"),
        (replace(TINY_SPEC, layers=TINY_SPEC.layers[:2]), "3 layers; Tiny has 2"),
        (replace(TINY_SPEC, layers=(Layer(kind="dense", size=5), *TINY_SPEC.layers[1:])),
         "layers[0] is dense 5 tanh; Tiny has dense 5"),
    ],
)  # fmt: skip
def test_layers_are_compared_with_the_table(tmp_path: Path, spec: ModelSpec, match: str) -> None:
    path = tmp_path / "tiny.json"
    path.write_text(text_of(TINY))
    found = validate_file(path, spec)
    assert "model" in failed(found)
    assert match in detail(found, "model")


def test_a_file_of_another_program_has_no_golden_vectors(tmp_path: Path) -> None:
    path = tmp_path / "foreign.json"
    path.write_text(text_of(replace(TINY, metadata=None)))
    found = validate_file(path)
    assert failed(found) == {"metadata"}
    assert "--no-golden" in detail(found, "metadata")
    assert validate_file(path, with_golden=False).passed


def test_broken_metadata_do_not_hide_what_the_layers_are(tmp_path: Path) -> None:
    path = tmp_path / "tiny.json"
    value = value_of(TINY)
    value["metadata"]["golden"]["inputs"][5].pop()
    path.write_text(dumped(value))
    found = validate_file(path, TINY_SPEC)
    assert failed(found) == {"metadata"}
    assert "golden.inputs[5]: 2 columns, wanted 3" in detail(found, "metadata")
    assert "PyTorch counts" in detail(found, "parameters")


def test_a_file_that_cannot_be_read_is_a_failed_check(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.json", Path("/dev/zero")):
        assert failed(validate_file(path)) == {"file"}


def test_the_result_is_plain_values_for_json(exported: Path) -> None:
    plain = validate_file(exported, TINY_SPEC).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["passed"] is True
    assert plain["checks"][0] == {
        "name": "file", "passed": True, "detail": f"{exported.stat().st_size:,} bytes",
    }  # fmt: skip


def test_a_right_model_has_no_mutant_that_computes_the_same(exported: Path) -> None:
    document = read_document(exported)
    assert document.metadata is not None
    names = [mutant.name for mutant in mutants(document, document.metadata.golden)]
    assert len(names) == len(set(names)) == 14
    assert checks.golden_inputs(document, document.metadata)[0]


def test_units_that_no_golden_step_wakes_are_told(tmp_path: Path) -> None:
    kernel, bias = random_layer("dense", 3, 6).weights
    bias = np.array([0, -99, 0, -99, 0, -99], dtype=np.float32)
    first = DocumentLayer(type="dense", size=6, activation="relu", weights=(kernel, bias))
    layers = (first, random_layer("dense", 6, 2, seed=1))
    path = tmp_path / "tiny.json"
    path.write_text(text_of(with_metadata(Document(inputs=3, layers=layers), _loose_spec(2))))
    assert "; 3 of 6 ReLU units are 0 throughout" in detail(validate_file(path), "golden inputs")


# Fuzzing: what passes computes the same.

FRESH = golden_inputs(40, 3, seed=99)
ODD = st.sampled_from([None, True, 0, -1, 2**70, 0.5, 1e38, -0.0, "", "x", [], {}, [[]]])


def computes_the_same(path: Path, original: np.ndarray) -> bool:
    outputs = compute(read_document(path), FRESH)
    return outputs.shape == original.shape and bool(np.abs(outputs - original).max() <= 1e-5)


def places_in(value: Any, path: tuple = ()) -> Iterator[tuple]:
    items = (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    )  # fmt: skip
    for key, item in items:
        yield (*path, key)
        yield from places_in(item, (*path, key))


def at(value: Any, path: tuple) -> Any:
    for key in path:
        value = value[key]
    return value


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_subtrees_that_are_swapped_are_found_or_change_nothing(
    exported: Path, tmp_path: Path, data: st.DataObject
) -> None:
    value = json.loads(exported.read_text())
    original = compute(read_document(exported), FRESH)
    places = list(places_in({"layers": value["layers"], "in_shape": value["in_shape"]}))
    for _ in range(data.draw(st.integers(1, 2))):
        one, other = data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))
        try:
            new = data.draw(ODD) if data.draw(st.booleans()) else at(value, other)
            at(value, one[:-1])[one[-1]] = json.loads(dumped(new))
        except (LookupError, TypeError):  # the first change took the place away
            continue
    path = tmp_path / "tiny.json"
    with contextlib.suppress(
        AttributeError, TypeError, OverflowError
    ):  # no longer layers; the hash stays stale
        rehash(value)
    path.write_text(dumped(value))
    assert not validate_file(path, TINY_SPEC).passed or computes_the_same(path, original)


def test_an_exported_file_cut_anywhere_is_found(exported: Path, tmp_path: Path) -> None:
    text = exported.read_bytes().rstrip()
    chance = random.Random(5)
    path = tmp_path / "tiny.json"
    for end in (0, 1, len(text) - 1, *(chance.randrange(len(text)) for _ in range(100))):
        path.write_bytes(text[:end])
        assert failed(validate_file(path, TINY_SPEC)) == {"format"}


def test_flipped_bytes_are_found_or_change_nothing(exported: Path, tmp_path: Path) -> None:
    text = exported.read_bytes()
    original = compute(read_document(exported), FRESH)
    chance = random.Random(11)
    path = tmp_path / "tiny.json"
    for _ in range(100):
        changed = bytearray(text)
        changed[chance.randrange(len(text))] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        assert not validate_file(path, TINY_SPEC).passed or computes_the_same(path, original)
