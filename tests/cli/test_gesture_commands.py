"""`chromasonic gesture`: what a user types, what comes of it, and what is told when it fails."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.formats.midi_events import parse_midi
from chromasonic.formats.midi_performance import read_midi_performance
from chromasonic.formats.movements import write_movement
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.features import compute
from chromasonic.gesture.features_cleaning import clean
from chromasonic.gesture.models import GestureModel, build, describe
from chromasonic.gesture.motion import Motion
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.spotting_sequences import sequence_of
from chromasonic.gesture.statistics import Statistics
from chromasonic.gesture.task import Reader, at_last_frame
from chromasonic.music.movement import Movement, Skeleton
from chromasonic.training.checkpoint import FORMAT_VERSION, save_checkpoint

RATE = 20.0
SKELETON = Skeleton(
    name="two-point", nodes=("wrist", "tip"), edges=((0, 1),), channels=("x", "y"), axes=(0, 1)
)
WAYS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, 1.0)}
LABELS = tuple(WAYS)
MAPPING = """
[gesture.left]
note = "C4"
[gesture.right]
action = "chord"
chord = ["I", "V7"]
[[follow]]
landmark = "wrist"
what = "height"
controller = 74
"""

run = CliRunner()


def stroke(label: str, number: int = 0) -> Movement:
    """A second and a half: a rest, a stroke of about a unit, a rest; the sensor jitters."""
    chance = np.random.default_rng([number, LABELS.index(label)])
    share = np.clip((np.arange(30) - 5) / chance.integers(14, 20), 0, 1)[:, None]
    wrist = share * np.array(WAYS[label]) * chance.uniform(0.8, 1.2)
    frames = np.stack([wrist, wrist + np.array([0.0, 1.0])], axis=1)
    frames = frames + chance.normal(0, 0.01, frames.shape)
    return Movement(
        id=f"{label}-{number}",
        skeleton=SKELETON,
        frames=frames.astype(np.float32),
        rate_hz=RATE,
        label=label,
    )


def trained(*, causal: bool) -> GestureModel:
    """A tiny model that has learned the three strokes."""
    movements = [stroke(label, number) for label in LABELS for number in range(12)]
    features = FeatureConfig(rate_hz=RATE, causal=True)
    reader = Reader(
        config=features,
        performers={},
        standardization=Statistics.of_frames(
            compute(clean(m, features), features) for m in movements
        ),
    )
    torch.manual_seed(0)
    config = NetworkConfig(
        spatial_dim=8, spatial_layers=1, pooling="flat", temporal_dim=24, temporal_layers=1,
        classifier_dim=0, causal=causal, dropout=0.0,
    )  # fmt: skip
    network = build(config, SKELETON, LABELS, features)
    inputs = torch.stack([torch.from_numpy(reader.read(clean(m, features))) for m in movements])
    target = torch.tensor([LABELS.index(m.label) for m in movements])
    optimizer = torch.optim.AdamW(network.parameters(), 0.02)
    for _ in range(40):
        logits = network(inputs)
        if causal:
            later = [
                at_last_frame(logits[:, :end], torch.ones(len(inputs), end)) for end in (15, 30)
            ]
            logits, goal = torch.cat(later), target.repeat(2)
        else:
            goal = target
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits, goal).backward()
        optimizer.step()
    return GestureModel(
        network=network.eval(), classes=LABELS, skeleton=SKELETON, reader=reader,
        motion=Motion.of(movements),
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models, recordings of each stroke, a long one, and a mapping."""
    folder = tmp_path_factory.mktemp("gesture")
    for name, causal in (("whole", False), ("causal", True)):
        model = trained(causal=causal)
        save_checkpoint(
            folder / name / "best_model.pth",
            {
                "format_version": FORMAT_VERSION,
                "model_state_dict": model.network.state_dict(),
                "epoch": 1,
                "config": describe(model),
                "metrics": {},
            },
        )
    for label in LABELS:
        write_movement(stroke(label, 50), folder / "recordings" / f"{label}.csv")
    long, _ = sequence_of(
        [stroke(label, 60 + n) for n, label in enumerate(("left", "right", "up", "right"))]
    )
    write_movement(replace(long, id="long"), folder / "long.npz")
    write_movement(replace(long, id="long"), folder / "long.jsonl")
    (folder / "mapping.toml").write_text(MAPPING)
    return folder


def gesture(*arguments: object, stdin: str | bytes | None = None):  # type: ignore[no-untyped-def]
    return run.invoke(app, ["gesture", *map(str, arguments)], input=stdin)


