"""X.509 for signing: a local authority with one certificate, and other people's checked.

``cryptography`` comes with the extra ``provenance``; it is imported when it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from facedit.errors import CannotSign

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate, KeyUsage, Name

DEFAULT_NAME = "a user of facedit"
"""Who signs unless told: nothing of the user or the machine goes into a file unasked."""

ISSUER = "facedit local authority"

VALID_DAYS = 3650
"""No authority stamps the time of signing: a signature holds no longer than its certificate."""

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its key.

    Attributes:
        chain: PEM: the signer's certificate, then those that vouch for it.
        key: PEM of the private key (PKCS #8).
        algorithm: As C2PA names it, e.g. ``es256``.
        name: Who signs.
        issuer: Who vouches for it.
        valid_from: When it begins to be valid.
        valid_until: When it ends.
    """

    chain: str
    key: str
    algorithm: str
    name: str
    issuer: str
    valid_from: datetime
    valid_until: datetime


def new_pair(
    name: str | None = None, *, start: datetime | None = None, days: int = VALID_DAYS
) -> Pair:
    """Make a local authority and let it certify a new key (ECDSA on P-256, ES256).

    The authority's own key is thrown away: nobody can make a second signer that it vouches for.

    ``name``: who signs; ``start``: when it begins to be valid; now if None; ``days``: how long it
    is. Returns certificates and key.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    begin = (start or datetime.now(UTC)).replace(microsecond=0)
    valid = (begin, begin + timedelta(days=days))
    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    above, own = _named(ISSUER), _named(name or DEFAULT_NAME)
    certificates = (
        _certificate(own, signer, above, authority, valid, is_authority=False),
        _certificate(above, authority, above, authority, valid, is_authority=True),
    )
    pem = signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return checked_pair(b"".join(one.public_bytes(Encoding.PEM) for one in certificates), pem)


def checked_pair(chain: bytes, key: bytes) -> Pair:
    """Read a certificate and its key, and make sure that one belongs to the other.

    ``chain``: PEM: the signer's certificate, then those that vouch for it; ``key``: PEM of its
    private key. Returns the pair, both parts as PEM without anything else. ``CannotSign`` if one
    cannot be read, needs a password, is of a kind that C2PA does not know, or belongs to another.
    """
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
    )

    certificates = certificates_in(chain)
    try:
        private = load_pem_private_key(key, None)
    except TypeError as error:
        raise CannotSign("the private key has a password: give it without one.") from error
    except ValueError as error:
        raise CannotSign("the private key is no private key in PEM form.") from error
    first = certificates[0]
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if first.public_key().public_bytes(*form) != private.public_key().public_bytes(*form):
        raise CannotSign(
            "the private key does not belong to the first certificate: the signer's own stands "
            "first, those that vouch for it follow."
        )
    return Pair(
        chain="".join(one.public_bytes(Encoding.PEM).decode() for one in certificates),
        key=private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        algorithm=_algorithm(private),
        name=_text(first.subject),
        issuer=_text(first.issuer),
        valid_from=first.not_valid_before_utc,
        valid_until=first.not_valid_after_utc,
    )


def certificates_in(pem: bytes) -> list[Certificate]:
    """Read certificates.

    ``pem``: their PEM. Returns one or more. ``CannotSign`` if there is none, or one is damaged.
    """
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise CannotSign("the certificate is none in PEM form, or damaged.") from error


def _named(name: str) -> Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "facedit"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
    except ValueError as error:
        raise CannotSign(f"--name {name[:80]!r}: a signer's name has 1 to 64 letters.") from error


def _certificate(
    name: Name,
    key: EllipticCurvePrivateKey,
    issuer: Name,
    issuer_key: EllipticCurvePrivateKey,
    valid: tuple[datetime, datetime],
    *,
    is_authority: bool,
) -> Certificate:
    """Make a certificate as C2PA wants it: of use for signing (e-mail's purpose) and no more."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(
            x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None),
            critical=True,
        )
        .add_extension(_usage(is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not is_authority:
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(above, critical=False)
        builder = builder.add_extension(purpose, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(is_authority: bool) -> KeyUsage:
    """Say what a key is for: an authority's signs certificates, a signer's signs files."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _algorithm(key: PrivateKeyTypes) -> str:
    """Return what C2PA calls the signatures of a key."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise CannotSign(
        "the private key is of no kind that C2PA knows: P-256, P-384, P-521, Ed25519, or RSA of "
        "2048 bits or more."
    )


def _text(name: Name) -> str:
    """Return the common name, else all of a name."""
    from cryptography.x509.oid import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
