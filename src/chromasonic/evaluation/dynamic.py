"""Dynamic evaluation: the model goes on learning from the tune that it reads.

After each segment has been scored, one step of gradient descent on that segment moves the weights;
the next segment is scored with the moved weights. Nothing is ever scored after it was learned from,
so the figure is an honest likelihood of an adaptive model; between tunes the weights come back.
It is another model than the static one, and stands in a row of its own.

Source: Krause, Kahembwe, Murray, Renals, "Dynamic evaluation of neural sequence models", ICML 2018.
Differs: plain SGD with decay towards the trained weights; no RMS normalization.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chromasonic.errors import ConfigError, EvaluationError
from chromasonic.evaluation.likelihood import (
    StreamScores,
    Tally,
    TokenClasses,
    check_causal,
    check_streams,
    device_of,
    in_evaluation_mode,
    log2_probabilities,
)

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class DynamicConfig:
    """How a model adapts; the defaults were chosen on Nottingham's validation part.

    Attributes:
        segment_tokens: tokens between two steps.
        learning_rate: of the SGD step on a segment's mean loss (nats a token).
        decay: share of the way back to the trained weights at each step, 0 to 1.
        max_gradient_norm: longer gradients are scaled down to this norm.
    """

    segment_tokens: int = 16
    learning_rate: float = 0.1
    decay: float = 0.02
    max_gradient_norm: float = 1.0

    def __post_init__(self) -> None:
        if self.segment_tokens < 1:
            raise ConfigError(f"segment_tokens is {self.segment_tokens}; it must be at least 1.")
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate is {self.learning_rate}; it must be above 0.")
        if not 0 <= self.decay <= 1:
            raise ConfigError(f"decay is {self.decay}; it must be 0 to 1.")
        if not self.max_gradient_norm > 0:
            raise ConfigError(f"max_gradient_norm is {self.max_gradient_norm}; above 0, please.")


def score_dynamically(
    model: nn.Module,
    streams: Sequence[Sequence[int]],
    classes: TokenClasses,
    config: DynamicConfig | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> StreamScores:
    """Score streams while the model adapts to each of them; its weights are as before at the end.

    Args:
        model: as for `score_streams`; it must have weights that learn.
        streams: token ids.
        classes: what is told apart.
        config: how it adapts.
        on_progress: called with (streams done, streams in all).

    Raises:
        EvaluationError: as `score_streams`, or nothing in the model can learn.
    """
    import torch

    config = config or DynamicConfig()
    checked = check_streams(streams, classes.vocabulary_size)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    if not weights:
        raise EvaluationError(
            "Dynamic evaluation moves weights by their gradient, and this model has none. "
            "A Markov model is judged without it."
        )
    trained = [weight.detach().clone() for weight in weights]
    tally = Tally(len(checked), classes)
    # cuDNN's recurrent layers refuse a backward pass in evaluation mode; torch's own do not.
    with in_evaluation_mode(model), torch.backends.cudnn.flags(enabled=False):
        with torch.no_grad():
            check_causal(model, checked, classes.vocabulary_size)
        try:
            for index, stream in enumerate(checked):
                _restore(weights, trained)
                for start in range(0, len(stream) - 1, config.segment_tokens):
                    stop = min(start + config.segment_tokens, len(stream) - 1)
                    ids = torch.as_tensor(stream[:stop])[None]
                    log2_BTV = log2_probabilities(model, ids, classes.vocabulary_size)
                    targets = stream[start + 1 : stop + 1]
                    tally.add(index, log2_BTV[0, start:stop].detach(), targets)
                    if stop < len(stream) - 1:
                        target_T = torch.as_tensor(targets, device=device_of(model))
                        chosen = log2_BTV[0, start:stop].gather(1, target_T[:, None])
                        _step(-chosen.mean() * 0.6931471805599453, weights, trained, config)
                if on_progress is not None:
                    on_progress(index + 1, len(checked))
        finally:
            _restore(weights, trained)
    return tally.scores()


def _step(loss: torch.Tensor, weights: list, trained: list, config: DynamicConfig) -> None:
    import torch

    gradients = torch.autograd.grad(loss, weights, allow_unused=True)
    used = [gradient for gradient in gradients if gradient is not None]
    norm = torch.stack([gradient.norm() for gradient in used]).norm()
    scale = config.learning_rate * min(1.0, config.max_gradient_norm / max(float(norm), 1e-12))
    with torch.no_grad():
        for weight, anchor, gradient in zip(weights, trained, gradients, strict=True):
            if gradient is not None:
                weight -= scale * gradient
                weight += config.decay * (anchor - weight)


def _restore(weights: list, trained: list) -> None:
    import torch

    with torch.no_grad():
        for weight, value in zip(weights, trained, strict=True):
            weight.copy_(value)
