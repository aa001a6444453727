"""What a network is given to read at each token, and how it names pitches: by their key.

Both networks read the same: the token itself, with pitches counted from the tonic, the place in the
bar of what comes next, and what stood at that place some bars before. So a tune is the same in
every key, each key's tunes teach all others, and no training in transposed copies is needed. All of
it is computed from the ids alone and looks only backwards.

Source: what stood n bars before is the look-back of E. Waite, "Generating long-term structure in
songs and stories" (Magenta, 2016), there as a target and an input of an event grid.

Axes: B tunes, T tokens, V token ids, W ids with pitches counted from the tonic, D features.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from chromasonic.melody_generation.tokens import START, VOCABULARY, Kind
from chromasonic.music.metre import TICKS_PER_QUARTER

BAR_STRIDE = 1 << 24
"""More ticks than any bar has: bar * stride + place orders all events."""

PLACE_TICKS = TICKS_PER_QUARTER // 24
PLACES = 192
"""Of a bar: eight quarters in 24ths; later ones share the last."""

FIRST_TONIC = int(VOCABULARY.ids_of(Kind.TONIC)[0])
_FIRST_PITCH = int(VOCABULARY.ids_of(Kind.PITCH)[0])
_SHIFT_UP = 5  # a tonic of pitch class 1 to 5 is lowered to C, one of 6 to 11 raised
TONIC_VOCABULARY_SIZE = VOCABULARY.size + 11


def tonic_shifts(ids_BT: Tensor) -> Tensor:
    """(B, T) semitones, -6 to 5, from C to each tune's first tonic; 0 before it is named."""
    is_tonic_BT = (ids_BT >= FIRST_TONIC) & (ids_BT < FIRST_TONIC + 12)
    place_B1 = is_tonic_BT.int().argmax(1, keepdim=True)
    shift_B1 = (ids_BT.gather(1, place_B1) - FIRST_TONIC + 6) % 12 - 6
    return torch.where(is_tonic_BT.cumsum(1) > 0, shift_B1, 0)


def from_tonic(ids_BT: Tensor, shift_BT: Tensor) -> Tensor:
    """Ids with pitches, and tonics after the first, counted from the first tonic: 0 to W - 1."""
    is_tonic_BT = (ids_BT >= FIRST_TONIC) & (ids_BT < FIRST_TONIC + 12)
    tonic_BT = FIRST_TONIC + (ids_BT - FIRST_TONIC - shift_BT) % 12
    pitch_BT = ids_BT - shift_BT + _SHIFT_UP
    relative_BT = torch.where(ids_BT >= _FIRST_PITCH, pitch_BT, ids_BT)
    return torch.where(is_tonic_BT, tonic_BT, relative_BT)


def logits_in_key(logits_BTW: Tensor, shift_BT: Tensor) -> Tensor:
    """(B, T, V) logits of the vocabulary from (B, T, W) logits that count from the tonic."""
    every_V = torch.arange(VOCABULARY.size, device=logits_BTW.device)
    return logits_BTW.gather(2, from_tonic(every_V, shift_BT[..., None]))


def joined_streams(streams: Sequence[Tensor]) -> Tensor:
    """(B, T) ids of streams of any lengths, from (1 or more, any length) each, as one batch.

    A shorter one begins with more STARTs. They last no time and are no events, so that what is
    read from the others is as it was.
    """
    longest = max(ids_BT.shape[1] for ids_BT in streams)
    return torch.cat(
        [
            nn.functional.pad(ids_BT, (longest - ids_BT.shape[1], 0), value=START)
            for ids_BT in streams
        ]
    )


