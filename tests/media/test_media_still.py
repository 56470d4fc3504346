"""Photographs as people have them: every form is read right, or refused in one line."""

import io
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, features
from skimage import data

from facedit.errors import BadMedia
from facedit.media.image import FORMATS, MAX_STILL_PIXELS, is_image, read_image
from facedit.media.probe import probe
from facedit.media.sound import read_speech_file
from media.clips import make_clip

PEAK = """
import resource, sys
from facedit.media.image import read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_image(sys.argv[1], 1280)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""

FLIP = Image.Transpose
# How a picture is stored whose EXIF orientation then shows it upright.
STORED = {
    1: None, 2: FLIP.FLIP_LEFT_RIGHT, 3: FLIP.ROTATE_180, 4: FLIP.FLIP_TOP_BOTTOM,
    5: FLIP.TRANSPOSE, 6: FLIP.ROTATE_90, 7: FLIP.TRANSVERSE, 8: FLIP.ROTATE_270,
}  # fmt: skip


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    """Part of scikit-image's public-domain astronaut, higher than wide."""
    return Image.fromarray(data.astronaut()[:320, 110:350])


def error(found: np.ndarray, photograph: Image.Image) -> float:
    """Mean difference in grey levels; the sizes must agree."""
    assert found.dtype == np.uint8
    assert found.shape == (photograph.height, photograph.width, 3)
    return float(np.abs(found.astype(int) - np.asarray(photograph)).mean())


def refused(path: Path, read: Callable = read_image) -> str:
    """The message with which a file is refused; one line that names the file."""
    with pytest.raises(BadMedia) as caught:
        read(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


@pytest.mark.parametrize("tag", STORED)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_pictures_stand_upright(photograph, tag, suffix, tmp_path):
    path, way = tmp_path / f"a.{suffix}", STORED[tag]
    exif = Image.Exif()
    exif[0x112] = tag
    (photograph if way is None else photograph.transpose(way)).save(path, exif=exif, quality=90)
    assert path.stat().st_size > 2048
    assert error(read_image(path), photograph) < 5


def test_a_large_picture_with_a_tag_is_turned_too(photograph, tmp_path):
    path, exif = tmp_path / "a.jpg", Image.Exif()
    exif[0x112] = 6
    photograph.transpose(FLIP.ROTATE_90).save(path, exif=exif)
    small = photograph.resize((60, 80), Image.Resampling.BOX)
    assert error(read_image(path, 80), small) < 6


FORMS: dict[str, Callable[[Image.Image, Path], None]] = {
    "plain.jpg": lambda image, path: image.save(path),
    "progressive.jpg": lambda image, path: image.save(path, progressive=True),
    "cmyk.jpg": lambda image, path: image.convert("CMYK").save(path, quality=90),
    "palette.png": lambda image, path: image.quantize(256).save(path),
    "lossy.webp": lambda image, path: image.save(path, quality=90),
    "animated.webp": lambda image, path: image.save(
        path, save_all=True, append_images=[image.rotate(90)], quality=90
    ),
    "animated.png": lambda image, path: image.save(
        path, save_all=True, append_images=[image.rotate(90)]
    ),
    "jpeg called.png": lambda image, path: image.save(path, "JPEG"),
    "PNG CALLED.JPG": lambda image, path: image.save(path, "PNG"),
    "no suffix": lambda image, path: image.save(path, "JPEG"),
    "UPPER.JPEG": lambda image, path: image.save(path),
    "50%d.jpg": lambda image, path: image.save(path),
    "face%03d.png": lambda image, path: image.save(path),
    "-o.jpg": lambda image, path: image.save(path),
    "http:a.jpg": lambda image, path: image.save(path),
    "[1-3] a,b 人.jpg": lambda image, path: image.save(path),
    "x" * 251 + ".jpg": lambda image, path: image.save(path),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_ordinary_form_is_read(photograph, name, tmp_path):
    path = tmp_path / name
    FORMS[name](photograph, path)
    assert is_image(path)
    assert error(read_image(path, 1920), photograph) < 5


def test_a_name_with_a_number_in_it_opens_no_other_file(photograph, tmp_path):
    Image.new("RGB", photograph.size, "red").save(tmp_path / "face001.png")
    Image.new("RGB", photograph.size, "red").save(tmp_path / "face1.jpg")
    for name in ("face%03d.png", "face%d.jpg"):
        assert "no such file" in refused(tmp_path / name)
        photograph.save(tmp_path / name)
        assert error(read_image(tmp_path / name), photograph) < 5


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
def test_avif_is_read(photograph, tmp_path):
    photograph.save(tmp_path / "a.avif", quality=90)
    assert error(read_image(tmp_path / "a.avif"), photograph) < 5


def test_grey_has_equal_channels(photograph, tmp_path):
    grey = photograph.convert("L")
    grey.save(tmp_path / "a.jpg")
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(tmp_path / "16.png")
    grey.convert("LA").save(tmp_path / "la.png")
    for name in ("a.jpg", "16.png", "la.png"):
        found = read_image(tmp_path / name)
        assert error(found, grey.convert("RGB")) < 3
        assert np.ptp(found, axis=-1).max() == 0


def png(width: int, height: int, bits: int, kind: int, rows: bytes) -> bytes:
    """A PNG written by hand."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    middle = chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + middle + chunk(b"IEND", b"")


@pytest.mark.parametrize("alpha", [False, True])
def test_16_bits_become_8(photograph, alpha, tmp_path):
    pixels = np.asarray(photograph).astype(">u2") * 257
    if alpha:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 65535, ">u2")])
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    path = tmp_path / "a.png"
    path.write_bytes(png(*photograph.size, 16, 6 if alpha else 2, rows))
    assert error(read_image(path), photograph) <= 1


@pytest.mark.parametrize("palette", [False, True])
def test_what_is_transparent_is_white(photograph, palette, tmp_path):
    cut = photograph.convert("RGBA")
    cut.paste((0, 0, 0, 0), (0, 0, 240, 100))
    (cut.quantize(256) if palette else cut).save(tmp_path / "a.png")
    found = read_image(tmp_path / "a.png")
    assert found[:100].min() == 255
    assert np.abs(found[100:].astype(int) - np.asarray(photograph)[100:]).mean() < 5


def test_wide_colours_become_srgb(tmp_path):
    """A profile whose red and green are swapped shows at once whether it is heeded."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        names = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}
        profile[at : at + 4] = names.get(bytes(profile[at : at + 4]), profile[at : at + 4])
    path = tmp_path / "a.png"
    for mode, colour in (("RGB", (200, 40, 40)), ("RGBA", (200, 40, 40, 255))):
        Image.new(mode, (64, 64), colour).save(path, icc_profile=bytes(profile))
        assert np.abs(read_image(path)[5, 5].astype(int) - (40, 200, 40)).max() < 4
    # One that is damaged, or of other channels, is as none.
    for bad in (b"nonsense", bytes(profile[:200])):
        Image.new("RGB", (64, 64), (200, 40, 40)).save(path, icc_profile=bad)
        assert read_image(path)[5, 5].tolist() == [200, 40, 40]


def test_50_megapixels_are_scaled_while_they_are_read(photograph, tmp_path):
    path = tmp_path / "a.jpg"
    photograph.resize((5773, 8660), Image.Resampling.NEAREST).save(path)
    found = read_image(path, 1280)
    assert found.shape == (1280, 853, 3)
    small = photograph.resize((853, 1280), Image.Resampling.NEAREST)
    assert error(found, small) < 5
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) / 1024 < 60  # all its pixels are 143 MiB


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1"])
def test_heic_is_named(brand, tmp_path):
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(4000))
    assert is_image(path)
    assert "is a HEIC picture" in (message := refused(path))
    assert "export it as JPEG" in message
    assert "is a HEIC picture, not a video" in refused(path, probe)


