"""Who signs: made once, kept private, proven before any work."""

from __future__ import annotations

import importlib.util
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from signed_files import make_video, signed

from doc_commands import run
from facedit.cache import CONFIG
from facedit.cli.doctor import doctor
from facedit.errors import AssetMissing, CannotSign, OutputNotWritable
from facedit.options import Run
from facedit.provenance.certificates import checked_pair, new_pair
from facedit.provenance.signing import choose_signing
from facedit.provenance.signing_identity import find_identity, make_identity
from facedit.provenance.verify import verify


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who never signed anything."""
    folder = tmp_path / "config" / "facedit"
    monkeypatch.setenv(CONFIG, str(folder))
    return folder


def test_init_keeps_a_key_for_its_owner_alone_and_never_replaces_it_unasked(config: Path) -> None:
    first = run(["facedit", "provenance", "init", "--name", "Studio A"])
    assert (first.status, first.err) == (0, "")
    assert "signed by Studio A (facedit local authority)" in first.out
    for name in ("signer.key", "signer.pem", "trusted.pem"):
        assert stat.S_IMODE((config / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(config.stat().st_mode) == 0o700
    before = (config / "signer.key").read_bytes()
    again = run(["facedit", "provenance", "init"])
    assert again.status == 6
    assert "--force replaces it" in again.err
    assert (config / "signer.key").read_bytes() == before
    assert run(["facedit", "provenance", "init", "--force"]).status == 0
    assert (config / "signer.key").read_bytes() != before


def test_what_an_earlier_signer_signed_stays_trusted(config: Path, tmp_path: Path) -> None:
    make_identity("the first")
    made = signed(make_video(tmp_path / "a.mp4"), tmp_path / "b.mp4")
    make_identity("the second", force=True)
    assert verify(made).trusted
    assert choose_signing(None).state == "C2PA, by the second (facedit local authority)"


def test_nothing_of_the_user_or_the_machine_goes_into_a_name_unasked(config: Path) -> None:
    assert make_identity().pair.name == "a user of facedit"


def test_who_never_signed_is_given_a_signer_and_told_once(config: Path) -> None:
    for _ in range(2):  # until a run ended well
        first = choose_signing(None)
        assert str(config) in first.notes[0]
    first.told()
    later = choose_signing(None)
    assert later.notes == ()
    assert later.identity is not None
    assert later.identity.pair == first.identity.pair


def _files(folder: Path, chain: str, key: bytes | str) -> list[str]:
    folder.mkdir(exist_ok=True)
    (folder / "chain.pem").write_text(chain)
    (folder / "key.pem").write_bytes(key.encode() if isinstance(key, str) else key)
    return ["--cert", str(folder / "chain.pem"), "--key", str(folder / "key.pem")]


def test_a_studio_s_own_certificate_signs(config: Path, tmp_path: Path) -> None:
    pair = new_pair("Studio B")
    given = _files(tmp_path / "own", pair.chain, pair.key)
    answer = run(["facedit", "provenance", "init", *given])
    assert answer.status == 0, answer.err
    found = verify(signed(make_video(tmp_path / "a.mp4"), tmp_path / "b.mp4"))
    assert (found.state, found.trusted, found.signer) == ("valid", True, "Studio B, facedit")


def test_what_cannot_sign_is_refused_in_one_line_and_not_kept(config: Path, tmp_path: Path) -> None:
    good, other = new_pair(), new_pair()
    leaf, authority = good.chain.split("-----END CERTIFICATE-----\n")[:2]
    late = new_pair(start=datetime.now(UTC) - timedelta(days=30), days=10)
    locked = load_pem_private_key(good.key.encode(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    cases = {
        "does not belong to the first certificate": (good.chain, other.key),
        "has a password": (good.chain, locked),
        "no private key": (good.chain, "nonsense"),
        "none in PEM form": ("nonsense", good.key),
        "or damaged": (leaf[: len(leaf) // 2], good.key),
        "not valid at time of signing": (late.chain, late.key),
    }
    assert authority
    for words, (chain, key) in cases.items():
        answer = run(["facedit", "provenance", "init", *_files(tmp_path / "own", chain, key)])
        assert (answer.status, answer.out, answer.err.count("\n")) == (10, "", 1), words
        assert words in answer.err
        assert not config.exists()
    for wrong in (["--cert", "x.pem"], ["--cert", "x", "--key", "y", "--name", "z"]):
        assert run(["facedit", "provenance", "init", *wrong]).status == 2
    assert run(["facedit", "provenance", "init", "--name", "x" * 65]).status == 10


def test_keys_of_other_kinds(config: Path) -> None:
    """P-384 and RSA are named as C2PA does; a curve that it does not know is refused."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    def pair_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> tuple[bytes, bytes]:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        ).sign(key, hashes.SHA256())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return made.public_bytes(Encoding.PEM), pem

    assert checked_pair(*pair_of(ec.generate_private_key(ec.SECP384R1()))).algorithm == "es384"
    assert checked_pair(*pair_of(rsa.generate_private_key(65537, 2048))).algorithm == "ps256"
    with pytest.raises(CannotSign, match="no kind that C2PA knows"):
        checked_pair(*pair_of(ec.generate_private_key(ec.SECP256K1())))


