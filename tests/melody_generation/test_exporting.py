"""Melody networks as ONNX files: the same logits after any tokens, and the same tune."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from streams import streams
from torch import nn

from chromasonic.data.catalogue import CORPORA
from chromasonic.errors import CheckpointError, ExportError, UsageError
from chromasonic.export.onnx_checking import OPERATORS, check_onnx
from chromasonic.export.onnx_running import Interface, RunningModel
from chromasonic.formats.abc import read_abc
from chromasonic.melody_generation import exporting
from chromasonic.melody_generation.exporting import (
    PREFIX,
    WRITERS,
    export_melody,
    export_melody_model,
)
from chromasonic.melody_generation.generation import generate_ids
from chromasonic.melody_generation.models import LoadedModel, build_model
from chromasonic.melody_generation.recipe import recipe_from
from chromasonic.melody_generation.runs import train_melody
from chromasonic.melody_generation.tokens import START, VOCABULARY

REPOSITORY = Path(__file__).parents[2]
SMALL: dict[str, dict[str, Any]] = {
    "lstm": {"hidden_size": 16, "num_layers": 2},
    "transformer": {"hidden_size": 16, "num_layers": 2, "num_heads": 2},
}
ANY_TOKENS = st.lists(st.integers(0, VOCABULARY.size - 1), min_size=1, max_size=60)


def loaded_model(kind: str, config: dict[str, Any]) -> LoadedModel:
    """A network with random weights, large enough that all inputs matter."""
    torch.manual_seed(1)
    model = build_model(kind, config)
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 1.5
    return LoadedModel(model.eval(), kind, config, Path(f"melody_{kind}_best.pt"), {})


@pytest.fixture(scope="module", params=list(WRITERS))
def loaded(request: pytest.FixtureRequest) -> LoadedModel:
    return loaded_model(request.param, SMALL[request.param])


@pytest.fixture(scope="module")
def file(loaded: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its exported file; not to be written to."""
    return export_melody_model(loaded, tmp_path_factory.mktemp("onnx")).path


@pytest.fixture(scope="module")
def running(file: Path) -> RunningModel:
    return run(file)


def run(file: Path) -> RunningModel:
    content = file.read_bytes()
    facts = {p.key: p.value for p in onnx.load_model_from_string(content).metadata_props}
    return RunningModel(content, Interface.from_json(facts["interface"]))


def exact_logits(model: nn.Module, ids: list[int] | np.ndarray) -> np.ndarray:
    """(T, V) logits of PyTorch in float64."""
    double = build_model(*kind_of(model)).double().eval()
    double.load_state_dict(model.state_dict())
    with torch.no_grad():
        return double(torch.as_tensor(np.asarray(ids))[None])[0].numpy()


def kind_of(model: nn.Module) -> tuple[str, dict[str, Any]]:
    kind = "lstm" if hasattr(model, "lstm") else "transformer"
    keys = ("hidden_size", "num_layers", "look_back_bars", "num_heads")
    config = model.config
    return kind, {key: getattr(config, key) for key in keys if hasattr(config, key)}


@given(ids=streams() | ANY_TOKENS, data=st.data())
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_logits_are_those_of_pytorch_after_any_tokens_in_any_parts(
    loaded: LoadedModel, running: RunningModel, ids: list[int], data: Any
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(ids) - 1)), max_size=4)))
    parts = [part for part in np.split(np.array(ids, dtype=np.int64), cuts) if len(part)]
    found, state = [], None
    for part in parts:
        logits, state = running.run(part[None], state)
        found.append(logits[0])
    wanted = exact_logits(loaded.model, ids)
    np.testing.assert_allclose(np.concatenate(found), wanted, rtol=0, atol=1e-4)


def test_a_whole_tune_comes_out_alike_at_once_token_by_token_and_after_a_prompt(
    loaded: LoadedModel, running: RunningModel
) -> None:
    ids = np.array(generate_ids(loaded.model, seed=3)[0])
    wanted = exact_logits(loaded.model, ids)
    for chunk in (None, 1, 7, len(ids) - 5):
        found = running.follow(ids, chunk=chunk)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)


def test_tunes_side_by_side_do_not_hear_each_other(
    loaded: LoadedModel, running: RunningModel
) -> None:
    tunes = [ids[:80] for ids in generate_ids(loaded.model, 3, seed=9)]
    batch = np.array([ids for ids in tunes if len(ids) == 80])
    assert len(batch) >= 2
    logits, state = running.run(batch[:, :50])
    rest, _ = running.run(batch[:, 50:], state)
    for row, ids in enumerate(batch):
        wanted = exact_logits(loaded.model, ids)
        np.testing.assert_allclose(logits[row], wanted[:50], rtol=0, atol=1e-4)
        np.testing.assert_allclose(rest[row], wanted[50:], rtol=0, atol=1e-4)


