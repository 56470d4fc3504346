import numpy as np

from facedit.face.cuts import CutDetector, thumbnail
from facedit.face.searched_picture import Pixels


def grey(level: float) -> Pixels:
    return Pixels(np.full((48, 64, 3), round(level), np.uint8))


def run(levels: list[float]) -> tuple[list[bool], tuple[float, ...]]:
    detector = CutDetector()
    early = [detector.may_be_cut(k / 25, grey(level)) for k, level in enumerate(levels)]
    return early, detector.cuts()


def test_a_jump_that_stands_alone_is_a_cut() -> None:
    early, cuts = run([50, 51, 50, 120, 121, 120])
    assert early == [False, False, False, True, False, False]
    assert cuts == (3 / 25,)


def test_neither_flicker_nor_a_flash_nor_a_fade_is() -> None:
    rng = np.random.default_rng(1)
    assert run((100 + rng.uniform(-8, 8, 50)).tolist())[1] == ()
    assert run([50, 50, 200, 50, 50])[1] == ()
    assert run(np.linspace(0, 250, 12).tolist())[1] == ()


def test_a_cut_into_movement_is_found_once() -> None:
    assert run([50, 50, 50, 150, 160, 170, 180])[1] == (3 / 25,)


def test_the_last_frame_can_begin_a_shot() -> None:
    assert run([50, 50, 150])[1] == (2 / 25,)


def test_thumbnails_of_small_pictures_stay_small() -> None:
    assert thumbnail(Pixels(np.zeros((7, 1000, 3), np.uint8))).shape == (7, 32)
