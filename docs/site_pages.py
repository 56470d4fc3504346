"""Makes the site's reference: each page ``reference/MODULE.md`` of mkdocs.yml documents MODULE."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that no file in docs/ is behind."""
    for page in _pages(config.nav):
        if page.startswith("reference/"):
            content = f"::: {PurePath(page).stem}\n"
            files.append(File.generated(config, page, content=content))
    return files


def _pages(nav: Any) -> Iterator[str]:
    """Give every page that the navigation names."""
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from _pages(entry)
