"""The command-line host writes what Python writes, keeps the rest of the file, and fails well."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.cpp.building import LIMIT_SECONDS
from tests.cpp.humanizing import meta, metre, midi_bytes, note_messages
from tests.cpp.sample_models import INFO

from chromasonic.companion.dynamics_features import bars_of
from chromasonic.companion.exporting import export_companion
from chromasonic.companion.groove_humanizing import HumanizeSettings, humanize
from chromasonic.companion.models import LoadedCompanion
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.formats.drum_pattern import drum_pattern_midi, read_drum_pattern
from chromasonic.formats.midi_drums import DrumFile
from chromasonic.formats.midi_events import parse_midi
from chromasonic.formats.midi_performance import performance_of
from chromasonic.music.bar_grid import Beats, place_onsets

FUNK = Path(__file__).parents[2] / "examples" / "funk.txt"


@dataclass(frozen=True)
class Host:
    """The host with models whose answers spread over all velocities and half a step.

    Attributes:
        program: the executable.
        models: the folder of exported models.
        networks: what was exported.
        folder: for files.
    """

    program: Path
    models: Path
    networks: dict[str, CompanionNetwork]
    folder: Path

    def run(self, *words: str | Path, models: bool = True) -> subprocess.CompletedProcess[str]:
        named = ["--models", self.models] if models else []
        return subprocess.run(
            [self.program, *words, *named],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )

    def played(self, data: bytes, *words: str) -> bytes:
        """What it makes of a file."""
        source, target = self.folder / "in.mid", self.folder / "out.mid"
        source.write_bytes(data)
        done = self.run(source, target, *words)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return target.read_bytes()


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, CompanionNetwork]]:
    """Exported groove and dynamics models with strong weights, and their networks."""
    folder = tmp_path_factory.mktemp("lively")
    networks = {}
    for name, gain in (("groove_predictor", 1.7), ("dynamics_engine", 4.0)):
        torch.manual_seed(3)
        network = CompanionNetwork(SPECS[name]).eval()
        with torch.no_grad():
            for layer in network.layers:
                layer.weight.mul_(gain)
            if name == "groove_predictor":
                network.layers[-1].bias[:16] += 0.5
        loaded = LoadedCompanion(
            network=network, spec=SPECS[name], checkpoint=folder / f"{name}.pt", info=INFO
        )
        export_companion(loaded, folder)
        networks[name] = network
    return folder, networks


@pytest.fixture
def host(built: Path, lively: tuple[Path, dict[str, CompanionNetwork]], tmp_path: Path) -> Host:
    return Host(built / "chromasonic-humanize", *lively, tmp_path)


def assert_same_hits(ours: bytes, theirs: bytes) -> np.ndarray:
    """Hit for hit the same drum, time (a tick at most apart) and velocity (1 where a tie rounds).

    Gives the differences of velocity.
    """
    one, other = parse_midi(ours, "C++"), parse_midi(theirs, "Python")
    assert one.ticks_per_quarter == other.ticks_per_quarter
    rows = [
        np.array(sorted((n.track, n.pitch, n.onset, n.end, n.velocity) for n in file.notes))
        for file in (one, other)
    ]
    assert rows[0].shape == rows[1].shape
    gap = np.abs(rows[0] - rows[1])
    assert gap[:, :2].max() == 0
    assert gap[:, 2:4].max() <= 1
    assert gap[:, 4].max() <= 1
    assert (gap[:, 2:] > 0).mean() < 0.01
    return gap[:, 4]


def random_drums(seed: int, division: int, metres: list[tuple[int, int, int]]) -> bytes:
    """Drums on and off the grid, with flams, overlaps, changes of kit, and a bass part."""
    rng = np.random.default_rng(seed)
    onset = rng.integers(0, 24 * 4, 300) * division // 4
    onset = np.sort(np.maximum(0, onset + rng.integers(-division // 8, division // 8 + 1, 300)))
    pitch = rng.choice([36, 38, 42, 46, 49, 45, 60], 300)
    drums = note_messages(onset, pitch, rng.integers(1, 128, 300), channel=9, length=division // 5)
    kits = [(int(tick), bytes((0xC9, 8))) for tick in rng.integers(0, 24 * division, 3)]
    bass = note_messages(
        np.arange(20) * division, np.full(20, 40), np.full(20, 90), channel=1, length=division
    )
    conductor = [(tick, metre(n, d)) for tick, n, d in metres]
    conductor = [(0, meta(0x51, bytes((7, 161, 32)))), *conductor]
    merged = sorted([*drums, *kits], key=lambda row: row[0])
    return midi_bytes(conductor, merged, bass, division=division)


SETTINGS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"amount": 0.0}, ["--groove-amount", "0"]),
    ({"amount": 0.6}, ["--groove-amount=0.6"]),
    ({"velocity": 2.0, "timing": 0.5}, ["--groove-velocity", "2", "--groove-timing", "0.5"]),
    ({"quantize": True, "amount": 1.5}, ["--quantize", "--groove-amount", "1.5"]),
]


@pytest.mark.parametrize(("settings", "words"), SETTINGS)
def test_the_example_is_humanized_as_in_python_to_the_byte(
    host: Host, settings: dict[str, Any], words: list[str]
) -> None:
    data = read_drum_pattern(FUNK)
    theirs = humanize(
        DrumFile(data, "funk"), host.networks["groove_predictor"], HumanizeSettings(**settings)
    )
    assert host.played(data, *words) == theirs.data
    assert (theirs.new_velocity != theirs.velocity).any() or settings.get("amount") == 0


@pytest.mark.parametrize(("settings", "words"), SETTINGS)
@pytest.mark.parametrize(
    ("division", "metres"),
    [
        (480, []),
        (96, [(0, 7, 8)]),
        (24, [(0, 5, 4), (24 * 11, 3, 8)]),
        (5, []),
        (10080, [(777, 12, 8)]),
    ],
)
def test_drums_of_any_metre_and_resolution_are_humanized_as_in_python(
    host: Host, settings: dict[str, Any], words: list[str], division: int, metres: Any
) -> None:
    data = random_drums(division, division, metres)
    theirs = humanize(
        DrumFile(data, "drums"), host.networks["groove_predictor"], HumanizeSettings(**settings)
    )
    assert_same_hits(host.played(data, "--no-dynamics", *words), theirs.data)


def piano(metres: list[tuple[int, int, int]] | None = None) -> bytes:
    """Two hands on two tracks of channel 1, a second part on channel 3, drums."""
    rng = np.random.default_rng(2)
    hands = []
    for low in (36, 60):
        onset = np.sort(rng.integers(0, 16 * 16, 200)) * 120 + rng.integers(0, 50, 200)
        onset.sort()
        pitch, velocity = rng.integers(low, low + 24, 200), rng.integers(30, 100, 200)
        hands.append(note_messages(onset, pitch, velocity, channel=0, length=100))
    flute = note_messages(
        np.arange(30) * 480, np.full(30, 72), np.full(30, 70), channel=2, length=400
    )
    drums = note_messages(
        np.arange(30) * 480, np.full(30, 36), np.full(30, 99), channel=9, length=9
    )
    conductor = [(tick, metre(n, d)) for tick, n, d in metres or []]
    return midi_bytes(conductor, *hands, flute, drums, division=480)


def reference_velocities(
    data: bytes, network: CompanionNetwork, *, amount: float, keeps_level: bool
) -> dict[int, list[int]]:
    """Channel to the velocities of its notes in 4/4, as Python's features and network say."""
    notes = performance_of(parse_midi(data, "piano"), source="piano").notes
    beats = Beats.even(np.arange(200.0))
    answers = {}
    for channel in (0, 2):
        mine = notes[notes.channel == channel]
        mine = replace(mine, onset_seconds=mine.onset_quarters)
        bars, places = bars_of(mine, beats), place_onsets(mine.onset_quarters, beats)
        says = network.predict(torch.as_tensor(bars.features)).numpy().astype(np.float64) * 127
        bar = np.unique(places.window, return_inverse=True)[1]
        loudest = bars.loudest.astype(np.float64) * 127
        level = (loudest - says)[bars.struck > 0].mean() if keeps_level else 0.0
        wanted = (says + level)[bar, places.step] * mine.velocity / loudest[bar, places.step]
        new = mine.velocity + amount * (wanted - mine.velocity)
        answers[channel] = np.clip(np.round(new), 1, 127).astype(int).tolist()
    return answers


