"""What the pages point at is there: files, headings, and the configurations of the journal."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from doc_commands import blocks_of
from facedit.training.start import read_config

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGS = sorted((ROOT / "docs" / "journal" / "configs").rglob("*.toml"))
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://)([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NAMED = re.compile(r"\bdocs/[\w/-]+\.(?:md|toml|svg|jpg|png)")


def prose(page: Path) -> str:
    """A page without its fenced blocks, in which ``#`` begins a comment."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The names under which a page's headings are reached, as GitHub makes them."""
    heads = (re.sub(r"[`*]|\]\([^)]*\)", "", head) for head in _HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), f"{page.name}: {link}"
        assert not heading or heading in anchors(target), f"{page.name}: {link}"
        if page.is_relative_to(ROOT / "docs"):  # the site holds this folder alone
            assert target.is_relative_to(ROOT / "docs"), f"{page.name}: {link}"


def test_every_page_that_the_code_names_is_there() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    kinds = (".py", ".md", ".toml", "Makefile")
    named = {
        (file, name)
        for file in filter(None, listed)
        if file.endswith(kinds) and (ROOT / file).is_file()
        for name in _NAMED.findall((ROOT / file).read_text(encoding="utf-8"))
    }
    assert named
    assert sorted(pair for pair in named if not (ROOT / pair[1]).is_file()) == []


def test_what_the_pages_programs_import_is_there() -> None:
    lines = [
        (page.name, node.module, name.name)
        for page in PAGES
        for block in blocks_of(page)
        if block.language == "python"
        for node in ast.walk(ast.parse(block.text))
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
    ]
    assert len(lines) > 5
    for page, module, name in lines:
        whole = f"{module}.{name}"
        found = hasattr(importlib.import_module(module), name) or importlib.util.find_spec(whole)
        assert found, f"{page}: from {module} import {name}"


def test_the_tables_of_stages_are_in_the_order_that_lint_holds() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for contract in project["tool"]["importlinter"]["contracts"]:
        (container,) = contract["containers"]
        title = "folder" if container == "facedit" else f"`{container.partition('.')[2]}/`"
        table = text.partition(f"| {title} |")[2].partition("\n\n")[0]
        stages = [
            name.removesuffix(".py") for name in re.findall(r"^\| `([\w.]+)` \|", table, re.M)
        ]
        layers = [re.split(r" [|:] ", layer) for layer in reversed(contract["layers"])]
        rank = {name: number for number, names in enumerate(layers) for name in names}
        assert len(stages) > 4
        assert [rank[stage] for stage in stages] == sorted(rank[stage] for stage in stages)


def test_the_site_has_every_page_and_its_reference_every_module() -> None:
    """``make docs`` says more, but takes packages of its own."""
    pages = re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    written = {str(page.relative_to(ROOT / "docs")) for page in PAGES if page.parent != ROOT}
    made = [page for page in pages if page.startswith("reference/")]
    assert sorted(pages) == sorted([*written, *made])
    for page in made:
        module = page.removeprefix("reference/").removesuffix(".md").replace(".", "/")
        assert (ROOT / "src" / f"{module}.py").is_file(), page


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_journal_s_configurations_are_read(path: Path) -> None:
    """Also those that differ from a shipped one or from one beside them."""
    assert read_config(path).run.output.startswith("runs/")