class Timeline:
    """Where in its tune each token stands, from the ids alone.

    Attributes:
        bar_BT: how many bar lines came before what follows the token.
        place_BT: ticks from that bar's start to the event that follows (a PITCH belongs to the
            event whose duration stands before it).
    """

    def __init__(self, ids_BT: Tensor, kind_V: Tensor, value_V: Tensor) -> None:
        kind_BT, value_BT = kind_V[ids_BT], value_V[ids_BT]
        is_note_BT = kind_BT == Kind.NOTE
        is_event_BT = is_note_BT | (kind_BT == Kind.REST) | (kind_BT == Kind.HOLD)
        is_pitch_BT = kind_BT == Kind.PITCH
        # A note's time passes at its PITCH token, so that NOTE and PITCH stand at one place.
        note_ticks_BT = torch.where(is_note_BT, value_BT, 0).roll(1, 1)
        note_ticks_BT[:, 0] = 0
        ticks_BT = torch.where(is_event_BT & ~is_note_BT, value_BT, 0)
        ticks_BT = ticks_BT + torch.where(is_pitch_BT, note_ticks_BT, 0)
        time_BT = ticks_BT.cumsum(1)
        is_bar_BT = kind_BT == Kind.BAR
        bar_start_BT = torch.where(is_bar_BT, time_BT, 0).cummax(1).values
        self.bar_BT = is_bar_BT.long().cumsum(1)
        self.place_BT = time_BT - bar_start_BT
        self._find_events(ids_BT, is_event_BT, is_pitch_BT)

    def _find_events(self, ids_BT: Tensor, is_event_BT: Tensor, is_pitch_BT: Tensor) -> None:
        """Note at each token the latest event, its start and its pitch."""
        token_T = torch.arange(ids_BT.shape[1], device=ids_BT.device)
        order_BT = self.bar_BT * BAR_STRIDE + self.place_BT
        before_BT = order_BT.roll(1, 1)
        before_BT[:, 0] = 0
        # An event token starts where its predecessor left off.
        start_BT = torch.where(is_event_BT, before_BT, -1).cummax(1).values
        self.order_BT, self.start_BT = order_BT, start_BT.contiguous()
        self.event_BT = torch.where(is_event_BT, token_T, 0).cummax(1).values
        self.pitch_BT = torch.where(is_pitch_BT, token_T, 0).cummax(1).values

    def look_back(self, bars: int, new: int) -> tuple[Tensor, Tensor]:
        """What stood at the same place so many bars before the event that follows.

        Args:
            bars: how many bars to look back.
            new: for how many of the last tokens to answer.

        Returns:
            (B, new) token index of the pitch that sounded there, and of the event token that began
            exactly there; 0 (START) where there is none.
        """
        wanted_BT = self.order_BT[:, -new:] - bars * BAR_STRIDE
        found_BT = torch.searchsorted(self.start_BT, wanted_BT.contiguous(), right=True) - 1
        # In a broken stream a later token may share an early start: never look ahead.
        own_T = torch.arange(self.start_BT.shape[1], device=wanted_BT.device)[-new:]
        found_BT = found_BT.minimum(own_T)
        is_there_BT = (found_BT >= 0) & (self.bar_BT[:, -new:] >= bars)
        found_BT = found_BT.clamp(min=0)
        begins_BT = is_there_BT & (self.start_BT.gather(1, found_BT) == wanted_BT)
        event_BT = torch.where(begins_BT, self.event_BT.gather(1, found_BT), 0)
        pitch_BT = torch.where(is_there_BT, self.pitch_BT.gather(1, found_BT), 0)
        return pitch_BT, event_BT


class TuneInputs(nn.Module):
    """Embeds token streams for a network: token, place in the bar, and look-back.

    Args:
        size: D, features of each token.
        look_back_bars: how many bars to look back, a table each.
    """

    kind_V: Tensor
    value_V: Tensor

    def __init__(self, size: int, look_back_bars: tuple[int, ...]) -> None:
        super().__init__()
        self.look_back_bars = look_back_bars
        self.scale = size**0.5  # tables begin small, as the output layer shares one; inputs do not
        self.token = nn.Embedding(TONIC_VOCABULARY_SIZE, size)
        self.place = nn.Embedding(PLACES, size)
        self.bar = nn.Embedding(16, size)
        self.back_pitch = nn.ModuleList(
            nn.Embedding(TONIC_VOCABULARY_SIZE, size) for _ in look_back_bars
        )
        self.back_event = nn.ModuleList(nn.Embedding(VOCABULARY.size, size) for _ in look_back_bars)
        for table in self.modules():
            if isinstance(table, nn.Embedding):
                nn.init.normal_(table.weight, std=size**-0.5)
        self.register_buffer("kind_V", torch.from_numpy(VOCABULARY.kind.astype("int64")), False)
        self.register_buffer("value_V", torch.from_numpy(VOCABULARY.value.astype("int64")), False)

    def forward(self, ids_BT: Tensor, shift_BT: Tensor, new: int | None = None) -> Tensor:
        """Features of token ids.

        Args:
            ids_BT: all tokens from START on.
            shift_BT: as `tonic_shifts` gives it.
            new: of how many of the last tokens; None is of all.

        Returns:
            (B, new, D).
        """
        new = new or ids_BT.shape[1]
        relative_BT = from_tonic(ids_BT, shift_BT)
        timeline = Timeline(ids_BT, self.kind_V, self.value_V)
        place_BT = timeline.place_BT[:, -new:] // PLACE_TICKS
        x_BTD = self.token(relative_BT[:, -new:])
        x_BTD = x_BTD + self.place(place_BT.clamp(max=PLACES - 1))
        x_BTD = x_BTD + self.bar(timeline.bar_BT[:, -new:] % 16)
        for bars, pitch_table, event_table in zip(
            self.look_back_bars, self.back_pitch, self.back_event, strict=True
        ):
            pitch_BT, event_BT = timeline.look_back(bars, new)
            x_BTD = x_BTD + pitch_table(relative_BT.gather(1, pitch_BT))
            x_BTD = x_BTD + event_table(ids_BT.gather(1, event_BT))
        return x_BTD * self.scale
