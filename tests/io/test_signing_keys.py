"""Keys are read from PEM files; what is no Ed25519 key is refused by name."""

import logging
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from goldrun.errors import SettingsError
from goldrun.io.signing_keys import PUBLIC_KEYS, SIGNING_KEY, signing_key, trusted_keys

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
OF_ANOTHER_KIND = generate_private_key(SECP256R1())


def private(key: PrivateKeyTypes, encryption: KeySerializationEncryption | None = None) -> bytes:
    """A private key as PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def public(key: PublicKeyTypes) -> bytes:
    """A public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SIGNING_KEY, PUBLIC_KEYS):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that only its owner can read."""
    path = tmp_path / "key.pem"
    path.touch(mode=0o600)
    return path


def test_without_settings_there_are_no_keys() -> None:
    assert signing_key() is None
    assert trusted_keys() == ()


def test_the_signing_key_is_read_and_its_public_key_trusted(
    monkeypatch: pytest.MonkeyPatch, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(private(KEY))
    monkeypatch.setenv(SIGNING_KEY, str(file))
    key = signing_key()
    assert key is not None
    assert key.private_bytes_raw() == KEY.private_bytes_raw()
    assert trusted_keys() == (KEY.public_key(),)
    assert caplog.records == []


def test_a_file_of_several_public_keys_is_trusted_beside_the_own_key(
    monkeypatch: pytest.MonkeyPatch, file: Path, tmp_path: Path
) -> None:
    file.write_bytes(private(KEY))
    several = tmp_path / "public.pem"
    third = Ed25519PrivateKey.generate().public_key()
    several.write_bytes(b"the key of 2025\n" + public(OTHER.public_key()) + public(third))
    monkeypatch.setenv(PUBLIC_KEYS, str(several))
    assert trusted_keys() == (OTHER.public_key(), third)
    monkeypatch.setenv(SIGNING_KEY, str(file))
    assert trusted_keys() == (KEY.public_key(), OTHER.public_key(), third)


def test_a_key_that_others_can_read_is_used_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(private(KEY))
    file.chmod(0o640)
    monkeypatch.setenv(SIGNING_KEY, str(file))
    with caplog.at_level(logging.WARNING):
        assert signing_key() is not None
    assert [f"can be read by others, who can then sign entries: chmod 600 {file}"] == [
        record.getMessage().partition(f"{file} ")[2] for record in caplog.records
    ]


ENCRYPTED = private(KEY, BestAvailableEncryption(b"secret"))
NO_SIGNING_KEYS = {
    "another kind of key": (private(OF_ANOTHER_KIND), "the key is not an Ed25519 key"),
    "an encrypted key": (ENCRYPTED, "the key is encrypted"),
    "a public key": (public(KEY.public_key()), "the file has no private key in PEM format"),
    "an empty file": (b"", "the file has no private key in PEM format"),
}


@pytest.mark.parametrize("case", NO_SIGNING_KEYS)
def test_what_is_no_signing_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, file: Path, case: str
) -> None:
    content, message = NO_SIGNING_KEYS[case]
    file.write_bytes(content)
    monkeypatch.setenv(SIGNING_KEY, str(file))
    with pytest.raises(SettingsError, match=f"^{SIGNING_KEY}={file}: {message}"):
        signing_key()


NO_PUBLIC_KEYS = {
    "another kind of key": (public(OF_ANOTHER_KIND.public_key()), "a key is not an Ed25519 key"),
    "a private key": (
        public(KEY.public_key()) + private(KEY),
        "-----BEGIN PRIVATE KEY----- is no public key",
    ),
    "text": (b"no key", "the file has no public key in PEM format"),
}


@pytest.mark.parametrize("case", NO_PUBLIC_KEYS)
def test_what_is_no_public_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, file: Path, case: str
) -> None:
    content, message = NO_PUBLIC_KEYS[case]
    file.write_bytes(content)
    monkeypatch.setenv(PUBLIC_KEYS, str(file))
    with pytest.raises(SettingsError, match=f"^{PUBLIC_KEYS}={file}: {message}"):
        trusted_keys()


@pytest.mark.parametrize("variable", [SIGNING_KEY, PUBLIC_KEYS])
@pytest.mark.parametrize("place", ["missing.pem", "."])
def test_a_file_that_can_not_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, place: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / place))
    with pytest.raises(SettingsError, match=f"^{variable}={tmp_path / place}: .* can't be read"):
        trusted_keys()
