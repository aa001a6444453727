"""The models directory: metadata, archive, README and reward histories."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from chromasonic.errors import DataError, UsageError
from chromasonic.harmonization import rules
from chromasonic.harmonization.models_directory import (
    FILES,
    ModelMetadata,
    agents_in,
    archive_training,
    read_metadata,
    rules_fingerprint,
    write_metadata,
)
from chromasonic.harmonization.models_readme import readme_text, said, write_readme
from chromasonic.harmonization.reward_history import (
    draw_history,
    read_history,
    smoothed,
    write_history,
)

METADATA = ModelMetadata(
    agent="advanced",
    name="Advanced harmonization model",
    version="1.0.0",
    date="2026-05-01T12:00:00Z",
    episodes=10_700,
    average_reward=-3.25,
    best_reward=1.5,
    reward_definition="sum of the rules over a melody",
    description="Four voices.",
    corpora=[{"name": "bach-chorales", "title": "Chorales", "licence": "public domain"}],
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    files = FILES["advanced"]
    (folder / files.model).write_text(json.dumps({"vocabulary": ["I", "V"]}))
    write_history(folder / files.history, np.linspace(-5, 1, 10_700))
    write_metadata(folder, METADATA)
    return folder


def test_a_history_of_10700_episodes_is_as_large_as_the_specification_says(models: Path) -> None:
    assert said((models / "reward_history.npy").stat().st_size) == "85.7 KB"
    path = write_history(models / "simple_contrary_motion_reward_history.npy", np.zeros(10_000))
    assert said(path.stat().st_size) == "80.1 KB"


def test_metadata_comes_back_and_the_model_stays_unread(models: Path) -> None:
    (models / FILES["advanced"].model).write_bytes(b"\xff not a model")
    assert read_metadata(models, "advanced") == METADATA
    assert agents_in(models) == ("advanced",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON"),
        ("[]", "format 'list'"),
        ('{"format": 2}', "format 2"),
        ('{"format": 1, "agent": "advanced"}', "incomplete"),
    ],
)
def test_broken_metadata_says_what_is_wrong_and_what_to_do(
    models: Path, content: str, message: str
) -> None:
    (models / "model_metadata.json").write_text(content)
    with pytest.raises(DataError, match=f"{message}.*chromasonic train harmonizer"):
        read_metadata(models, "advanced")


def test_metadata_of_a_wrong_type_is_refused(models: Path) -> None:
    write_metadata(models, replace(METADATA, episodes="many"))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="'episodes' is 'many'"):
        read_metadata(models, "advanced")


def test_a_new_training_archives_the_old_one_under_its_date_once(models: Path) -> None:
    first = archive_training(models, "advanced")
    assert [path.name for path in first] == [
        "advanced_harmonization_model_20260501T120000Z.json",
        "model_metadata_20260501T120000Z.json",
        "reward_history_20260501T120000Z.npy",
    ]
    assert archive_training(models, "advanced") == first
    assert len(list((models / "archive").iterdir())) == 3
    write_history(models / "reward_history.npy", np.zeros(3))
    again = archive_training(models, "advanced")[-1]
    assert again.name == "reward_history_20260501T120000Z-2.npy"
    np.testing.assert_array_equal(read_history(first[-1]), np.linspace(-5, 1, 10_700))


def test_a_history_without_metadata_is_archived_under_the_date_of_its_file(models: Path) -> None:
    (models / "model_metadata.json").unlink()
    for path in models.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    names = [path.name for path in archive_training(models, "advanced")]
    assert "reward_history_20010909T014640Z.npy" in names


def test_the_readme_lists_every_file_with_its_size_and_use(models: Path) -> None:
    (models / "notes.txt").write_text("mine")
    text = write_readme(models).read_text(encoding="utf-8")
    for line in (
        "# Models Directory",
        "- `reward_history.npy` - Advanced harmonization model: reward of each episode (85.7 KB)",
        "- `notes.txt` - Not written by the training (4 bytes)",
        "**Total Files**: 4",
        "10,700 episodes; average reward -3.250, best 1.500",
        "Chorales (public domain)",
    ):
        assert line in text
    assert "README.md" not in text
    assert readme_text(models) == text


def test_the_snippets_of_the_readme_run(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib.use("Agg")
    text = readme_text(models)
    monkeypatch.chdir(models.parent)
    snippets = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    names: dict[str, object] = {}
    for snippet in snippets:
        exec(compile(snippet, "README", "exec"), names)
    assert names["model"] == {"vocabulary": ["I", "V"]}
    assert len(names["reward_history"]) == len(names["rewards"]) == 10_700  # type: ignore[arg-type]


def test_histories_are_one_finite_number_an_episode(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 that are not finite"):
        write_history(tmp_path / "h.npy", [1.0, float("nan")])
    path = tmp_path / "h.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="no NumPy array"):
        read_history(path)
    np.save(path, np.zeros((2, 2)))
    with pytest.raises(DataError, match="one float64 an episode"):
        read_history(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="no NumPy array"):
        read_history(path)


def test_the_running_mean_is_over_the_last_episodes() -> None:
    history = np.array([1.0, 3.0, 5.0, 7.0])
    np.testing.assert_allclose(smoothed(history, 2), [1.0, 2.0, 4.0, 6.0])


def test_the_curve_of_one_episode_can_be_drawn(tmp_path: Path) -> None:
    path = draw_history(np.array([2.0]), tmp_path / "h.png", title="One", unit="reward")
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match="no episode"):
        draw_history(np.array([]), tmp_path / "h.png", title="None", unit="reward")


def test_the_fingerprint_changes_with_any_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rules_fingerprint()
    rule = rules.RULES["parallel_fifths"]
    monkeypatch.setitem(rules.RULES, rule.name, replace(rule, weight=rule.weight + 0.01))
    assert rules_fingerprint() != before