def refused(result, *words: str) -> None:  # type: ignore[no-untyped-def]
    """It failed with a message that has these words, and without a traceback."""
    assert result.exit_code in (1, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    for word in words:
        assert word in result.stderr


class TestRecognize:
    @pytest.mark.parametrize("model", ["whole", "causal"])
    @pytest.mark.parametrize("label", LABELS)
    def test_a_recording_is_recognized(self, place: Path, model: str, label: str):
        result = gesture("recognize", place / f"recordings/{label}.csv", "-m", place / model)
        assert result.exit_code == 0
        assert f"{label}.csv  {label}  " in result.stdout

    def test_a_folder_as_json_has_every_recording(self, place: Path):
        result = gesture(
            "recognize", place / "recordings", "-m", place / "whole", "--json", "--top", 2
        )
        rows = json.loads(result.stdout)["recordings"]
        assert [row["class"] for row in rows] == ["left", "right", "up"]
        assert all(len(row["ranking"]) == 2 for row in rows)
        assert all(row["certainty"] == row["ranking"][0]["certainty"] > 0.5 for row in rows)

    def test_segments_are_told_with_their_times(self, place: Path):
        for model in ("whole", "causal"):
            result = gesture(
                "recognize", place / "long.npz", "-m", place / model, "--segments", "--json"
            )
            (row,) = json.loads(result.stdout)["recordings"]
            known = [one for one in row["segments"] if one["class"]]
            assert [one["class"] for one in known] == ["left", "right", "up", "right"]
            starts = [one["start"] for one in known]
            assert starts == sorted(starts)
        result = gesture("recognize", place / "long.npz", "-m", place / "whole", "--segments")
        assert "4 gestures" in result.stdout

    def test_a_recording_of_several_gestures_is_told_to_be_one(self, place: Path):
        for model in ("whole", "causal"):
            result = gesture(
                "recognize", place / "long.npz", place / "recordings/up.csv", "-m", place / model
            )
            assert result.stdout.count("gestures seem to be in these") == 1
            assert "4 gestures seem to be in these" in result.stdout
            assert "--segments tells each" in result.stdout
        result = gesture("recognize", place, "-m", place / "whole", "--json")
        rows = json.loads(result.stdout)["recordings"]
        assert {Path(row["file"]).name: row["gestures"] for row in rows} == {
            "long.npz": 4, "long.jsonl": 4, "left.csv": 1, "right.csv": 1, "up.csv": 1,
        }  # fmt: skip

    def test_what_was_not_seen_is_told(self, place: Path, tmp_path: Path):
        frames = stroke("up").frames.copy()
        frames[:, 1] = np.nan
        write_movement(replace(stroke("up"), frames=frames), tmp_path / "half.npz")
        result = gesture("recognize", tmp_path / "half.npz", "-m", place / "whole")
        assert (
            "50.0% of its numbers were not seen and are filled in; never seen: tip" in result.stdout
        )

    def test_one_frame_is_answered_with_a_word_of_warning(self, place: Path, tmp_path: Path):
        one = replace(stroke("up"), frames=stroke("up").frames[:1])
        write_movement(one, tmp_path / "one.npz")
        result = gesture("recognize", tmp_path / "one.npz", "-m", place / "causal")
        assert result.exit_code == 0
        assert "one frame only" in result.stdout

    def test_a_hundred_thousand_frames_are_answered(self, place: Path, tmp_path: Path):
        frames = np.tile(stroke("up").frames, (3334, 1, 1))[:100_000]
        write_movement(replace(stroke("up"), frames=frames), tmp_path / "long.npz")
        result = gesture("recognize", tmp_path / "long.npz", "-m", place / "whole")
        assert "100,000 frames are no one gesture" in result.stdout

    def test_landmarks_of_other_names_are_matched_by_hand(self, place: Path, tmp_path: Path):
        other = replace(SKELETON, nodes=("root", "tip"))
        write_movement(replace(stroke("left"), skeleton=other), tmp_path / "other.npz")
        result = gesture("recognize", tmp_path / "other.npz", "-m", place / "whole")
        refused(result, "wrist", "'two-point'", "root", "--nodes RECORDING=MODEL")
        result = gesture(
            "recognize", tmp_path / "other.npz", "-m", place / "whole", "--nodes", "root=wrist"
        )
        assert "  left  " in result.stdout
        result = gesture(
            "recognize", tmp_path / "other.npz", "-m", place / "whole", "--nodes", "root=wirst"
        )
        refused(result, "'wirst' is no landmark of the model", "Did you mean 'wrist'?")
        for pair in ("root", "=wrist", "root="):
            result = gesture(
                "recognize", tmp_path / "other.npz", "-m", place / "whole", "--nodes", pair
            )
            refused(result, "is no pair of names")

    def test_of_several_the_broken_one_is_passed_over_and_told(self, place: Path, tmp_path: Path):
        write_movement(stroke("up"), tmp_path / "a.npz")
        (tmp_path / "b.npz").write_bytes(b"nothing of the kind")
        result = gesture("recognize", tmp_path, "-m", place / "whole")
        assert "  up  " in result.stdout
        refused(result, "Passed over: ", "b.npz", "1 of 2 recordings")

    def test_of_several_the_missing_one_is_passed_over_and_told(self, place: Path):
        up = place / "recordings/up.csv"
        result = gesture("recognize", "none.csv", up, "-m", place / "whole")
        assert "  up  " in result.stdout
        refused(result, "Passed over: There is no recording at none.csv", "1 of 2 recordings")

    def test_where_no_model_is_the_way_to_one_is_told(self, place: Path):
        up = place / "recordings/up.csv"
        result = gesture("recognize", up, "-m", place / "typo/best_model.pth")
        refused(result, f"'chromasonic train gesture --output {place / 'typo'}'")
        result = gesture("recognize", up, "-m", place / "whole/bets_model.pth")
        refused(result, f"In {place / 'whole'} there is: best_model.pth.")
        result = gesture("recognize", up, "-m", place)
        refused(result, f"has no .pth; runs in it: {place / 'causal'}, {place / 'whole'}.")
        refused(gesture("recognize", up, "-m", place / "recordings"), "nor a run in it")

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["none.csv"], ["There is no recording at none.csv"]),
            (["-"], ["give - as the only recording, with --stream"]),
            (["recordings/up.csv", "--stream"], ["give - as the only recording"]),
            (["-", "--stream", "--segments"], ["--segments is not for --stream"]),
            (["recordings/up.csv", "--top", "0"], ["0 classes", "1 or more"]),
            (
                ["long.npz", "--segments", "--certainty", "1.5"],
                ["certainty is 1.5; allowed: 0 to 1"],
            ),
            (["recordings/up.csv", "--performer", "eva"], ["no performer 'eva'", "--calibration"]),
            (["mapping.toml"], ["mapping.toml", ".npz"]),
            (["empty"], ["has no recording in it", ".bvh"]),
        ],
    )
    def test_what_cannot_be_is_refused(self, place: Path, monkeypatch, arguments, words):
        monkeypatch.chdir(place)
        (place / "empty").mkdir(exist_ok=True)
        refused(gesture("recognize", *arguments, "-m", "whole"), *words)

    def test_no_model_a_foreign_one_and_a_hostile_one_are_refused(
        self, place: Path, tmp_path: Path
    ):
        recording = place / "recordings/up.csv"
        refused(
            gesture("recognize", recording, "-m", tmp_path / "no"), "There is no model at", "train"
        )

        class Hostile:
            def __reduce__(self):
                return (Path.touch, (tmp_path / "was-run",))

        (tmp_path / "hostile.pth").write_bytes(pickle.dumps(Hostile()))
        torch.save({"model_state_dict": Hostile()}, tmp_path / "hostile-zip.pth")
        torch.save({"weights": torch.zeros(3)}, tmp_path / "foreign.pth")
        for name in ("hostile", "hostile-zip", "foreign"):
            result = gesture("recognize", recording, "-m", tmp_path / f"{name}.pth")
            refused(result, f"{name}.pth")
        assert not (tmp_path / "was-run").exists()


