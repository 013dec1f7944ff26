"""Ed25519 signatures of a ledger's entries.

The signed message is an entry's ``hash``, 64 hexadecimal digits as ASCII. As the hash covers the
hash of the entry before, a signature stands for all entries up to its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from goldrun.registry.ledger import Entry


class Signed(StrEnum):
    """What the signature of an entry shows."""

    TRUSTED = "signed by a trusted key"
    UNSIGNED = "not signed"
    UNCHECKED = "signed, and no trusted key is known to check it with"
    OTHER_KEY = "signed by a key that is not trusted"
    INVALID = "the signature does not fit the entry"


def signed(entry: Entry, key: Ed25519PrivateKey | None) -> Entry:
    """Return an entry with the signature of its hash; unchanged without a key.

    Args:
        entry: An entry with its hash (``ledger.chained``).
        key: The private key; None if none is configured.
    """
    if key is None:
        return entry
    signature = key.sign(entry.hash.encode()).hex()
    return replace(entry, signature=signature, signed_by=hex_of(key.public_key()))


def hex_of(key: Ed25519PublicKey) -> str:
    """Return a public key as in ``signed_by``: its 32 bytes as 64 hexadecimal digits."""
    return key.public_bytes_raw().hex()


def checked(entry: Entry, trusted: Collection[str]) -> Signed:
    """Check the signature of an entry.

    Args:
        entry: The entry; whether its hash fits its values is not checked here.
        trusted: Public keys that are trusted, as ``hex_of`` returns them.
    """
    if entry.signature is None and entry.signed_by is None:
        return Signed.UNSIGNED
    if not trusted:
        return Signed.UNCHECKED
    if entry.signed_by not in trusted:
        return Signed.OTHER_KEY
    return Signed.TRUSTED if _fits(entry) else Signed.INVALID


def _fits(entry: Entry) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(entry.signed_by or ""))
        key.verify(bytes.fromhex(entry.signature or ""), entry.hash.encode())
    # ValueError: what should be hexadecimal is not.
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Doubt:
    """An entry whose signature is not as it should be.

    Attributes:
        number: The entry's number; None for the whole ledger.
        found: What was found.
        is_broken: Whether it shows a change; otherwise it is unknown whether there was one.
    """

    number: int | None
    found: str
    is_broken: bool


def doubts_of(entries: Sequence[Entry], trusted: Collection[str]) -> list[Doubt]:
    """Return what the signatures of a ledger leave in doubt; empty if nothing.

    With trusted keys, entries before the first signed one need no signature, because the signature
    stands for them; an entry after it does. Without trusted keys, and without any signature, it is
    unknown who has written the entries.

    Args:
        entries: All entries of a model, by number.
        trusted: Public keys that are trusted, as ``hex_of`` returns them.
    """
    results = [checked(entry, trusted) for entry in entries]
    if not trusted:
        unchecked = results.count(Signed.UNCHECKED)
        found = f"{unchecked} signed entries are not checked: no trusted key is known"
        return [Doubt(None, found, is_broken=False)] if unchecked else []
    if entries and set(results) == {Signed.UNSIGNED}:
        return [Doubt(None, "no entry is signed, although a key is known", is_broken=False)]
    first = next((i for i, one in enumerate(results) if one is not Signed.UNSIGNED), len(results))
    return [
        Doubt(entry.number, _text(result), is_broken=True)
        for entry, result in zip(entries[first:], results[first:], strict=True)
        if result is not Signed.TRUSTED
    ]


def _text(result: Signed) -> str:
    after = ", and one before it is" if result is Signed.UNSIGNED else ""
    return f"{result.value}{after}"
