"""What holds for the whole repository: one-way imports, short pages, documented names, a quiet
library, commands with examples, a lean start."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "src/chromasonic"
PAGES = sorted(PACKAGE.rglob("*.py"))
LIBRARY_PAGES = [page for page in PAGES if "cli" not in page.relative_to(PACKAGE).parts]

LONGEST_PAGE_LINES = 400
LONGEST_BODY_LINES = 70  # without signature and docstring
LONG_ON_PURPOSE = {
    # The training loop reads from top to bottom, each step a labelled paragraph.
    "src/chromasonic/training/loop.py: _train_one_epoch",
}
CARRIED_ELSEWHERE = {
    # A Ray training runs in a thread of its own: what it raises is raised again in the caller's.
    "src/chromasonic/scaling/training.py: hear",
    "src/chromasonic/scaling/training.py: fit",
    # One of 170,000 files is too much for a parser: it is refused, with the error as its reason.
    "src/chromasonic/scaling/preparing/reader.py: serve",
    # A job that fails is that job's end, not the studio's: its page says so, the terminal says why.
    "src/chromasonic/studio/desk/worker.py: serve",
    "src/chromasonic/studio/desk/desk.py: _work",
}
HEAVY_MODULES = {"torch", "numpy", "matplotlib", "music21", "verovio", "scipy", "symusic"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def tree_of(page: Path) -> ast.Module:
    return ast.parse(page.read_text(encoding="utf-8"))


def name_of(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def public_definitions(node: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Classes and functions that a user may call, with the methods of public classes."""
    for child in node.body:
        if isinstance(child, Definition) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from public_definitions(child)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function's statements take."""
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    return statements[-1].end_lineno - statements[0].lineno + 1 if statements else 0


def calls(page: Path) -> Iterator[tuple[ast.Call, str]]:
    """Every call of a page, with what is called, such as `torch.load`."""
    for node in ast.walk(tree_of(page)):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def test_rooms_import_one_way() -> None:
    linter = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as lint\nlint()",
    ]
    run = subprocess.run(linter, cwd=REPOSITORY, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_room_stands_in_the_contract() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    layers = " ".join(settings["tool"]["importlinter"]["contracts"][0]["layers"])
    contract = set(re.findall(r"chromasonic\.(\w+)", layers))
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert rooms | modules == contract


def test_pages_and_functions_can_be_read_in_one_go() -> None:
    long_pages = {
        name_of(page): lines
        for page in PAGES
        if (lines := page.read_text(encoding="utf-8").count("\n")) > LONGEST_PAGE_LINES
    }
    long_functions = {
        f"{name_of(page)}: {node.name}": lines
        for page in PAGES
        for node in ast.walk(tree_of(page))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := body_lines(node)) > LONGEST_BODY_LINES
    }
    assert long_pages == {}
    assert long_functions.keys() - LONG_ON_PURPOSE == set()


def undocumented(page: Path) -> Iterator[str]:
    """Public names without docstring; a method that fulfils an interface is told there, once."""
    names = list(public_definitions(tree_of(page)))
    told = {node.name for node in names if ast.get_docstring(node)} | {"forward"}
    for node in names:
        if node.name not in told and not node.name.startswith("on_"):
            yield f"{name_of(page)}:{node.lineno} {node.name}"


def test_every_page_and_every_public_name_has_a_docstring() -> None:
    missing = [name_of(page) for page in PAGES if not ast.get_docstring(tree_of(page))]
    missing += [name for page in PAGES for name in undocumented(page)]
    assert missing == []


def test_the_library_neither_prints_nor_configures_logging() -> None:
    forbidden = {"print", "logging.basicConfig", "sys.exit", "exit", "warnings.simplefilter"}
    found = [
        f"{name_of(page)}:{call.lineno} {called}"
        for page in LIBRARY_PAGES
        for call, called in calls(page)
        if called in forbidden
    ]
    assert found == []


def test_nothing_that_is_read_from_a_file_runs_as_code() -> None:
    unsafe = {"pickle.load", "pickle.loads", "eval", "exec", "joblib.load", "yaml.load"}
    found = []
    for page in PAGES:
        for call, called in calls(page):
            keywords = {word.arg: ast.unparse(word.value) for word in call.keywords}
            if called in unsafe or (
                called == "torch.load" and keywords.get("weights_only") != "True"
            ):
                found.append(f"{name_of(page)}:{call.lineno} {called}")
            if called.endswith("np.load") and keywords.get("allow_pickle", "False") != "False":
                found.append(f"{name_of(page)}:{call.lineno} {called}")
    assert found == []


def swallowing(node: ast.AST, function: str = "") -> Iterator[str]:
    """The innermost function around each handler that catches everything and raises nothing."""
    for child in ast.iter_child_nodes(node):
        is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from swallowing(child, child.name if is_function else function)
        if (
            isinstance(child, ast.ExceptHandler)
            and (child.type is None or ast.unparse(child.type) in {"Exception", "BaseException"})
            and not any(isinstance(inner, ast.Raise) for inner in ast.walk(child))
        ):
            yield function


def test_no_error_is_swallowed() -> None:
    found = {f"{name_of(page)}: {name}" for page in PAGES for name in swallowing(tree_of(page))}
    assert found - CARRIED_ELSEWHERE == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys; from chromasonic.cli.app import main\n"
        f"sys.argv = ['chromasonic', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    print('LOADED', *sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.rpartition("LOADED")[2].split())
    assert loaded & HEAVY_MODULES == set()
    assert "chromasonic.cli.app" in loaded


def command_lines() -> list[list[str]]:
    """Every command that can be typed, as its words after `chromasonic`."""
    from chromasonic.cli.app import COMMANDS, load_command

    def below(command: Any, words: list[str]) -> Iterator[list[str]]:
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, [*words, name])

    return [line for name in COMMANDS for line in below(load_command(name), [name])]


def test_every_command_has_help_with_an_example() -> None:
    from typer.testing import CliRunner

    from chromasonic.cli.app import app

    without = []
    for words in [[], *command_lines()]:
        result = CliRunner().invoke(app, [*words, "--help"], terminal_width=200)
        assert result.exit_code == 0, result.output
        if not re.search(
            rf"^\W*{' '.join(['chromasonic', *words])} \S", result.stdout, re.MULTILINE
        ):
            without.append(" ".join(words))
    assert without == []


def test_constraints_pin_every_dependency_and_resolve_on_any_platform() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(name for extra in extras for name in extra)]
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]

    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ]", name)[0]).lower()

    ours = {project["name"]}  # an extra that takes in another
    assert {plain(name) for name in wanted} - ours - {plain(pin) for pin in pins} == set()
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
    assert [pin for pin in pins if re.match(r"nvidia|cuda|triton", pin)] == []


def test_only_the_ci_entry_names_where_its_corpora_lie() -> None:
    place = "shared" + "/data"
    texts = [
        path
        for pattern in ("*", ".ci/*", "src/**/*", "tests/**/*", "docs/**/*", "benchmarks/*")
        for path in REPOSITORY.glob(pattern)
        if path.suffix in {"", ".py", ".md", ".toml", ".sh", ".txt"} and path.is_file()
    ]
    naming = {name_of(path) for path in texts if place in path.read_text(encoding="utf-8")}
    assert naming == {".ci/run"}
