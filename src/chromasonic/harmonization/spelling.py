"""How the notes of a harmonization are spelled: by their chord, so that V of D minor has C#."""

from __future__ import annotations

from functools import lru_cache

from chromasonic.formats.notation import playable, spell
from chromasonic.harmonization.chords import TABLE
from chromasonic.harmonization.voicings import NO_CHORD
from chromasonic.music.key import FIFTHS_OF_MODE, MODES, Key
from chromasonic.music.pitch import LETTERS, NATURAL_PITCH_CLASSES, name_of_fifths

MODE_NAMES = tuple(MODES)
MOST_ACCIDENTALS = 2


@lru_cache(maxsize=4096)
def spelled_key(tonic: int, mode: int, home: Key) -> Key:
    """The key on a pitch class, spelled as near to a home key's signature as can be.

    Args:
        tonic: pitch class.
        mode: number of the mode (`chords.MODE_NUMBERS`).
        home: the written key.
    """
    name, signature = MODE_NAMES[mode], playable(home).fifths
    if (tonic, name) == (home.tonic_pitch_class, home.mode):
        return playable(home)
    shift = FIFTHS_OF_MODE[name]
    places = [tonic * 7 % 12 + 12 * turn for turn in (-2, -1, 0, 1)]
    place = min(places, key=lambda place: (abs(place + shift - signature), place))
    return playable(Key(name_of_fifths(place), name))


@lru_cache(maxsize=65536)
def spelled_note(pitch: int, chord: int, tonic: int, mode: int, home: Key) -> str:
    """Name of a pitch in a chord: a letter with up to two signs.

    A chord's members are spelled in thirds above its root; a tone that is foreign to the chord, or
    one that would take three signs, as its key spells it.

    Args:
        pitch: MIDI number.
        chord: row of `chords.VOCABULARY`, or `NO_CHORD`.
        tonic: pitch class of the tonic that the chord is named from.
        mode: number of the mode of the key in force.
        home: the written key.
    """
    key = spelled_key(tonic, mode, home)
    if chord != NO_CHORD:
        above = (pitch - tonic - int(TABLE.root[chord])) % 12
        members = TABLE.members[chord].tolist()
        if above in members:
            steps = int(TABLE.letters[chord][members.index(above)])
            letter = LETTERS[(LETTERS.index(key.tonic[0]) + steps) % 7]
            signs = (pitch - NATURAL_PITCH_CLASSES[letter] + 6) % 12 - 6
            if abs(signs) <= MOST_ACCIDENTALS:
                return letter + ("#" * signs if signs > 0 else "b" * -signs)
    letter, signs, _ = spell(pitch, key)
    return letter + ("#" * signs if signs > 0 else "b" * -signs)
