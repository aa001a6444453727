"""The EmotionRecognizer: its data, hints, loss, learning, and evaluation on small corpora."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from chromasonic.companion import emotion_baselines, emotion_evaluation, emotion_frames
from chromasonic.companion.companion import CompanionData, DataRequest
from chromasonic.companion.emotion_baselines import clip_statistics
from chromasonic.companion.emotion_data import (
    EMOTION,
    RENDERINGS,
    WARM_UP_FRAMES,
    load_examples,
    target_of_song,
)
from chromasonic.companion.emotion_evaluation import NUMBERS, clip_answers, evaluate_emotion
from chromasonic.companion.emotion_frames import AS_IT_IS, as_bytes, as_frames, rendered, ways
from chromasonic.companion.emotion_hints import (
    HINTS,
    NOTES,
    SIZE,
    TOLD,
    Sounding,
    hint_loss,
    hints_of,
    listening,
)
from chromasonic.companion.emotion_recognizer import (
    COMPANION,
    EXCERPT_FRAMES,
    QUADRANT_ACCURACY,
    emotion_augment,
    emotion_loss,
)
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.scoring import ConstantAnswer
from chromasonic.data.emopia import read_emopia
from chromasonic.errors import CorpusError
from chromasonic.formats import log_mel
from chromasonic.formats.audio import find_soundfont
from chromasonic.music.emotion import EmotionSong, expectation, quarter
from chromasonic.training.config import TrainingConfig
from chromasonic.training.examples import FEATURES, MASK, ExampleTask, collate
from chromasonic.training.loop import fit
from data.tiny_emotion import write_deam, write_emopia, write_vgmidi


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All three corpora, small."""
    root = tmp_path_factory.mktemp("corpora")
    write_emopia(root / "emopia")
    write_vgmidi(root / "vgmidi", 24)
    write_deam(root / "deam", 16)
    return root


@pytest.fixture(scope="module")
def data(corpora: Path) -> CompanionData:
    return load_examples(DataRequest(data_dir=corpora))