class TestStream:
    def lines(self, place: Path, text: str, *more: object, model: str = "causal"):
        result = gesture("recognize", "-", "--stream", "-m", place / model, *more, stdin=text)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    @pytest.mark.parametrize("model", ["causal", "whole"])
    def test_the_same_frames_streamed_and_from_a_file_have_the_same_events(self, place, model):
        text = (place / "long.jsonl").read_text()
        lines = self.lines(place, text, model=model)
        result = gesture(
            "recognize", place / "long.npz", "-m", place / model, "--segments", "--json"
        )
        (row,) = json.loads(result.stdout)["recordings"]
        assert lines[0]["kind"] == "ready"
        assert lines[0]["landmarks"] == ["wrist", "tip"]
        events = [
            {key: one[key] for key in segment}
            for one in lines
            if one["kind"] in ("end", "unknown")
            for segment in row["segments"][:1]
        ]
        assert len(events) == len(row["segments"])
        for event, segment in zip(events, row["segments"], strict=True):
            assert event.pop("certainty") == pytest.approx(segment.pop("certainty"), abs=1e-3)
            assert event == segment
        starts = [one["class"] for one in lines if one["kind"] == "start"]
        assert starts == ["left", "right", "up", "right"]
        assert any(one["kind"] == "answer" for one in lines) == (model == "causal")

    def test_events_only_leaves_the_answers_out(self, place):
        lines = self.lines(place, (place / "long.jsonl").read_text(), "--events-only")
        assert {one["kind"] for one in lines} <= {"ready", "start", "end", "unknown"}

    def test_broken_lines_are_told_and_the_stream_goes_on(self, place):
        good = (place / "long.jsonl").read_text().splitlines()
        deep = "[" * 100_000 + "]" * 100_000
        huge = '{"landmarks": [' + "0," * 1_000_000 + "0]}"
        bad = ["{", "nonsense", deep, huge, '{"landmarks": {"nose": [0, 0]}}', "\x00\x01", "{}"]
        lines = self.lines(place, "\n".join(good[:40] + bad + good[40:]) + "\n", "--events-only")
        errors = [one for one in lines if one["kind"] == "error"]
        assert [one["line"] for one in errors] == [41, 42, 43, 44, 45, 46, 47]
        assert "nose" in errors[4]["message"]
        assert [one["class"] for one in lines if one["kind"] == "start"] == [
            "left", "right", "up", "right",
        ]  # fmt: skip

    def test_what_is_missing_in_time_counts_as_unseen(self, place):
        good = (place / "long.jsonl").read_text().splitlines()
        kept = [line for number, line in enumerate(good) if number % 7 or number == 0]
        lines = self.lines(place, "\n".join(kept), "--events-only")
        ends = [one["end"] for one in lines if one["kind"] == "end"]
        every = self.lines(place, "\n".join(good), "--events-only")
        assert ends == pytest.approx(
            [one["end"] for one in every if one["kind"] == "end"], abs=0.35
        )

    @pytest.mark.parametrize("seconds", ["1e300", "-5", "NaN", "Infinity"])
    def test_a_time_that_cannot_be_is_an_error_line(self, place, seconds):
        frame = '"landmarks": {"wrist": [0, 0], "tip": [0, 1]}}'
        text = f'{{"t": 1.0, {frame}\n{{"t": 1.05, {frame}\n{{"t": {seconds}, {frame}\n'
        lines = self.lines(place, text)
        assert [one["kind"] for one in lines] == ["ready", "error"]
        assert lines[1]["line"] == 3

    def test_landmarks_of_other_names_are_matched_by_hand(self, place):
        text = (place / "long.jsonl").read_text().replace('"wrist"', '"root"')
        assert '"root"' in text
        kinds = [one["kind"] for one in self.lines(place, text, "--events-only")]
        assert set(kinds) == {"ready", "error"}
        named = self.lines(place, text, "--events-only", "--nodes", "root=wrist")
        plain = self.lines(place, (place / "long.jsonl").read_text(), "--events-only")
        assert named == plain
        result = gesture(
            "recognize", "-", "--stream", "-m", place / "causal", "--nodes", "root=wirst"
        )
        refused(result, "'wirst' is no landmark of the model", "Did you mean 'wrist'?")

    def test_nothing_and_no_text_end_quietly(self, place):
        assert [one["kind"] for one in self.lines(place, "")] == ["ready"]
        result = gesture(
            "recognize", "-", "--stream", "-m", place / "causal", stdin=b"\xff\xfe\n\n"
        )
        assert [json.loads(line)["kind"] for line in result.stdout.splitlines()] == [
            "ready",
            "error",
        ]


