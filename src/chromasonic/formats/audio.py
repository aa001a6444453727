"""Sound out of tunes: a soundfont played by symusic's synthesizer, as WAV or MP3.

No soundfont is part of this package. `find_soundfont` takes the first that is there: the file
that `CHROMASONIC_SOUNDFONT` names, those that Linux packages install, and TimGM6mb, which comes
with pretty_midi.
"""

from __future__ import annotations

import importlib.util
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chromasonic.errors import RenderError, UsageError
from chromasonic.files import PathLike, write_bytes
from chromasonic.formats.midi import midi_score
from chromasonic.music.tune import Tune

SOUNDFONT_VARIABLE = "CHROMASONIC_SOUNDFONT"
SYSTEM_SOUNDFONTS = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/soundfonts/default.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
)
"""Where Debian, Fedora, Arch and their kin put one; looked at in this order."""

RATE_HZ = 44_100
PEAK = 10 ** (-3 / 20)
"""Loudest sample: 3 dB under full scale."""

FLUTE = 73
"""The instrument of melodies: the synthesizer sustains it well; its pianos die too fast."""

TAIL_SECONDS = 2.0
"""How long the last note may ring after its end, before what is inaudible is cut."""

ROOM_SECONDS, ROOM_LEVEL = 1.1, 0.16
"""The room that the tune sounds in: time to fall by 60 dB, loudness beside the direct sound."""

BLOCKS_AT_ONCE = 16
"""How many blocks are convolved together: enough to be fast, few enough for little memory."""

