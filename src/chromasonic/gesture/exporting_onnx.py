"""A gesture model as an ONNX file that onnxruntime computes as PyTorch does, or no file at all.

Axes: B movements, T frames, N nodes, F features, K classes, S golden steps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import chromasonic
from chromasonic.errors import ExportError
from chromasonic.export.document import FORMAT, TOLERANCE, Golden
from chromasonic.export.exported import Exported
from chromasonic.export.golden import RESET_BEFORE, STEPS
from chromasonic.export.onnx_checking import check_onnx, hash_of, tensors_of, trained
from chromasonic.export.onnx_graph import GraphBuilder, chosen_opset
from chromasonic.export.onnx_running import RunningModel
from chromasonic.export.onnx_writing import texts_of, write_proved
from chromasonic.export.tracing import evaluation_copy
from chromasonic.export.writing import golden_text
from chromasonic.gesture.exporting import corpora_of, facts_of, is_synthetic, title_of
from chromasonic.gesture.models import NAME, GestureModel
from chromasonic.gesture.onnx_network import add_network, scaling

LENGTHS = (1, 7, 48, 333)
"""Frames of the movements that a written file is compared over."""

BATCHES = (1, 3)
STEPPED = 48
"""Longest movement that a causal file is compared over frame by frame too."""

LOGIT_TOLERANCE = 1e-4
MOST_TIMES_OWN = 4.0
"""A logit may be so far off; or so many times as far as PyTorch's own in 32-bit floats."""

GOLDEN_MOVEMENTS, GOLDEN_FRAMES = 4, 12
"""Of a file that looks at whole movements."""


def write_onnx(model: GestureModel, path: Path, *, opset: int | None = None) -> Exported:
    """Write one model, and prove the file.

    It takes `features` (batch, frames, nodes, features) as `features.compute` gives them, not yet
    standardized, and gives `output`: probabilities (batch, classes). A causal model takes
    `hidden` and `cell` (layers, batch, size) besides, zeros at first; gives probabilities at each
    frame (batch, frames, classes), `hidden_out` and `cell_out`.

    Raises:
        ExportError: a part is not written to ONNX here, the file does not compute what the model
            does (then there is no new file), or the packages are not installed.
        UsageError: there is no such operator set.
        StorageError: the file cannot be written whole.
    """
    graph = GraphBuilder()
    interface = add_network(graph, model)
    built = graph.model(
        name=NAME,
        opset=chosen_opset(opset),
        description=f"{title_of(model)} of Chromasonic: features of landmarks to probabilities.",
        metadata={},
    )
    tensors = tensors_of(built)
    parameters = sum(array.size for array in trained(tensors))
    facts = {
        "format": FORMAT,
        "name": NAME,
        "title": title_of(model),
        "version": chromasonic.__version__,
        "corpora": list(corpora_of(model)),
        "is_synthetic": is_synthetic(model),
        **facts_of(model),
        "state_policy": "carry" if model.is_causal else "stateless",
        "step": "each frame" if model.is_causal else "each whole movement",
        "parameters": parameters,
        "tolerance": TOLERANCE,
        "weight_hash": hash_of(tensors),
    }
    golden = golden_text(golden_of(model))
    graph.set_metadata(
        built, {**texts_of(facts), "golden": golden, "interface": interface.to_json()}
    )
    content = built.SerializeToString()
    proofs: list[tuple[float, int]] = []

    def check(temporary: Path) -> None:
        steps = check_onnx(temporary).steps
        running = RunningModel(temporary.read_bytes(), interface)
        found, compared = compare(model, running, running_logits(model, opset))
        proofs.append((found, steps + compared))

    write_proved(path, content, check)
    largest, steps = proofs[0]
    return Exported(
        name=NAME,
        path=path,
        size_bytes=len(content),
        parameters=parameters,
        largest_difference=largest,
        steps=steps,
    )


