"""What the other rooms play for gestures: moods, voiced chords, phrases, drums."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chromasonic.companion.melody_moods import counted_moods
from chromasonic.errors import UsageError
from chromasonic.formats.midi_messages import SoundedNote
from chromasonic.gesture.mapping import ChordAction, DrumsAction, Mapping, PhraseAction, PlayConfig
from chromasonic.gesture.playing_chords import Voicer, find_chord
from chromasonic.music.key import Key
from chromasonic.music.key_text import parse_key
from chromasonic.music.metre import TICKS_PER_QUARTER


@dataclass
class Rooms:
    """The other models, and the mood that they are in.

    Attributes:
        config: which they are, and the key.
        valence: -1 to 1; 0 until a gesture says otherwise.
        arousal: -1 to 1.
    """

    config: PlayConfig = field(default_factory=PlayConfig)
    valence: float = 0.0
    arousal: float = 0.0
    _phrases: int = 0
    _voicer: Voicer = field(default_factory=Voicer)

    @classmethod
    def of(cls, mapping: Mapping) -> Rooms:
        """Those that a mapping asks for, tried once, so that what is wrong is said at once.

        Raises:
            UsageError, CheckpointError: a model is not there, is damaged, or another.
            ConfigError: a chord is none of the key, in either mode that moods may lead to.
        """
        rooms = cls(config=mapping.play)
        if mapping.has(PhraseAction):
            assert rooms._melody is not None
        for actions in mapping.actions.values():
            for action in actions:
                if isinstance(action, ChordAction):
                    for chord in action.chords:
                        find_chord(chord, rooms.key)
                elif isinstance(action, DrumsAction):
                    rooms.drums(action.pattern, 1)
        return rooms

    def set_mood(self, valence: float, arousal: float) -> None:
        """From now on."""
        self.valence, self.arousal = valence, arousal

    @property
    def key(self) -> Key:
        """In force: the mapping's, in minor while the mood is sad; without one C."""
        key = parse_key(self.config.key) if self.config.key else Key("C", "major")
        if self.valence < 0 and key.mode == "major":
            return Key(key.tonic, "minor")
        return key

    def velocity(self) -> int:
        """How strongly one plays in this mood."""
        calm, excited = counted_moods().velocity
        return round(calm + (excited - calm) * (1 + self.arousal) / 2)

    def chord(self, name: str) -> tuple[int, ...]:
        """A chord in four voices, led from the one before; MIDI numbers."""
        return self._voicer.voice(name, self.key)

    def phrase(self, bars: int, temperature: float, channel: int) -> list[SoundedNote]:
        """A new melody in the mood, from 0 on; each time another one."""
        from chromasonic.companion.melody_steering import Steering, steer
        from chromasonic.formats.midi import quarters_per_minute

        self._phrases += 1
        wanted = Steering(
            valence=self.valence,
            arousal=self.arousal,
            bars=bars,
            key=self.key if self.config.key else None,
            temperature=temperature,
        )
        melody = steer(self._melody, wanted, seed=self.config.seed, number=self._phrases)
        second = quarters_per_minute(melody.tune) * TICKS_PER_QUARTER / 60
        velocity = min(127, max(1, round(melody.velocity)))
        return [
            SoundedNote(
                start=onset / second,
                end=(onset + duration) / second,
                pitch=pitch,
                velocity=velocity,
                channel=channel,
            )
            for onset, duration, pitch in melody.tune.sounding()
        ]

    def drums(self, pattern: str, times: int) -> list[SoundedNote]:
        """A drum pattern from 0 on, at its tempo (the mapping's where it names none).

        Raises:
            FormatError: it is no pattern.
        """
        from chromasonic.formats.drum_pattern import drum_pattern_midi
        from chromasonic.formats.midi_events import DRUM_CHANNEL, parse_midi
        from chromasonic.formats.midi_performance import performance_of

        source = "The pattern of a gesture"
        has_tempo = any(line.strip().startswith("tempo") for line in pattern.splitlines())
        text = pattern if has_tempo else f"tempo {self.config.tempo_bpm:g}\n{pattern}"
        data = drum_pattern_midi(text, source=source)
        length = performance_of(parse_midi(data, source), source=source)
        # A round is as long as its lines are, whole quarters at least: the grid goes on.
        quarters = math.ceil(float(length.notes.onset_quarters.max()) + 1e-6)
        quarters = max(quarters, math.ceil(quarters / 4) * 4)
        if self._groove is not None:
            from chromasonic.companion.groove_humanizing import humanize
            from chromasonic.formats.midi_drums import DrumFile

            data = humanize(DrumFile(data, source), self._groove).data
        played = performance_of(parse_midi(data, source), source=source)
        notes, seconds = played.notes, quarters * 60 / played.tempo_bpm
        return [
            SoundedNote(
                start=start + turn * seconds,
                end=end + turn * seconds,
                pitch=pitch,
                velocity=velocity,
                channel=DRUM_CHANNEL,
            )
            for turn in range(times)
            for start, end, pitch, velocity in zip(
                notes.onset_seconds.tolist(),
                notes.end_seconds.tolist(),
                notes.pitch.tolist(),
                notes.velocity.tolist(),
                strict=True,
            )
        ]

    @cached_property
    def _groove(self) -> Any:
        from chromasonic.companion.models import load_companion

        if not self.config.groove:
            return None
        return load_companion(self.config.groove, "groove").network

    @cached_property
    def _melody(self) -> Any:
        from chromasonic.companion.models import load_companion

        if not self.config.melody:
            raise UsageError(
                "Phrases need a trained MelodyTransformer, and the mapping names none: write "
                'melody = "runs/melody" under [play].'
            )
        return load_companion(self.config.melody, "melody").network
