"""An entry's signature stands for it and all before it; every other one is named."""

from dataclasses import replace

import pytest

from goldrun.registry.ledger import Entry
from goldrun.registry.signatures import Signed, checked, doubts_of, hex_of, signed
from tests.registry.entries import chain
from tests.registry.keys import KEY, OTHER, TRUSTED, signed_chain

BOTH = (*TRUSTED, hex_of(OTHER.public_key()))
VERSIONS: tuple[dict[str, int], ...] = tuple({"to_version": version} for version in (1, 2, 3))


def found(entries: list[Entry], trusted: tuple[str, ...] = TRUSTED) -> list[tuple[int | None, str]]:
    """Number and text of each doubt that shows a change."""
    return [(d.number, d.found) for d in doubts_of(entries, trusted) if d.is_broken]


def unknown(entries: list[Entry], trusted: tuple[str, ...]) -> list[str]:
    """Text of each doubt that is unknown."""
    return [d.found for d in doubts_of(entries, trusted) if not d.is_broken]


def test_a_signed_chain_leaves_no_doubt() -> None:
    assert doubts_of(signed_chain(*VERSIONS), TRUSTED) == []


def test_the_signature_is_of_the_hash_as_text_so_that_other_tools_can_verify_it() -> None:
    entry = signed_chain({})[0]
    KEY.public_key().verify(bytes.fromhex(str(entry.signature)), entry.hash.encode("ascii"))
    assert entry.signed_by == KEY.public_key().public_bytes_raw().hex()


def test_a_signature_is_no_part_of_the_hash() -> None:
    entry = chain({})[0]
    assert signed(entry, KEY).computed_hash() == entry.hash


def test_without_a_key_an_entry_stays_unsigned() -> None:
    entry = chain({})[0]
    assert signed(entry, None) == entry


def test_keys_may_change_where_all_are_trusted() -> None:
    first, second = chain({}, {"to_version": 2})
    rotated = [signed(first, KEY), signed(second, OTHER)]
    assert doubts_of(rotated, BOTH) == []
    assert found(rotated) == [(1, "signed by a key that is not trusted")]


def test_a_changed_entry_has_a_signature_that_does_not_fit() -> None:
    entries = signed_chain(*VERSIONS)
    changed = replace(entries[1], to_version=7)
    forged = replace(changed, hash=changed.computed_hash())
    assert found([entries[0], forged, entries[2]]) == [(1, "the signature does not fit the entry")]


@pytest.mark.parametrize("signature", [None, "", "no hexadecimal digits", "ab" * 64, "ab"])
def test_a_damaged_signature_does_not_fit(signature: str | None) -> None:
    entry = replace(signed_chain({})[0], signature=signature)
    assert checked(entry, TRUSTED) is Signed.INVALID


def test_a_trusted_key_that_is_no_key_is_no_error() -> None:
    entry = replace(signed_chain({})[0], signed_by="not hexadecimal")
    assert checked(entry, ("not hexadecimal",)) is Signed.INVALID


def test_an_unsigned_entry_after_a_signed_one_is_found() -> None:
    entries = signed_chain(*VERSIONS)
    stripped = replace(entries[2], signature=None, signed_by=None)
    assert found([*entries[:2], stripped]) == [(2, "not signed, and one before it is")]


def test_unsigned_entries_before_the_first_signed_one_are_covered_by_it() -> None:
    plain = chain(*VERSIONS)
    assert doubts_of([*plain[:2], signed(plain[2], KEY)], TRUSTED) == []


def test_a_key_without_any_signature_is_unknown() -> None:
    entries = chain(*VERSIONS)
    assert found(entries) == []
    assert unknown(entries, TRUSTED) == ["no entry is signed, although a key is known"]


def test_signatures_without_a_trusted_key_are_not_checked() -> None:
    entries = signed_chain(*VERSIONS)
    forged = [signed(entry, OTHER) for entry in entries]
    for ledger in (entries, forged):
        assert found(ledger, ()) == []
        assert unknown(ledger, ()) == ["3 signed entries are not checked: no trusted key is known"]


def test_a_ledger_without_signatures_and_keys_has_nothing_to_check() -> None:
    assert doubts_of(chain(*VERSIONS), ()) == []
    assert doubts_of([], TRUSTED) == []