class TestPlay:
    def test_a_recording_becomes_midi_sound_and_a_picture(self, place: Path, tmp_path: Path):
        outputs = [tmp_path / f"long{ending}" for ending in (".mid", ".wav", ".png")]
        options = [part for path in outputs for part in ("-o", path)]
        result = gesture(
            "play", place / "long.npz", "-m", place / "causal", "--map", place / "mapping.toml",
            *options, "--json",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        document = json.loads(result.stdout)
        played = read_midi_performance(outputs[0])
        assert len(played.notes) == len(document["notes"]) == 1 + 4 + 4
        assert [one["class"] for one in document["events"]] == ["left", "right", "up", "right"]
        assert [bool(one["did"]) for one in document["events"]] == [True, True, False, True]
        assert played.notes.end_seconds.max() <= document["seconds"] + 0.01
        assert {one["controller"] for one in document["controls"]} == {74}
        markers = parse_midi(outputs[0].read_bytes(), "long.mid").markers
        assert [text for _, text in markers] == ["left", "right", "right"]
        import soundfile

        sound, rate = soundfile.read(outputs[1])
        assert 0.3 < np.abs(sound).max() < 1.0  # audible, and not clipped
        assert len(sound) / rate >= played.notes.onset_seconds.max()
        assert outputs[2].read_bytes().startswith(b"\x89PNG")

    def test_a_recording_without_a_known_gesture_is_an_empty_file_with_a_word(
        self, place, tmp_path
    ):
        frames = np.repeat(stroke("up").frames[:1], 80, axis=0)
        write_movement(replace(stroke("up"), frames=frames), tmp_path / "rest.npz")
        result = gesture(
            "play", tmp_path / "rest.npz", "-m", place / "causal", "--map", place / "mapping.toml",
            "-o", tmp_path / "rest.mid",
        )  # fmt: skip
        assert result.exit_code == 0
        assert "No note was played" in result.stderr
        assert not len(read_midi_performance(tmp_path / "rest.mid").notes)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["long.npz", "-o", "long.npz"], ["a file that is read; it would be lost"]),
            (["long.npz", "-o", "mapping.toml"], ["a file that is read; it would be lost"]),
            (["long.npz", "-o", "out.doc"], ["cannot be written as 'out.doc'", ".mid"]),
            (["none.npz", "-o", "out.mid"], ["There is no recording at none.npz"]),
            (["long.npz", "-o", "out.mid", "--map", "none.toml"], ["Cannot read the mapping none"]),
            (
                ["long.npz", "-o", "out.mid", "--map", "wrong.toml"],
                ["'lfet', which the model does not know", "Did you mean 'left'?"],
            ),
        ],
    )
    def test_what_cannot_be_is_refused(self, place: Path, monkeypatch, arguments, words):
        monkeypatch.chdir(place)
        Path("wrong.toml").write_text("[gesture.lfet]\nnote = 60\n")
        given = arguments if "--map" in arguments else [*arguments, "--map", "mapping.toml"]
        before = Path("long.npz").read_bytes()
        refused(gesture("play", *given, "-m", "causal"), *words)
        assert not Path("out.mid").exists()
        assert Path("long.npz").read_bytes() == before

    def test_frames_on_standard_input_are_played_at_once(self, place: Path, tmp_path: Path):
        text = (place / "long.jsonl").read_text()
        ranged = tmp_path / "live.toml"
        ranged.write_text(MAPPING + "range = [0.0, 1.0]\n")
        result = gesture("play", "-", "-m", place / "causal", "--map", ranged, stdin=text)
        assert result.exit_code == 0, result.output
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        midi = [one for one in lines if one["kind"] == "midi"]
        ons = [one["bytes"][1] for one in midi if one["bytes"][0] == 0x90]
        offs = [one["bytes"][1] for one in midi if one["bytes"][0] == 0x80]
        assert ons[0] == 60  # left
        assert len(ons) == 1 + 4 + 4  # and right, twice
        assert sorted(ons) == sorted(offs)
        assert any(one["bytes"][:2] == [0xB0, 74] for one in midi)
        assert "answer" not in {one["kind"] for one in lines}

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["-", "-o", "out.mid"], ["What is streamed is written to standard output"]),
            (["long.npz"], ["Say where to write: --output"]),
            (["-"], ["controller 74 follows wrist without a range"]),
        ],
    )
    def test_what_cannot_be_streamed_is_refused(self, place: Path, monkeypatch, arguments, words):
        monkeypatch.chdir(place)
        refused(gesture("play", *arguments, "-m", "causal", "--map", "mapping.toml"), *words)


def test_without_a_model_the_shipped_one_listens(tmp_path: Path) -> None:
    """Of the example 18 movements; the model that ships is made for such hands."""
    examples = Path(__file__).parents[2] / "examples" / "gesture"
    result = gesture("recognize", examples / "hand.npz", "--segments", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert "shipped/hands" in document["model"]
    assert len(document["recordings"][0]["segments"]) >= 10
    music = tmp_path / "hand.mid"
    result = gesture("play", examples / "hand.npz", "--map", examples / "mapping.toml", "-o", music)
    assert result.exit_code == 0, result.output
    assert len(read_midi_performance(music).notes) > 10
