"""Every module of the package can be spoken of by its file name alone."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import facedit


def test_no_two_modules_have_the_same_name() -> None:
    package = Path(facedit.__file__).parent
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(package.rglob("*.py")):
        if path.name != "__init__.py":
            found[path.name].append(str(path.relative_to(package)))
    assert [places for places in found.values() if len(places) > 1] == []
