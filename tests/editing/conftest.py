"""Hypothesis without a deadline: on a busy machine a slow example is no fault."""

import os

from hypothesis import settings

settings.register_profile(
    "editing", deadline=None, max_examples=int(os.environ.get("FACEDIT_EXAMPLES", "100"))
)
settings.load_profile("editing")
