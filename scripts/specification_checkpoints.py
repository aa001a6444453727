"""Make the two checkpoints that the gesture specification describes, to be inspected.

    python scripts/specification_checkpoints.py --output outputs/combined

The weights are random; sizes, learning rate, optimizer, metrics and history are as described:

best_model.pth   the fused network (33,219,694 numbers), epoch 33, its optimizer's settings and its
                 learning rate 0.0009973422519357583, validation accuracy 0.112179, F1 0.064831
final_model.pth  the plain network (11,223,143 numbers) and a history of 100 epochs alone:
                 training loss 3.85 to 2.414095, validation accuracy best at epoch 33 (0.196783),
                 last 0.173700

What the specification does not say of the history's other epochs is drawn as a smooth curve through
these points. Momenta are not written: nothing is said of them, and they would triple the file.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chromasonic.gesture.network import GestureNetwork
from chromasonic.gesture.network_config import FUSED, PLAIN, NetworkConfig
from chromasonic.training.checkpoint import save_checkpoint

NODES, FEATURES, CLASSES = 88, 31, 100
EPOCHS, BEST_EPOCH = 100, 33
LEARNING_RATE = 0.0009973422519357583
FIRST_LOSS, LAST_LOSS = 3.85, 2.414095
BEST_ACCURACY, LAST_ACCURACY = 0.196783, 0.173700


def network(config: NetworkConfig, seed: int) -> nn.Module:
    """A network of the specification's input and classes, with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return GestureNetwork(
            config, adjacency=torch.eye(NODES), features=FEATURES, classes=CLASSES
        )


def history() -> dict[str, list[float]]:
    """Training loss and validation accuracy of 100 epochs, through the points that are known."""
    losses, accuracies = [], []
    for epoch in range(1, EPOCHS + 1):
        share = (epoch - 1) / (EPOCHS - 1)
        fallen = (1 - math.exp(-3 * share)) / (1 - math.exp(-3))
        losses.append(FIRST_LOSS + (LAST_LOSS - FIRST_LOSS) * fallen)
        if epoch <= BEST_EPOCH:  # from 2% in a quarter of a sine
            risen = math.sin(math.pi / 2 * epoch / BEST_EPOCH)
            accuracies.append(0.02 + (BEST_ACCURACY - 0.02) * risen)
        else:
            past = (epoch - BEST_EPOCH) / (EPOCHS - BEST_EPOCH)
            accuracies.append(BEST_ACCURACY + (LAST_ACCURACY - BEST_ACCURACY) * past)
    return {"train_loss": losses, "val_acc": accuracies}


def best_content() -> dict[str, Any]:
    """What best_model.pth holds."""
    model = network(FUSED, seed=1)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.999), weight_decay=1e-4
    )
    state = optimizer.state_dict()
    state["param_groups"][0] |= {"initial_lr": 1e-3, "lr": LEARNING_RATE}
    return {
        "epoch": BEST_EPOCH,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": state,
        "val_acc": 0.112179,
        "val_f1": 0.064831,
    }


def final_content() -> dict[str, Any]:
    """What final_model.pth holds."""
    return {"model_state_dict": network(PLAIN, seed=2).state_dict(), "history": history()}


def write_both(folder: Path) -> tuple[Path, Path]:
    """Write both files; 178 MB."""
    return (
        save_checkpoint(folder / "best_model.pth", best_content()),
        save_checkpoint(folder / "final_model.pth", final_content()),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the specification's two checkpoints.")
    parser.add_argument("--output", type=Path, default=Path("outputs/combined"), metavar="FOLDER")
    for path in write_both(parser.parse_args().output):
        print(f"{path}  {path.stat().st_size / 1e6:.0f} MB")