@pytest.mark.parametrize("keeps_level", [True, False])
@pytest.mark.parametrize("amount", [1.0, 0.4])
def test_other_parts_are_struck_as_pythons_network_says(
    host: Host, keeps_level: bool, amount: float
) -> None:
    data = piano()
    wanted = reference_velocities(
        data, host.networks["dynamics_engine"], amount=amount, keeps_level=keeps_level
    )
    words = ["--no-groove", "--dynamics-amount", str(amount)]
    words += [] if keeps_level else ["--dynamics-level", "model"]
    played = performance_of(parse_midi(host.played(data, *words), "played"), source="").notes
    written = performance_of(parse_midi(data, "written"), source="").notes
    assert (played.onset_quarters == written.onset_quarters).all()
    assert (played.end_seconds == written.end_seconds).all()
    assert (played.pitch == written.pitch).all()
    for channel, velocities in wanted.items():
        mine = played.channel == channel
        gap = np.abs(played.velocity[mine] - np.array(velocities))
        assert gap.max() <= 1
        assert (gap > 0).mean() < 0.01
        assert (played.velocity[mine] != written.velocity[mine]).any()
    drums = written.channel == 9
    assert (played.velocity[drums] == written.velocity[drums]).all()


def test_all_that_is_no_note_stays_byte_for_byte(host: Host) -> None:
    text = meta(0x01, "Übung".encode())
    exclusive = b"\xf0\x05\x43\x12\x00\x07\xf7"
    bend, pedal = bytes((0xE0, 3, 65)), bytes((0xB0, 64, 127))
    notes = note_messages(np.arange(8) * 240, np.full(8, 60), np.full(8, 80), channel=0, length=100)
    drums = note_messages(np.arange(8) * 240, np.full(8, 42), np.full(8, 80), channel=9, length=100)
    track = sorted([(0, text), (5, exclusive), (7, bend), (9, pedal), *notes, *drums])
    data = midi_bytes([(0, meta(0x51, b"\x06\x1a\x80"))], track, division=480)
    data += b"XYZq\0\0\0\3abc"
    played = host.played(data)
    for kept in (text, exclusive, bend, pedal, b"\xff\x51\x03\x06\x1a\x80", b"XYZq\0\0\0\3abc"):
        assert played.count(kept) == data.count(kept) == 1
    assert played[:14] == data[:14]
    still = host.played(data, "--groove-amount", "0", "--dynamics-amount", "0")
    assert still == data


