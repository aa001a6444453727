"""Where a version comes from and what came of it, as a small tree of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chromasonic.registry.version import Change, Version


@dataclass(frozen=True)
class Branch:
    """A line of the tree, and what grew out of it."""

    text: str
    grown: list[Branch] = field(default_factory=list)


def family_tree(version: Version, children: Sequence[Version] = ()) -> Branch:
    """Corpora and parent, the run that learned from them, the version, its exports and children.

    Args:
        version: in the middle.
        children: the versions whose weights began from it.
    """
    facts = version.facts
    own = Branch(_called(version))
    for export in version.exports:
        sizes = ", ".join(
            f"{name} ({file.size_bytes:,} bytes)" for name, file in sorted(export.files.items())
        )
        own.grown.append(Branch(f"export {export.format}: {sizes}"))
    own.grown.extend(Branch(f"{_called(child)} began from it") for child in children)
    date = str(facts.code.get("date", ""))[:10]
    known = [
        f"run {facts.run or 'unknown'}",
        "" if facts.seed is None else f"seed {facts.seed}",
        f"of {date}" if date else "",
        f"tracked as {facts.tracked_run[:8]}" if facts.tracked_run else "",
    ]
    run = Branch(", ".join(part for part in known if part), [own])
    sources = [
        f"{corpus.name} ({corpus.licence or 'no licence recorded'}"
        f"{f'; {corpus.fingerprint[:8]}' if corpus.fingerprint else ''})"
        for corpus in facts.corpora
    ]
    if version.parent:
        sources.append(f"weights of {version.parent}")
    sources = sources or ["corpora not recorded"]
    return Branch("learned from", [*map(Branch, sources[:-1]), Branch(sources[-1], [run])])


def _called(version: Version) -> str:
    aliases = f" ({', '.join(version.aliases)})" if version.aliases else ""
    return f"{version.reference}{aliases}"


def lines_of(branch: Branch) -> list[str]:
    """The tree as lines of text."""
    return [branch.text, *_below(branch, "")]


def _below(branch: Branch, indent: str) -> list[str]:
    lines: list[str] = []
    for number, child in enumerate(branch.grown, start=1):
        is_last = number == len(branch.grown)
        lines.append(f"{indent}{'└─ ' if is_last else '├─ '}{child.text}")
        lines += _below(child, indent + ("   " if is_last else "│  "))
    return lines


def change_line(change: Change) -> str:
    """A move of an alias in a line: when, what, who, why."""
    before = "-" if change.before is None else str(change.before)
    after = "-" if change.after is None else str(change.after)
    word = {"rollback": " (rollback)", "removed": " (removed)"}.get(change.kind, "")
    why = f": {change.why}" if change.why else ""
    when = change.when.replace("T", " ")[:16]
    return f"{when}  {change.alias}  {before} -> {after}{word}  {change.who}{why}"
