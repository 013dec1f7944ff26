"""Keys and signed chains for tests."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from goldrun.registry.ledger import Entry
from goldrun.registry.signatures import hex_of, signed
from tests.registry.entries import chain

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
TRUSTED = (hex_of(KEY.public_key()),)


def signed_chain(*changes: dict[str, Any]) -> list[Entry]:
    """Return a chain of entries, each signed with ``KEY``."""
    return [signed(entry, KEY) for entry in chain(*changes)]
