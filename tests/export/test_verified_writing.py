"""A file appears under its name only when what was read of it computes what was trained."""

from __future__ import annotations

import errno
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from nets import Causal, Lambda, Outputs, filled
from torch import nn

from chromasonic import files
from chromasonic.errors import ExportError, StorageError
from chromasonic.export import exporting
from chromasonic.export.document import Document, DocumentLayer, weight_hash
from chromasonic.export.exporting import (
    NO_CORPORA,
    Description,
    Prepared,
    export_module,
    prepare,
    write_verified,
)
from chromasonic.export.reading import read_document
from chromasonic.export.spec import Block, Layer, ModelSpec
from chromasonic.export.validation import validate_file

SPEC = ModelSpec(
    name="square", title="Square", inputs=4,
    layers=(
        Layer(kind="dense", size=4, activation="tanh"),
        Layer(kind="lstm", size=4),
        Layer(kind="dense", size=4, activation="softmax"),
    ),
    parameters=4 * 4 + 4 + 4 * 4 * 8 + 2 * 16 + 4 * 4 + 4, state="carry", step="each test",
)  # fmt: skip
"""Every matrix but the LSTM's is square: the shape of a transposed one says nothing."""

CORPUS = dict.fromkeys(("name", "title", "licence", "licence_url", "fingerprint"), "made by hand")
PAGE = Description(
    inputs=(Block("in", 4, "numbers"),), outputs=(Block("out", 4, "shares"),), corpora=(CORPUS,)
)


def square_net(seed: int = 3) -> nn.Module:
    return filled(
        Lambda(
            lambda self, x: torch.softmax(self.c(self.b(torch.tanh(self.a(x)))[0]), -1),
            a=nn.Linear(4, 4), b=nn.LSTM(4, 4, batch_first=True), c=nn.Linear(4, 4),
        ),
        seed,
    )  # fmt: skip


@pytest.fixture
def prepared() -> Prepared:
    return prepare(square_net(), SPEC, PAGE)


def test_a_right_file_is_written_and_passes_every_check(prepared: Prepared, tmp_path: Path) -> None:
    exported = write_verified(tmp_path / "square.json", prepared)
    assert exported.path == tmp_path / "square.json"
    assert exported.size_bytes == exported.path.stat().st_size
    assert exported.parameters == SPEC.exported_parameters == 4 * 5 + 4 * 4 * 9 + 4 * 5
    assert exported.largest_difference < 1e-7
    assert exported.steps == 192
    assert [path.name for path in tmp_path.iterdir()] == ["square.json"]
    found = validate_file(exported.path, SPEC)
    assert found.passed, found.failed


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (
        write_verified(tmp_path / f"{number}.json", prepare(square_net(), SPEC, PAGE)).path
        for number in range(2)
    )
    assert one.read_bytes() == other.read_bytes()


def change(place: int, spoil: Callable[[tuple], tuple]) -> Callable[[Document], Document]:
    """A document with the weights of one layer spoilt, and a hash that fits them."""

    def changed(document: Document) -> Document:
        layers = list(document.layers)
        layers[place] = replace(
            layers[place], weights=tuple(np.float32(part) for part in spoil(layers[place].weights))
        )
        assert document.metadata is not None
        metadata = replace(document.metadata, weight_hash=weight_hash(tuple(layers)))
        return replace(document, layers=tuple(layers), metadata=metadata)

    return changed


def swapped(array: np.ndarray, *order: int) -> np.ndarray:
    parts = np.split(array, 4, axis=-1)
    return np.concatenate([parts[place] for place in order], axis=-1)


