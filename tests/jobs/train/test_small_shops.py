"""A small or young shop gets its models, or an error that names what is missing and what helps."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from goldrun.errors import AsOfError
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.names import CHURN, EXPERIMENTS
from goldrun.jobs.train import train
from goldrun.jobs.train.outcome import Outcome
from tests.jobs.conftest import new_shop, own_store
from tests.jobs.train.orders import FIRST, Order, add_orders, random_orders

pytestmark = pytest.mark.e2e

NO_CHURNERS = [
    (f"c{who}", FIRST + timedelta(day))
    for who in range(200)
    for day in range(who % 30, 365, 10 + who % 40)
]
ALL_CHURN = [(f"c{day}", FIRST + timedelta(day)) for day in range(365)]


@pytest.fixture
def tracker(empty_store: Path, tmp_path: Path) -> Iterator[Tracker]:
    with own_store(tmp_path, empty_store) as opened:
        yield opened


def trained(engine: Engine, tracker: Tracker, place: Path, orders: list[Order]) -> Outcome:
    """Train churn with the shipped settings on a shop with these orders."""
    shop = new_shop(engine, tracker, place)
    add_orders(shop, orders)
    shop.bronze()
    shop.silver()
    return _train(shop.ctx)


def _train(ctx: Context) -> Outcome:
    with ctx.tracker.run(CHURN, EXPERIMENTS[CHURN]):
        gold_tables.run(ctx)
        return train.train(ctx, CHURN)


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        (
            random_orders(customers=200, days=40),
            r"history of 40 days \(2024-01-01 to 2024-02-09\) is too short.*two label windows of "
            r"90 days, 182 days in all; load 142 more, or set horizon_days to 19 or less",
        ),
        (NO_CHURNERS, r"all \d+ training rows.*nobody churned.*smaller horizon_days than 90"),
        (ALL_CHURN, r"none of the \d+ training rows.*everybody churned.*larger horizon_days"),
    ],
    ids=["40 days", "no churners", "all churn"],
)
def test_a_shop_without_what_churn_needs_is_refused_with_the_remedy(
    engine: Engine, tracker: Tracker, tmp_path: Path, orders: list[Order], message: str
) -> None:
    with pytest.raises(AsOfError, match=message) as caught:
        trained(engine, tracker, tmp_path, orders)
    assert caught.value.exit_code == 7
    assert tracker.client.search_registered_models() == []


@pytest.mark.slow
@pytest.mark.parametrize("customers", [5, 200])
def test_a_shop_of_few_customers_gets_a_version_that_the_gate_decides_on(
    engine: Engine, tracker: Tracker, tmp_path: Path, customers: int
) -> None:
    outcome = trained(engine, tracker, tmp_path, random_orders(customers, days=365))
    (version,) = tracker.client.search_model_versions(f"name='{outcome.model}'")
    run = tracker.client.get_run(str(version.run_id))
    assert run.data.tags["goldrun.decision"] == str(outcome.decision)
    assert "AUC" in outcome.scores
