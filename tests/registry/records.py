"""What an audit reads of a model of which nothing was changed, for tests that change one thing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from goldrun.contracts.file_checksums import CHECKSUM_TAG, total
from goldrun.registry.evidence import HASH_TAG, Evidence, hash_of
from goldrun.registry.findings import ModelRecord, StoredVersion
from goldrun.registry.ledger import Action, Entry, State
from goldrun.registry.owner import LAKE_TAG, SOURCE_TAG, Owner
from tests.registry.entries import START, chain
from tests.registry.evidences import EVIDENCE

MODEL = "shop-churn"
OWNER = Owner("shop", EVIDENCE.lake, "/data/lake")
FILES = {"MLmodel": "ab" * 32, "model.skops": "ef" * 32}
CHECKSUM = total(FILES)


def evidence(version: int, **changes: Any) -> Evidence:
    """Return the evidence of a version."""
    values = {
        "version": version,
        "checksum": CHECKSUM,
        "files": FILES,
        "run_id": f"run-{version}",
        **changes,
    }
    return replace(EVIDENCE, **values)


def decisions() -> list[dict[str, Any]]:
    """Return values of the entries of a usual ledger.

    Version 1 becomes champion, 2 is refused, 3 replaces 1, 2 is promoted by force, and 1 returns.
    """
    first, third = promoted(1), promoted(3, from_version=1, compared_with=1)
    refused = {
        **values_of(2),
        "state": State.REFUSED,
        "from_version": 1,
        "verdict": "fail",
        "reasons": ("auc 0.7312 does not beat champion version 1 with 0.7350 on the same rows",),
        "compared_with": 1,
        "comparison": {"auc": 0.7312, "champion.auc": 0.7350},
    }
    by_force = promoted(2, from_version=3, verdict="fail", forced=True, why="campaign on Monday")
    back = promoted(1, from_version=2, action=Action.ROLLBACK, why="version 2 scored nobody")
    return [*first, refused, *third, *by_force, *back]


def promoted(version: int, **values: Any) -> list[dict[str, Any]]:
    """Return values of the two entries that make a version champion."""
    both = {**values_of(version), **values}
    return [{**both, "state": State.INTENDED}, {**both, "state": State.DONE}]


def values_of(version: int) -> dict[str, Any]:
    """Return values of an entry that depend on the version alone."""
    return {
        "to_version": version,
        "training_run": f"run-{version}",
        "evidence": hash_of(evidence(version).to_json()),
        "checksum": CHECKSUM,
    }


def stored(version: int, **changes: Any) -> StoredVersion:
    """Return what the store has of a version that was promoted."""
    text = evidence(version).to_json()
    tags = {
        HASH_TAG: hash_of(text),
        CHECKSUM_TAG: CHECKSUM,
        SOURCE_TAG: OWNER.source,
        LAKE_TAG: str(OWNER.lake),
    }
    found = StoredVersion(
        exists=True, run_id=f"run-{version}", tags=tags, evidence=text, files=FILES
    )
    return replace(found, **changes)


def record(entries: Sequence[Entry] | None = None, **changes: Any) -> ModelRecord:
    """Return the record of a model with these entries, and everything else as they have it."""
    entries = chain(*decisions()) if entries is None else entries
    done = [entry.to_version for entry in entries if entry.state == State.DONE]
    found = ModelRecord(
        model=MODEL,
        owner=OWNER,
        has_ledger=True,
        entries=entries,
        unreadable=(),
        is_registered=True,
        head=entries[-1].hash if entries else "",
        alias=done[-1] if done else None,
        numbers=sorted({entry.to_version for entry in entries}),
        promoted=bool(done),
        versions={version: stored(version) for version in done},
        read_at=START + timedelta(days=100),
    )
    return replace(found, **changes)
