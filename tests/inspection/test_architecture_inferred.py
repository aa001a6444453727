"""Layers, modules and wrappers, inferred from the state dicts of PyTorch's own layers and of the
libraries that people use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from chromasonic.inspection import Checkpoint, inspect_file
from chromasonic.inspection.architecture import Architecture, infer
from chromasonic.inspection.layers import layers_of
from chromasonic.inspection.tensors import describe_tensors


def inferred(weights: nn.Module | dict[str, Tensor]) -> Architecture:
    state = weights.state_dict() if isinstance(weights, nn.Module) else weights
    return infer(describe_tensors(dict(state))[0])


def layer(module: nn.Module) -> tuple[str, dict[str, Any]]:
    (found,) = layers_of(describe_tensors(module.state_dict())[0])
    return found.kind, found.sizes


def inspected(folder: Path, content: Any) -> Checkpoint:
    torch.save(content, folder / "some.pt")
    return inspect_file(folder / "some.pt")


@pytest.mark.parametrize(
    ("module", "kind", "sizes"),
    [
        (nn.Linear(3, 5), "linear", {"input": 3, "output": 5}),
        (nn.Conv1d(3, 5, 7), "convolution 1D", {"input": 3, "output": 5, "kernel": (7,)}),
        (nn.Conv2d(3, 5, (2, 4)), "convolution 2D", {"input": 3, "output": 5, "kernel": (2, 4)}),
        (
            nn.ConvTranspose2d(3, 5, 4),
            "transposed convolution 2D",
            {"input": 3, "output": 5, "kernel": (4, 4)},
        ),
        (nn.BatchNorm1d(6), "batch norm", {"size": 6}),
        (nn.LayerNorm(6), "layer norm", {"size": 6}),
        (nn.MultiheadAttention(8, 2), "multi-head attention", {"width": 8}),
    ],
    ids=str,
)
def test_a_layer_alone_is_told_with_its_sizes(
    module: nn.Module, kind: str, sizes: dict[str, Any]
) -> None:
    if isinstance(module, nn.MultiheadAttention):
        del module.out_proj
    assert layer(module) == (kind, sizes)


@settings(max_examples=40, deadline=None)
@given(
    cell=st.sampled_from(["LSTM", "GRU", "RNN"]),
    inputs=st.integers(1, 9),
    hidden=st.integers(1, 9),
    layers=st.integers(1, 3),
    both=st.booleans(),
    bias=st.booleans(),
)
def test_a_recurrent_layer_is_told_by_its_gates_levels_and_directions(
    cell: str, inputs: int, hidden: int, layers: int, both: bool, bias: bool
) -> None:
    module = getattr(nn, cell)(inputs, hidden, layers, bidirectional=both, bias=bias)
    assert layer(module) == (
        cell,
        {"input": inputs, "hidden": hidden, "layers": layers, "bidirectional": both},
    )


def test_a_projected_lstm_and_a_cell_are_told_as_such() -> None:
    kind, sizes = layer(nn.LSTM(8, 16, 2, proj_size=4))
    assert (kind, sizes["hidden"], sizes["projection"]) == ("LSTM", 16, 4)
    assert layer(nn.GRUCell(8, 16))[0] == "GRU cell"


def test_a_transformers_width_and_feed_forward_are_told_and_heads_are_not() -> None:
    encoder = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(48, 4, 96), 3, enable_nested_tensor=False
    )
    architecture = inferred(nn.ModuleDict({"encoder": encoder, "head": nn.Linear(48, 7)}))
    assert architecture.fact("Number of Transformer layers") == 3
    assert architecture.fact("Transformer width") == 48
    assert architecture.fact("Feed-forward dimension") == 96
    facts = {fact.name: fact for section in architecture.sections for fact in section.facts}
    assert (facts["Attention heads"].value, facts["Attention heads"].certainty) == (None, "unknown")


def bert() -> dict[str, Tensor]:
    """Two layers of width 32 as Hugging Face's BERT names them."""
    state = {"bert.embeddings.word_embeddings.weight": torch.ones(100, 32)}
    for number in range(2):
        above = f"bert.encoder.layer.{number}."
        state |= {
            f"{above}attention.self.{k}.weight": torch.ones(32, 32)
            for k in ("query", "key", "value")
        }
        state |= {
            f"{above}attention.output.dense.weight": torch.ones(32, 32),
            f"{above}intermediate.dense.weight": torch.ones(128, 32),
            f"{above}output.dense.weight": torch.ones(32, 128),
        }
    return state