QUIET = 10 ** (-60 / 20)
FADE_SECONDS = 0.05
MAX_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording: float32 samples from -1 to 1, (M,) mono or (M, 2) stereo; their rate in Hz."""

    samples: npt.NDArray[np.float32]
    rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


def find_soundfont() -> Path:
    """The soundfont to play with, the first of a fixed order.

    Raises:
        RenderError: `CHROMASONIC_SOUNDFONT` names no file, or there is no soundfont at all.
    """
    chosen = os.environ.get(SOUNDFONT_VARIABLE)
    if chosen:
        if Path(chosen).is_file():
            return Path(chosen)
        raise RenderError(
            f"{SOUNDFONT_VARIABLE} is '{chosen}', where no file is. "
            "Name a .sf2 or .sf3 file, or unset it."
        )
    for place in [*map(Path, SYSTEM_SOUNDFONTS), *_of_pretty_midi()]:
        if place.is_file():
            return place
    raise RenderError(
        "There is no soundfont to play with. Install one (Debian, Ubuntu: apt install "
        "fluid-soundfont-gm; or pip install pretty_midi, which carries a small one), or set "
        f"{SOUNDFONT_VARIABLE} to a .sf2 file."
    )


def _of_pretty_midi() -> list[Path]:
    """Where pretty_midi keeps its soundfont, without importing it (that takes a second)."""
    spec = importlib.util.find_spec("pretty_midi")
    places = spec.submodule_search_locations if spec else None
    return [Path(place) / "TimGM6mb.sf2" for place in places or ()]


def render(tune: Tune, *, program: int = FLUTE, expand_repeats: bool = True) -> Sound:
    """Play a tune in a small room: peak at -3 dB, the last note rings out, then the sound ends.

    Args:
        tune: what to play, at its tempo or the default one.
        program: General MIDI instrument, 0 to 127 (73 is a flute, 40 a violin, 0 a piano).
        expand_repeats: play the repeats.

    Raises:
        RenderError: no soundfont, one that cannot be read, nothing to play, or over half an hour.
    """
    import symusic

    score = midi_score(tune, expand_repeats=expand_repeats, program=program)
    notes = score.tracks[0].notes
    if not len(notes):
        raise RenderError(f"'{tune.title or tune.id}' has no note to play.")
    quarters = max(note.end for note in notes) / score.ticks_per_quarter
    seconds = quarters * 60 / score.tempos[0].qpm
    if seconds > MAX_SECONDS:
        raise RenderError(
            f"'{tune.title or tune.id}' takes {seconds / 60:.0f} minutes; up to "
            f"{MAX_SECONDS / 60:.0f} are rendered. Cut it or raise its tempo."
        )
    soundfont = find_soundfont()
    try:
        synthesizer = symusic.Synthesizer(sf_path=str(soundfont), sample_rate=RATE_HZ, quality=4)
        stereo = synthesizer.render(score, stereo=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise RenderError(
            f"The soundfont {soundfont} cannot be played: {error}. "
            f"Name another with {SOUNDFONT_VARIABLE}."
        ) from error
    samples = np.asarray(stereo, dtype=np.float32).mean(axis=0)
    return Sound(in_a_room(samples, seconds), RATE_HZ)


def in_room(samples: npt.NDArray[np.float32], ear: int) -> npt.NDArray[np.float32]:
    """A channel (M,) with the echo of a small room, `TAIL_SECONDS` longer.

    The echo is noise that dies away exponentially, smoothed to take its edge off, always the same
    at the same ear.
    """
    times = np.arange(int(ROOM_SECONDS * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(ear).standard_normal(len(times))
    noise = np.convolve(noise, np.hanning(12), mode="same") * 10 ** (-3 * times / ROOM_SECONDS)
    noise[: int(0.012 * RATE_HZ)] = 0.0  # the first wall is four metres off
    echo = (noise * (ROOM_LEVEL / np.sqrt((noise**2).sum()))).astype(np.float32)
    padded = np.concatenate([samples, np.zeros(int(TAIL_SECONDS * RATE_HZ), np.float32)])
    return padded + convolved(padded, echo)[: len(padded)]


def convolved(
    samples: npt.NDArray[np.float32], response: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Samples (M,) convolved with a response (R,), as (M + R - 1,), block by block.

    By NumPy alone: importing SciPy's signal processing takes longer than the whole sound.
    """
    size = 1 << max(len(response) - 1, 1).bit_length() + 1  # of a transform
    step = size - len(response) + 1  # new samples in each
    response_spectrum = np.fft.rfft(response, size)
    result = np.zeros(len(samples) + size, np.float32)
    for start in range(0, len(samples), BLOCKS_AT_ONCE * step):
        piece = samples[start : start + BLOCKS_AT_ONCE * step]
        padded = np.zeros(-(-len(piece) // step) * step, np.float32)
        padded[: len(piece)] = piece
        spectra = np.fft.rfft(padded.reshape(-1, step), size) * response_spectrum
        for number, block in enumerate(np.fft.irfft(spectra, size)):
            place = start + number * step
            room = len(result) - place
            result[place : place + size] += block[:room].astype(np.float32)
    return result[: len(samples) + len(response) - 1]


def in_a_room(samples: npt.NDArray[np.float32], seconds: float) -> npt.NDArray[np.float32]:
    """Samples, (M,) or (M, 2), in a room, cut after the tail, faded out, scaled to `PEAK`.

    Args:
        samples: at `RATE_HZ`.
        seconds: when the last note ends.

    Raises:
        RenderError: they are silent.
    """
    samples = samples[: int((seconds + TAIL_SECONDS) * RATE_HZ)]
    channels = samples[:, None] if samples.ndim == 1 else samples
    roomy = np.stack([in_room(column, ear) for ear, column in enumerate(channels.T)], axis=1)
    samples = roomy[:, 0] if samples.ndim == 1 else roomy
    peak = float(np.abs(samples).max(initial=0.0))
    if not peak > 0:
        raise RenderError(
            "The soundfont gave silence. It may lack this instrument: name another soundfont with "
            f"{SOUNDFONT_VARIABLE}, or another program."
        )
    audible = np.flatnonzero((np.abs(roomy) > peak * QUIET).any(axis=1))
    samples = samples[: audible[-1] + 1] * np.float32(PEAK / peak)
    fade = min(int(FADE_SECONDS * RATE_HZ), len(samples))
    samples[-fade:].T[...] *= np.linspace(1, 0, fade, dtype=np.float32)
    return samples


def audio_bytes(sound: Sound, ending: str) -> bytes:
    """A recording as the bytes of a .wav (16 bit) or .mp3 (about 50 kbit/s a channel) file.

    Raises:
        UsageError: another ending.
        RenderError: this machine's libsndfile cannot write it.
    """
    import soundfile

    buffer = io.BytesIO()
    try:
        if ending == ".wav":
            soundfile.write(buffer, sound.samples, sound.rate, format="WAV", subtype="PCM_16")
        elif ending == ".mp3":
            soundfile.write(
                buffer,
                sound.samples,
                sound.rate,
                format="MP3",
                subtype="MPEG_LAYER_III",
                bitrate_mode="VARIABLE",
                compression_level=0.75,
            )
        else:
            raise UsageError(f"Sound is written as .wav or .mp3, not '{ending}'.")
    except soundfile.LibsndfileError as error:
        raise RenderError(f"libsndfile cannot write {ending}: {error}. Write .wav.") from error
    return buffer.getvalue()


def write_audio(tune: Tune, path: PathLike, *, program: int = FLUTE) -> Path:
    """Write a tune as sound, .wav or .mp3 by the file's ending.

    Raises:
        UsageError: another ending.
        RenderError: see `render`.
        StorageError: the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".wav", ".mp3"):
        raise UsageError(f"Sound is written as .wav or .mp3, not '{path.suffix}' ({path}).")
    return write_bytes(path, audio_bytes(render(tune, program=program), path.suffix.lower()))
