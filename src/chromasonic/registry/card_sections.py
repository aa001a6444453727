"""The sections of a model card, each from facts alone; cards of every task are made of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from chromasonic.config import to_toml
from chromasonic.registry import made_up
from chromasonic.registry.card_words import CardWords
from chromasonic.registry.licences import terms_of_corpus, weights_terms
from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.markdown import code, escaped, fenced, link, one_line, table
from chromasonic.registry.metrics import Measured, figures_of, metric, said
from chromasonic.registry.model import CorpusUsed, ModelFacts

NEW_FOLDER = "again"
NO_INTERVAL = (
    "A figure without an interval was measured over all notes or pieces at once. The validation "
    "part was used to choose the best epoch and perhaps the settings, so it flatters a little; "
    "figures of a test part stand here only where an evaluation had opened it before."
)


def page(head: str, title: str, sections: Sequence[tuple[str, str]]) -> str:
    """A whole card.

    Args:
        head: YAML between lines of strokes; "" leaves it out.
        title: its heading, Markdown.
        sections: heading and text of each; empty texts are left out, and so are empty headings.
    """
    parts = [head, f"# {title}"]
    for heading, text in sections:
        if text.strip():
            parts += [f"## {heading}" if heading else "", text.strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def made_up_text(facts: ModelFacts) -> str:
    """In bold that it learned from made-up examples; "" where it did not."""
    first, rest = made_up.warning(facts)
    space = " " if rest.startswith(" ") else ""
    return f"**{escaped(first)}**{space}{escaped(rest)}" if first else ""


def uses_text(facts: ModelFacts, words: CardWords) -> str:
    """What it is for, and what not; of made-up examples nothing is good for music."""
    uses, not_for = words.uses, words.not_for
    if made_up.is_all_made_up(facts):
        uses, not_for = (made_up.USE,), (made_up.NOT_FOR, *not_for)
    return under({"Direct Use": _list(uses), "Out-of-Scope Use": _list(not_for)})


def under(parts: Mapping[str, str]) -> str:
    """Parts of a section, each below a heading of its own; empty ones are left out."""
    return "\n\n".join(f"### {heading}\n\n{text}" for heading, text in parts.items() if text)


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)


def weights_text(corpora: Sequence[CorpusUsed]) -> str:
    """What the licences say of the weights."""
    terms = weights_terms(corpora)
    parts = [escaped(terms.sentence)]
    if terms.asks:
        parts.append(f"The corpora ask:\n\n{_list(terms.asks)}")
    parts.append(
        "Whether weights are a work derived from their corpus is not settled; this is no legal "
        "advice. The code of Chromasonic is under the MIT licence."
    )
    return "\n\n".join(parts)


def corpora_text(corpora: Sequence[CorpusUsed]) -> str:
    """Each corpus: licence, citation, source, fingerprint."""
    if not corpora:
        return "Not recorded: what it learned from cannot be told from its files."
    return "\n".join(_corpus_line(corpus) for corpus in corpora)


def _corpus_line(corpus: CorpusUsed) -> str:
    title = link(corpus.title or corpus.name, corpus.url)
    licence = link(corpus.licence or "no licence recorded", corpus.licence_url)
    terms = terms_of_corpus(corpus)
    ship = "" if terms.is_free else f" (**{terms.name}**)"
    citation = f" {escaped(corpus.citation.rstrip('.'))}." if corpus.citation.strip() else ""
    mark = f" Fingerprint {code(corpus.fingerprint[:16])}." if corpus.fingerprint else ""
    return f"- {title}, {code(corpus.name)}: {licence}{ship}.{citation}{mark}"


def figures_text(facts: ModelFacts) -> str:
    """The validation figures with their meaning and, where there are, their intervals."""
    figures = figures_of(facts.validation, facts.headline)
    if not figures:
        return "None was recorded."
    notes = "The arrow says which way is better, brackets are 95% intervals over pieces."
    has_bare = any(not figure.has_interval for figure in figures.values())
    on = f"On the validation part: {escaped(facts.validated_on)}." if facts.validated_on else ""
    text = f"{notes} {NO_INTERVAL}" if has_bare else notes
    return "\n\n".join(part for part in (on, figures_table(figures), text) if part)


def figures_table(figures: Mapping[str, Measured]) -> str:
    """Figures with unit and meaning; the arrow says which way is better."""
    counts = any(figure.n for figure in figures.values())
    rows = [
        [
            f"{escaped(said(name))}{figure.arrow}",
            str(figure),
            *([f"{figure.n:,}" if figure.n else ""] if counts else []),
            escaped(figure.unit),
            escaped(metric(name).meaning),
        ]
        for name, figure in figures.items()
    ]
    pieces = ["pieces"] if counts else []
    headings = ["metric", "figure", *pieces, "unit", "meaning"]
    return table(headings, rows, right=(1, 2) if counts else (1,))


def limits_text(facts: ModelFacts, words: CardWords) -> str:
    """What it cannot do."""
    limits = [*words.limits]
    if made_up.is_all_made_up(facts):
        limits.append("what it says of real music or real people means nothing")
    elif len(facts.corpora) == 1:
        (corpus,) = facts.corpora
        limits.append(
            f"it has learned from one corpus, {corpus.title or corpus.name}, and its taste"
        )
    if facts.seed is not None:
        limits.append("one training by one seed: another seed gives somewhat other figures")
    return _list(limits)


def use_text(words: CardWords, name: str) -> str:
    """The commands that use it.

    Args:
        words: of its kind.
        name: what stands for the model on a command line, such as "groove@3".
    """
    lines = [line.replace("MODEL", shlex.quote(one_line(name))) for line in words.commands]
    return fenced("\n".join(lines), "bash") if lines else ""


def training_text(facts: ModelFacts) -> str:
    """How it was trained, in sentences."""
    parts = []
    if facts.parameters:
        parts.append(f"{facts.parameters:,} parameters.")
    if facts.seed is not None:
        parts.append(f"Seed {facts.seed}.")
    if facts.parent:
        parts.append(f"Its weights began from {code(facts.parent)}.")
    if facts.run:
        parts.append(f"Run directory {code(PurePath(facts.run).name)}.")
    if facts.command:
        parts.append(f"Trained by {code(command_line(facts.command))}.")
    return " ".join(parts)


def again_text(facts: ModelFacts, *, recipe_command: str = "") -> str:
    """The command, the recipe and the corpora that make it again, and by which code.

    Args:
        facts: of the model.
        recipe_command: a command that prints the recipe.
    """
    train = f"chromasonic train {facts.task} --recipe recipe.toml --output {NEW_FOLDER}"
    lines = [f"{recipe_command} > recipe.toml" if recipe_command else "", train]
    parts = [fenced("\n".join(line for line in lines if line), "bash")]
    if facts.corpora:
        marks = [
            f"{code(corpus.name)} with fingerprint {code(corpus.fingerprint)}"
            for corpus in facts.corpora
            if corpus.fingerprint
        ]
        if marks:
            parts.append(f"It must read the same corpora: {'; '.join(marks)}.")
    parts.append(code_text(facts.code))
    if facts.recipe:
        parts += ["`recipe.toml`:", fenced(to_toml(_plain(facts.recipe)), "toml")]
    return "\n\n".join(part for part in parts if part)


def code_text(facts: Mapping[str, Any]) -> str:
    """Version of the code, Python and libraries, on one line; "" where nothing is known."""
    if not facts:
        return ""
    commit = str(facts.get("code_commit") or facts.get("commit") or "")[:12]
    version = facts.get("code_version") or facts.get("version") or "unknown"
    libraries = facts.get("libraries") or {}
    parts = [f"Chromasonic {version} ({commit or 'installed'})"]
    if facts.get("python"):
        parts.append(f"Python {facts['python']}")
    if isinstance(libraries, Mapping):
        parts += [f"{name} {number}" for name, number in libraries.items() if number]
    if facts.get("platform"):
        parts.append(f"on {facts['platform']}")
    return (
        f"Code: {escaped(', '.join(map(str, parts)))}. The same seed gives the same weights on the "
        "same machine and libraries; elsewhere the last digits differ."
    )


def files_text(files: Mapping[str, FileFacts]) -> str:
    """Each file with size and checksum."""
    rows = [
        [code(name), f"{file.size_bytes:,}", code(file.sha256)]
        for name, file in sorted(files.items())
    ]
    return table(["file", "bytes", "SHA-256"], rows, right=(1,)) if rows else ""


def command_line(words: Sequence[str]) -> str:
    """A command as it was typed; programs and folders of somebody's machine by their names."""
    shown = [PurePath(word).name if PurePath(word).is_absolute() else word for word in words]
    first = [PurePath(words[0]).name] if words else []
    return one_line(shlex.join([*first, *shown[1:]]))


def _plain(values: Any) -> Any:
    """Nested plain values as TOML takes them; folders of somebody's machine are left empty."""
    if isinstance(values, Mapping):
        return {str(key): _plain(value) for key, value in values.items()}
    if isinstance(values, (list, tuple)):
        return [_plain(value) for value in values]
    if isinstance(values, str) and PurePath(values).is_absolute():
        return ""
    return values
