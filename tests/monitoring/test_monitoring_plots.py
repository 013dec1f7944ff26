"""The plots of drift and quality, read back from their figures."""

import io
import subprocess
import sys
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from goldrun.contracts.verdict import Verdict
from goldrun.features.catalog import purchase_features, refund_features
from goldrun.features.catalog.feature_tables import NUMERIC_FEATURES, feature_named
from goldrun.monitoring.drift import (
    Baseline,
    Bins,
    DriftConfig,
    DriftReport,
    FeatureBaseline,
    compare,
)
from goldrun.monitoring.drift_plots import bin_labels, distributions, psi_overview
from goldrun.monitoring.quality_plots import failures_by_rule, fates, null_rates

RECENCY = feature_named(purchase_features.RECENCY_DAYS)
TENURE = feature_named(purchase_features.TENURE_DAYS)
VALUE = feature_named(purchase_features.AVG_TRANSACTION_VALUE)
COLUMNS = [VALUE, TENURE, RECENCY]
BASELINE = Baseline(
    tuple(
        FeatureBaseline(Bins(c.name, (7.0, 30.0)), (500, 300, 200, 0), 12.0, 3.0)
        for c in (RECENCY, TENURE)
    )
)
CURRENT = {RECENCY.name: (200, 300, 400, 100), TENURE.name: (500, 300, 200, 0)}
REPORT = compare(BASELINE, CURRENT, COLUMNS, DriftConfig())

RULES = pd.DataFrame(
    [
        ("price_not_positive", "reject", 541_909, 539_392, 2_517),
        ("customer_id_missing", "reject", 541_909, 406_829, 135_080),
        ("quantity_extreme", "warn", 401_564, 401_555, 9),
        ("amount_missing", "reject", 541_909, 541_909, 0),
        ("order_id_missing", "reject", 0, 0, 0),
    ],
    columns=["rule", "severity", "checked", "passed", "failed"],
)


def drawn(figure: Figure) -> bytes:
    """Render the figure, which raises if that is impossible."""
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=50)
    assert image.getvalue().startswith(b"\x89PNG")
    return image.getvalue()


def rows_of(axes: Axes) -> dict[str, tuple[float, str]]:
    """Length and label of each horizontal bar by its name."""
    (bars,) = (c for c in axes.containers if isinstance(c, BarContainer))
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    lengths = [bar.get_width() for bar in bars.patches]
    labels = [text.get_text() for text in axes.texts]
    return dict(zip(names, zip(lengths, labels, strict=True), strict=True))


def test_importing_the_plots_leaves_pyplot_and_its_global_state_alone() -> None:
    code = (
        "import sys, goldrun.monitoring.drift_plots, goldrun.monitoring.quality_plots;"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == 0
    )


# Drift ----------------------------------------------------------------------------------------


def test_the_title_of_each_features_chart_has_psi_and_verdict() -> None:
    figure = distributions(BASELINE, CURRENT, REPORT)
    drawn(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    psi = REPORT.features[2].psi
    assert titles == [
        "avg_transaction_value\nunknown",
        "tenure_days\nnot evaluated, PSI 0.000",
        f"recency_days\nshifted, PSI {psi:.3f}",
    ]
    assert figure.get_suptitle() == "1 of 1 evaluated feature shifted since training; 1 unknown"


def test_a_chart_shows_shares_then_beside_now_in_named_bins_and_units() -> None:
    axes = distributions(BASELINE, CURRENT, REPORT).axes[2]
    shares = [
        [bar.get_height() for bar in bars.patches]
        for bars in axes.containers
        if isinstance(bars, BarContainer)
    ]
    assert shares == [[0.5, 0.3, 0.2, 0.0], [0.2, 0.3, 0.4, 0.1]]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["≤ 7", "≤ 30", "> 30", "null"]
    assert axes.get_xlabel() == "days"


def test_a_bin_without_rows_on_either_side_is_left_out() -> None:
    tenure = distributions(BASELINE, CURRENT, REPORT).axes[1]
    assert [t.get_text() for t in tenure.get_xticklabels()] == ["≤ 7", "≤ 30", "> 30"]


def test_a_feature_that_is_not_evaluated_is_grey() -> None:
    _, tenure, recency = distributions(BASELINE, CURRENT, REPORT).axes

    def is_grey(axes: Axes) -> bool:
        red, green, blue = to_rgb(axes.patches[0].get_facecolor())
        return bool(red == green == blue)

    assert is_grey(tenure)
    assert not is_grey(recency)


@pytest.mark.parametrize("charts", [1, 3, 10, 36])
@pytest.mark.parametrize("edge", [7.0, 1e8])
def test_no_text_lies_over_another_chart_headline_or_legend(charts: int, edge: float) -> None:
    features = NUMERIC_FEATURES[:charts]
    bins = [(edge * n + 0.5) for n in range(1, 10)]
    baseline = Baseline(
        tuple(
            FeatureBaseline(Bins(c.name, tuple(bins)), (100,) * 10 + (1,), 1.0, 1.0)
            for c in features
        )
    )
    counts = dict.fromkeys([c.name for c in features], (90,) * 10 + (2,))
    figure = distributions(
        baseline, counts, compare(baseline, counts, features, DriftConfig()), "GBP"
    )
    drawn(figure)
    headline = next(text for text in figure.texts if text.get_text() == figure.get_suptitle())
    boxes = [box for axes in figure.axes[:charts] if (box := axes.get_tightbbox())]
    boxes += [headline.get_window_extent(), figure.legends[0].get_window_extent()]

    assert len(boxes) == charts + 2
    assert [a.bounds for a, b in combinations(boxes, 2) if a.overlaps(b)] == []
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)