def test_other_formats_are_named(photograph, tmp_path):
    for suffix in ("gif", "bmp", "tiff"):
        photograph.save(tmp_path / f"a.{suffix}")
        assert f"is a {suffix.upper()} picture" in refused(tmp_path / f"a.{suffix}")
    photograph.save(tmp_path / "a.jpg")
    assert "is a JPEG picture, not a video" in refused(tmp_path / "a.jpg", probe)
    assert "is a JPEG picture, not a sound" in refused(tmp_path / "a.jpg", read_speech_file)
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2)
    assert not is_image(clip.path)
    assert not is_image(tmp_path / "none.png")
    assert "not a picture" in refused(clip.path)


@pytest.mark.parametrize("size", [(1, 1), (1_000_000, 1), (1, 40_000), (20, 20)])
def test_pictures_that_can_hold_no_face(size, tmp_path):
    width, height = size
    (tmp_path / "a.png").write_bytes(png(width, height, 8, 0, (b"\0" + bytes(width)) * height))
    assert f"{width}x{height} pixels" in refused(tmp_path / "a.png")
    assert "narrow" in refused(tmp_path / "a.png", lambda path: read_image(path, 1920))


def test_bombs_are_refused_by_their_header(tmp_path):
    path = tmp_path / "a.png"
    for side in (8001, 12_000, 20_000, 2**31 - 1):
        path.write_bytes(png(side, side, 8, 2, bytes(1000)))
        assert "megapixels" in refused(path)
    assert 50_000_000 < MAX_STILL_PIXELS < 8001 * 8001


def test_damaged_pictures_are_read_or_refused(photograph, tmp_path):
    """Whatever comes of a damaged file, it is a picture or one line."""
    rng, path = np.random.default_rng(11), tmp_path / "damaged"
    small = photograph.resize((90, 120))
    exif = Image.Exif()
    exif[0x112], exif[0x10F] = 6, "maker"
    for form in FORMATS:
        if form == "AVIF" and not features.check("avif"):
            continue
        raw = io.BytesIO()
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        small.save(raw, form, exif=exif, icc_profile=profile)
        whole = np.frombuffer(raw.getvalue(), np.uint8)
        lines = []
        for number in range(30):
            damaged = whole.copy()
            at = rng.integers(
                12, len(whole) if number % 2 else 900, size=int(rng.choice([1, 8, 32]))
            )
            damaged[at] = rng.integers(0, 256, size=len(at))
            path.write_bytes(damaged.tobytes()[: len(whole) // 2 if number % 3 == 0 else None])
            try:
                assert read_image(path).ndim == 3
            except BadMedia as refusal:
                lines.append(str(refusal))
        assert lines
        assert not any("\n" in line for line in lines)
        path.write_bytes(whole[: len(whole) // 2].tobytes())
        assert "damaged or truncated" in refused(path)


@pytest.mark.shared
@pytest.mark.parametrize("case", ["jpeg-still/plain.jpg", "jpeg-cmyk/cmyk.jpg"])
def test_cases_that_people_brought(case, shared_data, tmp_path):
    """Both are the same blue studio; CMYK keeps its colours."""
    path = tmp_path / Path(case).name
    shutil.copy(shared_data.parent / "cases" / case, path)
    found = read_image(path, 1920)
    assert found.shape == (576, 720, 3)
    assert np.abs(found[100:200, 400:600].mean(axis=(0, 1)) - (30, 180, 215)).max() < 45
