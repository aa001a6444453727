"""Recognized gestures as music: events and landmarks in, notes and controllers out.

Events are taken in the order of time. Each does what the mapping says, beginning when it was
recognized, or where it started. What lasts as long as a gesture ends with it; every note has its
end, whatever the recording does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from chromasonic.formats.midi_messages import (
    ControlChange,
    ProgramChange,
    SoundedNote,
    messages_midi,
    without_overlaps,
)
from chromasonic.gesture.mapping import (
    Action,
    ChordAction,
    ControllerAction,
    DrumsAction,
    Mapping,
    MoodAction,
    NoteAction,
    PhraseAction,
    ProgramAction,
    Sounding,
)
from chromasonic.gesture.playing_follow import followed
from chromasonic.gesture.playing_rooms import Rooms
from chromasonic.gesture.spotting import Spotting
from chromasonic.gesture.spotting_events import GestureEvent
from chromasonic.music.movement import Movement

SHORTEST_SECONDS = 0.05
"""A note lasts at least so long, however short its gesture."""

SOFTEST, LOUDEST = 32, 120
"""Velocities that certainty and speed lead to."""

FASTEST = 1.0
"""Effort (`motion.Motion.effort`), on the mean, that is as loud as it gets."""


@dataclass(frozen=True, kw_only=True)
class PlayedEvent:
    """An event, and what it did.

    Attributes:
        event: the gesture.
        time: when it was played, in seconds.
        did: in words, one for each action; empty where it did nothing.
    """

    event: GestureEvent
    time: float
    did: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GestureMusic:
    """What a recording plays.

    Attributes:
        notes: in time; no key is struck while it sounds.
        controls: in time.
        programs: in time.
        events: all gestures, and what they did.
        tempo_bpm: of the file's grid.
    """

    notes: tuple[SoundedNote, ...]
    controls: tuple[ControlChange, ...]
    programs: tuple[ProgramChange, ...]
    events: tuple[PlayedEvent, ...]
    tempo_bpm: float

    @property
    def seconds(self) -> float:
        """When the last thing ends."""
        ends = [note.end for note in self.notes] + [change.time for change in self.controls]
        return max(ends, default=0.0)

    def midi(self, *, title: str = "") -> bytes:
        """The bytes of a MIDI file, the gestures as its markers."""
        return messages_midi(
            self.notes,
            controls=self.controls,
            programs=self.programs,
            tempo_bpm=self.tempo_bpm,
            title=title,
            markers=[(one.time, one.event.label) for one in self.events if one.did],
        )


def play(
    mapping: Mapping, movement: Movement, spotting: Spotting, *, rooms: Rooms | None = None
) -> GestureMusic:
    """Play what was found in a recording.

    Args:
        mapping: what gestures do; see `Mapping.check`.
        movement: the recording.
        spotting: what was found in it.
        rooms: the other models; None loads those that the mapping names.

    Raises:
        UsageError, CheckpointError: another model cannot be used.
        ConfigError: a chord is none of the key.
    """
    player = Player(mapping, spotting, rooms or Rooms.of(mapping), movement.seconds)
    played = tuple(player.take(event) for event in spotting.known)
    controls = [*player.controls, *followed(mapping.follows, movement, spotting.known)]
    beginning = [
        ProgramChange(time=0.0, program=program, channel=channel - 1)
        for channel, program in mapping.instruments.items()
    ]
    return GestureMusic(
        notes=tuple(without_overlaps(player.notes())),
        controls=tuple(sorted(controls, key=lambda one: (one.time, one.channel, one.controller))),
        programs=(*beginning, *player.programs),
        events=played,
        tempo_bpm=mapping.play.tempo_bpm,
    )


class Efforts(Protocol):
    """How fast each frame was (`motion`)."""

    @property
    def rate_hz(self) -> float:
        """Frames a second."""

    @property
    def efforts(self) -> Any:
        """(T,) or what can be sliced like it."""


@dataclass
class Player:
    """What sounds so far, as gestures come.

    Attributes:
        mapping: what they do.
        spotting: how fast the recording is, for what follows the speed.
        rooms: the other models.
        seconds: how long the recording is: what waits for a next one that never comes ends with it.
        sounding: all notes; one may last nothing.
        controls: in the order of gestures.
        programs: likewise.
    """

    mapping: Mapping
    spotting: Efforts
    rooms: Rooms
    seconds: float
    controls: list[ControlChange] = field(default_factory=list)
    programs: list[ProgramChange] = field(default_factory=list)
    sounding: list[SoundedNote] = field(default_factory=list)
    _lasting: list[int] = field(default_factory=list)
    _waiting: dict[tuple[type, int], list[int]] = field(default_factory=dict)
    _phrases: dict[int, list[int]] = field(default_factory=dict)
    _last: dict[tuple[str, int], float] = field(default_factory=dict)
    _turn: dict[tuple[str, int], int] = field(default_factory=dict)

    def notes(self) -> list[SoundedNote]:
        """All notes that last."""
        return [note for note in self.sounding if note.end > note.start]

    def take(self, event: GestureEvent) -> PlayedEvent:
        """Do what an event does."""
        time = event.recognized if self.mapping.play.at == "recognized" else event.start
        did = []
        if event.certainty >= self.mapping.play.certainty:
            for number, action in enumerate(self.mapping.actions.get(event.label, ())):
                key = (event.label, number)
                if time < self._last.get(key, -np.inf) + action.cooldown:
                    continue
                self._last[key] = time
                did.append(self._do(action, event, time, key))
        return PlayedEvent(event=event, time=time, did=tuple(did))

    def release(self, time: float) -> None:
        """The gesture that went on is over: what lasted as long as it ends."""
        for number in self._lasting:
            note = self.sounding[number]
            self.sounding[number] = replace(note, end=max(time, note.start + SHORTEST_SECONDS))
        self._lasting.clear()
        self.controls = [
            replace(change, time=time) if change.time == math.inf else change
            for change in self.controls
        ]

    def _do(self, action: Action, event: GestureEvent, time: float, key: tuple[str, int]) -> str:
        channel = action.channel - 1
        if isinstance(action, NoteAction):
            self._sound(action, action.notes, event, time)
            return f"note {' '.join(map(str, action.notes))}"
        if isinstance(action, ChordAction):
            turn = self._turn.get(key, 0)
            self._turn[key] = turn + 1
            name = action.chords[turn % len(action.chords)]
            pitches = self.rooms.chord(name)
            self._sound(action, pitches, event, time)
            return f"chord {name}"
        if isinstance(action, ControllerAction):
            self._control(action, event, time)
            return f"controller {action.controller}"
        if isinstance(action, ProgramAction):
            change = ProgramChange(time=time, program=action.program, channel=channel)
            self.programs.append(change)
            return f"program {action.program}"
        if isinstance(action, MoodAction):
            self.rooms.set_mood(action.valence, action.arousal)
            return f"mood {action.valence:+g} {action.arousal:+g}"
        if isinstance(action, PhraseAction):
            self._silence(self._phrases.pop(channel, []), time)
            notes = self.rooms.phrase(action.bars, action.temperature, channel)
            self._phrases[channel] = self._add(notes, time)
            return f"phrase of {action.bars} bars"
        assert isinstance(action, DrumsAction)
        self._add(self.rooms.drums(action.pattern, action.times), time)
        return "drums"

    def _sound(
        self, action: Sounding, pitches: Sequence[int], event: GestureEvent, time: float
    ) -> None:
        """Strike keys; where they last until the next of their kind, end those before."""
        kind = (type(action), action.channel)
        self._silence(self._waiting.pop(kind, []), time)
        if action.length == "gesture":
            end = _end(event, time)
        elif action.length == "next":
            end = max(self.seconds, time + SHORTEST_SECONDS)
        else:
            end = time + float(action.length)
        velocity = self._velocity(action.velocity, event)
        numbers = self._add(
            [
                SoundedNote(
                    start=0.0,
                    end=max(end - time, SHORTEST_SECONDS),
                    pitch=pitch,
                    velocity=velocity,
                    channel=action.channel - 1,
                )
                for pitch in dict.fromkeys(pitches)
            ],
            time,
        )
        if action.length == "next":
            self._waiting[kind] = numbers
        elif end == math.inf:
            self._lasting += numbers

    def _add(self, notes: Sequence[SoundedNote], time: float) -> list[int]:
        """Notes that begin at 0, put at a time; their numbers."""
        first = len(self.sounding)
        self.sounding += [
            replace(note, start=note.start + time, end=note.end + time) for note in notes
        ]
        return list(range(first, len(self.sounding)))

    def _silence(self, numbers: Sequence[int], time: float) -> None:
        """End some notes at a time; those that would begin later never do (they last nothing)."""
        for number in numbers:
            note = self.sounding[number]
            start = min(note.start, time)
            self.sounding[number] = replace(note, start=start, end=max(start, min(note.end, time)))

    def _velocity(self, wanted: int | str, event: GestureEvent) -> int:
        if isinstance(wanted, int):
            return wanted
        if wanted == "mood":
            return self.rooms.velocity()
        return round(SOFTEST + (LOUDEST - SOFTEST) * self._share(wanted, event))

    def _share(self, by: str, event: GestureEvent) -> float:
        """0 to 1: how certain an event is, or how fast its movement was."""
        if by == "certainty":
            return min(1.0, max(0.0, event.certainty))
        rate, efforts = self.spotting.rate_hz, self.spotting.efforts
        # What was known when it was recognized: the same that live playing would have heard.
        first, end = round(event.start * rate), max(round(event.recognized * rate), 1)
        within = efforts[min(first, end - 1) : end]
        return min(1.0, float(within.mean()) / FASTEST) if len(within) else 0.0

    def _control(self, action: ControllerAction, event: GestureEvent, time: float) -> None:
        value = (
            action.value
            if isinstance(action.value, int)
            else round(127 * self._share(action.value, event))
        )
        channel = action.channel - 1
        number = action.controller
        self.controls.append(
            ControlChange(time=time, controller=number, value=value, channel=channel)
        )
        if action.after is not None:
            self.controls.append(
                ControlChange(
                    time=_end(event, time),
                    controller=number,
                    value=action.after,
                    channel=channel,
                )
            )


def _end(event: GestureEvent, time: float) -> float:
    """Until when what is played at a time goes on with its gesture.

    Of one that is known only when it is over, for as long as it had lasted.
    """
    assert event.end is not None
    return event.end if event.end > time else time + event.end - event.start
