"""The metadata of a document, every key checked."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from chromasonic.export.document import FORMAT, Golden, Metadata
from chromasonic.export.fields import array_of, integer_of, list_of, number_of, object_of, text_of
from chromasonic.export.json_limits import DocumentError, shown
from chromasonic.export.spec import Block

KEYS = (
    "format",
    "name",
    "title",
    "version",
    "corpora",
    "is_synthetic",
    "feature_page",
    "state_policy",
    "step",
    "parameters",
    "tolerance",
    "weight_hash",
    "training",
    "golden",
)
"""All of them are wanted, and no other."""

CORPUS_KEYS = ("name", "title", "licence", "licence_url", "fingerprint")
STATE_POLICIES = ("stateless", "carry")

LARGEST_TOLERANCE = 1e-3
"""More is no longer the same model."""

MOST_PARAMETERS = 2**31

LARGEST_FLOAT = 3.4e38

MOST_STEPS = 4096
"""Of the golden vectors; they are computed more than once."""


def metadata_of(value: Any, inputs: int, outputs: int) -> Metadata:
    """The metadata of a model of so many inputs and outputs.

    Raises:
        DocumentError: a key is missing, unknown, or holds something else than it should.
    """
    try:
        return _metadata(value, inputs, outputs)
    except DocumentError as error:
        raise DocumentError(str(error), check="metadata") from None


def _metadata(value: Any, inputs: int, outputs: int) -> Metadata:
    found = object_of(value, "metadata", required=("format",), optional=None)
    version = integer_of(found["format"], "metadata.format")
    if version > FORMAT:
        raise DocumentError(
            f"metadata.format: {version}; this version of Chromasonic reads up to {FORMAT}, so "
            "take a newer one"
        )
    object_of(value, "metadata", required=KEYS)
    pages = object_of(found["feature_page"], "metadata.feature_page", required=_PAGES)
    ins, outs = (_blocks(pages[key], f"metadata.feature_page.{key}") for key in _PAGES)
    for key, blocks, size in (("inputs", ins, inputs), ("outputs", outs, outputs)):
        if (total := sum(block.size for block in blocks)) != size:
            raise DocumentError(
                f"metadata.feature_page.{key}: blocks of {total} numbers, the model has {size}"
            )
    policy = text_of(found["state_policy"], "metadata.state_policy")
    if policy not in STATE_POLICIES:
        raise DocumentError(
            f"metadata.state_policy: {shown(policy)}; allowed: {', '.join(STATE_POLICIES)}"
        )
    corpora = list_of(found["corpora"], "metadata.corpora")
    return Metadata(
        name=text_of(found["name"], "metadata.name"),
        title=text_of(found["title"], "metadata.title"),
        version=text_of(found["version"], "metadata.version"),
        corpora=tuple(_corpus(item, place) for place, item in enumerate(corpora)),
        is_synthetic=_truth(found["is_synthetic"], "metadata.is_synthetic"),
        inputs=ins,
        outputs=outs,
        state_policy=policy,
        step=text_of(found["step"], "metadata.step"),
        parameters=integer_of(
            found["parameters"], "metadata.parameters", least=0, most=MOST_PARAMETERS
        ),
        tolerance=number_of(
            found["tolerance"], "metadata.tolerance", least=1e-12, most=LARGEST_TOLERANCE
        ),
        weight_hash=text_of(found["weight_hash"], "metadata.weight_hash"),
        golden=_golden(found["golden"], inputs, outputs),
        training=_training(found["training"]),
    )


_PAGES = ("inputs", "outputs")


def _truth(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise DocumentError(f"{where}: {shown(value)}, wanted true or false")
    return value


def _training(value: Any) -> dict[str, Any]:
    found = object_of(value, "metadata.training", required=(), optional=None)
    left: list[Any] = [found]
    while left:
        item = left.pop()
        if isinstance(item, (dict, list)):
            left += item.values() if isinstance(item, dict) else item
        elif isinstance(item, (int, float)) and abs(item) > LARGEST_FLOAT:
            raise DocumentError(f"metadata.training: {shown(item)}, which is beyond float32")
    return found


def _corpus(value: Any, place: int) -> dict[str, str]:
    where = f"metadata.corpora[{place}]"
    found = object_of(value, where, required=CORPUS_KEYS)
    return {
        key: text_of(found[key], f"{where}.{key}", may_be_empty=key != "name")
        for key in CORPUS_KEYS
    }


def _blocks(value: Any, where: str) -> tuple[Block, ...]:
    blocks = []
    for place, item in enumerate(list_of(value, where, least=1)):
        at = f"{where}[{place}]"
        found = object_of(item, at, required=("name", "size", "meaning"))
        blocks.append(
            Block(
                text_of(found["name"], f"{at}.name"),
                integer_of(found["size"], f"{at}.size"),
                text_of(found["meaning"], f"{at}.meaning"),
            )
        )
    if len({block.name for block in blocks}) < len(blocks):
        raise DocumentError(f"{where}: two blocks of one name")
    return tuple(blocks)


def _golden(value: Any, inputs: int, outputs: int) -> Golden:
    where = "metadata.golden"
    found = object_of(value, where, required=("inputs", "outputs", "reset_before"))
    steps = len(list_of(found["inputs"], f"{where}.inputs", least=1))
    if steps > MOST_STEPS:
        raise DocumentError(f"{where}.inputs: {steps:,} steps; allowed: {MOST_STEPS:,}")
    resets = list_of(found["reset_before"], f"{where}.reset_before", least=1)
    for place, step in enumerate(resets):
        integer_of(step, f"{where}.reset_before[{place}]", least=0, most=steps - 1)
    if resets[0] != 0 or any(a >= b for a, b in pairwise(resets)):
        raise DocumentError(f"{where}.reset_before: wanted 0 first, then ascending steps")
    return Golden(
        inputs=array_of(found["inputs"], f"{where}.inputs", (steps, inputs)),
        outputs=array_of(found["outputs"], f"{where}.outputs", (steps, outputs)),
        reset_before=tuple(resets),
    )