def test_a_feature_that_could_not_be_compared_has_the_reason_instead_of_bars() -> None:
    value = distributions(BASELINE, CURRENT, REPORT).axes[0]
    assert [text.get_text() for text in value.texts] == [REPORT.features[0].note]
    assert not value.patches


def test_an_axis_of_money_has_the_currency_of_the_shop() -> None:
    spend = [feature_named(refund_features.NET_SPEND), VALUE]
    baseline = Baseline(
        tuple(
            FeatureBaseline(Bins(c.name, (-7.0, 30.0)), (500, 300, 200, 0), 12.0, 3.0)
            for c in spend
        )
    )
    counts = {c.name: (200, 300, 400, 100) for c in spend}
    report = compare(baseline, counts, spend, DriftConfig())

    def labels(*currency: str) -> list[str]:
        return [
            axes.get_xlabel() for axes in distributions(baseline, counts, report, *currency).axes
        ]

    assert labels("GBP")[:2] == ["GBP", "GBP per order"]
    assert labels()[:2] == ["currency units", "currency units per order"]


def test_the_overview_lists_the_largest_psi_on_top_and_what_is_unknown_at_the_bottom() -> None:
    axes = psi_overview(REPORT, DriftConfig()).axes[0]
    rows = rows_of(axes)
    psi = REPORT.features[2].psi
    assert list(rows) == [VALUE.name, TENURE.name, RECENCY.name]
    assert rows[VALUE.name] == (0, "unknown")
    assert rows[RECENCY.name] == (psi, f"{psi:.3f}")


def test_the_overview_draws_the_limit_of_the_evaluation() -> None:
    def lines(limit: float) -> set[float]:
        axes = psi_overview(REPORT, DriftConfig(max_psi=limit)).axes[0]
        across = (line.get_xdata() for line in axes.lines if line.get_linewidth() == 1)
        return {float(np.asarray(xs)[0]) for xs in across}

    assert lines(0.1) == {0.1, 0.25}
    assert lines(0.3) == {0.3}


@pytest.mark.parametrize("features", [(), REPORT.features[:2]])
def test_the_title_of_a_report_without_evaluation_does_not_report_a_pass(
    features: tuple[()],
) -> None:
    report = DriftReport(features, Verdict.UNKNOWN)
    for figure in (distributions(BASELINE, CURRENT, report), psi_overview(report, DriftConfig())):
        drawn(figure)
        assert figure.get_suptitle() == "Drift is unknown: no feature could be evaluated"


def test_the_same_report_gives_the_same_picture() -> None:
    one, two = (drawn(distributions(BASELINE, CURRENT, REPORT)) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("edges", "labels"),
    [
        ((), ["any", "null"]),
        ((5.0,), ["≤ 5", "> 5", "null"]),
        ((0.05, 0.1), ["≤ 0.05", "≤ 0.1", "> 0.1", "null"]),
        ((5.7, 17.6, 29.5), ["≤ 6", "≤ 18", "≤ 30", "> 30", "null"]),
        ((12.34, 12.9, 12_000.4), ["≤ 12.34", "≤ 12.9", "≤ 12,000", "> 12,000", "null"]),
        ((1e-7, 2e-7), ["≤ 1e-07", "≤ 2e-07", "> 2e-07", "null"]),
        ((-5e-324, 0.0, 3.0), ["< 0", "= 0", "≤ 3", "> 3", "null"]),
    ],
)
def test_bins_are_named_by_their_upper_edge_as_exactly_as_their_width_asks(
    edges: tuple[float, ...], labels: list[str]
) -> None:
    assert bin_labels(edges) == labels


# Quality --------------------------------------------------------------------------------------


