"""The learned parts of a run."""

from __future__ import annotations

from dataclasses import dataclass

from facedit.compose.source.weights import choose_weights
from facedit.device import choose_device, device_of
from facedit.errors import UsageError
from facedit.model.checkpoint import MotionModel, load_model
from facedit.motion.space import SPACES, MotionSpace, space_named
from facedit.options import Run
from facedit.render.network import load_network
from facedit.render.renderers import RENDERERS, DrawsOthers, Renderer
from facedit.speech.encoders.encoders import Encoder, encoder_of
from facedit.weights.shipped import header_of


@dataclass(frozen=True, slots=True)
class Models:
    """The learned parts of a run.

    Attributes:
        space: The motion space.
        motion: The motion model.
        renderer: What draws the faces.
    """

    space: MotionSpace
    motion: MotionModel
    renderer: Renderer

    @property
    def encoder(self) -> Encoder:
        """What the motion model hears through; ``UsageError`` if that is unknown."""
        return encoder_of(self.motion.encoder, device_of(self.motion.net))


def load_models(run: Run) -> Models:
    """Load the learned parts.

    ``run``: options; ``weights``, ``speaker``, ``renderer`` and ``device`` choose. Returns the
    models; the motion space is the one that the motion model was trained in. The errors of
    ``choose_weights`` and the registries; ``BadWeights`` if a file is damaged. Raises UsageError if
    the renderer cannot draw what the motion space decodes to.
    """
    chosen = choose_weights(run)
    device = choose_device(run.device)
    motion = load_model(chosen.motion, device)
    space, mouth = space_named(motion.space, device), load_network(chosen.mouth, device)
    renderer = RENDERERS.make(run.renderer or space.renderer, mouth, device)
    if renderer.terms != space.terms and isinstance(renderer, DrawsOthers):
        renderer = renderer.drawing(space.terms)
    if renderer.terms != space.terms:
        raise UsageError(
            f"the renderer {renderer.name} draws {renderer.terms}, the weights' motion space "
            f"{space.name} gives {space.terms}: choose another --renderer, or leave it out."
        )
    return Models(space, motion, renderer)


def check_models(run: Run) -> None:
    """Refuse before any work what cannot be loaded after it.

    Args:
        run: Options. (The errors of ``choose_weights`` and of the registries pass through.)
    """
    space = header_of(choose_weights(run).motion).get("space", "")
    if space:
        SPACES.find(space)
    if run.renderer is not None:
        RENDERERS.find(run.renderer)