def test_the_same_seed_gives_the_same_file_and_another_one_another(host: Host) -> None:
    data = read_drum_pattern(FUNK)
    plain = host.played(data)
    files = [host.played(data, "--looseness", "1", "--seed", seed) for seed in ("1", "1", "2")]
    assert files[0] == files[1]
    assert len({plain, *files}) == 3


@pytest.mark.parametrize(("precision", "most"), [("float16", 1), ("int8", 4)])
def test_other_precisions_play_nearly_the_same(host: Host, precision: str, most: int) -> None:
    data = read_drum_pattern(FUNK)
    exact, rough = (
        np.array([note.velocity for note in parse_midi(file, "x").notes])
        for file in (host.played(data), host.played(data, "--precision", precision))
    )
    assert np.abs(exact - rough).max() <= most


def test_it_says_what_it_changed(host: Host) -> None:
    (host.folder / "in.mid").write_bytes(read_drum_pattern(FUNK))
    done = host.run(host.folder / "in.mid", host.folder / "out.mid")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["notes", "velocity", "early/late", "(ms)"]
    assert [line.split("  ")[0] for line in lines[1:-1]] == [
        "bass drum", "snare", "closed hi-hat", "open hi-hat",
    ]  # fmt: skip
    assert lines[-1] == str(host.folder / "out.mid")