def gpt2() -> dict[str, Tensor]:
    """The same as GPT-2 names them, matrices turned."""
    state = {"wte.weight": torch.ones(100, 32)}
    for number in range(2):
        for name, rows, columns in (
            ("attn.c_attn", 32, 96),
            ("attn.c_proj", 32, 32),
            ("mlp.c_fc", 32, 128),
            ("mlp.c_proj", 128, 32),
        ):
            state[f"h.{number}.{name}.weight"] = torch.ones(rows, columns)
            state[f"h.{number}.{name}.bias"] = torch.ones(columns)
    return state


def llama() -> dict[str, Tensor]:
    """The same with fewer keys than queries and a gated feed-forward network."""
    state = {}
    for number in range(2):
        for name, rows, columns in (
            ("self_attn.q_proj", 32, 32),
            ("self_attn.k_proj", 8, 32),
            ("self_attn.v_proj", 8, 32),
            ("self_attn.o_proj", 32, 32),
            ("mlp.gate_proj", 128, 32),
            ("mlp.up_proj", 128, 32),
            ("mlp.down_proj", 32, 128),
        ):
            state[f"model.layers.{number}.{name}.weight"] = torch.ones(rows, columns)
    return state


def vit() -> dict[str, Tensor]:
    """The same as timm names a vision Transformer."""
    state = {"cls_token": torch.ones(1, 1, 32), "patch_embed.proj.weight": torch.ones(32, 3, 4, 4)}
    for number in range(2):
        for name, rows, columns in (
            ("attn.qkv", 96, 32),
            ("attn.proj", 32, 32),
            ("mlp.fc1", 128, 32),
            ("mlp.fc2", 32, 128),
        ):
            state[f"blocks.{number}.{name}.weight"] = torch.ones(rows, columns)
            state[f"blocks.{number}.{name}.bias"] = torch.ones(rows)
    return state


@pytest.mark.parametrize("make", [bert, gpt2, llama, vit])
def test_transformers_of_other_libraries_are_told_by_their_names(make: Any) -> None:
    architecture = inferred(make())
    assert architecture.fact("Number of Transformer layers") == 2
    assert architecture.fact("Transformer width") == 32
    assert architecture.fact("Feed-forward dimension") == 128


@pytest.mark.parametrize("outputs", [10, 96])
def test_an_attention_before_a_classifier_is_no_transformer_layer(outputs: int) -> None:
    parts = nn.ModuleDict(
        {
            "emb": nn.Embedding(20, 96),
            "att": nn.MultiheadAttention(96, 4),
            "out": nn.Linear(96, outputs),
        }
    )
    architecture = inferred(parts)
    assert architecture.fact("Number of Transformer layers") is None
    assert architecture.fact("Number of outputs") or architecture.fact("Number of classes")
    (section,) = [s for s in architecture.sections if s.title.startswith("Att")]
    assert "Multi-head attentions" in {fact.name for fact in section.facts}


def test_a_transformer_layer_alone_is_told_from_the_top_level() -> None:
    architecture = inferred(nn.TransformerEncoderLayer(48, 4, 96))
    facts = {fact.name: fact for section in architecture.sections for fact in section.facts}
    assert facts["Number of Transformer layers"].value == 1
    assert facts["Number of Transformer layers"].source == "the top level"
    assert (facts["Feed-forward dimension"].value, facts["Transformer width"].value) == (96, 48)


def test_a_critic_called_value_is_no_attention() -> None:
    architecture = inferred(nn.ModuleDict({"query": nn.Linear(4, 4), "value": nn.Linear(4, 1)}))
    assert architecture.fact("Number of Transformer layers") is None