def test_rules_are_listed_most_broken_on_top_with_count_and_share() -> None:
    figure = failures_by_rule(RULES)
    drawn(figure)
    rows = rows_of(figure.axes[0])
    assert list(rows)[::-1] == [
        "customer_id_missing",
        "price_not_positive",
        "quantity_extreme",
        "order_id_missing",
    ]
    assert rows["customer_id_missing"] == (135_080, "135,080 (24.9 %)")
    assert rows["quantity_extreme"] == (9, "9 (< 0.1 %)")


def test_rules_that_no_record_breaks_are_counted_and_not_drawn() -> None:
    axes = failures_by_rule(RULES).axes[0]
    assert "amount_missing" not in rows_of(axes)
    assert axes.get_xlabel().endswith("; no record breaks 1 other rule")
    clean = failures_by_rule(RULES.iloc[:4].assign(failed=0)).axes[0]
    assert rows_of(clean) == {}
    assert clean.get_xlabel().endswith("; no record breaks 4 other rules")


def test_a_rule_that_was_never_checked_is_not_shown_as_unbroken() -> None:
    figure = failures_by_rule(RULES)
    assert rows_of(figure.axes[0])["order_id_missing"] == (0, "not checked")
    assert figure.get_suptitle().endswith("1 of 5 rules not checked")
    only = failures_by_rule(RULES.iloc[4:])
    assert only.get_suptitle() == "No rule was checked"


def test_counts_far_apart_are_drawn_on_a_logarithmic_axis_and_near_ones_are_not() -> None:
    far = failures_by_rule(RULES).axes[0]
    near = failures_by_rule(RULES.assign(failed=[40, 30, 0, 0, 0])).axes[0]
    assert (far.get_xscale(), near.get_xscale()) == ("symlog", "linear")
    assert "logarithmic" in far.get_xlabel()
    assert "logarithmic" not in near.get_xlabel()


def test_the_title_distinguishes_no_broken_rules_from_no_rules() -> None:
    clean = failures_by_rule(RULES.iloc[:4].assign(failed=0))
    drawn(clean)
    assert clean.get_suptitle() == "No record breaks a rule"
    nothing = failures_by_rule(RULES.iloc[:0])
    drawn(nothing)
    assert nothing.get_suptitle() == "No rule was checked"


def test_rules_of_two_entities_that_share_a_name_stay_apart() -> None:
    both = pd.concat([RULES.assign(entity="transactions"), RULES.assign(entity="customers")])
    rows = rows_of(failures_by_rule(both).axes[0])
    assert len(rows) == 8
    assert rows["customers.customer_id_missing"] == rows["transactions.customer_id_missing"]


def test_fates_are_shares_of_all_records_in_the_order_given() -> None:
    figure = fates(
        {"accepted": 401_564, "quarantined": 135_120, "duplicates": 5_225, "superseded": 0}
    )
    drawn(figure)
    rows = rows_of(figure.axes[0])
    assert list(rows)[::-1] == ["accepted", "quarantined", "duplicates", "superseded"]
    assert rows["accepted"] == (401_564 / 541_909, "401,564 (74.1 %)")
    assert rows["superseded"] == (0, "0")
    assert sum(length for length, _ in rows.values()) == pytest.approx(1)
    assert figure.get_suptitle() == "74.1 % of 541,909 records were accepted"


@pytest.mark.parametrize("counts", [{}, {"accepted": 0, "quarantined": 0}])
def test_the_title_reports_a_batch_without_records(counts: dict[str, int]) -> None:
    figure = fates(counts)
    drawn(figure)
    assert figure.get_suptitle() == "There were no records"


def test_null_rates_are_sorted_and_a_positive_rate_is_not_rounded_to_zero() -> None:
    columns = pd.DataFrame(
        {
            "column": ["name", "order_id", "email", "product_id", "location"],
            "null_rate": [0.42, 0.0, 0.9999, 0.0003, None],
        }
    )
    figure = null_rates(columns)
    drawn(figure)
    rows = rows_of(figure.axes[0])
    assert {name: label for name, (_, label) in reversed(rows.items())} == {
        "email": "> 99.9 %",
        "name": "42.0 %",
        "product_id": "< 0.1 %",
        "location": "not measured",
    }
    assert next(iter(rows)) == "location"
    assert max(figure.axes[0].get_xticks()) <= 1
    assert figure.get_suptitle() == (
        "3 of 4 columns have missing values; 1 not measured\nmost: email, > 99.9 %"
    )


def test_columns_without_missing_values_differ_from_unmeasured_columns() -> None:
    columns = pd.DataFrame({"column": ["a", "b"], "null_rate": [0.0, 0.0]})
    assert null_rates(columns).get_suptitle() == "None of 2 columns has missing values"
    unknown = null_rates(columns.assign(null_rate=None))
    drawn(unknown)
    assert unknown.get_suptitle() == "No column was measured for missing values"
