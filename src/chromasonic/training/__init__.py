"""Training: one loop for every task, with its checkpoints, history, curves and their reading."""
