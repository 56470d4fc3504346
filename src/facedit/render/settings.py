"""The weights of retrieval and blending in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedit.render.mouth_path import PathCosts


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """Weights of retrieval and blending.

    Attributes:
        path: Weights of the search for mouths.
        inner: Factor on the lips' inner outline in the search for mouths: what is seen between the
            lips goes with it.
        eyes: Weights of the search for eyes, in per cent of the eye's width.
        blur: Cost of a frame for each halving of its sharpness below the bank's median.
        exposure: Cost per grey level of difference in brightness from the bank's median.
        gap_over: Cost per canonical pixel by which a mouth is open further than the target's: its
            teeth would be squeezed to specks.
        gap_under: Cost per canonical pixel by which it is open less: its lips would be stretched
            over the opening.
        references: References for the network, the shown mouth included.
        apart_s: Least time between two references in seconds.
        own: Descriptor distance below which the base's own mouth comes in (fully at 0).
        near: Descriptor distance up to which the retrieved mouth's detail is kept whole.
        far: Distance from which the network's picture stands alone.
        added: Share of the network's residual that is added where real mouths are copied. What it
            copies is this person; what it adds is a guess, pink in dark pictures.
        invented: Share of the network's change to a drawn mouth that is shown. Alone it tends to
            the mean of all mouths, which is a pink blur; the drawing has the contrast.
        detail: Blur that separates detail from tone, as a share of the mouth's width.
        foreign: The bank shows another person, whose tone is fitted to the base's skin.
    """

    path: PathCosts = field(default_factory=lambda: PathCosts(transition=0.35))
    inner: float = 2.0
    eyes: PathCosts = field(default_factory=lambda: PathCosts(hold=0.0))
    blur: float = 0.5
    exposure: float = 0.02
    gap_over: float = 0.3
    gap_under: float = 0.0
    references: int = 3
    apart_s: float = 0.08
    own: float = 0.35
    near: float = 2.5
    far: float = 5.0
    added: float = 0.0
    invented: float = 0.7
    detail: float = 0.025
    foreign: bool = False