class TestFrames:
    def test_a_clip_is_played_as_it_is_and_in_keys_of_its_own(self) -> None:
        plan = ways(5, "Q1_x")
        assert plan[0] == AS_IT_IS
        assert len({way.shift_semitones for way in plan}) == 5
        assert plan == ways(5, "Q1_x") != ways(5, "Q1_y")

    def test_bytes_keep_frames_to_a_third_of_a_decibel(self) -> None:
        frames = np.linspace(log_mel.LOWEST, log_mel.HIGHEST, 1280, dtype=np.float32)
        kept = as_frames(as_bytes(frames.reshape(10, 128)))
        assert np.abs(kept.reshape(-1) - frames).max() * log_mel.UNIT_DB < 0.17
        assert as_frames(as_bytes(np.full((1, 128), log_mel.LOWEST))) == pytest.approx(-4 / 3)

    def test_rendered_frames_come_out_of_the_cache_unless_it_is_damaged(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
        clips = read_emopia(write_emopia(tmp_path / "emopia", (1, 1, 1))).pieces
        plans = [ways(2, clip.id) for clip in clips]
        first = rendered(clips, plans, find_soundfont())
        kept = sorted((tmp_path / "cache/frames").rglob("*.npz"))
        assert len(kept) == 6
        kept[0].write_bytes(b"damaged")
        again = rendered(clips, plans, find_soundfont())
        for one, other in zip(first, again, strict=True):
            assert all((a == b).all() for a, b in zip(one, other, strict=True))
        monkeypatch.setattr(emotion_frames, "frames_of_clip", None)  # would raise if it were asked
        rendered(clips, plans, find_soundfont())

    def test_louder_playing_gives_louder_frames(self, data: CompanionData) -> None:
        level = {quadrant: [] for quadrant in range(64)}
        for item in data.validation.items:
            level[int(item[EMOTION][0].argmax())].append(float(item[FEATURES].mean()))
        means = [float(np.mean(values)) for values in level.values() if values]
        assert max(means) > min(means) + 0.3


class TestData:
    def test_parts_keep_songs_together_and_recordings_have_their_bells(
        self, data: CompanionData
    ) -> None:
        test = data.test()
        assert data.test() is test
        parts = [set(part.pieces) for part in (data.train, data.validation, test)]
        assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
        assert set(data.train.groups["corpus"]) == {"emopia", "vgmidi", "deam"}
        for part in (data.train, data.validation, test):
            for item in part.items:
                count = len(item[FEATURES])
                assert item[EMOTION].shape == (count, 64)
                assert item[EMOTION].sum(-1) == pytest.approx(1, abs=1e-5)
                assert item[MASK][:WARM_UP_FRAMES].sum() == 0
                assert item[MASK][WARM_UP_FRAMES:].all()
                assert np.isfinite(item[FEATURES]).all()

    def test_training_clips_have_further_renderings(self, data: CompanionData) -> None:
        numbers = {
            name: {
                len(item.renderings)
                for item, own in zip(data.train.items, data.train.groups["corpus"], strict=True)
                if own == name
            }
            for name in ("emopia", "vgmidi", "deam")
        }
        assert numbers == {"emopia": {RENDERINGS}, "vgmidi": {RENDERINGS}, "deam": {1}}
        assert {len(item.renderings) for item in data.validation.items} == {1}

    def test_a_new_division_leaves_the_test_part_alone(self, corpora: Path) -> None:
        official = load_examples(DataRequest(data_dir=corpora))
        anew = load_examples(DataRequest(data_dir=corpora, validation_split=0.4, seed=1))
        assert set(anew.test().pieces) == set(official.test().pieces)
        assert set(anew.validation.pieces) != set(official.validation.pieces)
        assert not set(anew.train.pieces) & set(anew.validation.pieces)

    def test_corpora_that_are_absent_are_named_and_none_at_all_is_an_error(
        self, corpora: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "emopia").symlink_to(corpora / "emopia")
        given = load_examples(DataRequest(data_dir=tmp_path))
        assert any("'vgmidi' is left out" in remark for remark in given.remarks)
        (tmp_path / "empty").mkdir()
        with pytest.raises(CorpusError, match="synthetic"):
            load_examples(DataRequest(data_dir=tmp_path / "empty"))

    def test_half_a_corpus_is_an_error(self, tmp_path: Path) -> None:
        root = write_emopia(tmp_path / "emopia")
        sorted((root / "midis").iterdir())[0].unlink()
        with pytest.raises(CorpusError, match="half there"):
            load_examples(DataRequest(data_dir=tmp_path))

    def test_a_broken_recording_is_left_out_and_said(self, tmp_path: Path) -> None:
        root = write_deam(tmp_path / "deam", 12)
        (root / "annotations/readme.txt").write_text("")
        for number in (2, 3, 4):
            (root / f"MEMD_audio/{number}.mp3").write_bytes(b"no sound")
        given = load_examples(DataRequest(data_dir=tmp_path))
        left_out = [remark for remark in given.remarks if "is left out: " in remark]
        total = len(given.train) + len(given.validation) + len(given.test())
        assert total == 9
        assert all(".mp3 is left out" in line or "is left out" in line for line in left_out)

    def test_a_song_has_its_dynamic_labels_from_their_first_time_on(self) -> None:
        song = EmotionSong(
            id="1",
            audio="",
            valence=0.5,
            arousal=-0.5,
            valence_spread=0.2,
            arousal_spread=0.2,
            times_seconds=np.array([1.0, 2.0]),
            valences=np.array([-0.5, 0.0]),
            arousals=np.array([0.5, 0.5]),
        )
        valence, arousal = expectation(target_of_song(song, 30))
        assert valence[:9] == pytest.approx(0.5, abs=0.03)
        # Frame 9 ends at one second, frame 14 half way to the next label, frame 29 after it.
        assert valence[[9, 14, 29]] == pytest.approx([-0.5, -0.25, 0.0], abs=0.03)
        assert arousal[[8, 9]] == pytest.approx([-0.5, 0.5], abs=0.03)


def sounding(*notes: tuple[float, float, int]) -> Sounding:
    onset, end, pitch = (np.array(column) for column in zip(*notes, strict=True))
    return Sounding(onset, end, pitch, np.full(len(notes), 0.5))


class TestHints:
    def test_sounding_classes_and_triads_by_hand(self) -> None:
        notes = sounding((0.0, 1.0, 60), (0.0, 1.0, 64), (0.5, 1.0, 67), (1.0, 2.0, 69))
        hints = hints_of(notes, 0, 20)
        assert hints.shape == (20, SIZE)
        assert np.flatnonzero(hints[2, :12]).tolist() == [0, 4]
        assert np.flatnonzero(hints[7, :12]).tolist() == [0, 4, 7]
        assert hints[:, 12].tolist() == [0.0] * 5 + [1.0] * 6 + [0.0] * 9  # C major
        # In frame 10 the C and E are let go while A begins: A, C, E.
        assert hints[10, 13] == 1

    def test_mode_tells_major_from_minor_in_any_key(self) -> None:
        for key in range(12):
            major = [(k * 0.5, k * 0.5 + 0.5, 60 + key + p) for k, p in enumerate([0, 4, 7, 12, 7])]
            minor = [(k * 0.5, k * 0.5 + 0.5, 60 + key + p) for k, p in enumerate([0, 3, 7, 12, 7])]
            assert hints_of(sounding(*major), 0, 25)[-1, NOTES] > 0.2
            assert hints_of(sounding(*minor), 0, 25)[-1, NOTES] < -0.2

    def test_an_excerpt_hears_only_itself(self) -> None:
        early = [(k / 10, k / 10 + 0.1, 48) for k in range(30)]
        late = [(3 + k, 3.5 + k, 72) for k in range(3)]
        whole = hints_of(sounding(*early, *late), 32, 20)
        alone = hints_of(sounding(*late), 32, 20)
        assert whole == pytest.approx(alone)

    def test_silence_has_finite_hints(self) -> None:
        hints = hints_of(sounding((0.0, 0.1, 60)), 50, 10)
        assert np.isfinite(hints).all()
        assert not hints[:, :NOTES].any()

    def test_all_state_hints_can_be_reached(self) -> None:
        rng = np.random.default_rng(0)
        notes = [(t, t + 0.3, int(rng.integers(30, 90))) for t in rng.uniform(0, 20, 200)]
        hints = hints_of(sounding(*sorted(notes)), 0, 200)
        assert np.abs(hints[:, NOTES:]).max() <= 1

    def test_hints_teach_the_units_and_another_module_has_none(self) -> None:
        torch.manual_seed(0)
        network = CompanionNetwork(COMPANION.spec)
        features, hints = torch.randn(2, 20, 128), torch.rand(2, 20, SIZE).round()
        optimizer = torch.optim.Adam(network.parameters(), 3e-3)
        losses = []
        for _ in range(25):
            with listening(network) as heard:
                network(features)
            loss = hint_loss(heard, hints, torch.ones(2, 20))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0] / 2
        with listening(ConstantAnswer(COMPANION.spec)) as heard:
            assert heard == {}
        assert not any(layer._forward_hooks for layer in network.layers)


