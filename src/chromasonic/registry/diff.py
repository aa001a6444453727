"""Two models beside each other: what of recipe, corpora, figures, files, code is not the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.metrics import figures_of, metric, said
from chromasonic.registry.model import CorpusUsed, ModelFacts


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that is not the same.

    Attributes:
        key: what it is: a setting with its tables, a metric, a file.
        a: of the first model; None where it has none.
        b: of the second.
        says: what follows, such as a metric's difference; "" where nothing does.
    """

    key: str
    a: Any
    b: Any
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Diff:
    """Two models beside each other.

    Attributes:
        a: how the first is called.
        b: how the second is called.
        model: task, kind, parameters, seed, parent.
        recipe: settings, each by its dotted name.
        corpora: what was learned from: licences, fingerprints.
        figures: every validation figure that either has, also where they are equal.
        files: by checksum.
        code: versions of code and libraries.
        remarks: what is not compared, and why.
    """

    a: str
    b: str
    model: tuple[Row, ...]
    recipe: tuple[Row, ...]
    corpora: tuple[Row, ...]
    figures: tuple[Row, ...]
    files: tuple[Row, ...]
    code: tuple[Row, ...]
    remarks: tuple[str, ...] = ()

    @property
    def is_same_content(self) -> bool:
        """Whether both have the same files, byte for byte."""
        return not self.files

    def sections(self) -> dict[str, tuple[Row, ...]]:
        """Heading to rows, in the order in which they are read."""
        return {
            "Model": self.model,
            "Recipe": self.recipe,
            "Corpora": self.corpora,
            "Validation": self.figures,
            "Files": self.files,
            "Code": self.code,
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "is_same_content": self.is_same_content}


@dataclass(frozen=True, kw_only=True)
class Side:
    """A model to be set beside another.

    Attributes:
        name: how it is called.
        facts: what is known of it.
        files: name to checksum and size.
        architecture: what its checkpoint says of its layers, by name; empty where it has none.
    """

    name: str
    facts: ModelFacts
    files: Mapping[str, FileFacts]
    architecture: Mapping[str, Any]


def diff(a: Side, b: Side) -> Diff:
    """What is not the same of two models, and both figures of every metric.

    Recipes and figures of models of different tasks have nothing in common and are left out.
    Settings of a kind stand without its name, so that those of an LSTM meet a Transformer's.
    """
    is_one_task = a.facts.task == b.facts.task
    remark = (
        f"{a.name} is of the task {a.facts.task}, and {b.name} of {b.facts.task}: their recipes "
        "and figures are not compared."
    )
    return Diff(
        a=a.name,
        b=b.name,
        model=(*_unlike(_model(a), _model(b)),),
        recipe=(*_unlike(_settings(a.facts), _settings(b.facts)),) if is_one_task else (),
        corpora=(*_corpora(a.facts.corpora, b.facts.corpora),),
        figures=(*_figures(a.facts, b.facts),) if is_one_task else (),
        files=(*_files(a.files, b.files),),
        code=(*_unlike(flat(_code(a.facts.code)), flat(_code(b.facts.code))),),
        remarks=() if is_one_task else (remark,),
    )


def _settings(facts: ModelFacts) -> dict[str, Any]:
    """A recipe by dotted names, its kind's own settings without the kind."""
    return {key.removeprefix(f"{facts.kind}."): value for key, value in flat(facts.recipe).items()}


def flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested tables as one, each value by its dotted name."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{name}.")
        else:
            found[name] = list(value) if isinstance(value, tuple) else value
    return found


def _unlike(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterable[Row]:
    for key in dict.fromkeys((*a, *b)):
        if a.get(key) != b.get(key):
            yield Row(key=key, a=a.get(key), b=b.get(key))


def _model(side: Side) -> dict[str, Any]:
    facts = side.facts
    return {
        "task": facts.task,
        "kind": facts.kind,
        "title": facts.title,
        "parameters": facts.parameters,
        "seed": facts.seed,
        "parent": facts.parent or None,
        **side.architecture,
    }


def _code(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Without the date and the command, which always differ."""
    return {key: value for key, value in facts.items() if key not in ("date", "command")}


def _corpora(a: Sequence[CorpusUsed], b: Sequence[CorpusUsed]) -> Iterable[Row]:
    ours, theirs = ({corpus.name: corpus for corpus in corpora} for corpora in (a, b))
    for name in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None:
            yield Row(
                key=name,
                a=one.licence if one else None,
                b=other.licence if other else None,
                says="in one alone",
            )
            continue
        if one.fingerprint != other.fingerprint:
            yield Row(
                key=f"{name}: fingerprint",
                a=one.fingerprint[:16] or None,
                b=other.fingerprint[:16] or None,
                says="other material under the same name",
            )
        if one.licence != other.licence:
            yield Row(key=f"{name}: licence", a=one.licence, b=other.licence)


def _figures(a: ModelFacts, b: ModelFacts) -> Iterable[Row]:
    """Both figures of every metric; no verdict, as a difference may be chance."""
    ours = figures_of(a.validation, a.headline)
    theirs = figures_of(b.validation, b.headline)
    for name in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(name), theirs.get(name)
        says = ""
        if one is not None and other is not None:
            change = other.value - one.value
            lower = metric(name).is_lower_better
            better = "" if lower is None or not change else _better(change < 0, lower)
            says = f"{change:+.3g}{f', {better}' if better else ''}" if change else "equal"
        yield Row(
            key=said(name),
            a=None if one is None else str(one),
            b=None if other is None else str(other),
            says=says,
        )


def _better(is_less: bool, is_lower_better: bool) -> str:
    return "better" if is_less == is_lower_better else "worse"


def _files(a: Mapping[str, FileFacts], b: Mapping[str, FileFacts]) -> Iterable[Row]:
    for name in sorted({*a, *b}):
        one, other = a.get(name), b.get(name)
        if one is not None and other is not None and one.sha256 == other.sha256:
            continue
        yield Row(key=name, a=_file(one), b=_file(other))


def _file(file: FileFacts | None) -> str | None:
    return None if file is None else f"{file.sha256[:12]} ({file.size_bytes:,} bytes)"
