"""The learned parts of a run."""

from __future__ import annotations

from dataclasses import dataclass

from facedit.compose.weights import choose_weights
from facedit.device import choose_device, device_of
from facedit.model.checkpoint import MotionModel, load_model
from facedit.motion.space import MotionSpace
from facedit.options import Run
from facedit.render.network import MouthNetwork, load_network
from facedit.speech.encoders import Encoder, encoder_of


@dataclass(frozen=True, slots=True)
class Models:
    """The learned parts of a run.

    Attributes:
        space: The motion space.
        motion: The motion model.
        mouth: The mouth network, or None to work from real pixels alone.
    """

    space: MotionSpace
    motion: MotionModel
    mouth: MouthNetwork | None

    @property
    def encoder(self) -> Encoder:
        """What the motion model hears through; ``UsageError`` if that is unknown."""
        return encoder_of(self.motion.encoder, device_of(self.motion.net))


def load_models(run: Run) -> Models:
    """Load the learned parts.

    Args:
        run: Options; ``weights``, ``speaker`` and ``device`` choose.

    Returns:
        The models; the motion space is the one that the motion model was trained in. (The errors
        of ``choose_weights``; ``BadWeights`` if a file is damaged.)
    """
    chosen = choose_weights(run)
    device = choose_device(run.device)
    motion = load_model(chosen.motion, device)
    return Models(MotionSpace.named(motion.space), motion, load_network(chosen.mouth, device))
