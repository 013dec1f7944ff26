"""Verdicts of drift, the report, and the stored baseline."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pyspark.sql import types as T

from goldrun.contracts.verdict import Verdict
from goldrun.errors import SourceError
from goldrun.features.catalog import purchase_features
from goldrun.features.catalog.entry import Feature
from goldrun.features.catalog.feature_tables import feature_named
from goldrun.monitoring.drift import (
    Baseline,
    Bins,
    DriftConfig,
    DriftReport,
    FeatureBaseline,
    FeatureDrift,
    compare,
    js_distance,
    psi,
)

RECENCY = feature_named(purchase_features.RECENCY_DAYS)
TENURE = feature_named(purchase_features.TENURE_DAYS)
VALUE = feature_named(purchase_features.AVG_TRANSACTION_VALUE)
STEADY = (1000, 1000, 1000, 1000, 0)
SHIFTED = (2200, 1000, 500, 300, 0)


def baseline(*features: tuple[Feature, tuple[int, ...]]) -> Baseline:
    return Baseline(
        tuple(
            FeatureBaseline(
                Bins(c.name, tuple(float(k) for k in range(len(counts) - 2))), counts, 1.5, 0.1
            )
            for c, counts in features
        )
    )


def drift_of(
    reference: tuple[int, ...],
    current: tuple[int, ...],
    column: Feature = RECENCY,
    config: DriftConfig | None = None,
) -> FeatureDrift:
    report = compare(
        baseline((column, reference)), {column.name: current}, [column], config or DriftConfig()
    )
    return report.features[0]


# Verdicts -------------------------------------------------------------------------------------


def test_rows_with_the_distribution_of_the_training_pass() -> None:
    drift = drift_of(STEADY, (990, 1010, 1005, 995, 0))
    assert (drift.verdict, drift.evaluated, drift.note) == (Verdict.PASS, True, "")
    assert (drift.reference_rows, drift.current_rows, drift.effective_bins) == (4000, 4000, 4)


def test_a_shift_above_the_limit_and_the_noise_fails_with_its_psi() -> None:
    drift = drift_of(STEADY, SHIFTED)
    assert drift.verdict is Verdict.FAIL
    assert drift.psi == psi(STEADY, SHIFTED)
    assert drift.note == f"PSI {drift.psi:.3f} exceeds 0.100"


def test_a_higher_limit_lets_a_shift_pass() -> None:
    assert drift_of(STEADY, SHIFTED, config=DriftConfig(max_psi=5)).verdict is Verdict.PASS


def test_a_failing_feature_reports_a_shift_of_missing_values() -> None:
    drift = drift_of((1000, 1000, 0), (700, 700, 600))
    assert drift.verdict is Verdict.FAIL
    assert "mostly by nulls (0.0% before, 30.0% now)" in drift.note
    assert (drift.null_share_reference, drift.null_share_current) == (0, 0.3)


def test_a_feature_with_too_few_rows_is_unknown_at_any_shift() -> None:
    drift = drift_of(STEADY, (8, 0, 0, 0, 0))
    assert drift.verdict is Verdict.UNKNOWN
    assert "8 rows are too few" in drift.note


def test_a_small_shift_is_unknown_if_the_noise_exceeds_the_limit() -> None:
    ten = (100,) * 10 + (0,)
    few = (15,) * 10 + (0,)
    drift = drift_of(ten, few)
    assert drift.psi == 0
    assert drift.psi_noise is not None
    assert drift.psi_noise > 0.1
    assert drift.verdict is Verdict.UNKNOWN
    assert "chance alone" in drift.note


def test_a_shift_above_the_limit_is_unknown_while_it_stays_below_the_noise() -> None:
    drift = drift_of((100,) * 10 + (0,), (26, 6, 13, 17, 19, 11, 17, 13, 13, 15, 0))
    assert drift.psi is not None
    assert drift.psi_noise is not None
    assert 0.1 < drift.psi < drift.psi_noise
    assert drift.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("nulls_before", [True, False])
def test_a_feature_without_any_value_on_one_side_is_unknown(nulls_before: bool) -> None:
    full, empty = (2000, 2000, 0), (0, 0, 4000)
    drift = drift_of(empty, full) if nulls_before else drift_of(full, empty)
    assert drift.verdict is Verdict.UNKNOWN
    assert drift.note == f"every {'reference' if nulls_before else 'current'} row is null"


def test_a_report_without_current_rows_is_unknown_and_has_no_metrics() -> None:
    drift = drift_of(STEADY, (0, 0, 0, 0, 0))
    assert drift.verdict is Verdict.UNKNOWN
    assert drift.note == "no current rows"
    assert drift.psi is drift.js_distance is drift.psi_noise is drift.null_share_current is None


def test_a_feature_that_the_baseline_lacks_makes_the_report_unknown() -> None:
    report = compare(
        baseline((RECENCY, STEADY)),
        {RECENCY.name: STEADY, VALUE.name: STEADY},
        [RECENCY, VALUE],
        DriftConfig(),
    )
    assert [one.verdict for one in report.features] == [Verdict.PASS, Verdict.UNKNOWN]
    assert "baseline lacks it" in report.features[1].note
    assert report.verdict is Verdict.UNKNOWN


def test_a_feature_without_counts_makes_the_report_unknown() -> None:
    report = compare(baseline((RECENCY, STEADY)), {}, [RECENCY], DriftConfig())
    assert report.verdict is Verdict.UNKNOWN
    assert report.features[0].reference_rows == 4000


def test_a_feature_that_grows_with_time_is_shown_but_never_evaluated() -> None:
    report = compare(
        baseline((RECENCY, STEADY), (TENURE, STEADY)),
        {RECENCY.name: STEADY, TENURE.name: SHIFTED},
        [RECENCY, TENURE],
        DriftConfig(),
    )
    tenure = report.features[1]
    assert tenure.psi == psi(STEADY, SHIFTED)
    assert (tenure.evaluated, tenure.verdict) == (False, Verdict.UNKNOWN)
    assert "grows with time" in tenure.note
    assert report.verdict is Verdict.PASS


def test_a_report_in_which_nothing_was_evaluated_is_unknown() -> None:
    both = compare(baseline((TENURE, STEADY)), {TENURE.name: STEADY}, [TENURE], DriftConfig())
    none = compare(baseline(), {}, [], DriftConfig())
    assert both.verdict is none.verdict is Verdict.UNKNOWN


def test_one_failing_feature_fails_the_report_despite_an_unknown_one() -> None:
    report = compare(
        baseline((RECENCY, STEADY)), {RECENCY.name: SHIFTED}, [RECENCY, VALUE], DriftConfig()
    )
    assert report.verdict is Verdict.FAIL


def test_a_constant_that_stays_the_same_passes_and_one_that_moved_fails() -> None:
    assert drift_of((0, 3000, 0, 0), (0, 900, 0, 0)).verdict is Verdict.PASS
    assert drift_of((0, 3000, 0, 0), (900, 0, 0, 0)).verdict is Verdict.FAIL


def test_counts_of_different_bins_are_refused() -> None:
    with pytest.raises(ValueError, match=r"3 current counts don't fit the baseline's 5 bins"):
        drift_of(STEADY, (1, 2, 3))


@pytest.mark.parametrize(
    "wrong", [{"max_psi": 0}, {"max_psi": math.inf}, {"noise_p": 1}, {"min_rows": 0}, {"psi": 1}]
)
def test_unusable_thresholds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        DriftConfig.model_validate(wrong)


# Report and baseline --------------------------------------------------------------------------


def mixed_report() -> DriftReport:
    return compare(
        baseline((RECENCY, STEADY), (TENURE, STEADY)),
        {RECENCY.name: SHIFTED, TENURE.name: STEADY},
        [RECENCY, TENURE, VALUE],
        DriftConfig(),
    )


def test_metrics_are_finite_and_omit_missing_values() -> None:
    metrics = mixed_report().metrics()
    assert metrics == {
        "psi_recency_days": psi(STEADY, SHIFTED),
        "js_recency_days": js_distance(STEADY, SHIFTED),
        "psi_tenure_days": 0.0,
        "js_tenure_days": 0.0,
        "features_judged": 2.0,
        "features_failed": 1.0,
        "features_unknown": 1.0,
    }


def test_metric_names_have_only_characters_that_mlflow_accepts() -> None:
    odd = Feature("größe %", T.DoubleType(), "An odd name.")
    report = compare(baseline((odd, STEADY)), {odd.name: STEADY}, [odd], DriftConfig())
    assert {"psi_gr__e _", "js_gr__e _"} < set(report.metrics())


def test_the_table_has_one_row_a_feature_and_missing_numbers_are_missing() -> None:
    table = mixed_report().table()
    assert table["feature"].tolist() == [RECENCY.name, TENURE.name, VALUE.name]
    assert table["verdict"].tolist() == ["fail", "unknown", "unknown"]
    assert table["judged"].tolist() == [True, False, True]
    assert pd.isna(table["psi"].iloc[2])
    assert table["unit"].tolist() == ["days", "days", "currency per order"]


def test_the_table_of_an_empty_report_has_its_columns() -> None:
    table = DriftReport((), Verdict.UNKNOWN).table()
    assert len(table) == 0
    assert "psi" in table.columns


edges = st.lists(
    st.floats(allow_nan=False, allow_infinity=False), max_size=6, unique_by=lambda x: x
).map(lambda values: tuple(sorted(set(values))))


@given(edges, st.data(), st.floats(allow_nan=False, allow_infinity=False) | st.none())
def test_a_baseline_is_read_back_from_json_exactly(
    inner: tuple[float, ...], data: st.DataObject, mean: float | None
) -> None:
    size = len(inner) + 2
    counts = data.draw(st.lists(st.integers(0, 10**12), min_size=size, max_size=size))
    one = Baseline((FeatureBaseline(Bins("f", inner), tuple(counts), mean, None),))
    assert Baseline.from_json(one.to_json()) == one


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"mean": 1.5', '"mean": "1.5"'),
        ('"mean": 1.5', '"mean": 1.5, "median": 1'),
        ('"mean": 1.5,', ""),
        ("0.0,", "9.0,"),
        ("1000,", "-1000,"),
        ("1000,", "1000, 1000,"),
        ("{", "["),
    ],
)
def test_json_that_is_not_a_complete_baseline_is_refused(right: str, wrong: str) -> None:
    text = baseline((RECENCY, STEADY)).to_json()
    assert right in text
    with pytest.raises(SourceError, match="train the model again"):
        Baseline.from_json(text.replace(right, wrong, 1))


@pytest.mark.parametrize("wrong", [(1.0, 1.0), (2.0, 1.0), (math.nan,), (1.0, math.inf)])
def test_edges_that_do_not_increase_are_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="increase strictly"):
        Bins("f", wrong)


def test_a_feature_given_twice_is_refused() -> None:
    one = baseline((RECENCY, STEADY)).features[0]
    with pytest.raises(ValueError, match="twice"):
        Baseline((one, replace(one, mean=None)))