WRONG: dict[str, Callable[[Document], Document]] = {
    "first matrix not transposed": change(0, lambda w: (w[0].T, w[1])),
    "last matrix not transposed": change(2, lambda w: (w[0].T, w[1])),
    "one of two biases": change(1, lambda w: (w[0], w[1], w[2] * 0.5)),
    "gates f and g swapped": change(
        1, lambda w: tuple(swapped(part, 0, 2, 1, 3) for part in w)
    ),
    "recurrent matrix transposed in each gate": change(
        1, lambda w: (w[0], np.concatenate([p.T for p in np.split(w[1], 4, axis=1)], 1), w[2])
    ),
    "no recurrence": change(1, lambda w: (w[0], 0 * w[1], w[2])),
    "one number off by a millionth": change(2, lambda w: (w[0] + 4e-5 * np.eye(4), w[1])),
    "another activation": lambda document: replace(
        document,
        layers=(replace(document.layers[0], activation="sigmoid"), *document.layers[1:]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_export_leaves_no_file_and_keeps_the_old_one(
    wrong: Callable[[Document], Document],
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = exporting.document_text
    monkeypatch.setattr(exporting, "document_text", lambda document: right(wrong(document)))
    with pytest.raises(ExportError, match=r"Square: .*Step \d+, output \d+: the file gives \S+,"):
        write_verified(tmp_path / "square.json", prepared)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "square.json").write_text("an earlier one")
    with pytest.raises(ExportError, match="No file is kept"):
        write_verified(tmp_path / "square.json", prepared)
    assert [path.name for path in tmp_path.iterdir()] == ["square.json"]
    assert (tmp_path / "square.json").read_text() == "an earlier one"


SPOILT: dict[str, tuple[Callable[[str], str], str]] = {
    "cut": (lambda text: text[: len(text) // 2], "JSON"),
    "a number no longer fits its hash": (
        lambda text: text.replace('"weights":[[[', '"weights":[[[1', 1),
        "Square: .*(hash|weights)",
    ),
    "NaN": (lambda text: text.replace('"weights":[[[', '"weights":[[[NaN,', 1), "NaN"),
    "other golden vectors": (
        lambda text: text.replace('"outputs":[[0', '"outputs":[[1', 1), "other golden vectors",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_what_is_spoilt_on_its_way_to_the_disk_is_noticed(
    spoil: Callable[[str], str],
    said: str,
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = exporting.document_text
    monkeypatch.setattr(exporting, "document_text", lambda document: spoil(right(document)))
    with pytest.raises(ExportError, match=said):
        write_verified(tmp_path / "square.json", prepared)
    assert list(tmp_path.iterdir()) == []


def test_a_process_killed_before_the_rename_leaves_the_old_file(
    prepared: Prepared, tmp_path: Path
) -> None:
    path = tmp_path / "square.json"
    path.write_text("an earlier one")
    child = os.fork()
    if not child:
        files.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        try:
            write_verified(path, prepared)
        finally:  # whatever happens, no second test process comes of it
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert path.read_text() == "an earlier one"
    write_verified(path, prepared)
    assert read_document(path).inputs == 4


def test_a_full_disk_leaves_the_old_file(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "square.json"
    path.write_text("an earlier one")
    monkeypatch.setattr(exporting.os, "fsync", full)
    with pytest.raises(StorageError, match=r"Cannot write .*square\.json: No space left"):
        write_verified(path, prepared)
    assert path.read_text() == "an earlier one"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_module_that_is_not_its_spec_is_refused() -> None:
    other = replace(SPEC, layers=(*SPEC.layers[:2], Layer(kind="dense", size=4)))
    with pytest.raises(ExportError, match=r"Square computes .*'softmax'.*its spec says"):
        prepare(square_net(), other, PAGE)


def test_golden_outputs_are_those_of_the_float64_model(prepared: Prepared) -> None:
    metadata = prepared.document.metadata
    assert metadata is not None
    golden = metadata.golden
    net = square_net().double()
    with torch.no_grad():
        inputs = torch.from_numpy(golden.inputs).double()
        wanted = torch.cat([net(inputs[None, :64])[0], net(inputs[None, 64:])[0]]).numpy()
    assert golden.reset_before == (0, 64)
    assert np.array_equal(golden.outputs, wanted.astype(np.float32))


def test_a_model_of_float64_weights_is_within_the_tolerance(tmp_path: Path) -> None:
    net = square_net().double()
    exported = write_verified(tmp_path / "square.json", prepare(net, SPEC, PAGE))
    assert exported.largest_difference < 1e-6


def test_metadata_say_what_the_file_is(prepared: Prepared, tmp_path: Path) -> None:
    path = write_verified(tmp_path / "square.json", prepared).path
    value = json.loads(path.read_text())
    assert value.keys() == {"in_shape", "layers", "metadata"}
    metadata = value["metadata"]
    assert metadata["feature_page"]["outputs"] == [{"name": "out", "size": 4, "meaning": "shares"}]
    assert metadata["state_policy"] == "carry"
    assert metadata["tolerance"] == 1e-5
    assert metadata["weight_hash"] == weight_hash(read_document(path).layers)


def test_what_golden_vectors_cannot_show_is_remarked(tmp_path: Path) -> None:
    net = square_net()
    with torch.no_grad():
        net.a.bias.zero_()
        net.a.weight.copy_(torch.diag(torch.tensor([0.3, -0.4, 0.5, 0.9])))  # its own transpose
        net.b.weight_hh_l0.zero_()
        net.b.weight_ih_l0[4:8].zero_()
        net.b.bias_ih_l0[4:8] = -200  # nothing is kept: the state does nothing
    exported = write_verified(tmp_path / "square.json", prepare(net, SPEC, PAGE))
    assert any("state never kept" in remark for remark in exported.remarks)


def test_layers_alone_make_no_lstm_of_a_dense_layer() -> None:
    layer = DocumentLayer(type="dense", size=4, weights=(np.eye(4, dtype=np.float32),) * 1)
    with pytest.raises(ExportError, match="its spec says"):
        exporting.check_layers((layer,), SPEC)


def test_any_module_that_can_be_expressed_is_exported(tmp_path: Path) -> None:
    net = filled(nn.Sequential(Outputs(nn.GRU(4, 3, 2, batch_first=True)), Causal(3, 2, 3)))
    page = replace(PAGE, outputs=(Block("out", 2, "numbers"),))
    exported = export_module(net, tmp_path / "deep.json", page, title="Deep", step="each test")
    assert exported.parameters == (9 * 4 + 9 * 3 + 18) + (9 * 3 + 9 * 3 + 18) + (3 * 3 * 2 + 2)
    metadata = read_document(exported.path).metadata
    assert metadata is not None
    assert (metadata.name, metadata.state_policy) == ("deep", "carry")
    assert validate_file(exported.path).passed


def test_blocks_that_are_not_what_comes_out_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"Odd gives 3 numbers.*\(out\) have 4"):
        export_module(nn.Linear(4, 3), tmp_path / "odd.json", PAGE, title="Odd", step="never")
    with pytest.raises(ExportError, match="cannot be followed"):
        export_module(nn.Linear(5, 4), tmp_path / "odd.json", PAGE, title="Odd", step="never")
    assert list(tmp_path.iterdir()) == []


def test_a_module_of_which_no_corpus_is_named_is_told(tmp_path: Path) -> None:
    cases = (((), True), ((CORPUS,), False), (({**CORPUS, "licence": ""},), True))
    for corpora, is_told in cases:
        page = replace(PAGE, corpora=corpora, is_synthetic=False)
        exported = export_module(
            filled(nn.Linear(4, 4), 3), tmp_path / "x.json", page, title="X", step="each test"
        )
        assert (NO_CORPORA in exported.remarks) is is_told
        assert ("metadata" in {check.name for check in validate_file(exported.path).failed}) == (
            is_told
        )
