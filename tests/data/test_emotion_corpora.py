"""EMOPIA, VGMIDI and DEAM: what is read, what is skipped, what is missing, what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from chromasonic.data.deam import read_deam
from chromasonic.data.emopia import read_emopia
from chromasonic.data.loading import load
from chromasonic.data.vgmidi import read_vgmidi
from chromasonic.errors import CorpusError
from data.tiny_emotion import (
    STATIC,
    clip_bytes,
    midi_bytes,
    song_name,
    write_deam,
    write_emopia,
    write_vgmidi,
)


class TestEmopia:
    def test_clips_have_the_quadrant_of_their_names_and_the_published_division(
        self, tmp_path: Path
    ) -> None:
        write_emopia(tmp_path)
        outside = tmp_path / "midis" / f"Q3_{song_name(99)}_0.mid"
        outside.write_bytes(clip_bytes(3, 0))
        reading = read_emopia(tmp_path)
        assert len(reading.pieces) == 33
        assert reading.split is not None
        assert reading.split.sizes == {"train": 16, "validation": 8, "test": 8}
        assert outside.stem not in {*reading.split.train, *reading.split.test}
        first = next(clip for clip in reading.pieces if clip.id == f"Q2_{song_name(1)}_0")
        assert (first.quadrant, first.valence, first.arousal) == (2, -1, 1)
        assert first.song == song_name(1)
        assert len(first.notes) == 48
        assert first.duration_seconds == pytest.approx(6.0)
        assert (reading.missing, reading.skipped) == (0, ())

    def test_clips_of_a_song_are_one_work(self, tmp_path: Path) -> None:
        reading = read_emopia(write_emopia(tmp_path))
        assert len(set(reading.works)) == 16

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            (f"Q1_{song_name(50)}_0", midi_bytes([]), "holds no note"),
            (f"Q1_{song_name(50)}_1", clip_bytes(1, 0)[:100], "cut short"),
            (f"Q1_{song_name(50)}_2", b"", "is empty"),
            (f"Q1_{song_name(50)}_3", clip_bytes(1, 0)[:12] + b"\0\0" + clip_bytes(1, 0)[14:], "0"),
            (f"Q7_{song_name(50)}_0", clip_bytes(1, 0), "does not name a quadrant"),
            ("untitled", clip_bytes(1, 0), "does not name a quadrant"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_skipped_with_its_reason(
        self, tmp_path: Path, name: str, content: bytes, reason: str
    ) -> None:
        write_emopia(tmp_path)
        (tmp_path / "midis" / f"{name}.mid").write_bytes(content)
        reading = read_emopia(tmp_path)
        assert len(reading.pieces) == 32
        (item,) = reading.skipped
        assert item.reference == f"{name}.mid"
        assert reason in item.reason

    def test_a_half_unpacked_corpus_counts_what_is_missing(self, tmp_path: Path) -> None:
        folder = write_emopia(tmp_path / "emopia")
        for path in sorted((folder / "midis").glob("*.mid"))[:3]:
            path.unlink()
        assert read_emopia(folder).missing == 3
        with pytest.raises(CorpusError, match="half there: 29 of 32 clips"):
            load("emopia", data_dir=tmp_path)
        assert len(load("emopia", data_dir=tmp_path, allow_partial=True).pieces) == 29

    def test_without_the_division_songs_stay_together_and_it_is_said(self, tmp_path: Path) -> None:
        folder = write_emopia(tmp_path / "emopia")
        for path in (folder / "split").iterdir():
            path.unlink()
        corpus = load("emopia", data_dir=tmp_path)
        songs = [{clip.song for clip in corpus.part(p)} for p in ("train", "validation", "test")]
        assert not songs[0] & songs[1] | songs[0] & songs[2] | songs[1] & songs[2]
        assert any("divided by song" in remark for remark in corpus.manifest.remarks)

    def test_another_folder_and_a_damaged_table_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="no folder 'midis'"):
            read_emopia(tmp_path)
        write_emopia(tmp_path)
        (tmp_path / "split/val.csv").write_text("name;label\nx;Q1\n")
        with pytest.raises(CorpusError, match="fname"):
            read_emopia(tmp_path)

    @pytest.mark.corpus
    def test_the_real_corpus_is_whole(self, corpus_folder: Path) -> None:
        corpus = load("emopia", data_dir=corpus_folder)
        assert len(corpus.pieces) == 1078
        assert corpus.split.sizes == {"train": 767, "validation": 198, "test": 86}
        counts = np.bincount([clip.quadrant for clip in corpus.pieces])
        assert counts.tolist() == [0, 250, 265, 253, 310]
        assert not corpus.manifest.skipped
        songs = [{clip.song for clip in corpus.part(p)} for p in ("train", "validation", "test")]
        assert not songs[0] & songs[1] | songs[0] & songs[2] | songs[1] & songs[2]


class TestVgmidi:
    def test_whole_pieces_stand_in_for_phrases_unless_there_are_several(
        self, tmp_path: Path
    ) -> None:
        reading = read_vgmidi(write_vgmidi(tmp_path))
        assert len(reading.pieces) == 11
        assert (reading.pieces[1].valence, reading.pieces[1].arousal) == (-1, 1)
        assert [item.title for item in reading.skipped] == ["Piece 11", "Piece 11"]
        assert "which label is whose" in reading.skipped[0].reason
        assert "11 labels of phrases are taken for their whole pieces" in reading.remarks[0]

    @pytest.mark.parametrize("is_packed", [True, False])
    def test_phrases_are_read_where_they_are(self, tmp_path: Path, is_packed: bool) -> None:
        write_vgmidi(tmp_path)
        names = [f"Series_NES_Game_Piece {n}_{k}.mid" for n in range(12) for k in range(2)]
        if is_packed:
            with zipfile.ZipFile(tmp_path / "labelled/phrases.zip", "w") as archive:
                for name in names:
                    archive.writestr(f"phrases/{name}", clip_bytes(2, 0, ticks=480))
        else:
            (tmp_path / "labelled/phrases").mkdir()
            for name in names:
                (tmp_path / "labelled/phrases" / name).write_bytes(clip_bytes(2, 0, ticks=480))
        reading = read_vgmidi(tmp_path)
        assert len(reading.pieces) == 13
        assert {len(clip.notes) for clip in reading.pieces} == {20}
        assert reading.pieces[-1].song == reading.pieces[-2].song
        assert (reading.skipped, reading.remarks) == ((), ())

    def test_absent_files_count_as_missing_and_wrong_signs_are_skipped(
        self, tmp_path: Path
    ) -> None:
        write_vgmidi(tmp_path)
        (tmp_path / "labelled/midi/Series_NES_Game_Piece 3.mid").unlink()
        table = tmp_path / "vgmidi_labelled.csv"
        table.write_text(table.read_text().replace("Piece 0_0.mid,1,1", "Piece 0_0.mid,2,1"))
        reading = read_vgmidi(tmp_path)
        assert reading.missing == 1
        assert "valence of" in reading.skipped[0].reason

    def test_a_path_that_leads_out_of_the_corpus_is_not_followed(self, tmp_path: Path) -> None:
        root = write_vgmidi(tmp_path / "vgmidi")
        (tmp_path / "secret_0.mid").write_bytes(clip_bytes(1, 0))
        with (root / "vgmidi_labelled.csv").open("a") as file:
            file.write("99,S,C,G,P,../secret_0.mid,1,1\n")
        reading = read_vgmidi(root)
        assert "leads out of" in reading.skipped[-1].reason

    def test_a_damaged_archive_is_refused(self, tmp_path: Path) -> None:
        write_vgmidi(tmp_path)
        (tmp_path / "labelled/phrases.zip").write_bytes(b"PK\3\4 no archive")
        with pytest.raises(CorpusError, match=r"phrases\.zip is damaged"):
            read_vgmidi(tmp_path)

    @pytest.mark.corpus
    def test_the_real_corpus_is_read(self, corpus_folder: Path) -> None:
        corpus = load("vgmidi", data_dir=corpus_folder)
        # 204 labels of 200 pieces; where the phrases are not unpacked, 7 of 3 pieces are left out.
        assert len(corpus.pieces) in (197, 204)
        assert len({clip.song for clip in corpus.pieces}) in (197, 200)


class TestDeam:
    def test_labels_are_on_the_plane_with_their_spread_and_times(self, tmp_path: Path) -> None:
        reading = read_deam(write_deam(tmp_path))
        assert len(reading.pieces) == 10
        assert reading.missing == 0
        rng = np.random.default_rng(0)
        valence, arousal = rng.uniform(-0.8, 0.8, 2).round(2)
        song = reading.pieces[0]
        assert (song.id, song.audio) == ("2", "MEMD_audio/2.mp3")
        assert (song.valence, song.arousal) == pytest.approx((valence, arousal), abs=0.003)
        assert (song.valence_spread, song.arousal_spread) == pytest.approx((0.2, 0.3))
        # The last sample of each row is empty: no label.
        assert song.times_seconds.tolist() == [15.0, 15.5, 16.0]
        assert song.valences == pytest.approx([valence] * 3)
        late = reading.pieces[-1]
        assert int(late.id) > 2000
        assert late.arousal_spread == pytest.approx(0.3)
        assert not len(late.times_seconds)
        assert "2 songs have a label for the whole only" in " ".join(reading.remarks)

    def test_labels_without_recordings_are_read_and_said(self, tmp_path: Path) -> None:
        reading = read_deam(write_deam(tmp_path, has_audio=False))
        assert len(reading.pieces) == 10
        assert {song.audio for song in reading.pieces} == {""}
        assert reading.missing == 0
        assert "no recordings" in reading.remarks[0]

    def test_some_recordings_missing_is_half_a_corpus(self, tmp_path: Path) -> None:
        root = write_deam(tmp_path / "deam")
        (root / "MEMD_audio/4.mp3").unlink()
        assert read_deam(root).missing == 1
        with pytest.raises(CorpusError, match="half there"):
            load("deam", data_dir=tmp_path)

    def test_a_division_by_lists_is_taken(self, tmp_path: Path) -> None:
        root = write_deam(tmp_path, has_audio=False)
        (root / "split_music2emotion").mkdir()
        for part, ids in (("train", "2 3 4 5"), ("validation", "6 7"), ("test", "8 9 999")):
            path = root / f"split_music2emotion/{part}.txt"
            path.write_text("\n".join(ids.split()))
        split = read_deam(root).split
        assert split is not None
        assert split.sizes == {"train": 4, "validation": 2, "test": 2}

    @pytest.mark.parametrize("row", ["77,11.0,0.5,5,0.5", "77,5,0.5,,0.5", "77,5,-1,5,1"])
    def test_a_label_that_is_none_is_skipped(self, tmp_path: Path, row: str) -> None:
        (tmp_path / "annotations").mkdir()
        path = tmp_path / "annotations/static_annotations_averaged_songs_1_2000.csv"
        path.write_text(f"{STATIC}\n2,5,1,5,1\n{row}\n")
        reading = read_deam(tmp_path)
        assert [song.id for song in reading.pieces] == ["2"]
        assert reading.skipped[0].reference == "song 77"

    def test_a_folder_without_labels_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "annotations").mkdir()
        with pytest.raises(CorpusError, match="no static labels"):
            read_deam(tmp_path)

    @pytest.mark.corpus
    def test_the_real_labels_are_read(self, corpus_folder: Path) -> None:
        corpus = load("deam", data_dir=corpus_folder)
        assert len(corpus.pieces) == 1802
        assert corpus.split.sizes == {"train": 1261, "validation": 271, "test": 270}
        valence = np.array([song.valence for song in corpus.pieces])
        # Mean 4.90 and deviation 1.17 on the scale from 1 to 9.
        assert valence.mean() == pytest.approx((4.90 - 5) / 4, abs=0.005)
        assert valence.std() == pytest.approx(1.17 / 4, abs=0.005)
