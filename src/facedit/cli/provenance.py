"""``facedit verify`` and ``facedit provenance init``: is a file as it was signed; who signs."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs
from facedit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs from now on: the name, who vouches for it, until when, and where that is kept."""

    name: str
    issuer: str
    valid_until: str
    folder: Path

    def to_dict(self) -> dict[str, str]:
        """Return the facts for JSON."""
        return {name: str(getattr(self, name)) for name in self.__slots__}

    def __str__(self) -> str:
        """Return the facts for people."""
        return (
            f"outputs are signed by {self.name} ({self.issuer}), valid until {self.valid_until}; "
            f"certificate and key lie in {self.folder}"
        )


def add_provenance(verbs: Verbs, verb: Verb) -> None:
    """Add ``verify`` and ``provenance``."""
    check = verb(
        verbs, "verify", "Check a file's signed manifest: valid, changed or none.", _verify
    )
    check.add_argument("file", type=Path, metavar="FILE", help="a video, sound or picture")
    check.add_argument(
        "--trust", type=Path, action="append", default=[], metavar="PEM",
        help="repeatable; certificates of others whose signatures are trusted",
    )  # fmt: skip
    about = "Who signs the outputs."
    parser = verbs.add_parser("provenance", help=about, description=about)
    inner = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    init = verb(inner, "init", "Make a certificate for signing, or take your own.", _init)
    init.add_argument("--name", help="who signs, in every signed file (a user of facedit)")
    init.add_argument(
        "--cert", type=Path, metavar="PEM",
        help="your own certificate, with those that vouch for it behind it",
    )  # fmt: skip
    init.add_argument("--key", type=Path, metavar="PEM", help="its private key")
    init.add_argument("--force", action="store_true", help="replace who signed so far")


def _verify(args: argparse.Namespace) -> object:
    from facedit.provenance.verify import verify

    return verify(args.file, args.trust)


def _init(args: argparse.Namespace) -> object:
    from facedit.provenance.library import require_library
    from facedit.provenance.signing import prove
    from facedit.provenance.signing_identity import make_identity, take_identity

    if (args.cert is None) != (args.key is None):
        raise UsageError("--cert and --key belong together: give both, or neither.")
    if args.cert is not None and args.name is not None:
        raise UsageError("--name is for a certificate that is made; --cert has one already.")
    require_library()
    if args.cert is None:
        made = make_identity(args.name, force=args.force)
    else:
        made = take_identity(args.cert, args.key, prove, force=args.force)
    pair = made.pair
    return Signer(pair.name, pair.issuer, f"{pair.valid_until:%Y-%m-%d}", made.folder)