class TestLoss:
    def test_it_is_the_cross_entropy_of_the_frames_that_count(self) -> None:
        model = ConstantAnswer(COMPANION.spec)
        target = torch.tensor(quarter(1, 1), dtype=torch.float32).expand(2, 30, 64)
        mask = torch.zeros(2, 30)
        mask[:, 20:] = 1
        tensors = {FEATURES: torch.zeros(2, 30, 128), EMOTION: target, MASK: mask}
        loss = emotion_loss(model, tensors)
        assert float(loss.loss_sum.detach()) == pytest.approx(20 * math.log(64), rel=1e-5)
        total, count = loss.metrics["valence MAE"]
        assert float(total / count) == pytest.approx(0.5)  # even answers expect 0, the target 0.5

    def test_the_quadrant_of_a_sequence_is_that_of_its_mean_answer(self) -> None:
        model = ConstantAnswer(COMPANION.spec)
        with torch.no_grad():
            model.answer.copy_(torch.tensor(quarter(-1, 1)) * 100)
        cells = [torch.tensor(quarter(v, a), dtype=torch.float32) for v, a in ((-1, 1), (1, -1))]
        target = torch.stack([cell.expand(10, 64) for cell in cells])
        tensors = {FEATURES: torch.zeros(2, 10, 128), EMOTION: target, MASK: torch.ones(2, 10)}
        total, count = emotion_loss(model, tensors).metrics[QUADRANT_ACCURACY]
        assert (int(total), int(count)) == (1, 2)

    def test_hints_weigh_in_training_and_not_in_what_is_reported(self, data: CompanionData) -> None:
        network = CompanionNetwork(COMPANION.spec)
        rng = np.random.default_rng(0)
        tensors = collate([emotion_augment(item, rng) for item in list(data.train.items)[:4]])
        network.train()
        loss = emotion_loss(network, tensors)
        assert float(loss.objective_sum.detach()) > float(loss.loss_sum.detach())
        network.eval()
        loss = emotion_loss(network, tensors)
        assert float(loss.objective_sum.detach()) == float(loss.loss_sum.detach())


class TestAugmentation:
    def test_excerpts_are_of_one_length_with_their_hints(self, data: CompanionData) -> None:
        rng = np.random.default_rng(0)
        for item, corpus in zip(data.train.items, data.train.groups["corpus"], strict=True):
            made = emotion_augment(item, rng)
            count = len(made[FEATURES])
            assert count == min(EXCERPT_FRAMES, count)
            assert made[EMOTION].shape == (count, 64)
            assert made[HINTS].shape == (count, SIZE)
            assert made[TOLD].all() == (corpus != "deam")
            assert made[FEATURES].min() >= np.float32(log_mel.LOWEST)

    def test_the_same_generator_gives_the_same_excerpt(self, data: CompanionData) -> None:
        item = data.train.items[0]
        one, other = (emotion_augment(item, np.random.default_rng(7)) for _ in range(2))
        assert all((one[name] == other[name]).all() for name in one)

    def test_made_up_examples_stay_as_they_are(self) -> None:
        item = COMPANION.synthetic(1, 0).items[0]
        assert emotion_augment(item, np.random.default_rng(0)) is item


