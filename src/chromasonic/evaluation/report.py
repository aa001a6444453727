"""The report page: what was trained on what, how good it is, and the tunes to see and hear.

`write_report` makes one HTML file that needs no network: drawings, scores, sounds, files, style and
script are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from importlib import resources
from pathlib import Path

from chromasonic.evaluation.report_curves import curves_section
from chromasonic.evaluation.report_data import ReportData
from chromasonic.evaluation.report_media import TuneMedia, media_of
from chromasonic.evaluation.report_table import comparison_section
from chromasonic.evaluation.report_tunes import tunes_section
from chromasonic.files import PathLike, write_text


def write_report(
    path: PathLike,
    report: ReportData,
    *,
    sound: bool = True,
    on_tune: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a report as one HTML file.

    Args:
        path: the file, such as demo/report.html.
        report: what it shows.
        sound: whether to render sound; False gives a smaller page without play buttons.
        on_tune: told after each tune's score and sound how many of how many are done.

    Raises:
        StorageError: the file cannot be written.
    """
    media = media_of([shown.tune for shown in report.tunes], sound=sound, on_tune=on_tune)
    return write_text(path, report_html(report, media))


def report_html(report: ReportData, media: Sequence[TuneMedia]) -> str:
    """The page's text, from the report's values and its tunes' pictures and sounds."""
    colours = {model.name: f"var(--model-{i})" for i, model in enumerate(report.models, start=1)}
    sections = [
        ("tunes", "Listen", tunes_section(report, media, colours)),
        ("compared", "Compared", comparison_section(report, colours)),
        ("learned", "How they learned", curves_section(report, colours)),
        ("material", "Learned from", _terms(report.facts)),
        ("colophon", "Make it again", _terms(report.colophon)),
    ]
    present = [section for section in sections if section[2]]
    body = "".join(
        f'<section id="{name}"><h2>{title}</h2>{content}</section>'
        for name, title, content in present
    )
    contents = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title, _ in present)
    page = _resource("page.html")
    for name, text in {
        "title": escape(report.title),
        "style": _resource("style.css"),
        "header": _header(report),
        "contents": contents,
        "body": body,
        "script": _resource("script.js"),
    }.items():
        page = page.replace(f"<!--{name}-->", text, 1)
    return page


def _resource(name: str) -> str:
    folder = resources.files("chromasonic.evaluation") / "report_page"
    return (folder / name).read_text(encoding="utf-8")


def _header(report: ReportData) -> str:
    parts = [f"<h1>{escape(report.title)}</h1>", f'<p class="lead">{escape(report.lead)}</p>']
    if report.verdicts:
        items = "".join(f"<li>{escape(text)}</li>" for text in report.verdicts)
        parts.append(f'<ul class="verdicts">{items}</ul>')
    for text in report.remarks:
        parts.append(f'<p class="remark">{escape(text)}</p>')
    return "".join(parts)


def _terms(terms: Sequence[tuple[str, str]]) -> str:
    if not terms:
        return ""
    items = "".join(
        f"<div><dt>{escape(term)}</dt><dd>{_linked(text)}</dd></div>" for term, text in terms
    )
    return f'<dl class="terms">{items}</dl>'


def _linked(text: str) -> str:
    """Escaped text; a web address becomes a link, `code` in backticks is set so."""
    words = []
    for word in text.split(" "):
        safe = escape(word)
        if word.startswith(("https://", "http://")):
            safe = f'<a href="{safe}" rel="noreferrer">{safe}</a>'
        words.append(safe)
    parts = " ".join(words).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
