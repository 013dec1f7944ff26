"""A sale dated long after all others is stored and named, and changes no feature."""

import json
import logging
from datetime import date, timedelta
from decimal import Decimal

import pytest
from deltalake import DeltaTable

from goldrun.contracts.ops import QUALITY_METRICS
from goldrun.errors import AsOfError
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.monitor import quality
from goldrun.jobs.workflow.summary import summary
from tests.jobs.conftest import Shop, new_shop

FIRST, LAST = date(2024, 4, 1), date(2024, 5, 10)
STRAY = date(2024, 7, 1)


def sale(key: str, who: str, day: date) -> str:
    return f"{key},{who},1,5,5,{day} 10:00:00,completed,{day} 10:00:00"


@pytest.fixture(scope="module")
def logged() -> list[str]:
    return []


@pytest.fixture(scope="module")
def stray(
    engine: Engine,
    tracker: Tracker,
    logged: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    """A shop with a sale on each of forty days, and one by a new customer seven weeks later."""
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("stray"))
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    sales = [sale(f"t{n}", f"c{n % 4}", day) for n, day in enumerate(days)]
    shop.add_file("days.csv", *sales, sale("stray", "new", STRAY))
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("goldrun")
    log.addHandler(handler)
    with shop.ctx.tracker.run("run to gold", "goldrun-pipeline"):
        shop.bronze()
        shop.silver()
        gold_tables.run(shop.ctx)
    log.removeHandler(handler)
    return shop


def test_the_log_names_the_row_and_what_to_do(stray: Shop, logged: list[str]) -> None:
    assert stray.rows("silver/transactions") == 41
    (warning,) = [text for text in logged if "after the observed end" in text]
    assert "1 row on 1 day (2024-07-01) after the observed end 2024-05-10" in warning
    assert "correct their dates, or load" in warning


def test_features_are_as_of_the_day_after_the_end(stray: Shop) -> None:
    users = {r["user_id"]: r for r in stray.ctx.lake.read(USER_FEATURES.name).collect()}
    assert set(users) == {f"c{n}" for n in range(4)}
    assert sum(row["total_spend"] for row in users.values()) == Decimal(200)
    assert sorted(row["recency_days"] for row in users.values()) == [0, 1, 2, 3]
    dates = stray.ctx.lake.read(CUSTOMER_FEATURES.name).select("as_of").distinct().collect()
    assert [row["as_of"] for row in dates] == [LAST + timedelta(days=1)]
    history = DeltaTable(stray.ctx.lake.path(USER_FEATURES.name)).history()
    notes = [json.loads(commit["userMetadata"]) for commit in history if "userMetadata" in commit]
    assert {note["observed_until"] for note in notes if "observed_until" in note} == {str(LAST)}


def test_no_label_counts_on_the_days_before_the_stray_row(stray: Shop) -> None:
    history = history_of(stray.ctx)
    assert history.latest_labelled(14) == LAST - timedelta(days=14)
    with pytest.raises(AsOfError, match=r"2024-05-10\); give 2024-04-26.*2024-07-01"):
        history.check_labels(date(2024, 5, 10), 14)
    with pytest.raises(AsOfError, match=r"ends on 2024-05-10.*1 row on 1 day"):
        gold_tables.run(stray.ctx, date(2024, 6, 1))


def test_quality_and_the_summary_count_the_row(stray: Shop) -> None:
    report = quality.measure(stray.ctx)
    assert report.after_the_end == {STRAY: 1}
    with stray.ctx.tracker.run("quality", "goldrun-pipeline"):
        quality.record(stray.ctx, report)
    metrics = {r["metric"]: r["value"] for r in stray.ctx.lake.read(QUALITY_METRICS.name).collect()}
    assert metrics["transactions.after_the_end"] == 1
    assert metrics["transactions.days_after_the_end"] == 1
    (row,) = [text for text in summary(stray.ctx, report, []) if "after the end" in text]
    assert "1 row on 1 day (2024-07-01)" in row
