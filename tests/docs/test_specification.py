"""The specification's commands and snippets, written exactly as it writes them.

What its reader supplies (a trained model, sequences) is supplied here too; numbers of epochs are
made small, nothing else is touched.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from documentation_pages import REPOSITORY, blocks, commands, made_small, run_python_script

GUIDE = "docs/melody-training-guide.md"

COMMANDS = [
    "python train_models.py --dataset synthetic --num-sequences 1000",
    "python train_models.py --dataset nottingham --epochs 100",
    "python train_models.py --dataset synthetic --epochs 50 --num-sequences 1000",
    "python train_models.py --model lstm --dataset nottingham --epochs 100",
    "python train_models.py --model transformer --dataset synthetic --epochs 50",
    "python train_models.py --dataset nottingham --model both --epochs 100 --batch-size 64 "
    "--learning-rate 0.001 --hidden-size 256 --num-layers 3 --dropout 0.3 --patience 20 "
    "--min-melody-length 16 --max-melody-length 128 --output-dir ./my_training_results",
    "python train_models.py --patience 20",
    "python train_models.py --lr-scheduler cosine",
    "python train_models.py --model both --epochs 100 --batch-size 32 --num-sequences 1500 "
    "--output-dir ./experiment_1",
    "cp ./experiment_1/lstm_checkpoints/melody_lstm_best.pt ./models/production_model.pt",
]

# Flags that the specification's troubleshooting tells a reader to change, one at a time.
ADVICE = [
    "--learning-rate 0.0001",
    "--learning-rate 0.01",
    "--dropout 0.3",
    "--dropout 0.4",
    "--num-layers 2",
    "--hidden-size 64",
    "--num-sequences 2000",
    "--batch-size 16",
    "--batch-size 64",
]


def run_snippet(text: str, **names: Any) -> dict[str, Any]:
    """Run a snippet with what its reader has at hand; the names that it leaves."""
    namespace: dict[str, Any] = {"__name__": "snippet", **names}
    exec(compile(text, "specification", "exec"), namespace)
    return namespace


@pytest.fixture
def at_the_readers(readers_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(readers_folder)


def trained(kind: str) -> torch.nn.Module:
    from chromasonic.melody_generation.models import load_model

    return load_model(Path(f"training_results/{kind}_checkpoints")).model


@pytest.mark.parametrize("command", COMMANDS)
def test_the_guide_shows_each_specified_command_and_so_its_test_runs_it(command: str) -> None:
    shown = [words for block in blocks(GUIDE, "bash") for words in commands(block.text)]
    assert command.split() in shown


def test_every_flag_of_the_advice_is_known_to_the_script(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_python_script(REPOSITORY / "train_models.py", ["--help"], monkeypatch)
    text = capsys.readouterr().out
    assert [flag for flag in (words.split()[0] for words in ADVICE) if flag not in text] == []


def test_training_leaves_the_specified_files(readers_folder: Path) -> None:
    root = readers_folder / "training_results"
    for kind in ("lstm", "transformer"):
        for ending in ("best.pt", "final.pt", "history.json", "curves.png"):
            file = root / f"{kind}_checkpoints" / f"melody_{kind}_{ending}"
            assert file.stat().st_size > 0
    assert (root / "comparison_results/model_comparison.png").stat().st_size > 0
    comparison = json.loads((root / "comparison_results/model_comparison.json").read_text())
    assert isinstance(comparison, dict)


def test_every_tenth_epoch_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["train_models.py", "--model", "lstm", "--output-dir", str(tmp_path)]
    arguments = [*made_small(words)[1:], "--epochs", "10", "--patience", "20"]
    assert run_python_script(REPOSITORY / "train_models.py", arguments, monkeypatch) == 0
    assert (tmp_path / "lstm_checkpoints/melody_lstm_epoch_10.pt").stat().st_size > 0


RUNNING_TESTS = """
from chromasonic.melody_generation.testing import ModelTester
from chromasonic.melody_generation.training import create_training_data

# Load your trained model
model = load_trained_model()

# Create test data
_, test_data = create_training_data(num_sequences=200, train_split=0.0)

# Test the model
tester = ModelTester(model, "MyModel")
results = tester.run_comprehensive_test(
    test_data=test_data,
    save_dir=Path("./test_results")
)

