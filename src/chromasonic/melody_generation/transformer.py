"""The attentive melody model: a decoder-only Transformer over token streams.

Axes: B tunes, T new tokens, S tokens read so far, H heads, E features of a head, D features,
V token ids, W ids with pitches counted from the tonic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from chromasonic.errors import ConfigError
from chromasonic.melody_generation.inputs import (
    TONIC_VOCABULARY_SIZE,
    TuneInputs,
    joined_streams,
    logits_in_key,
    tonic_shifts,
)


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Sizes of a `TransformerModel`.

    Attributes:
        hidden_size: features of a token between layers.
        num_layers: blocks of attention and feed-forward.
        num_heads: attention heads; divides hidden_size into even parts.
        dropout: share of features dropped while training.
        look_back_bars: bars to look back (see `inputs`).
    """

    hidden_size: int = 128
    num_layers: int = 3
    num_heads: int = 4
    dropout: float = 0.2
    look_back_bars: tuple[int, ...] = (1, 2, 4, 8)

    def __post_init__(self) -> None:
        if self.hidden_size < 1 or self.num_layers < 1 or self.num_heads < 1:
            raise ConfigError("hidden_size, num_layers and num_heads must be positive.")
        if self.hidden_size % (2 * self.num_heads):
            raise ConfigError(
                f"hidden_size {self.hidden_size} must be a multiple of twice the "
                f"{self.num_heads} heads; take {2 * self.num_heads} times a whole number."
            )
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout is {self.dropout}; it must be at least 0 and below 1.")
        if any(bars < 1 for bars in self.look_back_bars):
            raise ConfigError("look_back_bars must be positive numbers of bars.")


@dataclass(frozen=True)
class TransformerState:
    """Where streams stand: the tokens read, and each block's keys and values (B, H, S, E).

    Streams that read fewer tokens than others begin with tokens that are not theirs and that no
    attention sees: `before_B` of them.
    """

    ids_BT: Tensor
    caches: tuple[tuple[Tensor, Tensor], ...]
    before_B: Tensor

    def taken(self, rows: Sequence[int]) -> TransformerState:
        """Of some of the streams alone."""
        caches = tuple((keys[rows], values[rows]) for keys, values in self.caches)
        return TransformerState(self.ids_BT[rows], caches, self.before_B[rows])

    @staticmethod
    def joined(states: Sequence[TransformerState]) -> TransformerState:
        """Of all streams of several states."""
        ids_BT = joined_streams([one.ids_BT for one in states])
        more = [ids_BT.shape[1] - one.ids_BT.shape[1] for one in states]

        def padded(block: int, part: int) -> Tensor:
            parts = [one.caches[block][part] for one in states]
            return torch.cat(
                [
                    functional.pad(one, (0, 0, count, 0))
                    for one, count in zip(parts, more, strict=True)
                ]
            )

        caches = tuple(
            (padded(block, 0), padded(block, 1)) for block in range(len(states[0].caches))
        )
        before_B = torch.cat(
            [one.before_B + count for one, count in zip(states, more, strict=True)]
        )
        return TransformerState(ids_BT, caches, before_B)


class Attention(nn.Module):
    """Causal self-attention with rotary positions and a cache.

    Source: J. Su and others, "RoFormer" (2021), equation 34.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.into = nn.Linear(config.hidden_size, 3 * config.hidden_size, bias=False)
        self.out = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def forward(
        self,
        x_BTD: Tensor,
        rotation_TE: tuple[Tensor, Tensor],
        cache: tuple[Tensor, Tensor] | None,
        mask_TS: Tensor | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """(B, T, D) features attended over all tokens up to each, and the longer cache."""
        B, T, D = x_BTD.shape
        qkv = self.into(x_BTD).view(B, T, 3, self.num_heads, D // self.num_heads)
        q_BHTE, k_BHSE, v_BHSE = qkv.permute(2, 0, 3, 1, 4)
        q_BHTE, k_BHSE = _rotated(q_BHTE, rotation_TE), _rotated(k_BHSE, rotation_TE)
        if cache is not None:
            k_BHSE = torch.cat([cache[0], k_BHSE], 2)
            v_BHSE = torch.cat([cache[1], v_BHSE], 2)
        y_BHTE = functional.scaled_dot_product_attention(
            q_BHTE,
            k_BHSE,
            v_BHSE,
            attn_mask=mask_TS,
            is_causal=cache is None,
        )
        return self.out(y_BHTE.transpose(1, 2).reshape(B, T, D)), (k_BHSE, v_BHSE)


def _rotated(x_BHTE: Tensor, rotation_TE: tuple[Tensor, Tensor]) -> Tensor:
    """Each pair of features turned by its token's angle."""
    cosine_TE, sine_TE = rotation_TE
    first, second = x_BHTE.chunk(2, -1)
    return torch.cat(
        [first * cosine_TE - second * sine_TE, second * cosine_TE + first * sine_TE], -1
    )


