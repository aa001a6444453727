"""What is compared, to how its pairs are made: tunes, settings for four voices, grooves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chromasonic.abtest.clip_task import ClipTask
from chromasonic.abtest.pairing import Pairing, write_pairs
from chromasonic.abtest.pairing_grooves import GroovePairing, write_grooves
from chromasonic.abtest.pairing_voices import VoicePairing, write_settings
from chromasonic.abtest.version_kinds import GROOVES, MELODY, VOICES


@dataclass(frozen=True, kw_only=True)
class PairKind:
    """How pairs of a kind are made.

    Attributes:
        task: what may be wished for.
        write: from (label to version, folder, task, anchor=..., on_progress=...) to the names of
            the items whose clips lie there then.
        anchor: the usual one: a corpus, or a name.
        anchor_words: what it is, in words.
    """

    task: type[ClipTask]
    write: Callable[..., tuple[str, ...]]
    anchor: str
    anchor_words: str


PAIR_KINDS: dict[str, PairKind] = {
    MELODY: PairKind(
        task=Pairing, write=write_pairs, anchor="folk-pd", anchor_words="tunes by people"
    ),
    VOICES: PairKind(task=VoicePairing, write=write_settings, anchor="bach", anchor_words="Bach"),
    GROOVES: PairKind(
        task=GroovePairing, write=write_grooves, anchor="groove-midi", anchor_words="drummers"
    ),
}
