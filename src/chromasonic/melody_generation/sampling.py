"""Drawing the next token from logits: temperature, top-k, top-p, and tokens that may not come.

Axes: B tunes, V token ids.
"""

from __future__ import annotations

import numpy as np


def draw(
    logits_BV: np.ndarray,
    allowed_BV: np.ndarray,
    uniform_B: np.ndarray,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
) -> np.ndarray:
    """Draw a token for each tune, by the inverse of its cumulative distribution.

    Args:
        logits_BV: (B, V) scores, float64; minus infinity is a token that cannot come.
        allowed_BV: (B, V) which tokens may come, at least one in each row.
        uniform_B: (B,) random numbers in [0, 1), one for each tune.
        temperature: divides the logits; below 1 is safer, above 1 bolder.
        top_k: draw among so many of the likeliest allowed tokens only; None is all.
        top_p: draw among the fewest likeliest allowed tokens that hold this share; 1 is all.

    Returns:
        (B,) token ids, int64, each of them allowed.
    """
    p_BV = probabilities(logits_BV, allowed_BV, temperature=temperature, top_k=top_k, top_p=top_p)
    cumulative_BV = p_BV.cumsum(1)
    wanted_B1 = (uniform_B * cumulative_BV[:, -1])[:, None]
    # The first token whose cumulative share is above the number: never one of share 0.
    return (cumulative_BV <= wanted_B1).sum(1).clip(max=_last_possible(p_BV))


def probabilities(
    logits_BV: np.ndarray,
    allowed_BV: np.ndarray,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
) -> np.ndarray:
    """The (B, V) shares from which `draw` draws; rows sum to 1.

    The order is: what is not allowed, temperature, top-k, top-p. Where the model gives every
    allowed token a share of nothing, all of them are equally likely.
    """
    scores_BV = np.where(allowed_BV, logits_BV, -np.inf) / temperature
    is_lost_B = np.isneginf(scores_BV.max(1))
    scores_BV[is_lost_B] = np.where(allowed_BV[is_lost_B], 0.0, -np.inf)
    p_BV = np.exp(scores_BV - scores_BV.max(1, keepdims=True))
    p_BV /= p_BV.sum(1, keepdims=True)
    if top_k is not None or top_p < 1:
        p_BV = _truncated(p_BV, top_k, top_p)
    return p_BV


def log_allowed_share(
    logits_BV: np.ndarray, allowed_BV: np.ndarray, *, temperature: float = 1.0
) -> np.ndarray:
    """(B,) log of the share that the model gives to the tokens that may come, among all tokens.

    The temperature acts as in `draw`; top-k and top-p do not. Minus infinity: the model rules out
    all that may come. A model that rules out every token at all has said nothing: 0.
    """
    scores_BV = logits_BV / temperature
    highest_B1 = scores_BV.max(1, keepdims=True)
    says_nothing_B = np.isneginf(highest_B1[:, 0])
    p_BV = np.exp(scores_BV - np.where(says_nothing_B[:, None], 0.0, highest_B1))
    p_BV[says_nothing_B] = 1.0
    with np.errstate(divide="ignore"):
        log_B = np.log((p_BV * allowed_BV).sum(1)) - np.log(p_BV.sum(1))
    return np.where(says_nothing_B, 0.0, log_B)


def draw_by_log_weight(weights_N: np.ndarray, chance: np.random.Generator) -> int:
    """The number of one of N things, each drawn as often as its weight says.

    Args:
        weights_N: (N,) logs of weights, which need not sum to 1. Where all are minus infinity, one
            thing is as good as another.
        chance: what it is drawn with.
    """
    if not np.isfinite(weights_N).any():
        weights_N = np.zeros(len(weights_N))
    shares_N = np.exp(weights_N - weights_N.max())
    return int(chance.choice(len(shares_N), p=shares_N / shares_N.sum()))


def _truncated(p_BV: np.ndarray, top_k: int | None, top_p: float) -> np.ndarray:
    """The shares with the unlikely tail taken off; of equal ones the lower id stays."""
    order_BV = np.argsort(-p_BV, axis=1, kind="stable")
    sorted_BV = np.take_along_axis(p_BV, order_BV, 1)
    if top_k is not None:
        sorted_BV[:, top_k:] = 0.0
        sorted_BV /= sorted_BV.sum(1, keepdims=True)
    before_BV = sorted_BV.cumsum(1) - sorted_BV
    if top_p < 1:
        sorted_BV[before_BV >= top_p] = 0.0
    kept_BV = np.zeros_like(p_BV)
    np.put_along_axis(kept_BV, order_BV, sorted_BV, 1)
    return kept_BV / kept_BV.sum(1, keepdims=True)


def _last_possible(p_BV: np.ndarray) -> np.ndarray:
    """(B,) the highest id with a share, for when rounding leaves nothing above the number."""
    return p_BV.shape[1] - 1 - (p_BV[:, ::-1] > 0).argmax(1)
