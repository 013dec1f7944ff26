"""The keys that sign entries of the ledger, and those that an audit trusts, from PEM files."""

import functools
import logging
import os
import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from goldrun.errors import SettingsError

log = logging.getLogger(__name__)

SIGNING_KEY = "GOLDRUN_SIGNING_KEY"
"""Environment variable: PEM file of an Ed25519 private key."""
PUBLIC_KEYS = "GOLDRUN_PUBLIC_KEYS"
"""Environment variable: PEM file of one or more Ed25519 public keys."""
_MAKE = "make one with openssl genpkey -algorithm ed25519 -out FILE"
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def signing_key() -> Ed25519PrivateKey | None:
    """Return the key of ``GOLDRUN_SIGNING_KEY``; None if it is not set.

    The file is read once in a process.

    Raises:
        SettingsError: The file is missing, is encrypted, or has another kind of key.
    """
    path = os.environ.get(SIGNING_KEY, "")
    return _private_key(path) if path else None


def trusted_keys() -> tuple[Ed25519PublicKey, ...]:
    """Return the public keys that are trusted: that of ``signing_key``, and those of a file.

    Raises:
        SettingsError: As ``signing_key``, also for the file of ``GOLDRUN_PUBLIC_KEYS``.
    """
    own = signing_key()
    path = os.environ.get(PUBLIC_KEYS, "")
    others = _public_keys(path) if path else ()
    return ((own.public_key(),) if own else ()) + others


@functools.cache
def _private_key(path: str) -> Ed25519PrivateKey:
    text = _read(path, SIGNING_KEY)
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except TypeError as error:
        raise SettingsError(
            f"{SIGNING_KEY}={path}: the key is encrypted, and nobody is there to give its "
            "password: decrypt it (openssl pkey -in FILE -out FILE), and let only this user read it"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError(
            f"{SIGNING_KEY}={path}: the file has no private key in PEM format: {_MAKE}"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{SIGNING_KEY}={path}: the key is not an Ed25519 key: {_MAKE}")
    _warn_if_open(path)
    return key


def _public_keys(path: str) -> tuple[Ed25519PublicKey, ...]:
    text = _read(path, PUBLIC_KEYS)
    found = [_public_key(path, match[0]) for match in _BLOCK.finditer(text)]
    if not found:
        raise SettingsError(
            f"{PUBLIC_KEYS}={path}: the file has no public key in PEM format: write one with "
            "openssl pkey -in PRIVATE -pubout -out FILE"
        )
    return tuple(found)


def _public_key(path: str, block: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError(
            f"{PUBLIC_KEYS}={path}: {block[:40].decode(errors='replace').splitlines()[0]} is no "
            "public key: leave only public keys in the file"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(
            f"{PUBLIC_KEYS}={path}: a key is not an Ed25519 key: leave only such keys in the file"
        )
    return key


def _read(path: str, variable: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{variable}={path}: the file can't be read ({error.strerror}): correct the path, or "
            f"unset {variable}"
        ) from error


def _warn_if_open(path: str) -> None:
    """Warn if others than the owner may read a private key; Windows has no such bits."""
    if os.name == "posix" and Path(path).stat().st_mode & 0o077:
        log.warning(
            "%s=%s can be read by others, who can then sign entries: chmod 600 %s",
            *(SIGNING_KEY, path, path),
        )
