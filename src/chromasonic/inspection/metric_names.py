"""Metrics by one name each, however a checkpoint calls them."""

from __future__ import annotations

import re
from dataclasses import dataclass

PARTS = {
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "eval": "validation", "train": "training", "training": "training", "tr": "training",
    "test": "test",
}  # fmt: skip
NAMES = {
    "acc": "accuracy", "acc1": "accuracy", "top1": "accuracy", "f1": "F1 score",
    "f1_score": "F1 score", "macro_f1": "F1 score", "f1_macro": "F1 score", "ppl": "perplexity",
    "auroc": "AUC", "auc": "AUC",
}  # fmt: skip
LOWER_IS_BETTER = (
    "loss", "error", "err", "perplexity", "wer", "cer", "mae", "mse", "rmse", "fid", "nll",
)  # fmt: skip
JUDGEMENTS = (
    "accuracy", "f1", "precision", "recall", "auc", "score", "iou", "miou", "dice", "bleu", "map",
    "top5", "ndcg", "psnr", "ssim",
)  # fmt: skip
NOT_METRICS = (
    "epoch", "step", "seconds", "time", "updates", "targets", "tokens per second",
    "padding share", "gradient norm",
)  # fmt: skip
"""What histories count besides."""
ACRONYMS = ("mae", "mse", "rmse", "iou", "fid", "wer", "cer", "nll", "bleu", "psnr", "ssim", "lr")
SHARES = ("accuracy", "F1 score", "precision", "recall", "AUC")
"""Metrics between 0 and 1 that are told as percent too."""


@dataclass(frozen=True)
class MetricName:
    """What a key means.

    Attributes:
        part: "validation", "training", "test", or "" where it does not say.
        name: such as "accuracy".
        is_best: whether it says of itself that it is the best so far.
    """

    part: str
    name: str
    is_best: bool = False

    @property
    def text(self) -> str:
        """Such as "Best validation accuracy"."""
        name = " ".join(w.upper() if w in ACRONYMS else w for w in self.name.split())
        words = " ".join(filter(None, ("best" if self.is_best else "", self.part, name)))
        return words[:1].upper() + words[1:]

    @property
    def is_judgement(self) -> bool:
        """Whether it says how good the model is, so that one epoch can be the best by it."""
        words = set(self.name.lower().split())
        return self.name in SHARES or bool(words & {*LOWER_IS_BETTER, *JUDGEMENTS})

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1."""
        return self.name in SHARES or self.name.endswith(" accuracy")

    @property
    def is_lower_better(self) -> bool:
        """Whether less of it is better."""
        return any(word in self.name.lower().split() for word in LOWER_IS_BETTER)


def metric_name(key: str) -> MetricName:
    """The metric that a key such as "best_val_acc" or "valid/loss" names."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
    words = [word for word in re.split(r"[\s_/.\-@]+", spaced) if word]
    is_best = bool({"best", "max", "min"} & set(words))
    part = next((PARTS[word] for word in words if word in PARTS), "")
    rest = [word for word in words if word not in PARTS and word not in ("best", "max", "min")]
    joined = "_".join(rest)
    return MetricName(part, NAMES.get(joined, " ".join(rest) or "value"), is_best)
