"""What draws faces: the interface, and the renderers there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from facedit.motion.space import MotionSpace
from facedit.plugins import Registry
from facedit.render.bank import ReferenceBank
from facedit.render.footage import Footage
from facedit.render.renderer_interface import ClipRenderer
from facedit.render.still_renderer import Still

DEFAULT_RENDERER = "mouths"


@runtime_checkable
class Renderer(Protocol):
    """Draws the faces of a run; its weights are loaded once."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def terms(self) -> str:
        """What it takes targets in: the ``terms`` of the motion spaces that it can draw."""

    def of_clip(self, bank: ReferenceBank) -> ClipRenderer:
        """Draw into frames of a clip, whose mouths and eyes are in a bank."""

    def of_picture(self, still: Still) -> ClipRenderer:
        """Draw into one picture, all that is known of the person."""


@runtime_checkable
class DrawsOthers(Protocol):
    """A renderer that can draw more than what it is made for."""

    def drawing(self, terms: str) -> Renderer:
        """Return what draws targets in other terms; the renderer itself if nothing does."""


@runtime_checkable
class LearnsFootage(Protocol):
    """A renderer of landmarks that can learn from footage how the person's face moves."""

    def learnt(
        self, space: MotionSpace, footage: Footage | None
    ) -> tuple[Renderer, Mapping[str, float | str]]:
        """Return the renderer that has looked, and figures for the report; itself if in vain.

        Without footage it may say what it does for lack of any.
        """


RENDERERS = Registry[Renderer](
    "renderer",
    "facedit.renderers",
    Renderer,
    {
        DEFAULT_RENDERER: "facedit.render.mouths:Mouths",
        "liveportrait": "facedit.render.liveportrait.liveportrait_renderer:LivePortraitRenderer",
        "liveportrait-retargeting": "facedit.render.liveportrait.from_landmarks:retargeting",
    },
)
"""All renderers; what makes one is called with the mouth network of the run's weights, which it may
leave alone, and the device where it is to compute."""