def test_help_names_every_option_and_gives_examples(host: Host) -> None:
    done = host.run("--help", models=False)
    assert done.returncode == 0
    for option in (
        "--models", "--groove-amount", "--groove-velocity", "--groove-timing", "--dynamics-amount",
        "--dynamics-level", "--looseness", "--seed", "--quantize", "--channel", "--no-groove",
        "--no-dynamics", "--precision", "Examples:",
    ):  # fmt: skip
        assert option in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


MISUSES: list[tuple[list[str], str]] = [
    ([], "Two files are wanted"),
    (["a.mid"], "Two files are wanted"),
    (["a.mid", "b.mid", "c.mid"], "3 are named"),
    (["a.mid", "b.mid", "--loosness", "1"], "no option '--loosness'"),
    (["a.mid", "b.mid", "--seed"], "wants a value"),
    (["a.mid", "b.mid", "--seed", "-1"], "whole numbers from 0 to 4294967295"),
    (["a.mid", "b.mid", "--groove-amount", "5"], "allowed: 0 to 4"),
    (["a.mid", "b.mid", "--groove-amount", "nan"], "allowed: 0 to 4"),
    (["a.mid", "b.mid", "--groove-amount", "1x"], "allowed: 0 to 4"),
    (["a.mid", "b.mid", "--channel", "0"], "from 1 to 16"),
    (["a.mid", "b.mid", "--precision", "half"], "float32, float16, int8"),
    (["a.mid", "b.mid", "--dynamics-level", "loud"], "written, model"),
    (["a.mid", "b.mid", "--no-groove=1"], "takes no value"),
    (["a.mid", "b.mid", "--no-groove", "--no-dynamics"], "nothing to do"),
    (["same.mid", "./same.mid"], "the file to read"),
    (["same.mid", "link.mid"], "the file to read"),
    (["same.mid", "folder"], "is a folder"),
    (["same.mid", "pipe"], "is a device or a pipe"),
]