def trained(train, validation, **settings) -> CompanionNetwork:
    torch.manual_seed(0)
    network = CompanionNetwork(COMPANION.spec)
    task = ExampleTask(train, validation, emotion_loss, emotion_augment, is_sequence=True)
    config = TrainingConfig(device="cpu", learning_rate=2e-3, weight_decay=0.0, **settings)
    fit(network, task, config, folder=None, name="emotion_recognizer")
    return network


class TestLearning:
    def test_the_structure_of_made_up_examples_is_learned(self) -> None:
        train, validation = COMPANION.synthetic(64, 0), COMPANION.synthetic(24, 1)
        network = trained(train, validation, epochs=6, batch_size=8)
        with torch.no_grad():
            loss = emotion_loss(network, collate(validation.items))
        total, count = loss.metrics[QUADRANT_ACCURACY]
        assert float(total / count) > 0.6

    def test_four_moods_of_small_corpora_are_told_apart(
        self, data: CompanionData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = {"max_iter": 5, "max_leaf_nodes": 4}
        monkeypatch.setattr(emotion_baselines, "TREES", (few,))
        monkeypatch.setattr(emotion_evaluation, "PUBLISHED_CLIPS", 8)
        network = trained(data.train, data.validation, epochs=8, batch_size=8)
        rows = evaluate_emotion(network, data)
        by_name = {(row.test.partition(",")[0], row.method): row for row in rows}
        ours = by_name["emopia", "model"].figures
        assert ours["arousal accuracy"].value > 0.8
        assert ours["quadrant accuracy"].n == 4  # songs
        methods = {method for corpus, method in by_name if corpus == "emopia"}
        assert {
            "model",
            "most frequent quadrant",
            "logistic regression on clip statistics",
            "gradient-boosted trees on clip statistics",
        } < methods
        anchors = [row for row in rows if row.method.startswith("published")]
        assert [row.figures["quadrant accuracy"].value for row in anchors] == [0.684, 0.677]
        assert ("vgmidi", "model") in by_name
        assert set(by_name["deam", "model"].figures) == set(NUMBERS)
        assert by_name["deam", "mean of the training songs"].figures["valence CCC"].value < 0.3
        assert all(row.is_baseline == (row.method != "model") for row in rows)

    def test_silence_gets_a_finite_answer_and_states_go_on(self) -> None:
        network = CompanionNetwork(COMPANION.spec).eval()
        frames = torch.as_tensor(log_mel.frames_of(np.zeros(3 * log_mel.RATE_HZ)))[None]
        with torch.no_grad():
            whole = network.predict(frames)
            first, state = network.step(frames[:, :7])
            second, _ = network.step(frames[:, 7:], state)
        assert torch.isfinite(whole).all()
        assert whole.sum(-1) == pytest.approx(np.ones((1, 30)), abs=1e-5)
        joined = network.activate(torch.cat([first, second], dim=1))
        assert torch.allclose(joined, whole, atol=1e-6)


class TestEvaluation:
    def test_without_recordings_a_row_says_that_deam_was_not_measured(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(emotion_evaluation, "BASELINES", ())
        write_emopia(tmp_path / "emopia")
        write_deam(tmp_path / "deam", has_audio=False)
        given = load_examples(DataRequest(data_dir=tmp_path))
        assert [manifest.name for manifest in given.manifests] == ["emopia"]
        assert any("'deam' is there but gives no example" in line for line in given.remarks)
        rows = evaluate_emotion(CompanionNetwork(COMPANION.spec), given)
        (row,) = [row for row in rows if row.test.startswith("deam")]
        assert not row.figures["valence R2"].is_defined
        assert "no recordings" in row.figures["valence R2"].reason

    def test_an_answer_is_the_mean_after_the_warm_up(self, data: CompanionData) -> None:
        network = CompanionNetwork(COMPANION.spec)
        answers = clip_answers(network, data.validation)
        item = data.validation.items[0]
        frames = network.predict(torch.as_tensor(item[FEATURES])[None])[0].numpy()
        assert answers[0] == pytest.approx(frames[WARM_UP_FRAMES:].mean(axis=0), abs=1e-6)

    def test_statistics_of_a_clip_by_hand(self) -> None:
        frames = np.zeros((3, 128), np.float32)
        frames[:, 5] = [0, 3, 3]
        stats = clip_statistics(frames)
        assert stats[[5, 133, 261]] == pytest.approx([2, math.sqrt(2), 1.5])
        assert not clip_statistics(frames[:1]).any()
