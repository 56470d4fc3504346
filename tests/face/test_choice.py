import numpy as np
import pytest

from facedit.errors import AmbiguousFace, UsageError
from facedit.face.choice import FaceChoice
from facedit.face.detection import Detection


def face(x: float, size: float) -> Detection:
    return Detection(x, 10, x + size, 10 + size, 0.9, np.zeros((6, 2)))


LEFT, MIDDLE, RIGHT = face(0, 50), face(100, 90), face(300, 85)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        (None, FaceChoice()),
        ("largest", FaceChoice(largest=True)),
        (" 2 ", FaceChoice(index=2)),
        ("1,2,30,40.5", FaceChoice(box=(1, 2, 30, 40.5))),
    ],
)
def test_parse(text: str | None, choice: FaceChoice) -> None:
    assert FaceChoice.parse(text) == choice


@pytest.mark.parametrize("text", ["", "0", "-1", "1,2,3", "1,2,0,4", "left", "1.5", "1,2,nan,3"])
def test_parse_refuses_nonsense(text: str) -> None:
    with pytest.raises(UsageError, match="largest"):
        FaceChoice.parse(text)


def test_each_rule_picks_its_face() -> None:
    faces = [RIGHT, LEFT, MIDDLE]
    assert FaceChoice(largest=True).pick(faces) is MIDDLE
    assert [FaceChoice(index=i).pick(faces) for i in (1, 2, 3, 4)] == [LEFT, MIDDLE, RIGHT, None]
    assert FaceChoice(box=(290, 0, 100, 100)).pick(faces) is RIGHT
    assert FaceChoice(box=(500, 0, 10, 10)).pick(faces) is None
    assert FaceChoice().pick([]) is None


def test_ambiguity_lists_every_face_and_how_to_choose() -> None:
    with pytest.raises(AmbiguousFace) as caught:
        FaceChoice().pick([RIGHT, LEFT, MIDDLE])
    message = str(caught.value)
    for part in ("[1] 0,10,50,50", "[2] 100,10,90,90", "[3] 300,10,85,85", "--face"):
        assert part in message


def test_a_clearly_larger_face_is_meant() -> None:
    # 80^2 / 90^2 = 0.79: just outside a fifth.
    assert FaceChoice().pick([MIDDLE, face(300, 80)]) is MIDDLE
    with pytest.raises(AmbiguousFace):
        FaceChoice().pick([MIDDLE, face(300, 81)])


def test_missing_tells_what_was_wanted_and_found() -> None:
    assert "no face found" in FaceChoice().missing([])
    assert "is none: [1]" in FaceChoice().missing([LEFT])
    assert "number 3" in FaceChoice(index=3).missing([LEFT, RIGHT])
    assert "found 2" in FaceChoice(box=(1, 2, 3, 4)).missing([LEFT, RIGHT])