class Block(nn.Module):
    """Attention, then a gated feed-forward layer, each normed before and added after."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        size = config.hidden_size
        inner = size * 8 // 3
        self.attention_norm = nn.RMSNorm(size)
        self.attention = Attention(config)
        self.forward_norm = nn.RMSNorm(size)
        self.widen = nn.Linear(size, 2 * inner, bias=False)
        self.narrow = nn.Linear(inner, size, bias=False)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x_BTD: Tensor,
        rotation_TE: tuple[Tensor, Tensor],
        cache: tuple[Tensor, Tensor] | None,
        mask_TS: Tensor | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """(B, T, D) features of the next layer, and this block's longer cache."""
        attended_BTD, cache = self.attention(
            self.attention_norm(x_BTD), rotation_TE, cache, mask_TS
        )
        x_BTD = x_BTD + self.dropout(attended_BTD)
        gate, wide = self.widen(self.forward_norm(x_BTD)).chunk(2, -1)
        x_BTD = x_BTD + self.dropout(self.narrow(functional.silu(gate) * wide))
        return x_BTD, cache


class TransformerModel(nn.Module):
    """Token ids to logits of the next token, by pre-norm attention blocks with rotary positions.

    Source: A. Vaswani and others, "Attention is all you need" (2017), decoder only.
    Differs: norm before each part, rotary positions, gated feed-forward (N. Shazeer, "GLU variants
    improve Transformer", 2020), tied embedding, and the look-back inputs.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.inputs = TuneInputs(config.hidden_size, config.look_back_bars)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = nn.RMSNorm(config.hidden_size)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden_size, TONIC_VOCABULARY_SIZE)
        self.output.weight = self.inputs.token.weight
        for name, weight in self.named_parameters():
            if name.endswith(("out.weight", "narrow.weight", "into.weight", "widen.weight")):
                into_residual = name.endswith(("out.weight", "narrow.weight"))
                scale = (2 * config.num_layers) ** -0.5 if into_residual else 1.0
                nn.init.normal_(weight, std=scale * config.hidden_size**-0.5)

    def forward(self, ids_BT: Tensor) -> Tensor:
        """(B, T, V) logits of the token after each of (B, T) ids."""
        return self.step(ids_BT)[0]

    def step(
        self, ids_BT: Tensor, state: TransformerState | None = None
    ) -> tuple[Tensor, TransformerState]:
        """Read more tokens after those of a state.

        Args:
            ids_BT: the tokens that follow.
            state: as a call before returned it; None begins a stream.

        Returns:
            (B, T, V) logits after each new token, and the state after them.
        """
        read_BT = ids_BT if state is None else torch.cat([state.ids_BT, ids_BT], 1)
        shift_BT = tonic_shifts(read_BT)
        x_BTD = self.dropout(self.inputs(read_BT, shift_BT, ids_BT.shape[1]))
        before_B = ids_BT.new_zeros(len(ids_BT)) if state is None else state.before_B
        places = range(read_BT.shape[1] - ids_BT.shape[1], read_BT.shape[1])
        # Asked once: on a GPU the answer is waited for.
        apart_B = before_B if state is not None and bool(before_B.any()) else None
        rotation = self._rotation(places, apart_B, x_BTD)
        mask = None if state is None else _seen(places, apart_B, ids_BT.device)
        caches = []
        for index, block in enumerate(self.blocks):
            x_BTD, cache = block(x_BTD, rotation, state.caches[index] if state else None, mask)
            caches.append(cache)
        logits_BTW = self.output(self.dropout(self.norm(x_BTD)))
        return logits_in_key(logits_BTW, shift_BT[:, -ids_BT.shape[1] :]), TransformerState(
            read_BT, tuple(caches), before_B
        )

    def _rotation(
        self, places: range, before_B: Tensor | None, like: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the angles of tokens at places of their streams.

        (T, E / 2) each, or (B, 1, T, E / 2) where streams begin at different places.
        """
        half = self.config.hidden_size // self.config.num_heads // 2
        place_T = torch.arange(places.start, places.stop, device=like.device)
        speed_E = 10_000.0 ** (-torch.arange(half, device=like.device) / half)
        if before_B is not None:
            place_T = place_T - before_B[:, None, None]
        angle_TE = place_T[..., None] * speed_E
        return angle_TE.cos().to(like.dtype), angle_TE.sin().to(like.dtype)


def _seen(places: range, before_B: Tensor | None, device: torch.device) -> Tensor | None:
    """Which tokens those at some places see: (T, S), or (B, 1, T, S) as above; None: all."""
    all_S = torch.arange(places.stop, device=device)
    seen_TS = all_S <= all_S[places.start :, None]
    if before_B is not None:
        return seen_TS & (all_S >= before_B[:, None, None, None])
    return seen_TS if len(places) > 1 else None
