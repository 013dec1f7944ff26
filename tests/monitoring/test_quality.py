"""The quality verdict: pass, fail and unknown."""

import pandas as pd
import pytest

from goldrun.contracts.verdict import Verdict
from goldrun.medallion.accounting import FATES, Accounting
from goldrun.monitoring.quality import RULE_COLUMNS, QualityReport, evaluate_quality


def account(records: int, quarantined: int, **faults: int) -> Accounting:
    fates = dict.fromkeys(FATES, 0) | {"silver": records - quarantined, "quarantined": quarantined}
    wrong = {"lost": 0, "doubled": 0, "stray": 0} | faults
    return Accounting(records, fates, **wrong)


def evaluated(accounting: Accounting, limit: float = 0.1) -> QualityReport:
    rules = pd.DataFrame(
        [("sales", "price_not_positive", "reject", 100, 93, 7, "")], columns=RULE_COLUMNS
    )
    nulls = pd.DataFrame(
        [("sales", "currency", 100, 25, 0.25)],
        columns=["table", "column", "rows", "nulls", "null_rate"],
    )
    return evaluate_quality(rules, nulls, {"sales": accounting}, limit)


def test_complete_accounting_with_few_rejected_records_passes() -> None:
    assert evaluated(account(100, 10)).verdict is Verdict.PASS


def test_one_record_too_many_in_quarantine_fails() -> None:
    assert evaluated(account(100, 11)).verdict is Verdict.FAIL


@pytest.mark.parametrize("fault", ["lost", "doubled", "stray"])
def test_incomplete_accounting_fails(fault: str) -> None:
    assert evaluated(account(100, 0, **{fault: 1})).verdict is Verdict.FAIL


def test_quality_without_records_is_unknown() -> None:
    assert evaluated(account(0, 0)).verdict is Verdict.UNKNOWN


def test_quality_without_entities_is_unknown() -> None:
    report = evaluate_quality(pd.DataFrame(columns=RULE_COLUMNS), pd.DataFrame(), {}, 0.1)
    assert report.verdict is Verdict.UNKNOWN


def test_metric_names_contain_rule_fate_and_column() -> None:
    numbers = evaluated(account(100, 10)).metrics()
    assert numbers["sales.price_not_positive.checked"] == 100
    assert numbers["sales.price_not_positive.passed"] == 93
    assert numbers["sales.price_not_positive.failed"] == 7
    assert numbers["sales.quarantined"] == 10
    assert numbers["sales.reject_share"] == pytest.approx(0.1)
    assert numbers["sales.currency.null_rate"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [({}, Verdict.PASS), ({"transactions": "2 values, such as 9001"}, Verdict.FAIL)],
)
def test_a_key_with_several_contents_in_one_file_fails_by_name(
    found: dict[str, str], verdict: Verdict
) -> None:
    rules = pd.DataFrame(columns=RULE_COLUMNS)
    report = evaluate_quality(
        rules, pd.DataFrame(), {"transactions": account(9, 0), "events": account(9, 0)}, 1, found
    )
    (check,) = [each for each in report.checks if "unique" in each.name]
    assert (check.name, check.verdict) == (
        "transactions: keys are unique within a file",
        verdict,
    )
    assert check.detail == found.get("transactions", "all are")
    assert report.verdict is verdict
