"""Evidence that contradicts itself, its version or the champion's is named."""

from dataclasses import replace
from typing import Any

import pytest

from goldrun.learning.head_to_head import HeadToHead
from goldrun.registry.consistency import (
    contradictions,
    incomparable,
    measured_otherwise,
    repeats,
    unbound,
)
from tests.registry.evidences import EVIDENCE, VERSIONS

CHAMPION = replace(EVIDENCE, version=3, test_origin="2011-09-03", last_label_day="2011-09-03")


def test_evidence_that_fits_together_has_no_contradiction() -> None:
    assert contradictions(EVIDENCE) == []
    assert unbound(EVIDENCE, "shop-churn", 4, "ef" * 32) == []
    assert incomparable(EVIDENCE, CHAMPION) == []


@pytest.mark.parametrize("part", ["quality_versions", "drift_versions", "gold_versions"])
@pytest.mark.parametrize("other", [-1, 1])
def test_verdicts_of_other_table_versions_than_those_that_trained_are_refused(
    part: str, other: int
) -> None:
    measured = getattr(EVIDENCE, part)
    table = next(iter(measured))
    version = measured[table] + other
    changed: dict[str, Any] = {part: {**measured, table: version}}
    (found,) = contradictions(replace(EVIDENCE, **changed))
    assert f"version {version} of {table}, and trained on version {VERSIONS[table]}" in found


@pytest.mark.parametrize("part", ["quality_versions", "drift_versions", "gold_versions"])
def test_unknown_versions_are_refused(part: str) -> None:
    unknown: dict[str, Any] = {part: {}}
    (found,) = contradictions(replace(EVIDENCE, **unknown))
    assert found.endswith("unknown")


def test_a_table_that_did_not_train_is_named() -> None:
    gold = {**EVIDENCE.gold_versions, "silver/sessions": 0}
    (found,) = contradictions(replace(EVIDENCE, gold_versions=gold))
    assert "version 0 of silver/sessions, and trained on none" in found


def test_a_table_without_its_id_is_refused() -> None:
    ids = {t: i for t, i in EVIDENCE.table_ids.items() if t != "silver/quarantine"}
    assert contradictions(replace(EVIDENCE, table_ids=ids)) == [
        "the id of silver/quarantine is unknown"
    ]


def test_labels_that_reach_beyond_the_test_date_are_a_leak() -> None:
    (found,) = contradictions(replace(EVIDENCE, last_label_day="2011-09-11"))
    assert "training labels reach to 2011-09-11, after the test date 2011-09-10" in found


@pytest.mark.parametrize(
    ("name", "version", "checksum"),
    [("other-churn", 4, "ef" * 32), ("shop-churn", 5, "ef" * 32), ("shop-churn", 4, "00" * 32)],
)
def test_a_copied_version_or_exchanged_files_do_not_have_the_evidence(
    name: str, version: int, checksum: str
) -> None:
    assert len(unbound(EVIDENCE, name, version, checksum)) == 1
    assert len(unbound(EVIDENCE, "other-churn", 5, None)) == 2


BAD: list[tuple[dict[str, Any], str]] = [
    ({"lake": "another"}, "was trained on other tables"),
    ({"table_ids": {**EVIDENCE.table_ids, "bronze/transactions": "x"}}, "on other tables"),
    ({"table_ids": {}}, "was trained on other tables"),
    ({"label": "churned within 30 days"}, "and champion version 3 churned within 90 days"),
    ({"test_origin": "2011-09-02"}, "is before that of champion version 3, 2011-09-03"),
    ({"quality_limits": {"max_reject_share": 1.0}}, "max_reject_share was 0.05"),
    ({"quality_limits": {}}, "and is not recorded"),
    ({"drift_limits": {"max_psi": 0.5}}, "max_psi was 0.1"),
]


@pytest.mark.parametrize(("values", "reason"), BAD)
def test_a_version_that_was_tested_otherwise_is_not_compared(
    values: dict[str, Any], reason: str
) -> None:
    found = incomparable(replace(EVIDENCE, **values), CHAMPION)
    assert any(reason in one for one in found)


def test_test_rows_that_trained_the_champion_are_refused() -> None:
    champion = replace(CHAMPION, last_label_day="2011-09-11")
    (found,) = incomparable(EVIDENCE, champion)
    assert "before 2011-09-11, up to which labels trained champion version 3" in found


def test_tables_of_gold_may_be_computed_anew_and_stricter_limits_are_welcome() -> None:
    ids = {**EVIDENCE.table_ids, "gold/customer_features": "another"}
    stricter = replace(EVIDENCE, table_ids=ids, drift_limits={"max_psi": 0.05})
    assert incomparable(stricter, CHAMPION) == []


@pytest.mark.parametrize("metrics", [{}, {"auc": None}, {"auc": 0.7401}])
def test_a_metric_that_comes_out_otherwise_when_measured_again_is_refused(
    metrics: dict[str, float | None],
) -> None:
    again = HeadToHead("auc", 0.74, 0.7, champion_version=3)
    assert measured_otherwise(EVIDENCE, again) == []
    (found,) = measured_otherwise(replace(EVIDENCE, metrics=metrics), again)
    assert "0.740000 when it is measured again on the same rows" in found


def test_a_training_on_the_same_rows_with_the_same_settings_is_a_repetition() -> None:
    assert "same settings as champion version 3" in repeats(EVIDENCE, CHAMPION)
    for other in ({"content_hash": "00" * 32}, {"test_hash": None}, {"settings": {"C": 2}}):
        changed: dict[str, Any] = other
        assert repeats(replace(EVIDENCE, **changed), CHAMPION) == ""