def golden_of(model: GestureModel) -> Golden:
    """What goes into the file and must come out: frames with a reset, or whole movements."""
    resets: tuple[int, ...] = (0,)
    if model.is_causal:
        inputs = made_features(model, 1, STEPS, seed=1)[0]
        cuts = (*RESET_BEFORE[1:], len(inputs))
        starts = zip(RESET_BEFORE, cuts, strict=True)
        outputs = [exact_outputs(model, inputs[None, a:b])[0] for a, b in starts]
        answer, resets = np.concatenate(outputs), RESET_BEFORE
    else:
        inputs = made_features(model, GOLDEN_MOVEMENTS, GOLDEN_FRAMES, seed=1)
        answer = exact_outputs(model, inputs)
    return Golden(inputs=inputs, outputs=answer.astype(np.float32), reset_before=resets)


def running_logits(model: GestureModel, opset: int | None = None) -> RunningModel:
    """The same graph without its softmax, at work: before it nothing is hidden."""
    graph = GraphBuilder()
    interface = add_network(graph, model, activated=False)
    built = graph.model(name=NAME, opset=chosen_opset(opset), description="", metadata={})
    return RunningModel(built.SerializeToString(), interface)


def compare(
    model: GestureModel, running: RunningModel, before_softmax: RunningModel
) -> tuple[float, int]:
    """Largest difference of a logit from the model in 64-bit floats, and frames compared.

    Args:
        model: trained.
        running: the file.
        before_softmax: as `running_logits` gives it.

    Raises:
        ExportError: a logit or a probability is too far off.
    """
    largest, count = 0.0, 0
    for batch in BATCHES:
        for length in LENGTHS:
            features = made_features(model, batch, length, seed=length)
            wanted = exact_outputs(model, features, activated=False)
            own = exact_outputs(model, features, activated=False, dtype=torch.float32)
            allowed = max(LOGIT_TOLERANCE, MOST_TIMES_OWN * float(np.abs(own - wanted).max()))
            where = f"over {length} frames, {batch} movements"
            found = _farthest(model, before_softmax, features, wanted, allowed, f"logits {where}")
            shares = np.exp(wanted - wanted.max(-1, keepdims=True))
            shares /= shares.sum(-1, keepdims=True)
            # No share moves by more than half of what a logit does.
            _farthest(model, running, features, shares, allowed / 2, where)
            largest, count = max(largest, found), count + batch * length
    return largest, count


def _farthest(
    model: GestureModel,
    running: RunningModel,
    features: NDArray[np.float32],
    wanted: NDArray[np.float64],
    allowed: float,
    where: str,
) -> float:
    """The largest difference in any way of calling the file; an error above what is allowed."""
    largest = 0.0
    for how, found in ways(model, running, features).items():
        difference = float(np.abs(found - wanted).max())
        if not difference <= allowed:
            raise ExportError(
                f"The ONNX file is {difference:.3g} from the model, {where}, {how}; allowed is "
                f"{allowed:.3g}. It was not kept."
            )
        largest = max(largest, difference)
    return largest


def ways(
    model: GestureModel, running: RunningModel, features: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """What a file gives for (B, T, N, F): all frames at once, and if causal one by one."""
    found = {"at once": running.run(features)[0]}
    if model.is_causal and features.shape[1] <= STEPPED:
        state, parts = None, []
        for frame in range(features.shape[1]):
            part, state = running.run(features[:, frame : frame + 1], state)
            parts.append(part)
        found["frame by frame"] = np.concatenate(parts, axis=1)
    return found


def made_features(
    model: GestureModel, batch: int, length: int, *, seed: int
) -> NDArray[np.float32]:
    """(B, T, N, F): as far around the training part's mean as its features are, no two alike."""
    chance = np.random.default_rng([seed, batch])
    known = model.reader.standardization
    shape = (batch, length, *known.mean.shape)
    spread = np.where(known.deviation > 1e-6, known.deviation, 1.0)  # what never moved is not heard
    return (known.mean + spread * chance.uniform(-1.5, 1.8, shape)).astype(np.float32)


@torch.no_grad()
def exact_outputs(
    model: GestureModel,
    features: NDArray[np.float32],
    *,
    activated: bool = True,
    dtype: torch.dtype = torch.float64,
) -> NDArray[np.float64]:
    """What the model itself gives, standardization and all, in another precision."""
    mean, scale = scaling(model)
    read = torch.from_numpy((features.astype(np.float64) - mean) * scale).to(dtype)
    logits = evaluation_copy(model.network, dtype)(read)
    return (logits.softmax(-1) if activated else logits).double().numpy()
