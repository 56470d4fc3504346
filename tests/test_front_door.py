"""``import facedit`` gives the verbs, and imports what they need when they are used."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import facedit


def test_every_public_name_is_the_one_that_its_module_defines() -> None:
    for name in facedit.__all__:
        found = getattr(facedit, name)
        assert found is getattr(importlib.import_module(found.__module__), name)
    with pytest.raises(AttributeError, match="paint"):
        _ = facedit.paint


def test_import_is_cheap() -> None:
    program = (
        "import sys, facedit; print([n for n in ('torch', 'av', 'numpy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
