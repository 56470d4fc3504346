"""HEVC's sequence parameter sets, put together by the standard's own order (H.265, 7.3.2.2)."""

import random

import pytest

from facedit.media.smart.hevc import _sequence_ident


def golomb(number: int) -> str:
    digits = f"{number + 1:b}"
    return "0" * (len(digits) - 1) + digits


def sequence_set(number: int, layers: list[tuple[bool, bool]]) -> bytes:
    """Spell a set with so many sub-layers; which of them have a profile, which a level."""
    rng = random.Random(number)

    def noise(count: int) -> str:
        return "".join(rng.choice("01") for _ in range(count))

    bits = noise(4) + f"{len(layers):03b}" + noise(1) + noise(88) + noise(8)
    bits += "".join(f"{profile:d}{level:d}" for profile, level in layers)
    if layers:
        bits += noise(2 * (8 - len(layers)))
    for profile, level in layers:
        bits += noise(88 * profile) + noise(8 * level)
    bits += golomb(number) + "1"
    bits += "0" * (-len(bits) % 8)
    return b"\x42\x01" + int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize(
    "layers",
    [[], [(False, False)], [(True, True)], [(False, True), (True, False)], [(True, True)] * 6],
)
def test_the_number_of_a_set_is_found_behind_its_sub_layers(
    layers: list[tuple[bool, bool]],
) -> None:
    for number in (0, 1, 5, 15):
        assert _sequence_ident(sequence_set(number, layers)) == number
