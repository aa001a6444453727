"""MIDI files on the Groove page: read in a process of narrow limits, then played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.errors import FormatError, UsageError
from chromasonic.music.drum_patterns import METRES, bar_steps
from chromasonic.studio.desk.report import Report
from chromasonic.studio.groove.work import (
    DRAFT,
    KIND,
    groove_model,
    humanize_settings,
    replace_draft,
)
from chromasonic.studio.shelf import Shelf

if TYPE_CHECKING:
    from chromasonic.formats.audio import Sound
    from chromasonic.formats.midi_channels import ChannelInUse
    from chromasonic.formats.midi_drums import DrumFile

SOURCE = "groove-source"
"""Kind of the pieces that hold a file that was read."""
MOST_HITS, MOST_NOTES, MOST_BARS = 20_000, 60_000, 10_000
HEARD_SECONDS = 120.0
"""So much of a file is made to sound; its MIDI is whole."""
GENERAL_MIDI = 10
"""The drums' channel in General MIDI, counted from 1 as people do."""
GRID_BARS = 4
"""So many bars can be taken into the grid."""


def read(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Read an upload and keep it as a plain MIDI file with what the page shows: {"piece": id}.

    Its drums are on the channel that `params` name (counted from 1). Where they name none, they
    are on channel 10; without a note there the piece has no channel yet, and somebody has to choose
    from those that it tells of.
    """
    from chromasonic.formats.midi_channels import channels_in_use
    from chromasonic.formats.midi_drums import DrumFile
    from chromasonic.formats.midi_events import parse_midi

    name, channel = params["name"], params.get("channel")
    data = Path(params["path"]).read_bytes()
    used = channels_in_use(parse_midi(data, name))
    notes = sum(one.notes for one in used)
    _not_too_many(name, "notes", notes, MOST_NOTES)
    is_open = channel is None and bool(used) and GENERAL_MIDI not in _numbers(used)
    report(0.5, "Reading the drums")
    drums: dict[str, Any] = {"hits": 0, "bars": 0, "pattern": None}
    if not is_open:
        channel = channel or GENERAL_MIDI
        data, drums = _drums(DrumFile(data, name, channel=channel - 1))
    piece = Shelf(Path(params["shelf"])).keep(
        SOURCE,
        Path(name).stem or name,
        {
            "name": name,
            "channel": channel,
            "channels": [one.told() for one in used],
            "others": notes - drums["hits"],
            **drums,
        },
        {"source.mid": data},
    )
    return {"piece": piece.id}


def _numbers(used: list[ChannelInUse]) -> set[int]:
    return {one.channel + 1 for one in used}


def _drums(file: DrumFile) -> tuple[bytes, dict[str, Any]]:
    """The file with each hit switched off, and what the page shows of its drums."""
    import numpy as np

    hits = file.hits
    _not_too_many(file.source, "drum hits", len(hits), MOST_HITS)
    plain = file.with_hits(hits.onset, np.maximum(hits.end, hits.onset + 1), hits.velocity)
    tempo = 60e6 / next((micro for _, micro in file.events.tempos if micro > 0), 500_000)
    return plain, {
        "tempo": round(tempo, 2),
        "bars": len(_bars(file)),
        "hits": len(hits),
        "pattern": _pattern(file, tempo),
    }


def _not_too_many(name: str, what: str, count: int, most: int) -> None:
    if count > most:
        raise FormatError(
            f"{name} has {count:,} {what}; the studio takes {most:,}. The command "
            "'chromasonic groove' takes longer files."
        )


def play(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Strike a file's drums and keep it with its sound: {"piece": id}."""
    from chromasonic.companion.groove_humanizing import humanize
    from chromasonic.formats.audio import audio_bytes
    from chromasonic.formats.drum_audio import render_midi
    from chromasonic.formats.drum_loop import equally_loud
    from chromasonic.formats.midi_drums import DrumFile
    from chromasonic.formats.midi_performance import seconds_of_ticks

    shelf = Shelf(Path(params["shelf"]))
    source = shelf.get(params["source"])
    channel = source.data.get("channel", GENERAL_MIDI)
    if channel is None:
        raise UsageError(
            f"{source.data['name']} has no drums on channel {GENERAL_MIDI}. Choose the channel "
            "that holds them."
        )
    before = shelf.path(source.id, "source.mid").read_bytes()
    file = DrumFile(before, source.data["name"], channel=channel - 1)
    report(0.1, "Waking the drummer")
    loaded = groove_model(params["model"])
    played = humanize(file, loaded.network, humanize_settings(params))
    report(0.3, "Playing it as written")
    straight = render_midi(before, channel=channel - 1, most_seconds=HEARD_SECONDS)
    report(0.6, "Playing it humanized")
    humanized = render_midi(played.data, channel=channel - 1, most_seconds=HEARD_SECONDS)
    sounds = equally_loud(_equally_long([straight, humanized]))
    written = seconds_of_ticks(file.hits.onset, file.events)
    hits = {
        "onset": written.round(5).tolist(),
        "pitch": played.pitch.tolist(),
        "velocity": played.velocity.tolist(),
        "played": played.new_velocity.tolist(),
        "shift": played.shift_ms.round(2).tolist(),
        "left": played.is_meant.tolist(),
        "bars": _bars(file),
    }
    piece = shelf.keep(
        KIND if params["keep"] else DRAFT,
        params["title"],
        {
            "wishes": {name: value for name, value in params.items() if name != "shelf"},
            "seconds": sounds[0].duration_s,
            "heard": HEARD_SECONDS,
            "made_up": loaded.is_synthetic,
        },
        {
            "hits.json": json.dumps(hits),
            "straight.mid": before,
            "humanized.mid": played.data,
            "straight.wav": audio_bytes(sounds[0], ".wav"),
            "humanized.wav": audio_bytes(sounds[1], ".wav"),
        },
    )
    replace_draft(shelf, params.get("replaces"))
    return {"piece": piece.id}


def _equally_long(sounds: list[Sound]) -> list[Sound]:
    import numpy as np

    from chromasonic.formats.audio import Sound

    longest = max(len(one.samples) for one in sounds)
    return [Sound(np.pad(one.samples, (0, longest - len(one.samples))), one.rate) for one in sounds]


def _metres(file: DrumFile) -> list[tuple[int, int, int]]:
    """(tick, numerator, denominator) from tick 0 on, 4/4 until another is named."""
    named = {tick: (n, d) for tick, n, d in file.events.metres if n > 0 and d > 0}
    return [(tick, n, d) for tick, (n, d) in sorted({0: (4, 4), **named}.items())]


def _bars(file: DrumFile) -> list[list[float]]:
    """Each bar up to the last hit: start and length in seconds, its sixteenths, a beat's."""
    import numpy as np

    from chromasonic.formats.midi_performance import seconds_of_ticks

    metres, last = _metres(file), int(file.hits.onset.max())
    starts: list[int] = []
    steps: list[int] = []
    beats: list[int] = []
    for number, (begin, numerator, denominator) in enumerate(metres):
        length = max(1, round(file.ticks_per_quarter * 4 * numerator / denominator))
        end = metres[number + 1][0] if number + 1 < len(metres) else last + 1
        own = range(begin, min(end, last + 1), length)
        if len(starts) + len(own) > MOST_BARS:
            raise FormatError(
                f"{file.source} has more than {MOST_BARS:,} bars before its last drum; the studio "
                "takes so many. Cut it."
            )
        starts += own
        steps += [max(1, round(16 * numerator / denominator))] * len(own)
        # Three eighths are a beat in 6/8, 9/8 and 12/8.
        beats += [6 if denominator == 8 and numerator % 3 == 0 else 4] * len(own)
    if not starts:
        return []
    ends = [*starts[1:], starts[-1] + round(file.ticks_per_quarter * steps[-1] / 4)]
    at = seconds_of_ticks(np.array(starts), file.events)
    until = seconds_of_ticks(np.array(ends), file.events)
    return [
        [round(float(a), 5), round(float(b - a), 5), count, beat]
        for a, b, count, beat in zip(at, until, steps, beats, strict=True)
    ]


def _pattern(file: DrumFile, tempo: float) -> dict[str, Any] | None:
    """Its first bars on the grid, from the first with a hit; None in a metre without grid."""
    import numpy as np

    named = {f"{n}/{d}" for _, n, d in _metres(file)}
    if len(named) != 1 or not named <= METRES.keys() or not 30 <= tempo <= 300:
        return None
    metre = named.pop()
    bar = bar_steps(metre)
    steps = np.floor(file.hits.onset / file.ticks_per_quarter * 4 + 0.5).astype(int)
    first = int(steps.min()) // bar * bar
    count = int(min(steps.max() - first, GRID_BARS * bar - 1)) // bar + 1
    bars = next(one for one in (1, 2, 4) if one >= count)
    loudest: dict[tuple[int, int], int] = {}
    for step, pitch, velocity in zip(
        (steps - first).tolist(),
        file.hits.pitch.tolist(),
        file.hits.velocity.tolist(),
        strict=True,
    ):
        if step < bars * bar:
            loudest[step, pitch] = max(velocity, loudest.get((step, pitch), 0))
    hits = [[*place, velocity] for place, velocity in sorted(loudest.items())]
    told = {"hits": hits, "bars": bars, "tempo": round(tempo, 2), "metre": metre}
    return {**told, "swing": 50, "swung": 16}
