"""What a companion model learns from: its corpora where one is at hand, else made-up examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromasonic.companion.at_hand import corpora_at_hand
from chromasonic.companion.companion import Companion, CompanionData, DataRequest
from chromasonic.companion.recipe import FEWEST_MADE_UP, DataSettings
from chromasonic.data.corpus import Manifest
from chromasonic.data.facts import DATA_VARIABLE
from chromasonic.data.progress import Progress
from chromasonic.errors import CorpusError, UsageError
from chromasonic.training.examples import Examples

FORCED = "asked for"
"""Why examples are made up where nothing was looked for."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """A model's examples, and whether they are made up.

    Attributes:
        data: the examples.
        synthetic: why they are made up; empty where they are of a corpus.
        settings: that were asked for.
    """

    data: CompanionData
    synthetic: str
    settings: DataSettings

    @property
    def sizes(self) -> dict[str, dict[str, int]]:
        """Examples and pieces of what training sees."""
        return {
            part: {"examples": len(examples), "pieces": len(set(examples.pieces))}
            for part, examples in (("train", self.data.train), ("validation", self.data.validation))
        }

    @property
    def split(self) -> dict[str, list[str]]:
        """The pieces of what training sees; the test part is opened by evaluation alone."""
        return {
            "train": sorted(set(self.data.train.pieces)),
            "validation": sorted(set(self.data.validation.pieces)),
        }

    @property
    def weights_may_ship(self) -> bool:
        """Whether the corpora let a model be given away for any purpose."""
        return all(manifest.weights_may_ship for manifest in self.data.manifests)

    def to_dict(self) -> dict[str, Any]:
        """What a run and a checkpoint record of it."""
        return {
            "is_synthetic": bool(self.synthetic),
            "why_synthetic": self.synthetic,
            "corpora": [_told(manifest) for manifest in self.data.manifests],
            "weights_may_ship": self.weights_may_ship,
            "remarks": list(self.data.remarks),
            "sizes": self.sizes,
            "settings": {
                "data_dir": self.settings.data_dir,
                "corpora": list(self.settings.corpora),
                "validation_split": self.settings.validation_split,
                "synthetic": bool(self.synthetic),
                "synthetic_examples": self.settings.synthetic_examples,
                "seed": self.settings.seed,
            },
        }


def prepare(
    companion: Companion,
    settings: DataSettings,
    *,
    download: bool = False,
    on_progress: Progress | None = None,
    may_make_up: bool = True,
) -> Material:
    """Load a model's corpora, or make examples up where none is at hand.

    Args:
        companion: the model.
        settings: which data.
        download: whether the network may be asked for a corpus.
        on_progress: told how loading goes.
        may_make_up: whether made-up examples may stand in.

    Raises:
        UsageError: `data_dir` is no folder, or the model cannot learn from one of `corpora`.
        CorpusError: a corpus is half there or unusable (it is then not replaced in silence); or
            none is there and none may be made up.
    """
    if settings.synthetic:
        return Material(data=_made_up(companion, settings), synthetic=FORCED, settings=settings)
    data_dir = Path(settings.data_dir).expanduser() if settings.data_dir else None
    if data_dir is not None and not data_dir.is_dir():
        raise UsageError(
            f"--data-dir is {data_dir}, which is no folder. Give one with a sub-folder a corpus "
            f"({', '.join(companion.corpora)}), or leave it out."
        )
    names = _chosen(companion, settings)
    if not corpora_at_hand(names, data_dir=data_dir) and not download:
        where = data_dir or f"{DATA_VARIABLE} or the cache"
        absent = f"none of its corpora ({', '.join(names) or 'none yet'}) is in {where}"
        if not may_make_up:
            raise CorpusError(
                f"{companion.spec.title}: {absent}. Give --data-dir, or fetch one with "
                "'chromasonic data fetch NAME'."
            )
        return Material(data=_made_up(companion, settings), synthetic=absent, settings=settings)
    request = DataRequest(
        data_dir=data_dir,
        corpora=settings.corpora,
        validation_split=settings.validation_split,
        seed=settings.seed,
        download=download,
        on_progress=on_progress,
    )
    return Material(data=companion.load(request), synthetic="", settings=settings)


def _chosen(companion: Companion, settings: DataSettings) -> tuple[str, ...]:
    """The corpora to learn from, of those that the model can learn from."""
    known = (*companion.corpora, *companion.more_corpora)
    unknown = [name for name in settings.corpora if name not in known]
    if unknown:
        raise UsageError(
            f"{companion.spec.title} cannot learn from {', '.join(unknown)}; allowed as corpora: "
            f"{', '.join(known)}; or leave 'corpora' empty."
        )
    return settings.corpora or companion.corpora


def _made_up(companion: Companion, settings: DataSettings) -> CompanionData:
    """Three sets from three seeds."""
    seeds = [3 * settings.seed + part for part in range(3)]
    count = settings.synthetic_examples or FEWEST_MADE_UP
    fewer = count // 4
    make: Callable[[int, int], Examples] = companion.synthetic
    return CompanionData(
        train=make(count, seeds[0]),
        validation=_named(make(fewer, seeds[1]), "validation"),
        test=lambda: _named(make(fewer, seeds[2]), "test"),
        manifests=(),
    )


def _named(examples: Examples, part: str) -> Examples:
    """The same examples with pieces that bear the part's name, so that none has two parts."""
    pieces = [f"{piece}/{part}" for piece in examples.pieces]
    return Examples(examples.items, pieces, examples.groups)


def _told(manifest: Manifest) -> dict[str, Any]:
    """What is kept of a manifest: enough to find the same corpus again, and to name it."""
    kept = (
        "name", "title", "licence", "licence_url", "citation", "url", "weights_may_ship",
        "found_at", "found_by", "fingerprint", "counts",
    )  # fmt: skip
    return {
        **{name: getattr(manifest, name) for name in kept},
        "skipped": manifest.skipped_reasons,
        "remarks": list(manifest.remarks),
    }
