"""That an ONNX file of a melody network gives the logits, and writes the tune, that PyTorch does.

Axes: B tunes, T tokens, V token ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from chromasonic.errors import ExportError
from chromasonic.export.document import Golden
from chromasonic.export.onnx_running import RunningModel, State
from chromasonic.export.tracing import evaluation_copy
from chromasonic.melody_generation.generation import GenerationSettings, generate_ids
from chromasonic.melody_generation.tokens import START, VOCABULARY

TOLERANCE = 1e-4
"""How far a logit may be from that of the network in float64."""

MOST_TIMES_OWN = 4.0
"""Where PyTorch's own float32 logits are far off too: how many times as far is allowed."""

GREEDY_TOKENS = 256
MOST_TOKENS = 320
"""Of a tune to compare over; 16 bars of eighth notes fit."""

GOLDEN_TUNE, GOLDEN_OTHER = 48, 16
ANY_TOKENS = 96
"""Tokens in no order that a file is compared over: what no tune does must come out right too."""

Ids = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the comparison found.

    Attributes:
        largest_difference: of a logit from the network's in float64.
        tokens: after how many tokens the logits were compared.
        greedy_tokens: tokens, each the likeliest, that both wrote alike.
    """

    largest_difference: float
    tokens: int
    greedy_tokens: int


def golden_of(model: nn.Module) -> tuple[Golden, float]:
    """The beginning of a tune of the model's own, then tokens in no order, with their logits.

    Returns:
        The golden steps, and the tolerance that they allow.
    """
    tune = _tunes(model, 1)[0][:GOLDEN_TUNE]
    ids = np.concatenate([tune, _any_tokens(GOLDEN_OTHER)])
    exact = evaluation_copy(model, torch.float64)
    streams = [part[None] for part in np.split(ids, [len(tune)])]
    wanted = [_logits(exact, stream) for stream in streams]
    golden = Golden(
        inputs=ids,
        outputs=np.concatenate([logits[0] for logits in wanted]).astype(np.float32),
        reset_before=(0, len(tune)),
    )
    return golden, max(
        _allowed(model, stream, logits) for stream, logits in zip(streams, wanted, strict=True)
    )


def prove(model: nn.Module, running: RunningModel) -> Proof:
    """Compare a file with the network it was made of.

    Over whole tunes at once, token by token, a prompt and then token by token, and several tunes
    side by side; over tokens in no order; and along the tune that the likeliest tokens make.

    Raises:
        ExportError: a logit is farther off than `TOLERANCE` (and than `MOST_TIMES_OWN` times what
            PyTorch itself is in float32), or another token is the likeliest.
    """
    exact = evaluation_copy(model, torch.float64)
    tunes = _tunes(model, 3)
    shortest = min(map(len, tunes))
    streams = {
        "a tune": tunes[0][None],
        "three tunes side by side": np.stack([tune[:shortest] for tune in tunes]),
        "tokens in no order": _any_tokens(ANY_TOKENS)[None],
    }
    largest, count = 0.0, 0
    for what, ids_BT in streams.items():
        wanted_BTV = _logits(exact, ids_BT)
        allowed = _allowed(model, ids_BT, wanted_BTV)
        prompt = max(1, 3 * ids_BT.shape[1] // 4)
        for how, prefilled in (("at once", ids_BT.shape[1]), ("one by one", 1), ("a prompt, "
                               "then one by one", prompt)):  # fmt: skip
            found_BTV = _read(running, ids_BT, prefilled)
            difference = float(np.abs(found_BTV - wanted_BTV).max())
            if not difference <= allowed:
                raise ExportError(
                    f"The ONNX file's logits are {difference:.3g} from the network's over {what}, "
                    f"read {how}; allowed is {allowed:.3g}. It was not kept."
                )
            largest, count = max(largest, difference), count + ids_BT.size
    return Proof(
        largest_difference=largest, tokens=count, greedy_tokens=_greedy(model, running, largest)
    )


def _tunes(model: nn.Module, count: int) -> list[Ids]:
    """Tunes of the model's own, in keys of their choice."""
    settings = GenerationSettings(endings=1, max_tokens=MOST_TOKENS)
    streams = generate_ids(model, count, settings=settings, seed=1)
    return [np.array(ids, dtype=np.int64) for ids in streams]


def _any_tokens(count: int) -> Ids:
    return np.random.default_rng(4).integers(0, VOCABULARY.size, count)


def _logits(model: nn.Module, ids_BT: Ids) -> NDArray[np.float64]:
    with torch.no_grad():
        return model(torch.from_numpy(ids_BT)).numpy()


def _allowed(model: nn.Module, ids_BT: Ids, wanted_BTV: NDArray[np.float64]) -> float:
    """How far logits may be off over a stream."""
    own = float(np.abs(_logits(model, ids_BT) - wanted_BTV).max())
    return max(TOLERANCE, MOST_TIMES_OWN * own)


def _read(running: RunningModel, ids_BT: Ids, prefilled: int) -> NDArray[np.float32]:
    """(B, T, V) logits: the first tokens at once, then one by one."""
    logits, state = running.run(ids_BT[:, :prefilled])
    parts = [logits]
    for place in range(prefilled, ids_BT.shape[1]):
        logits, state = running.run(ids_BT[:, place : place + 1], state)
        parts.append(logits)
    return np.concatenate(parts, axis=1)


def _greedy(model: nn.Module, running: RunningModel, largest: float) -> int:
    """How many tokens PyTorch and the file choose alike, each the likeliest.

    Where PyTorch's two likeliest logits are nearer than twice the largest difference, either is
    right, and both go on with PyTorch's choice.

    Raises:
        ExportError: the file chooses another one.
    """
    token, state = START, None
    memory: State | None = None
    same = 0
    with torch.no_grad():
        for place in range(GREEDY_TOKENS):
            logits, state = _step(model, token, state)
            found, memory = running.run(np.array([[token]], dtype=np.int64), memory)
            ours = int(found[0, -1].argmax())
            token = int(logits.argmax())
            if ours == token:
                same += 1
            elif logits[token] - logits[ours] > 2 * largest + 1e-6:
                raise ExportError(
                    f"After {place + 1} tokens the ONNX file takes {VOCABULARY.names[ours]} for "
                    f"the likeliest, the network {VOCABULARY.names[token]}. It was not kept."
                )
    return same


def _step(model: nn.Module, token: int, state: Any) -> tuple[NDArray[np.float32], Any]:
    logits_BTV, state = model.step(torch.tensor([[token]]), state)  # type: ignore[operator]
    return logits_BTV[0, -1].numpy(), state