def test_256_tokens_each_the_likeliest_are_those_of_pytorch(
    loaded: LoadedModel, running: RunningModel
) -> None:
    prompt = [VOCABULARY.id(n) for n in ("START", "METRE:6/8", "TONIC:2", "MODE:major")]
    ours, theirs = list(prompt), list(prompt)
    new, memory, state = np.array([prompt]), None, None
    fed = torch.tensor([prompt])
    with torch.no_grad():
        for _ in range(256):
            logits, memory = running.run(new, memory)
            ours.append(int(logits[0, -1].argmax()))
            new = np.array([[ours[-1]]])
            wanted, state = loaded.model.step(fed, state)  # type: ignore[operator]
            theirs.append(int(wanted[0, -1].argmax()))
            fed = torch.tensor([[theirs[-1]]])
    assert ours == theirs
    assert len(set(ours)) > 3


def test_a_stream_far_longer_than_any_tune_stays_right(
    loaded: LoadedModel, running: RunningModel
) -> None:
    ids = np.random.default_rng(0).integers(0, VOCABULARY.size, 1500)
    ids[:4] = [START, 10, 26, 40]
    wanted = exact_logits(loaded.model, ids)
    np.testing.assert_allclose(running.follow(ids, chunk=400), wanted, rtol=0, atol=1e-4)
    _, state = running.run(ids[None, :1490])
    for place in range(1490, 1500):
        logits, state = running.run(ids[None, place : place + 1], state)
        np.testing.assert_allclose(logits[0, 0], wanted[place], rtol=0, atol=1e-4)


class GatherElements(OpRun):
    """In place of the reference implementation's own, which takes 64 rows at most."""

    def _run(self, data: np.ndarray, indices: np.ndarray, axis: int = 0) -> tuple[np.ndarray]:
        return (np.take_along_axis(data, indices, axis),)


def test_the_reference_implementation_of_onnx_computes_the_same(
    loaded: LoadedModel, file: Path, running: RunningModel
) -> None:
    """What the graph means does not hang on one runtime."""
    evaluator = ReferenceEvaluator(onnx.load(file), new_ops=[GatherElements])
    states = running.interface.state
    state = {tensor.input: tensor.fresh(1) for tensor in states}
    ids = np.array(generate_ids(loaded.model, seed=5)[0][:30])
    found = []
    for part in np.split(ids, [1, 2, 12, 13]):
        names = ["logits", *(tensor.output for tensor in states)]
        logits, *new = evaluator.run(names, {"tokens": part[None], **state})
        state = {tensor.input: value for tensor, value in zip(states, new, strict=True)}
        found.append(logits[0])
    wanted = exact_logits(loaded.model, ids)
    np.testing.assert_allclose(np.concatenate(found), wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("config", [{"look_back_bars": []}, {"num_layers": 1}])
def test_networks_of_other_sizes_are_exported_too(
    kind: str, config: dict[str, Any], tmp_path: Path
) -> None:
    model = loaded_model(kind, {**SMALL[kind], **config})
    assert export_melody_model(model, tmp_path).largest_difference < 1e-4


def test_state_is_explicit_and_begins_empty(loaded: LoadedModel, file: Path) -> None:
    session = onnxruntime.InferenceSession(file)
    shapes = {value.name: value.shape for value in session.get_inputs()}
    assert shapes.pop("tokens") == ["batch", "steps"]
    assert shapes.pop("past_tokens") == ["batch", "past"]
    if loaded.kind == "lstm":
        assert shapes == {"hidden": [2, "batch", 16], "cell": [2, "batch", 16]}
    else:
        caches = [f"past_{what}_{block}" for block in (0, 1) for what in ("key", "value")]
        assert shapes == {name: ["batch", 2, "past", 8] for name in caches}


def test_a_file_tells_its_vocabulary_and_what_it_learned_from(file: Path) -> None:
    facts = check_onnx(file).metadata
    assert json.loads(facts["vocabulary"]) == list(VOCABULARY.names)
    assert facts["vocabulary_signature"] == VOCABULARY.signature
    assert facts["name"] == file.stem
    assert json.loads(facts["golden"])["reset_before"] == [0, 48]
    assert float(facts["tolerance"]) == 1e-4


def test_a_file_is_one_file_of_known_operators_and_shares_the_token_table(
    loaded: LoadedModel, file: Path
) -> None:
    model = onnx.load(file)
    assert {node.op_type for node in model.graph.node} <= OPERATORS
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    check = check_onnx(file)
    assert check.parameters == sum(p.numel() for p in loaded.model.parameters())  # tied: once


@pytest.mark.parametrize("name", ["token.weight", "output.bias", "back_event.weight"])
def test_a_file_whose_weights_were_changed_is_refused(
    name: str, file: Path, tmp_path: Path
) -> None:
    model = onnx.load(file)
    (tensor,) = (tensor for tensor in model.graph.initializer if tensor.name == name)
    array = onnx.numpy_helper.to_array(tensor) * np.float32(1.001)
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, name))
    path = tmp_path / "bad.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ExportError, match="weights have the hash"):
        check_onnx(path)