print(f"Overall Score: {results['overall_score']:.4f}")
"""


@pytest.mark.usefixtures("at_the_readers")
def test_running_tests(capsys: pytest.CaptureFixture[str]) -> None:
    left = run_snippet(RUNNING_TESTS, Path=Path, load_trained_model=lambda: trained("lstm"))
    assert len(left["test_data"]) == 200
    assert all(isinstance(token, int) for token in left["test_data"][0])
    assert "Overall Score: " in capsys.readouterr().out
    assert any(Path("test_results").iterdir())


MODEL_COMPARISON = """
from chromasonic.melody_generation.testing import ModelComparison

comparison = ModelComparison()
results = comparison.compare_models(
    models={
        "LSTM": lstm_model,
        "Transformer": transformer_model,
        "Markov": markov_model
    },
    test_data=test_sequences,
    save_dir=Path("./comparison")
)
"""


@pytest.mark.usefixtures("at_the_readers")
def test_model_comparison() -> None:
    from chromasonic.melody_generation.training import create_training_data

    _, test_sequences = create_training_data(num_sequences=20, train_split=0.0)
    run_snippet(
        MODEL_COMPARISON,
        Path=Path,
        lstm_model=trained("lstm"),
        transformer_model=trained("transformer"),
        markov_model=trained("markov"),
        test_sequences=test_sequences,
    )
    text = Path("comparison/model_comparison.json").read_text()
    assert all(name in text for name in ("LSTM", "Transformer", "Markov"))
    assert Path("comparison/model_comparison.png").read_bytes().startswith(b"\x89PNG")


CUSTOM_TRAINING = """
from chromasonic.melody_generation.training import ModelTrainer
import torch.nn as nn

# Define your model
class CustomMelodyModel(nn.Module):
    def __init__(self):
        super().__init__()
        # Your architecture here
    
    def forward(self, x):
        # Your forward pass
        pass

# Create trainer
model = CustomMelodyModel()
trainer = ModelTrainer(model, model_name="custom_model")

# Train
history = trainer.train(
    train_data=train_sequences,
    val_data=val_sequences,
    epochs=100,
    batch_size=32,
    learning_rate=0.001,
    checkpoint_dir=Path("./checkpoints")
)

# Plot learning curves
history.plot_curves(save_path="learning_curves.png")
"""

ARCHITECTURE = "self.table = nn.Embedding(512, 16); self.out = nn.Linear(16, 512)"
FORWARD = "return self.out(self.table(x))"


@pytest.mark.usefixtures("at_the_readers", "real_pictures")
def test_custom_training_loop() -> None:
    from chromasonic.melody_generation.training import create_training_data

    train_sequences, val_sequences = create_training_data(num_sequences=40)
    snippet = (
        CUSTOM_TRAINING.replace("# Your architecture here", ARCHITECTURE)
        .replace("# Your forward pass\n        pass", FORWARD)
        .replace("epochs=100", "epochs=2")
    )
    left = run_snippet(
        snippet, Path=Path, train_sequences=train_sequences, val_sequences=val_sequences
    )
    assert left["history"].best_epoch in (1, 2)
    assert Path("checkpoints/custom_model_best.pt").stat().st_size > 0
    assert Path("learning_curves.png").read_bytes().startswith(b"\x89PNG")


LOADING = """
import torch
from pathlib import Path

# Load best checkpoint
checkpoint = torch.load("training_results/lstm_checkpoints/melody_lstm_best.pt")

# Restore model state
model.load_state_dict(checkpoint['model_state_dict'])
model.eval()

# Check which epoch it was from
print(f"Loaded from epoch: {checkpoint['epoch']}")
"""


@pytest.mark.usefixtures("at_the_readers")
def test_loading_saved_models(capsys: pytest.CaptureFixture[str]) -> None:
    run_snippet(LOADING, model=trained("lstm"))
    assert capsys.readouterr().out == "Loaded from epoch: 1\n"


ANALYZING = """
from chromasonic.melody_generation.training import TrainingHistory

# Load saved history
history = TrainingHistory.load("training_results/lstm_checkpoints/melody_lstm_history.json")

# Access metrics
print(f"Best validation loss: {history.best_val_loss:.4f}")
print(f"Best epoch: {history.best_epoch}")

# Plot again with custom settings
history.plot_curves(save_path="custom_curves.png")
"""


@pytest.mark.usefixtures("at_the_readers", "real_pictures")
def test_analyzing_training_history(capsys: pytest.CaptureFixture[str]) -> None:
    left = run_snippet(ANALYZING)
    out = capsys.readouterr().out
    assert f"Best validation loss: {left['history'].best_val_loss:.4f}\nBest epoch: 1\n" == out
    assert Path("custom_curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_data_loader_is_where_the_specification_says() -> None:
    import chromasonic.melody_generation.data_loader as loader

    assert loader.__doc__
