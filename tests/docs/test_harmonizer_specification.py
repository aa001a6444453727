"""The models directory as its specification describes it: exact names, loading snippets, README."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from documentation_pages import blocks, run_chromasonic

from chromasonic.harmonization.models_readme import said

SPECIFIED = {
    "advanced_harmonization_model.json",
    "advanced_harmonization_model.json.checkpoint",
    "simple_contrary_motion_model_metadata.json",
    "hybrid_model_test_results.json",
    "reward_history.npy",
    "simple_contrary_motion_reward_history.npy",
    "model_metadata.json",
}

LOADING = """\
import json
import numpy as np

# Load model
with open('models/advanced_harmonization_model.json', 'r') as f:
    model = json.load(f)

# Load training history
reward_history = np.load('models/reward_history.npy')
"""

PLOTTING = """\
# Plot reward curves
import matplotlib.pyplot as plt
import numpy as np

rewards = np.load('models/reward_history.npy')
plt.plot(rewards)
plt.title('Training Reward Progression')
plt.show()
"""


def run(snippet: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(compile(snippet, "specification", "exec"), names)
    return names


@pytest.fixture
def folder(readers_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(readers_folder)
    return readers_folder / "models"


def test_training_leaves_every_file_of_the_specification(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} >= SPECIFIED


def test_the_specified_snippets_load_and_plot_what_was_trained(folder: Path) -> None:
    names = run(LOADING)
    assert isinstance(names["model"], dict)
    plt.close("all")
    run(PLOTTING)
    (line,) = plt.gca().lines
    np.testing.assert_array_equal(line.get_ydata(), names["reward_history"])
    assert plt.gca().get_title() == "Training Reward Progression"
    plt.close("all")


@pytest.mark.parametrize("snippet", [LOADING, PLOTTING])
def test_the_page_shows_the_specified_snippets(snippet: str) -> None:
    shown = [ast.dump(ast.parse(block.text)) for block in blocks("docs/harmonizer.md", "python")]
    assert ast.dump(ast.parse(snippet)) in shown  # the page's quotes are the formatter's


@pytest.mark.parametrize(
    ("history", "metadata"),
    [
        ("reward_history.npy", "model_metadata.json"),
        (
            "simple_contrary_motion_reward_history.npy",
            "simple_contrary_motion_model_metadata.json",
        ),
    ],
)
def test_histories_and_metadata_agree(folder: Path, history: str, metadata: str) -> None:
    rewards = np.load(folder / history)
    facts = json.loads((folder / metadata).read_text(encoding="utf-8"))
    assert rewards.dtype == np.float64
    assert facts["episodes"] == len(rewards)
    assert facts["average_reward"] == pytest.approx(rewards.mean())
    assert facts["best_reward"] == pytest.approx(rewards.max())
    for key in ("name", "version", "date", "reward_definition", "description"):
        assert facts[key], key


def test_the_hybrids_results_hold_each_methods_metrics_on_named_melodies(folder: Path) -> None:
    results = json.loads((folder / "hybrid_model_test_results.json").read_text(encoding="utf-8"))
    assert results["melodies"]
    for melody in results["melodies"]:
        assert melody["melody"]
        assert {"exact", "hybrid", "advanced"} <= set(melody["methods"])
        for metrics in melody["methods"].values():
            assert set(metrics) <= set(results["measures"])
    for metric, best in results["best"].items():
        mean = {
            name: metrics[metric] for name, metrics in results["mean"].items() if metric in metrics
        }
        assert mean[best] == max(value for name, value in mean.items() if name != "Bach")


def test_the_generated_readme_tells_each_files_size_and_use(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    for name in SPECIFIED:
        line = next(line for line in text.splitlines() if line.startswith(f"- `{name}` - "))
        assert said((folder / name).stat().st_size) in text, line
    for heading in ("Contents", "Usage", "Model Details", "File Organization", "Model Management"):
        assert f"## {heading}" in text


def test_metadata_alone_answers_which_models_there_are(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = folder / "advanced_harmonization_model.json"
    content = model.read_bytes()
    model.write_bytes(b"not a model")
    try:
        assert run_chromasonic(["models", "--models", "models", "--json"], monkeypatch) == 0
    finally:
        model.write_bytes(content)
    listed = json.loads(capsys.readouterr().out)["models"]
    assert {facts["agent"] for facts in listed} == {"simple", "advanced", "hybrid"}
