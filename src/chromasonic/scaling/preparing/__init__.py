"""Big corpora made ready for training: parsed, filtered, tokenized, without copies, in shards.

`prepare` does it, on this machine or on a Ray cluster; `data.prepared` reads what it leaves.
"""

from chromasonic.scaling.preparing.preparation import Preparation, prepare
from chromasonic.scaling.preparing.settings import PrepareSettings

__all__ = ["Preparation", "PrepareSettings", "prepare"]