@pytest.mark.parametrize(
    "state",
    [
        # PyTorch Geometric: the bias stands outside of `lin`.
        {
            "conv1.bias": torch.ones(16),
            "conv1.lin.weight": torch.ones(16, 8),
            "conv2.bias": torch.ones(4),
            "conv2.lin.weight": torch.ones(4, 16),
        },
        # Kipf's own: features times weight.
        {
            "gc1.weight": torch.ones(8, 16),
            "gc1.bias": torch.ones(16),
            "gc2.weight": torch.ones(16, 4),
            "gc2.bias": torch.ones(4),
        },
    ],
    ids=["geometric", "kipf"],
)
def test_graph_convolutions_of_other_libraries_are_told(state: dict[str, Tensor]) -> None:
    architecture = inferred(state)
    assert architecture.fact("Number of GCN layers") == 2
    assert architecture.fact("Input features") == 8
    assert architecture.fact("Hidden dimension") == 4


def test_the_classifier_is_the_last_chain_of_linear_layers() -> None:
    network = nn.ModuleDict(
        {
            "body": nn.GRU(5, 8),
            "classifier": nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)),
        }
    )
    architecture = inferred(network)
    assert architecture.fact("Input dimension") == 8
    assert architecture.fact("Hidden dimension") == 6
    assert architecture.fact("Number of classes") == 3


def test_totals_of_modules_add_up_to_the_state_dict_and_to_pytorchs_own_count() -> None:
    network = nn.ModuleDict(
        {"a": nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3)), "b": nn.LSTM(3, 4, 2)}
    )
    architecture = inferred(network)
    state = network.state_dict()
    assert architecture.totals.state_dict == sum(t.numel() for t in state.values())
    assert architecture.totals.trainable == sum(p.numel() for p in network.parameters())
    assert sum(m.elements for m in architecture.modules) == architecture.totals.state_dict
    assert sum(m.trainable for m in architecture.modules) == architecture.totals.trainable


@pytest.mark.parametrize(
    ("prefix", "wrapper"),
    [
        ("module.", "DataParallel"),
        ("_orig_mod.", "torch.compile"),
        ("module._orig_mod.", "torch.compile"),
    ],
)
def test_wrappers_prefixes_are_taken_out_and_said(
    tmp_path: Path, prefix: str, wrapper: str
) -> None:
    plain = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).state_dict()
    known = inspected(tmp_path, {f"{prefix}{name}": tensor for name, tensor in plain.items()})
    assert list(known.shapes) == list(plain)
    assert any(wrapper in text for text in known.wrappers)
    assert "prefixes" in {found.rule for found in known.findings}


def test_a_module_that_is_really_called_module_keeps_its_name(tmp_path: Path) -> None:
    state = {"module.weight": torch.ones(2, 2), "head.weight": torch.ones(3, 2)}
    assert list(inspected(tmp_path, state).shapes) == list(state)


def test_weights_are_found_wherever_others_keep_them(tmp_path: Path) -> None:
    state = nn.Linear(3, 2).state_dict()
    for content in (
        state,
        {"state_dict": state, "epoch": 1},
        {"model": {"inner": state}, "epoch": 1},
        {"net": state, "acc": 0.5, "epoch": 1},
        {"whatever": state},
    ):
        known = inspected(tmp_path, content)
        assert sum(t.elements for t in known.tensors) == 8


def test_averaged_weights_and_a_second_network_are_told_beside_the_first(tmp_path: Path) -> None:
    state = nn.Linear(3, 2).state_dict()
    known = inspected(tmp_path, {"state_dict": state, "state_dict_ema": dict(state)})
    assert known.others == {"state_dict_ema": 2}
    assert sum(t.elements for t in known.tensors) == 8


def test_lightning_checkpoints_tell_their_settings_and_what_was_watched(tmp_path: Path) -> None:
    optimizer = torch.optim.Adam(nn.Linear(3, 2).parameters(), lr=0.01)
    content = {
        "epoch": 3,
        "global_step": 400,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": {f"model.{k}": v for k, v in nn.Linear(3, 2).state_dict().items()},
        "callbacks": {
            "ModelCheckpoint": {"monitor": "val_loss", "best_model_score": torch.tensor(0.25)}
        },
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [],
        "hyper_parameters": {"lr": 0.01},
    }
    known = inspected(tmp_path, content)
    assert (known.kind, known.epoch, known.step) == ("Lightning checkpoint", 3, 400)
    assert known.config == {"lr": 0.01}
    assert known.metrics == {"best_val_loss": 0.25}
    assert known.optimizer is not None
    assert known.optimizer.name == "Adam"
