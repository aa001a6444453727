"""The network over the lower voices given the melody, in PyTorch: what is trained.

A recurrent encoder reads the whole melody in both directions. At each step the bass, then the
tenor, then the alto get a distribution over pitches, given the melody, the voicing before, and the
voices already set. With `memory` the voicings before go through a recurrent layer as well; without
it the model is of first order: it sees the last voicing alone, and so can be decoded exactly.

A pitch is seen and scored in several frames at once (`prior_frames`).

Axes: B pieces, T steps, F features, E encoder, H hidden, V = 3 lower voices, W classes of a voice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from chromasonic.harmonization.prior_frames import (
    COLUMNS,
    GIVEN,
    LOWEST,
    NONE,
    ORDER,
    PITCHES,
    SEEN,
    WIDTH,
    scored_columns,
    seen_below,
    seen_degrees,
)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Sizes of a network.

    Attributes:
        features: of a step, F.
        encoder: units of the encoder in each direction.
        hidden: units of the layers behind it, H.
        memory: units of the recurrent layer over past voicings; 0 makes it of first order.
        dropout: share of units left out in training.
    """

    features: int
    encoder: int = 64
    hidden: int = 96
    memory: int = 0
    dropout: float = 0.3

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class ChoraleNetwork(nn.Module):
    """Distributions over alto, tenor and bass at each step of a melody."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        H, E = config.hidden, config.encoder
        self.drop = nn.Dropout(config.dropout)
        self.reads = nn.Linear(config.features, E)
        self.encoder = nn.GRU(E, E, batch_first=True, bidirectional=True)
        self.before = nn.Parameter(torch.randn(3, SEEN, H) * 0.1)
        self.past = nn.GRU(H, config.memory, batch_first=True) if config.memory else None
        self.trunk = nn.Linear(2 * E + H + config.memory, H)
        self.deeper = nn.Linear(H, H)
        self.into = nn.Parameter(torch.randn(3, H, H) * H**-0.5)
        self.into_bias = nn.Parameter(torch.zeros(3, H))
        self.given = nn.Parameter(torch.randn(3, SEEN, H) * 0.1)
        self.out = nn.Parameter(torch.randn(3, H, WIDTH) * 0.02)
        self.out_bias = nn.Parameter(torch.zeros(3, WIDTH))

    def forward(
        self,
        features: Tensor,
        soprano: Tensor,
        tonic: Tensor,
        lower: Tensor,
        lengths: Tensor | None = None,
    ) -> Tensor:
        """Logits of each lower voice, those before it in `ORDER` given.

        Args:
            features: (B, T, F).
            soprano: (B, T) MIDI numbers, -1 for silence.
            tonic: (B, T) pitch classes.
            lower: (B, T, 3) MIDI numbers of alto, tenor, bass, -1 for silence.
            lengths: (B,) steps of each piece, the rest being padding; None: T.

        Returns:
            (B, T, 3, W) logits of alto, tenor and bass; class 0 is silence.
        """
        before = torch.cat([torch.full_like(lower[:, :1], NONE), lower[:, :-1]], 1)
        trunk_BTH = self.trunk_of(self.context(features, lengths), before, soprano, tonic)
        logits = [torch.empty(0)] * 3
        for voice in ORDER:
            hidden = trunk_BTH @ self.into[voice] + self.into_bias[voice]
            for other, table in GIVEN[voice]:
                hidden = hidden + _seen(self.given[table], lower[..., other], soprano, tonic)
            scores = self.drop(torch.relu(hidden)) @ self.out[voice] + self.out_bias[voice]
            logits[voice] = _classes(scores, voice, soprano, tonic, before[..., voice])
        return torch.stack(logits, 2)

    def context(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, 2E) what the encoder makes of the melody; padding is not read."""
        read = self.drop(torch.relu(self.reads(features)))
        if lengths is None:
            return self.drop(self.encoder(read)[0])
        packed = nn.utils.rnn.pack_padded_sequence(
            read, lengths, batch_first=True, enforce_sorted=False
        )
        context, _ = nn.utils.rnn.pad_packed_sequence(
            self.encoder(packed)[0], batch_first=True, total_length=features.shape[1]
        )
        return self.drop(context)

    def trunk_of(self, context: Tensor, before: Tensor, soprano: Tensor, tonic: Tensor) -> Tensor:
        """(B, T, H) melody and voicings before, joined."""
        seen = [_seen(self.before[v], before[..., v], soprano, tonic) for v in range(3)]
        voicing_BTH = self.drop(torch.relu(seen[0] + seen[1] + seen[2]))
        parts = [context, voicing_BTH]
        if self.past is not None:
            parts.append(self.drop(self.past(voicing_BTH)[0]))
        trunk = self.drop(torch.relu(self.trunk(torch.cat(parts, -1))))
        return trunk + self.drop(torch.relu(self.deeper(trunk)))

    def voice_log_probabilities(
        self, voice: int, trunk: Tensor, given: Tensor, before: Tensor, soprano: int, tonic: int
    ) -> Tensor:
        """(S, G, W) log-probabilities of one voice for all pairs of trunk and given voices.

        Args:
            voice: 0 alto, 1 tenor, 2 bass.
            trunk: (S, H), see `trunk_of`.
            given: (G, others) pitches of the voices set before it, in the order of `GIVEN`.
            before: (S,) pitch that the voice comes from.
            soprano: MIDI number of the melody.
            tonic: pitch class.
        """
        hidden_SGH = (trunk @ self.into[voice] + self.into_bias[voice])[:, None]
        sopranos, tonics = torch.full((len(given),), soprano), torch.full((len(given),), tonic)
        for index, (_, table) in enumerate(GIVEN[voice]):
            hidden_SGH = hidden_SGH + _seen(self.given[table], given[:, index], sopranos, tonics)
        hidden_SGH = torch.relu(hidden_SGH)
        weight_HW, bias_W = self._joined(voice, soprano, tonic)
        logits_SGW = hidden_SGH @ weight_HW + bias_W
        motion = COLUMNS["motion"]
        moved = hidden_SGH @ self.out[voice][:, motion] + self.out_bias[voice][motion]
        first = LOWEST[voice] + PITCHES - 1 - before[:, None, None]
        columns = (first + torch.arange(PITCHES)).clamp(min=0, max=2 * PITCHES - 2)
        moved = moved.gather(2, columns.expand(*moved.shape[:2], -1))
        moved = moved * (before >= 0)[:, None, None]
        return (logits_SGW + nn.functional.pad(moved, (1, 0))).log_softmax(-1)

    def _joined(self, voice: int, soprano: int, tonic: int) -> tuple[Tensor, Tensor]:
        """(H, W) weights and (W,) biases of the classes, all frames but the motion joined."""
        pitches = torch.arange(PITCHES) + LOWEST[voice]
        places = (torch.full((1,), value) for value in (soprano, tonic, NONE))
        out = nn.functional.pad(self.out[voice], (0, 1))
        offset = nn.functional.pad(self.out_bias[voice], (0, 1))
        weights, biases = [], []
        for columns in scored_columns(voice, pitches, *places)[:3]:
            weights.append(out[:, columns])
            biases.append(offset[columns])
        weight = torch.cat([out[:, :1], torch.stack(weights).sum(0)], 1)
        return weight, torch.cat([offset[:1], torch.stack(biases).sum(0)])


def _seen(table: Tensor, pitch: Tensor, soprano: Tensor, tonic: Tensor) -> Tensor:
    """(B, T, H) what a pitch looks like through a table."""
    return table[seen_degrees(pitch, tonic)] + table[seen_below(pitch, soprano)]


def _classes(scores: Tensor, voice: int, soprano: Tensor, tonic: Tensor, before: Tensor) -> Tensor:
    """(B, T, W) logits out of the scores (B, T, WIDTH) of the frames."""
    pitches = torch.arange(PITCHES, device=scores.device) + LOWEST[voice]
    padded = nn.functional.pad(scores, (0, 1))
    logits = torch.zeros((*scores.shape[:-1], PITCHES), dtype=scores.dtype, device=scores.device)
    places = scored_columns(voice, pitches, soprano[..., None], tonic[..., None], before[..., None])
    for columns in places:
        logits = logits + padded.gather(-1, columns.expand(logits.shape))
    return torch.cat([scores[..., :1], logits], -1)
