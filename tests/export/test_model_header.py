"""The ModelT header says what the spec says; tests/cpp/test_rtneural.py compiles and runs it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import chromasonic
from chromasonic.companion.spec import SPECS
from chromasonic.errors import ExportError
from chromasonic.export.model_header import (
    ACTIVATION_TYPES,
    IDENTIFIER,
    STACK_LIMIT,
    largest_matrix_bytes,
    model_header,
    write_model_headers,
)
from chromasonic.export.spec import Layer, ModelSpec

WIDE = ModelSpec(
    name="wide2", title="Wide", inputs=3, layers=(Layer(kind="lstm", size=700),),
    parameters=4 * 700 * (3 + 700 + 2), state="carry", step="each test",
)  # fmt: skip


def layer_types(text: str) -> list[tuple[str, list[int]]]:
    """The template arguments of ModelT behind its sizes: name and sizes of each."""
    found = re.findall(r"rt::(\w+T)<float, ([\d, ]+)>", text)
    return [(name, [int(size) for size in sizes.split(",")]) for name, sizes in found]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_type_has_the_layers_of_the_spec_and_each_activation_as_one_more(
    spec: ModelSpec,
) -> None:
    text = model_header(spec)
    wanted, inputs = [], spec.inputs
    for layer in spec.layers:
        wanted.append(("LSTMLayerT" if layer.kind == "lstm" else "DenseT", [inputs, layer.size]))
        if layer.kind == "dense" and layer.activation:
            wanted.append((ACTIVATION_TYPES[layer.activation], [layer.size]))
        inputs = layer.size
    assert layer_types(text) == wanted
    assert f"using Model = rt::ModelT<float, {spec.inputs}, {spec.outputs}," in text
    assert text.count("rt::ModelT<") == 1


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_constants_are_the_numbers_of_the_spec(spec: ModelSpec) -> None:
    text = model_header(spec)
    assert f"namespace {spec.name}_model {{" in text
    assert f"inputs = {spec.inputs};" in text
    assert f"outputs = {spec.outputs};" in text
    assert f"parameters = {spec.exported_parameters};" in text
    assert f'state_policy = "{spec.state}";' in text
    facts = re.findall(r'\{"(\w+)", (\d+), (\d+), "(\w*)"\},', text)
    sizes = [spec.inputs, *(layer.size for layer in spec.layers)]
    assert facts == [
        (layer.kind, str(inputs), str(layer.size), layer.activation)
        for inputs, layer in zip(sizes, spec.layers, strict=False)
    ]


def test_every_word_is_filled_in_and_the_text_is_always_the_same() -> None:
    for spec in SPECS.values():
        text = model_header(spec)
        assert "@" not in text.replace("@param", "")
        assert text == model_header(spec)
        assert max(map(len, text.splitlines())) <= 100
        assert f"Chromasonic {chromasonic.__version__}" in text


def test_eigen_is_asked_for_as_much_room_as_the_largest_matrix_takes() -> None:
    lstm = 4 * 256 * (256 + 256 + 1)  # of the MelodyTransformer, with its biases
    assert largest_matrix_bytes(SPECS["melody_transformer"]) == 4 * lstm
    assert largest_matrix_bytes(SPECS["harmony_predictor"]) == 4 * 256 * 129
    assert f"EIGEN_STACK_ALLOCATION_LIMIT {STACK_LIMIT}\n" in model_header(
        SPECS["groove_predictor"]
    )
    wide = largest_matrix_bytes(WIDE)
    assert wide > STACK_LIMIT
    assert f"EIGEN_STACK_ALLOCATION_LIMIT {wide}\n" in model_header(WIDE)


@pytest.mark.parametrize("name", ["", "2nd", "Groove", "a-b", "a b", "a__b", "_a", "a_", "größe"])
def test_a_name_that_cpp_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(ExportError, match="C\\+\\+ cannot call a namespace"):
        model_header(replace(SPECS["groove_predictor"], name=name))


def test_the_names_of_the_models_and_of_numbered_ones_are_allowed() -> None:
    assert all(IDENTIFIER.fullmatch(name) for name in (*SPECS, "a2", "net_2b"))


def test_a_model_without_layers_is_refused_by_its_title() -> None:
    with pytest.raises(ExportError, match="Wide has no layers"):
        model_header(replace(WIDE, layers=()))


def test_headers_are_written_under_their_models_names(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    paths = write_model_headers(SPECS.values(), folder)
    assert [path.name for path in paths] == [f"{name}_model.hpp" for name in SPECS]
    assert paths[0].read_text(encoding="utf-8") == model_header(SPECS["emotion_recognizer"])
