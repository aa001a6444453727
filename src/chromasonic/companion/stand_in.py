"""Temporary."""
from __future__ import annotations
import torch
from torch.nn import functional as F
from chromasonic.companion.companion import Companion, Row
from chromasonic.companion.spec import SPECS
from chromasonic.companion import synthetic as S
from chromasonic.errors import CorpusError
from chromasonic.training.config import TrainingConfig
from chromasonic.training.task import BatchLoss

MAKERS = {"emotion_recognizer": S.synthetic_emotion, "melody_transformer": S.synthetic_melody,
  "harmony_predictor": S.synthetic_harmony, "dynamics_engine": S.synthetic_dynamics, "groove_predictor": S.synthetic_groove}

def loss(model, t):
    out = model(t["features"]); m = t["mask"]
    key = next(k for k in ("emotion","melody","harmony","expression","groove") if k in t)
    y = t[key]
    if key == "emotion":
        each = -(y * F.log_softmax(out, -1)).sum(-1); extra = {}
    elif key in ("melody", "harmony"):
        each = F.cross_entropy(out.flatten(0,-2), y.flatten(), reduction="none").view(y.shape)
        extra = {"accuracy": (((out.argmax(-1)==y)*m).sum(), m.sum())}
    else:
        out = torch.sigmoid(out) if key=="expression" else out
        each = (out-y)**2; extra = {"mae": (((out-y).abs()*m).sum(), m.sum())}
    s = (each*m).sum()
    return BatchLoss(objective_sum=s, loss_sum=s, metrics=extra)

def load(request):
    raise CorpusError("No corpus is here.")

def stand_in(name):
    return Companion(spec=SPECS[name], corpora=(), load=load, synthetic=MAKERS[name], loss=loss,
      training=TrainingConfig(epochs=5, batch_size=32), headline="accuracy" if name in ("melody_transformer","harmony_predictor") else "mae", evaluate=lambda n, d: [], dropout=0.1)
