"""An audit names what is not as the ledger has it, and what it could not check; nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from goldrun.registry.audit import condition_of, findings_of, unknown_hashes
from goldrun.registry.evidence import HASH_TAG, hash_of
from goldrun.registry.findings import Condition, Finding, ModelRecord, Severity
from goldrun.registry.ledger import Action, Entry, chained
from goldrun.registry.signatures import signed
from tests.registry.entries import START, chain
from tests.registry.keys import OTHER, TRUSTED, signed_chain
from tests.registry.records import CHECKSUM, FILES, decisions, evidence, promoted, record, stored


def findings(of: ModelRecord, trusted: Sequence[str] = ()) -> list[Finding]:
    return findings_of(of, trusted)


def broken(of: ModelRecord, trusted: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """Check, place and text of each finding that shows a change."""
    return texts(of, Severity.BROKEN, trusted)


def unknown(of: ModelRecord, trusted: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """Check, place and text of each finding that could not be checked."""
    return texts(of, Severity.UNKNOWN, trusted)


def texts(
    of: ModelRecord, severity: Severity, trusted: Sequence[str]
) -> list[tuple[str, str, str]]:
    found = findings(of, trusted)
    return [(one.check, one.place, one.found) for one in found if one.severity is severity]


def rewritten(entries: Sequence[Entry], number: int, **values: Any) -> list[Entry]:
    """Change an entry and compute the hashes of it and all later ones anew, as a forger may."""
    found: list[Entry] = []
    for entry in entries:
        changed = replace(entry, **values) if entry.number == number else entry
        found.append(chained(changed, found))
    return found


def with_version(version: int, **changes: Any) -> ModelRecord:
    """A record whose store has other values of one version."""
    usual = record()
    return replace(usual, versions={**usual.versions, version: stored(version, **changes)})


# Nothing is found where nothing was changed.


def test_a_ledger_as_it_was_written_has_no_findings() -> None:
    assert findings(record()) == []
    assert condition_of(record(), []) is Condition.INTACT


def test_a_signed_ledger_as_it_was_written_has_no_findings() -> None:
    assert findings(record(signed_chain(*decisions())), TRUSTED) == []


def test_a_model_without_decisions_and_versions_is_empty() -> None:
    empty = record([], is_registered=False)
    assert findings(empty) == []
    assert empty.is_empty
    assert condition_of(empty, []) is Condition.EMPTY


def test_a_refused_first_version_has_no_findings() -> None:
    entries = chain({**decisions()[2], "from_version": None, "compared_with": None})
    assert findings(record(entries)) == []


# The chain.

CHANGES: dict[str, dict[str, Any]] = {
    "another version": {"to_version": 3},
    "another verdict": {"verdict": "pass"},
    "no reason": {"reasons": ()},
    "another time": {"recorded_at": START},
    "another person": {"user_name": "eve"},
    "another comparison": {"comparison": {"auc": 0.8}},
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_changed_entry_is_named_by_its_number(case: str) -> None:
    entries = chain(*decisions())
    entries[2] = replace(entries[2], **CHANGES[case])
    assert ("chain", "entry 2", "entry 2 has changed since it was written") in broken(
        record(entries)
    )


def test_a_forced_promotion_that_is_hidden_is_named() -> None:
    entries = chain(*decisions())
    entries[6] = replace(entries[6], forced=False, why=None)
    assert [text for check, _, text in broken(record(entries)) if check == "chain"] == [
        "entry 6 has changed since it was written"
    ]


def test_the_first_removed_entry_is_named() -> None:
    entries = chain(*decisions())
    del entries[2]
    found = broken(record(entries))
    assert found == [("chain", "entry 2", "entry 2 is missing, or another occurs twice")]


def test_an_entry_that_is_there_twice_is_named() -> None:
    entries = chain(*decisions())
    twice = [*entries[:3], entries[2], *entries[3:]]
    assert broken(record(twice))[0][:2] == ("chain", "entry 3")


def test_hashes_that_were_computed_anew_break_the_link_or_the_newest_entry() -> None:
    entries = chain(*decisions())
    forged = replace(entries[2], verdict="pass", hash="")
    entries[2] = replace(forged, hash=forged.computed_hash())
    assert broken(record(entries)) == [
        ("chain", "entry 3", "the entry before entry 3 is not the one that it was appended to")
    ]
    usual = record()
    anew = rewritten(usual.entries, 2, verdict="pass")
    found = broken(record(anew, head=usual.head))
    assert [check for check, _, _ in found] == ["newest entry"]


def test_a_row_that_is_no_entry_is_named() -> None:
    found = broken(record(unreadable=("its reasons are no JSON",)))
    assert found == [("rows", "", "a row is not a valid entry: its reasons are no JSON")]


# The newest entry.


def test_removed_newest_entries_are_found_by_the_registrys_tag() -> None:
    usual = record()
    cut = record(usual.entries[:5], head=usual.head)
    removed = f"the tag names {usual.head}, which the ledger does not have: entries were removed"
    assert broken(cut) == [("newest entry", "", removed)]


def test_entries_of_another_writer_are_found_by_the_registrys_tag() -> None:
    usual = record()
    found = broken(record(head=usual.entries[4].hash))
    later = "the tag names entry 4: those after it were appended by another writer"
    assert found == [("newest entry", "entry 5", later)]


def test_a_missing_tag_is_found() -> None:
    found = broken(record(head=""))
    missing = "the registered model has no tag with the newest entry"
    assert found == [("newest entry", "", missing)]


def test_a_model_that_the_registry_does_not_have_is_found() -> None:
    gone = record(head="", alias=None, is_registered=False, numbers=(), versions={}, promoted=False)
    assert ("newest entry", "", "the registry has no such model") in broken(gone)


def test_a_lake_without_its_ledger_is_found() -> None:
    lost = replace(record(), has_ledger=False, entries=())
    assert [text for _, _, text in broken(lost)] == [
        "the lake has no ledger",
        "version 1 has the alias champion, and the ledger has no promotion",
    ]


def test_versions_without_any_decision_are_unknown() -> None:
    found = record([], numbers=(1, 2))
    text = "versions 1, 2 are registered, and the ledger has no entry"
    assert unknown(found) == [("newest entry", "", text)]
    assert broken(found) == []


@pytest.mark.parametrize("entries", [chain(*decisions()), []])
def test_an_append_that_was_stopped_is_unknown_until_its_row_is_there(
    entries: list[Entry],
) -> None:
    newest = entries[-1].hash if entries else "-"
    stopped = record(entries, head=f"{newest} {'9' * 64}")
    assert [check for check, _, _ in unknown(stopped)] == ["newest entry"]
    assert broken(stopped) == []


def test_an_append_that_was_stopped_after_its_row_has_no_findings() -> None:
    entries = record().entries
    assert findings(record(head=f"{entries[-2].hash} {entries[-1].hash}")) == []


# Signatures.


def test_a_signature_of_another_key_is_found() -> None:
    entries = signed_chain(*decisions())
    entries[3] = signed(entries[3], OTHER)
    found = broken(record(entries), TRUSTED)
    assert found == [("signature", "entry 3", "signed by a key that is not trusted")]


def test_a_whole_ledger_that_was_written_anew_is_found_by_its_signatures() -> None:
    entries = signed_chain(*decisions())
    anew = rewritten(entries, 2, verdict="unknown")
    found = broken(record(anew), TRUSTED)
    assert [place for _, place, _ in found] == [f"entry {n}" for n in range(2, len(entries))]


def test_signatures_are_unknown_without_a_trusted_key() -> None:
    found = unknown(record(signed_chain(*decisions())))
    nine = "9 signed entries are not checked: no trusted key is known"
    assert found == [("signature", "", nine)]
    assert condition_of(record(), findings(record(signed_chain({})))) is not Condition.INTACT


# Times and the order of decisions.


def test_a_time_that_goes_back_is_found() -> None:
    entries = rewritten(chain(*decisions()), 4, recorded_at=START)
    assert broken(record(entries)) == [
        ("time", "entry 4", "it was recorded at 2026-01-01 12:00:00 UTC")
    ]


def test_a_time_after_the_audit_is_found() -> None:
    usual = record()
    before = record(read_at=usual.entries[-1].recorded_at - timedelta(hours=1))
    assert [(check, place) for check, place, _ in broken(before)] == [("time", "entry 8")]
    just_before = record(read_at=usual.entries[-1].recorded_at - timedelta(minutes=1))
    assert broken(just_before) == []


def test_an_open_intent_is_unknown_wherever_the_alias_is() -> None:
    entries = chain(*decisions()[:4])
    for alias in (1, 3):
        found = record(entries, alias=alias)
        text = "the intent to make version 3 champion has no end"
        assert unknown(found) == [("decision", "entry 3, version 3", text)]
        assert broken(found) == []


def test_an_intent_whose_end_is_of_another_version_is_found() -> None:
    values = decisions()
    entries = chain(*values[:4], values[8])
    found = broken(record(entries))
    assert found == [
        ("decision", "entry 3, version 3", "the intent to make version 3 champion has no end"),
        ("decision", "entry 4, version 1", "version 1 is done without an intent before it"),
    ]


def test_a_promotion_without_an_intent_is_found() -> None:
    entries = chain(decisions()[1])
    text = "version 1 is done without an intent before it"
    assert broken(record(entries)) == [("decision", "entry 0, version 1", text)]


@pytest.mark.parametrize("values", [{"verdict": "fail"}, {"verdict": "unknown"}])
def test_a_promotion_against_the_gate_that_is_not_forced_is_found(values: dict[str, str]) -> None:
    found = broken(record(chain(*promoted(1, **values))))
    text = f"its verdict is {values['verdict']}, and it was not forced"
    assert found == [("decision", "entry 1, version 1", text)]


def test_a_forced_promotion_is_no_finding() -> None:
    assert findings(record(chain(*promoted(1, verdict="fail", forced=True, why="by order")))) == []


# The alias.


def test_an_alias_that_was_moved_by_hand_is_found() -> None:
    text = "version 2 has the alias champion, and by the ledger version 1 is champion"
    assert broken(record(alias=2)) == [("alias", "version 2", text)]


def test_an_alias_that_was_taken_off_is_found() -> None:
    text = "no version has the alias champion, and by the ledger version 1 is champion"
    assert broken(record(alias=None)) == [("alias", "", text)]


def test_a_champion_of_another_lake_is_found() -> None:
    tags = {**stored(1).tags, "goldrun.lake": "another-lake"}
    found = broken(with_version(1, tags=tags))
    text = (
        f"it was trained on a lake with id another-lake, and /data/lake has id {evidence(1).lake}"
    )
    assert found == [("owner", "version 1", text)]


# Versions: tags, evidence, runs and files.


def test_a_deleted_champion_is_broken_and_a_deleted_earlier_one_unknown() -> None:
    usual = record()
    gone = {"exists": False, "run_id": "", "tags": {}, "files": None}
    champion = replace(
        usual, numbers=(2, 3), alias=None, versions={**usual.versions, 1: stored(1, **gone)}
    )
    assert ("version", "entry 1, version 1", "the registry does not have it") in broken(champion)
    earlier = with_version(3, **gone)
    assert unknown(earlier) == [("version", "entry 4, version 3", "the registry does not have it")]
    assert broken(earlier) == []


STORED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "another training run": (
        {"run_id": "run-9"},
        ("version", "its training run is run-9"),
    ),
    "no evidence": (
        {"evidence": None},
        ("evidence", "evidence.json of run run-3 is missing"),
    ),
    "the files of the model are missing": (
        {"files": None},
        ("files", "the model's files are missing"),
    ),
    "a changed file": (
        {"files": {**FILES, "model.skops": "00" * 32}},
        ("files", "model.skops has changed"),
    ),
    "an added file": (
        {"files": {**FILES, "run.py": "00" * 32}},
        ("files", "run.py was added"),
    ),
    "contradicting runs": (
        {"contradictions": ("its training run run-3 was deleted",)},
        ("runs", "its training run run-3 was deleted"),
    ),
}


@pytest.mark.parametrize("case", STORED)
def test_what_the_store_has_otherwise_than_the_ledger_is_found(case: str) -> None:
    changes, (check, text) = STORED[case]
    assert broken(with_version(3, **changes)) == [(check, "entry 4, version 3", text)]


@pytest.mark.parametrize(
    ("tag", "value"), [(HASH_TAG, "0" * 64), ("goldrun.model_checksum", "0" * 64)]
)
def test_a_changed_or_removed_tag_is_found(tag: str, value: str) -> None:
    tags = dict(stored(3).tags)
    for changed, now in (({**tags, tag: value}, value), ({**tags, tag: ""}, "missing")):
        found = broken(with_version(3, tags=changed))
        assert found == [("version", "entry 4, version 3", f"its tag {tag} is {now}")]


def test_changed_evidence_is_found_by_its_hash_even_with_its_tag() -> None:
    better = evidence(3, metrics={"auc": 0.99}).to_json()
    tags = {**stored(3).tags, HASH_TAG: hash_of(better)}
    found = broken(with_version(3, evidence=better, tags=tags))
    text = f"evidence.json has changed: SHA-256 {hash_of(better)}"
    assert ("evidence", "entry 4, version 3", text) in found


def with_evidence(**changes: Any) -> ModelRecord:
    """A record of one champion whose evidence was so from the beginning."""
    text = evidence(**{"version": 1, **changes}).to_json()
    entries = chain(*promoted(1, evidence=hash_of(text)))
    tags = {**stored(1).tags, HASH_TAG: hash_of(text)}
    return record(entries, versions={1: stored(1, evidence=text, tags=tags)})


UNBOUND: dict[str, tuple[dict[str, Any], str]] = {
    "another model": ({"model": "north-churn"}, "the evidence is of north-churn version 1, not "),
    "another version": ({"version": 2}, "the evidence is of shop-churn version 2, not "),
    "other files": ({"checksum": "0" * 64}, "the evidence is of other model files"),
    "another lake": ({"lake": "another-lake"}, "it is of source shop and lake another-lake"),
    "another shop": ({"source": "north"}, "it is of source north and lake "),
    "quality of another day": (
        {"quality_versions": {"silver/transactions": 0}},
        "data quality was measured on version 0 of silver/transactions, and trained on version 1",
    ),
}


@pytest.mark.parametrize("case", UNBOUND)
def test_evidence_that_is_not_of_the_version_is_found(case: str) -> None:
    changes, text = UNBOUND[case]
    found = broken(with_evidence(**changes))
    assert [(check, place) for check, place, _ in found] == [("evidence", "entry 1, version 1")]
    assert found[0][2].startswith(text)


def test_evidence_that_does_not_fit_the_schema_is_unknown_where_its_hash_fits() -> None:
    text = evidence(1).to_json().replace('"test_rows": 3000', '"test_rows": "many"')
    entries = chain(*promoted(1, evidence=hash_of(text)))
    tags = {**stored(1).tags, HASH_TAG: hash_of(text)}
    found = record(entries, versions={1: stored(1, evidence=text, tags=tags)})
    assert [check for check, _, _ in unknown(found)] == ["evidence"]
    assert unknown(found)[0][2].startswith("evidence.json does not fit the schema: test_rows: ")


def test_a_version_that_was_adopted_without_evidence_is_unknown() -> None:
    entries = chain(
        *promoted(
            1,
            action=Action.ADOPTION,
            evidence=None,
            checksum=None,
            verdict="unknown",
            forced=True,
            why="the champion of an older goldrun",
        )
    )
    found = record(entries, versions={1: stored(1, evidence=None)})
    assert unknown(found) == [
        ("files", "entry 1, version 1", "no checksum of its files was recorded"),
        ("evidence", "entry 1, version 1", "it became champion without evidence"),
    ]
    assert broken(found) == []


def test_a_version_that_was_champion_twice_is_checked_once() -> None:
    assert broken(with_version(1, files=None)) == [
        ("files", "entry 1, version 1", "the model's files are missing")
    ]


def test_files_are_named_only_by_evidence_that_has_their_checksum() -> None:
    changed = {**FILES, "MLmodel": "00" * 32}
    found = broken(with_version(3, files=changed, evidence=None))
    assert found[0][:2] == ("files", "entry 4, version 3")
    assert found[0][2].startswith("the files have the checksum ")
    assert CHECKSUM not in found[0][2]


# The whole.


def test_broken_findings_come_first_and_make_the_model_broken() -> None:
    both = record(signed_chain(*decisions()), alias=2)
    severities = [one.severity for one in findings(both)]
    assert severities == [Severity.BROKEN, Severity.UNKNOWN]
    assert condition_of(both, findings(both)) is Condition.BROKEN
    assert condition_of(both, findings(both)[1:]) is Condition.UNKNOWN


def test_a_finding_says_what_was_found_where_and_what_was_expected() -> None:
    entries = chain(*decisions())
    was = entries[2].hash
    entries[2] = replace(entries[2], reasons=())
    assert str(findings(record(entries))[0]) == (
        "broken: shop-churn: chain (entry 2): entry 2 has changed since it was written; expected: "
        f"values with the SHA-256 {was}"
    )


def test_a_ledger_that_was_written_anew_is_found_by_a_hash_of_an_earlier_audit() -> None:
    usual = record()
    kept = usual.entries[3].hash
    assert unknown_hashes([usual], [kept]) == []
    # Its head, alias and evidence are adjusted too, so that nothing else is found.
    anew = record(rewritten(usual.entries, 2, reasons=("it was refused by mistake",)))
    assert findings(anew) == []
    assert [str(one) for one in unknown_hashes([anew], [kept])] == [
        f"broken: shop-churn: earlier audit: no entry has the hash {kept}; expected: the entry is "
        "there still"
    ]


ATTACKS: dict[str, Callable[[ModelRecord], ModelRecord]] = {
    "the alias is moved": lambda usual: replace(usual, alias=3),
    "the lake is emptied": lambda usual: replace(usual, entries=(), has_ledger=False),
    "the store is emptied": lambda usual: replace(
        usual, is_registered=False, head="", alias=None, numbers=(), versions={}, promoted=False
    ),
    "the ledger is that of yesterday": lambda usual: replace(usual, entries=usual.entries[:5]),
    "the store is that of yesterday": lambda usual: replace(
        usual, head=usual.entries[4].hash, alias=3
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_part_can_be_replaced_alone(attack: str) -> None:
    attacked = ATTACKS[attack](record())
    assert condition_of(attacked, findings(attacked)) is Condition.BROKEN
