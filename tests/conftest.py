"""Fixtures that every stage's tests share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real clips beside the checkout; tests that need it skip without it."""
    for base in Path(__file__).resolve().parents:
        folder = base.parent / "shared" / "data"
        if (folder / "manifest.csv").is_file():
            return folder
    pytest.skip("the real clips (../shared/data) are not beside this checkout")