def test_a_network_that_is_exported_wrongly_leaves_no_file_and_the_older_stays(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"{PREFIX}{loaded.kind}.onnx"
    path.write_bytes(b"older")
    other = loaded_model(loaded.kind, loaded.config)
    with torch.no_grad():
        other.model.inputs.back_pitch[2].weight[VOCABULARY.id("PITCH:67")] += 0.1  # type: ignore
    write = WRITERS[loaded.kind]
    monkeypatch.setitem(WRITERS, loaded.kind, lambda graph, _: write(graph, other.model))
    with pytest.raises(ExportError, match="golden steps|logits are|likeliest"):
        export_melody_model(loaded, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"older"


def test_a_weight_that_is_no_number_is_refused_by_name(tmp_path: Path) -> None:
    model = loaded_model("lstm", SMALL["lstm"])
    with torch.no_grad():
        model.model.lstm.weight_hh_l1[3, 2] = torch.nan  # type: ignore[union-attr,index]
    with pytest.raises(ExportError, match=r"lstm\.weight_hh_l1 of .* no finite number"):
        export_melody_model(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory with all three kinds, tiny; not to be written to."""
    network = {"training": {"epochs": 1, "batch_size": 8, "device": "cpu"}}
    recipe = recipe_from(
        {
            "data": {"dataset": "synthetic-structured", "num_sequences": 24},
            "lstm": {**network, "model": SMALL["lstm"]},
            "transformer": {**network, "model": SMALL["transformer"]},
            "markov": {"model": {"pitch_order": 2, "rhythm_order": 2}},
        }
    )
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    train_melody(recipe, folder)
    return folder


def test_a_run_gives_a_file_for_each_network_and_names_what_it_leaves_out(
    trained: Path, tmp_path: Path
) -> None:
    files = export_melody(trained, output=tmp_path)
    assert [exported.path.name for exported in files] == ["tune_lstm.onnx", "tune_transformer.onnx"]
    assert CORPORA["synthetic-structured"].kind == "generated"
    for exported in files:
        assert exported.size_bytes < 20_000_000
        assert exported.largest_difference < 1e-4
        assert any("made-up tunes" in remark for remark in exported.remarks)
        assert any("markov model is not exported" in remark for remark in exported.remarks)
        facts = check_onnx(exported.path).metadata
        assert json.loads(facts["is_synthetic"]) is True
        assert json.loads(facts["corpora"])[0]["name"] == "synthetic-structured"
        assert json.loads(facts["training"])["epoch"] == 1


def test_a_markov_model_is_refused_by_name(trained: Path, tmp_path: Path) -> None:
    checkpoint = trained / "markov_checkpoints" / "melody_markov_best.pt"
    for run_or_file, models in (
        (checkpoint, None),
        (checkpoint.parent, None),
        (trained, ["markov"]),
    ):
        with pytest.raises(ExportError, match="kind 'markov'.*is no network"):
            export_melody(run_or_file, models=models, output=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_alone_is_exported_beside_its_run(trained: Path, tmp_path: Path) -> None:
    checkpoint = trained / "lstm_checkpoints" / "melody_lstm_best.pt"
    assert exporting.output_folder(checkpoint) == trained
    (exported,) = export_melody(checkpoint, output=tmp_path / "new" / "folder")
    assert exported.path == tmp_path / "new" / "folder" / "tune_lstm.onnx"


def test_what_is_no_run_and_no_model_is_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'bigram'; melody networks are lstm, transformer"):
        export_melody(trained, models=["bigram"])
    with pytest.raises(CheckpointError, match="no checkpoint in"):
        export_melody(tmp_path)
    (tmp_path / "a file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        export_melody(trained, output=tmp_path / "a file")


def documented_example() -> str:
    """The documentation's program that writes a tune without PyTorch and Chromasonic."""
    page = (REPOSITORY / "docs/onnx.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    (example,) = (block for block in blocks if "import onnxruntime" in block)
    return example


def test_the_documented_example_writes_a_tune_with_onnxruntime_and_numpy_alone(
    file: Path,
) -> None:
    code = documented_example().replace("training_results/tune_lstm.onnx", str(file))
    blocked = "import sys\nfor name in ('torch', 'chromasonic', 'onnx'): sys.modules[name] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", blocked + code + "\nprint('%', tune)"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    abc, _, ids = done.stdout.partition("%")
    (tune,) = read_abc(abc, source="example").tunes
    assert len(tune.bars) == 8
    assert {bar.metre.bar_ticks for bar in tune.bars} == {  # type: ignore[union-attr]
        sum(note.duration for note in bar.notes) for bar in tune.bars
    }
    names = [VOCABULARY.names[token] for token in json.loads(ids)]
    pitches = [int(name[6:]) for name in names if name.startswith("PITCH:")]
    starts = [n for bar in tune.bars for n in bar.notes if n.pitch is not None and not n.tied]
    assert [note.pitch for note in starts] == pitches
