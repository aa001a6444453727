"""What an evaluation leaves: results.json, report.md, report.html and a picture of each model."""

from __future__ import annotations

import html
from pathlib import Path

from chromasonic import files
from chromasonic.companion.cards import data_sentences
from chromasonic.companion.evaluating import Evaluation, ModelResults
from chromasonic.companion.result_plot import draw_results
from chromasonic.companion.table import html_table, markdown_table

TITLE = "Companion models: results"
LEAD = (
    "Each figure is of the test part, which neither training nor any choice has seen, with its 95% "
    "bootstrap interval over pieces. Baselines were given the same features and the same training "
    "part. The best of each test set is bold; the arrow says which way is better."
)
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2.5rem auto; color: #222;
  padding: 0 1rem; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; }
th { border-bottom: 1px solid #999; vertical-align: bottom; }
tr.first td { border-top: 1px solid #ddd; }
img { max-width: 100%; margin: 1rem 0; }
.scroll { overflow-x: auto; }
.made-up { background: #fff3cd; padding: .5rem .8rem; }
"""


def write_report(evaluation: Evaluation, output: files.PathLike) -> dict[str, Path]:
    """Write everything that is known of an evaluation into a folder.

    Args:
        evaluation: its results.
        output: the folder.

    Returns:
        What to where: "results", "report", "page", and each model's picture by its name.

    Raises:
        StorageError: the folder cannot be written.
    """
    folder = Path(output)
    pictures = {
        name: draw_results(
            results.rows,
            folder / "plots" / f"{name}_results.png",
            title=results.loaded.spec.title
            + (", made-up examples" if results.material.synthetic else ""),
        )
        for name, results in evaluation.models.items()
        if any(figure.is_defined for row in results.rows for figure in row.figures.values())
    }
    return {
        "results": files.write_json(folder / "results.json", evaluation.to_dict()),
        "report": files.write_text(folder / "report.md", report_markdown(evaluation, pictures)),
        "page": files.write_text(folder / "report.html", report_html(evaluation, pictures)),
        **pictures,
    }


def report_markdown(evaluation: Evaluation, pictures: dict[str, Path]) -> str:
    """The report as Markdown."""
    parts = [f"# {TITLE}", LEAD]
    if evaluation.missing:
        parts.append(f"Not trained here: {', '.join(evaluation.missing)}.")
    for name, results in evaluation.models.items():
        parts.append(f"## {results.loaded.spec.title}")
        parts.append(" ".join(_sentences(results)))
        if results.rows:
            parts.append(markdown_table(results.rows))
        parts.append("\n".join(f"- {verdict.sentence}" for verdict in results.verdicts))
        if name in pictures:
            parts.append(f"![Results of {name}](plots/{pictures[name].name})")
    return "\n\n".join(part for part in parts if part) + "\n"


def report_html(evaluation: Evaluation, pictures: dict[str, Path]) -> str:
    """The report as a page."""
    parts = [f"<h1>{TITLE}</h1>", f"<p>{html.escape(LEAD)}</p>"]
    if evaluation.missing:
        parts.append(f"<p>Not trained here: {html.escape(', '.join(evaluation.missing))}.</p>")
    for name, results in evaluation.models.items():
        parts.append(f"<h2>{html.escape(results.loaded.spec.title)}</h2>")
        mark = ' class="made-up"' if results.material.synthetic else ""
        parts.append(f"<p{mark}>{html.escape(' '.join(_sentences(results)))}</p>")
        if results.rows:
            parts.append(f'<div class="scroll">{html_table(results.rows)}</div>')
        if name in pictures:
            file = html.escape(pictures[name].name)
            parts.append(f'<img src="plots/{file}" alt="Results of {html.escape(name)}">')
        items = "".join(f"<li>{html.escape(v.sentence)}</li>" for v in results.verdicts)
        parts.append(f"<ul>{items}</ul>" if items else "")
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>'
        f"<style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _sentences(results: ModelResults) -> list[str]:
    epoch = results.loaded.info.get("epoch")
    return [
        f"{results.loaded.spec.parameters:,} parameters, weights of epoch {epoch}.",
        *data_sentences(results.material.to_dict()),
        *results.remarks,
    ]
