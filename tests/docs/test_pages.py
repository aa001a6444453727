"""Every command and every snippet on the pages that a newcomer reads works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documentation_pages import REPOSITORY, Block, blocks, run_shell_block


def markdown_files() -> list[Path]:
    return sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])


def shell_blocks() -> list[Block]:
    pages = [path.relative_to(REPOSITORY).as_posix() for path in markdown_files()]
    return [block for page in pages for block in blocks(page, "bash")]


def pages_with_snippets() -> list[str]:
    pages = [path.relative_to(REPOSITORY).as_posix() for path in markdown_files()]
    # Those of docs/add are patterns to fill in, not sessions.
    return [p for p in pages if blocks(p, "python") and not p.startswith("docs/add/")]


@pytest.mark.parametrize("block", shell_blocks(), ids=str)
def test_the_commands_of_the_page_run(
    block: Block, readers_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_shell_block(block, readers_folder, monkeypatch)


@pytest.mark.parametrize("page", pages_with_snippets())
def test_the_snippets_of_the_page_run_one_after_the_other(
    page: str, readers_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(readers_folder)
    names: dict[str, object] = {"__name__": "snippet"}
    for block in blocks(page, "python"):
        code = re.sub(r"epochs=\d+", "epochs=1", block.text)
        exec(compile(code, str(block), "exec"), names)


@pytest.mark.parametrize("page", markdown_files(), ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    broken = [target for target in local if not (page.parent / target).exists()]
    assert broken == []


def test_the_index_lists_every_page_of_the_documentation() -> None:
    folder = REPOSITORY / "docs"
    index = (folder / "index.md").read_text(encoding="utf-8")
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")} - {"index.md"}
    listed = set(re.findall(r"\]\(([^)#\s]+\.md)\)", index))
    assert pages - listed == set()
