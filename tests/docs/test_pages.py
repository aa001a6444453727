"""Every command and every snippet on the pages that a newcomer reads works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documentation_pages import REPOSITORY, Block, blocks, run_shell_block

PAGES = ("README.md", "docs/melody-training-guide.md")


def of_language(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page, language)]


@pytest.mark.parametrize("block", of_language("bash"), ids=str)
def test_the_commands_of_the_page_run(
    block: Block, readers_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_shell_block(block, readers_folder, monkeypatch)


@pytest.mark.parametrize("block", of_language("python"), ids=str)
def test_the_snippets_of_the_page_run(
    block: Block, readers_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(readers_folder)
    code = re.sub(r"epochs=\d+", "epochs=1", block.text)
    exec(compile(code, str(block), "exec"), {"__name__": "snippet"})


def markdown_files() -> list[Path]:
    return sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])


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