@pytest.mark.parametrize(("words", "message"), MISUSES)
def test_misuse_is_told_and_ends_with_2(
    host: Host, words: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(host.folder)
    Path("same.mid").write_bytes(read_drum_pattern(FUNK))
    Path("link.mid").symlink_to("same.mid")
    Path("folder").mkdir()
    os.mkfifo("pipe")
    done = host.run(*words, models="--seed" not in words or len(words) > 3)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.startswith("Error: ")
    assert Path("same.mid").read_bytes() == read_drum_pattern(FUNK)


def test_no_models_folder_named_is_misuse(host: Host) -> None:
    done = host.run("a.mid", "b.mid", models=False)
    assert done.returncode == 2
    assert "chromasonic export" in done.stderr


def spoil_nothing(folder: Path) -> None:
    """The models are as they should be."""


def lose_dynamics(folder: Path) -> None:
    (folder / "dynamics_engine.json").unlink()


def cut_groove(folder: Path) -> None:
    file = folder / "groove_predictor.json"
    file.write_bytes(file.read_bytes()[:-1000])


def swap_models(folder: Path) -> None:
    (folder / "groove_predictor.json").write_bytes((folder / "dynamics_engine.json").read_bytes())


BEAT = drum_pattern_midi("tempo 96\nhat x.x.x.x.\nkick x...x...")
FAILURES: list[tuple[bytes | None, Callable[[Path], None], str]] = [
    (None, spoil_nothing, "There is no file"),
    (b"", spoil_nothing, "is empty. Export the file again"),
    (b"RIFFxxxx", spoil_nothing, "no MIDI file"),
    (BEAT[:40], spoil_nothing, "cut short"),
    (BEAT[:12] + b"\xe7\x28" + BEAT[14:], spoil_nothing, "SMPTE"),
    (midi_bytes([(0, meta(0x01, b"silence"))]), spoil_nothing, "no note to humanize"),
    (piano(), lose_dynamics, "has no dynamics_engine.json"),
    (BEAT, cut_groove, "groove_predictor.json"),
    (BEAT, swap_models, "groove_predictor.json"),
]


@pytest.mark.parametrize(("data", "spoil", "message"), FAILURES)
def test_a_failure_is_told_ends_with_1_and_leaves_the_old_file(
    host: Host, data: bytes | None, spoil: Callable[[Path], None], message: str
) -> None:
    models = host.folder / "models"
    models.mkdir()
    for file in host.models.glob("*.json"):
        (models / file.name).write_bytes(file.read_bytes())
    spoil(models)
    source, target = host.folder / "in.mid", host.folder / "out.mid"
    if data is not None:
        source.write_bytes(data)
    target.write_bytes(b"what was there")
    done = replace(host, models=models).run(source, target)
    assert done.returncode == 1
    assert message in done.stderr
    assert target.read_bytes() == b"what was there"
    assert not list(host.folder.glob("*.part"))


def test_nobody_waits_for_a_pipe(host: Host) -> None:
    pipe, target = host.folder / "pipe.mid", host.folder / "out.mid"
    os.mkfifo(pipe)
    done = host.run(pipe, target)
    assert done.returncode == 1
    assert "pipe.mid is a pipe or a device. Give a MIDI file" in done.stderr
    models = host.folder / "models"
    models.mkdir()
    os.mkfifo(models / "groove_predictor.json")
    (host.folder / "in.mid").write_bytes(BEAT)
    done = replace(host, models=models).run(host.folder / "in.mid", target)
    assert done.returncode == 1
    assert "groove_predictor.json: is a pipe or a device" in done.stderr
    assert not target.exists()


def test_a_folder_that_is_not_there_is_told(host: Host) -> None:
    source = host.folder / "in.mid"
    source.write_bytes(BEAT)
    done = host.run(source, host.folder / "none" / "out.mid")
    assert done.returncode == 1
    assert "Check that its folder is there" in done.stderr
    done = replace(host, models=host.folder / "none").run(source, host.folder / "out.mid")
    assert done.returncode == 1
    assert "There is no folder" in done.stderr


def test_a_part_that_a_file_lacks_needs_no_model(host: Host) -> None:
    models = host.folder / "models"
    models.mkdir()
    groove = host.models / "groove_predictor.json"
    (models / "groove_predictor.json").write_bytes(groove.read_bytes())
    alone = replace(host, models=models)
    assert alone.played(BEAT) == host.played(BEAT)
    assert alone.played(piano(), "--no-dynamics")


@pytest.mark.corpus
def test_real_drummers_are_humanized_as_in_python(host: Host, corpus_folder: Path) -> None:
    files = sorted((corpus_folder / "groove-midi").rglob("*.mid"))[::40]
    assert len(files) > 20
    hits = 0
    for file in files:
        data = file.read_bytes()
        theirs = humanize(DrumFile(data, file.name), host.networks["groove_predictor"])
        hits += len(assert_same_hits(host.played(data), theirs.data))
    assert hits > 5000


def test_the_commands_of_its_page_run(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (FUNK.parents[1] / "docs" / "cpp-host.md").read_text(encoding="utf-8")
    lines = {line for line in page.splitlines() if re.match(r"(\S+/)?chromasonic-humanize ", line)}
    assert len(lines) == 4
    monkeypatch.chdir(host.folder)
    for line in lines:
        source, target, *words = line.split()[1:]
        Path(source).write_bytes(piano())
        where = words.index("--models")
        done = host.run(source, target, *words[:where], *words[where + 2 :])
        assert done.returncode == 0, done.stderr
        assert Path(target).stat().st_size > 1000