def _spoil(config: Path, how: str) -> None:
    if how == "read-only":
        config.parent.parent.mkdir(exist_ok=True)
        config.parent.write_text("a file where the folder should be")
        return
    late = datetime.now(UTC) - timedelta(days=30)
    make_identity()
    if how == "expired":
        (config / "signer.pem").write_text((pair := new_pair(start=late, days=10)).chain)
        (config / "signer.key").write_text(pair.key)
    elif how == "no key":
        (config / "signer.key").unlink()
    elif how == "unreadable":
        (config / "signer.key").unlink()
        (config / "signer.key").mkdir()


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("expired", 10, "valid until"),
        ("no key", 10, "cannot be read (No such file"),
        ("unreadable", 10, "cannot be read (Is a directory)"),
        ("read-only", 6, "--no-provenance"),
    ],
)
def test_a_signer_that_fails_ends_a_run_before_any_work(
    config: Path, tmp_path: Path, how: str, status: int, words: str
) -> None:
    _spoil(config, how)
    out = tmp_path / "out"
    out.mkdir()
    clip = str(make_video(tmp_path / "clip.mp4"))
    edit = ["facedit", "edit", clip, "-o", str(out / "x.mp4"), "--delete", "moon"]
    answer = run([*edit, "--no-progress"])
    assert (answer.status, answer.out, answer.err.count("\n")) == (status, "", 1)
    assert words in answer.err
    assert list(out.iterdir()) == []


def test_without_the_package_a_run_says_so_and_one_that_asks_for_it_fails(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "c2pa" else real(name)
    )
    found = choose_signing(Run().provenance)
    assert found.identity is None
    assert found.state.startswith("no: c2pa-python is not installed")
    assert "pip install 'facedit[provenance]'" in found.notes[0]
    with pytest.raises(AssetMissing, match="c2pa-python"):
        choose_signing(True)
    assert run(["facedit", "verify", __file__]).status == 7
    assert run(["facedit", "provenance", "init"]).status == 7
    assert not config.exists()


def test_doctor_says_who_signs_and_what_hinders_it(config: Path) -> None:
    assert doctor().signed == "by a certificate that the first run makes"
    assert not config.exists()
    make_identity("Studio A")
    assert "outputs are signed: C2PA, by Studio A (facedit local authority)" in str(doctor())
    (config / "signer.key").unlink()
    found = doctor()
    assert found.signed == "no"
    assert any("cannot be read" in hindrance for hindrance in found.obstacles)


def test_a_folder_that_cannot_be_written_is_named(config: Path) -> None:
    _spoil(config, "read-only")
    with pytest.raises(OutputNotWritable, match=CONFIG):
        choose_signing(None)
    assert find_identity() is None
    assert choose_signing(False).identity is None
