"""A card's Markdown as HTML that may stand in the page: no raw HTML, no pictures, safe links."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

HEAD = "---"


def without_head(text: str) -> tuple[str, str]:
    """A card without its YAML head, and the head.

    Args:
        text: Markdown, with or without a head between two lines of three strokes.
    """
    lines = text.splitlines()
    if not lines or lines[0].strip() != HEAD:
        return text, ""
    for number, line in enumerate(lines[1:], start=1):
        if line.strip() == HEAD:
            return "\n".join(lines[number + 1 :]), "\n".join(lines[1:number])
    return text, ""


def card_html(text: str) -> str:
    """A card as HTML; whatever HTML stands in it is shown as text.

    Headings begin at the third level, so that they stand below the page's own.
    """
    body, _ = without_head(text)
    parser = _parser()
    tokens = parser.parse(body)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
    return str(parser.renderer.render(tokens, parser.options, {}))


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    renderer: Any = parser.renderer
    own = renderer.rules

    def link_open(tokens: Any, index: int, options: Any, env: Any) -> str:
        tokens[index].attrSet("rel", "noopener noreferrer")
        return str(renderer.renderToken(tokens, index, options, env))

    def fence(tokens: Any, index: int, *_: Any) -> str:
        return f'<pre tabindex="0"><code>{escape(tokens[index].content)}</code></pre>\n'

    own["link_open"] = link_open
    own["fence"] = own["code_block"] = fence
    own["table_open"] = lambda *_: '<div class="card-table" tabindex="0"><table>'
    own["table_close"] = lambda *_: "</table></div>"
    return parser
