"""The recurrent melody model: an LSTM over token streams.

Axes: B tunes, T tokens, V token ids, W ids with pitches counted from the tonic, D features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from chromasonic.errors import ConfigError
from chromasonic.melody_generation.inputs import (
    TONIC_VOCABULARY_SIZE,
    TuneInputs,
    joined_streams,
    logits_in_key,
    tonic_shifts,
)


@dataclass(frozen=True, kw_only=True)
class LstmConfig:
    """Sizes of an `LstmModel`.

    Attributes:
        hidden_size: features of the recurrent state and of the embeddings.
        num_layers: stacked LSTM layers.
        dropout: share of features dropped between layers and at both ends while training.
        recurrent_dropout: share of hidden-to-hidden weights dropped for a whole batch.
        look_back_bars: bars to look back (see `inputs`).
    """

    hidden_size: int = 192
    num_layers: int = 2
    dropout: float = 0.4
    recurrent_dropout: float = 0.3
    look_back_bars: tuple[int, ...] = (1, 2, 4, 8)

    def __post_init__(self) -> None:
        if self.hidden_size < 1 or self.num_layers < 1:
            raise ConfigError(
                f"hidden_size {self.hidden_size} and num_layers {self.num_layers} must be positive."
            )
        if not (0 <= self.dropout < 1 and 0 <= self.recurrent_dropout < 1):
            raise ConfigError("dropout and recurrent_dropout must be at least 0 and below 1.")
        if any(bars < 1 for bars in self.look_back_bars):
            raise ConfigError("look_back_bars must be positive numbers of bars.")


@dataclass(frozen=True)
class LstmState:
    """Where a stream stands: the tokens read, and the recurrent state (layers, B, D) twice."""

    ids_BT: Tensor
    recurrent: tuple[Tensor, Tensor]

    def taken(self, rows: Sequence[int]) -> LstmState:
        """Of some of the streams alone."""
        hidden, cell = self.recurrent
        return LstmState(self.ids_BT[rows], (hidden[:, rows], cell[:, rows]))

    @staticmethod
    def joined(states: Sequence[LstmState]) -> LstmState:
        """Of all streams of several states."""
        hidden, cell = (torch.cat([one.recurrent[part] for one in states], 1) for part in (0, 1))
        return LstmState(joined_streams([one.ids_BT for one in states]), (hidden, cell))


class LstmModel(nn.Module):
    """Token ids to logits of the next token, by an LSTM whose output shares the embedding.

    Source: the regularization is that of S. Merity and others, "Regularizing and optimizing LSTM
    language models" (2017): dropped recurrent weights, tied embeddings, weight averaging in the
    training loop.
    Differs: no temporal activation regularization, AdamW rather than averaged SGD.
    """

    def __init__(self, config: LstmConfig) -> None:
        super().__init__()
        self.config = config
        self.inputs = TuneInputs(config.hidden_size, config.look_back_bars)
        self.lstm = nn.LSTM(
            config.hidden_size,
            config.hidden_size,
            config.num_layers,
            batch_first=True,
            dropout=config.dropout if config.num_layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden_size, TONIC_VOCABULARY_SIZE)
        self.output.weight = self.inputs.token.weight

    def forward(self, ids_BT: Tensor) -> Tensor:
        """(B, T, V) logits of the token after each of (B, T) ids."""
        return self.step(ids_BT)[0]

    def step(self, ids_BT: Tensor, state: LstmState | None = None) -> tuple[Tensor, LstmState]:
        """Read more tokens after those of a state.

        Args:
            ids_BT: the tokens that follow.
            state: as a call before returned it; None begins a stream.

        Returns:
            (B, T, V) logits after each new token, and the state after them.
        """
        read_BT = ids_BT if state is None else torch.cat([state.ids_BT, ids_BT], 1)
        shift_BT = tonic_shifts(read_BT)
        x_BTD = self.inputs(read_BT, shift_BT, ids_BT.shape[1])
        y_BTD, recurrent = self._recur(self.dropout(x_BTD), state.recurrent if state else None)
        logits_BTW = self.output(self.dropout(y_BTD))
        return logits_in_key(logits_BTW, shift_BT[:, -ids_BT.shape[1] :]), LstmState(
            read_BT, recurrent
        )

    def _recur(
        self, x_BTD: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The LSTM, while training with some hidden-to-hidden weights dropped."""
        if not self.training or not self.config.recurrent_dropout:
            return self.lstm(x_BTD, state)
        weights = {
            name: nn.functional.dropout(weight, self.config.recurrent_dropout)
            for name, weight in self.lstm.named_parameters()
            if name.startswith("weight_hh")
        }
        return torch.func.functional_call(self.lstm, weights, (x_BTD, state))
