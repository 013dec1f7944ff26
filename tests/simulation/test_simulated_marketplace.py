"""The true rows satisfy the contracts, and the files hold the same rows."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from goldrun.contracts import behaviour, entities, lineage
from goldrun.contracts.table import Table
from goldrun.features.observed_end import observed_end
from goldrun.io.settings import load_source
from goldrun.jobs.simulate.simulation import write_marketplace
from goldrun.simulation.draws import Draws
from goldrun.simulation.layouts import LAYOUTS, LEDGER, PEOPLE
from goldrun.simulation.options import ALL, read_settings
from goldrun.simulation.process import people
from tests.simulation.conftest import CUSTOMERS, Written, rows_of


def test_the_marketplace_does_not_depend_on_the_chunks(tmp_path: Path) -> None:
    settings = read_settings(customers=1_000, days=60, dirt=ALL, drift="spend:2025-06-01:2")
    sizes = (100, 1_000)
    made = [Written(settings, tmp_path / str(size)) for size in sizes]
    for size, one in zip(sizes, made, strict=True):
        write_marketplace(settings, one.folder, chunk=size, processes=1)
    small, large = made
    for entity in LAYOUTS:
        assert Counter(small.lines(entity)) == Counter(large.lines(entity))
    for table in (p.name for p in (large.folder / "truth").iterdir() if p.is_dir()):
        key = [LEDGER.key[0]] if table == "ledger" else list(large.truth(table).columns[:1])
        order = [*key, *(c for c in (lineage.VALID_FROM,) if c in large.truth(table))]
        a, b = (one.truth(table).sort_values(order, ignore_index=True) for one in made)
        pd.testing.assert_frame_equal(a, b)


def test_processes_write_the_same_files_as_one(tmp_path: Path) -> None:
    settings = read_settings(customers=60, days=30)
    for processes in (1, 2):
        write_marketplace(settings, tmp_path / str(processes), chunk=30, processes=processes)
    files = [
        {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}
        for place in (tmp_path / "1", tmp_path / "2")
    ]
    assert files[0] == files[1]


def test_a_different_seed_gives_a_different_marketplace(market: Written, tmp_path: Path) -> None:
    other = Written(market.settings, tmp_path / "other")
    write_marketplace(read_settings(customers=CUSTOMERS, seed=43), other.folder, processes=1)
    assert not set(other.lines("interactions")) & set(market.lines("interactions"))


def test_the_marketplace_ends_with_its_newest_transaction_and_not_with_a_stray_one(
    market: Written,
) -> None:
    days = dict.fromkeys(market.truth("transactions")[entities.TRANSACTION_DATE].dt.date, 1)
    newest = max(days)
    assert observed_end(days).day == newest
    assert observed_end({**days, newest + timedelta(days=42): 1}).day == newest


@pytest.mark.parametrize("entity", LAYOUTS)
def test_the_truth_satisfies_the_contract(market: Written, entity: str) -> None:
    rows, table = market.truth(entity), LAYOUTS[entity].table
    assert tuple(rows.columns) == table.names
    assert not rows.duplicated(list(table.key)).any()
    _keeps_values(rows, table)
    for reference in table.references:
        (key,) = LAYOUTS[reference.entity].table.key
        assert rows[reference.column].dropna().isin(market.truth(reference.entity)[key]).all()
    if table.versioned_by:
        older = market.truth(f"{entity}_history")
        _keeps_values(older, table)
        assert len(older)
        newest = older.merge(rows, on=list(table.key), suffixes=("", "_newest"))
        assert len(newest) == len(older)
        assert (newest[table.versioned_by] < newest[f"{table.versioned_by}_newest"]).all()
        assert (older[lineage.VALID_FROM] < older[lineage.VALID_TO]).all()


def _keeps_values(rows: pd.DataFrame, table: Table) -> None:
    for c in table.columns:
        if c.required or c.name in table.key:
            assert rows[c.name].notna().all(), c.name
        if c.allowed:
            assert set(rows[c.name].dropna()) <= set(c.allowed), c.name
    end = pd.Timestamp("2025-06-30", tz="UTC")
    for column in rows.select_dtypes("datetimetz"):
        assert (rows[column].dropna() < end).all(), column


def test_money_and_quantities_satisfy_the_documented_rules(market: Written) -> None:
    rows = market.truth("transactions")
    cancelled = rows[entities.TRANSACTION_STATUS] == entities.CANCELLED
    assert (rows[entities.PRICE] > 0).all()
    assert (cancelled | ((rows[entities.QUANTITY] > 0) & (rows[entities.AMOUNT] >= 0))).all()
    assert (rows[cancelled][entities.QUANTITY] < 0).any()
    assert set(rows[entities.CURRENCY]) == {"EUR"}


def test_every_order_has_a_session_that_ends_with_its_purchase(market: Written) -> None:
    placed = market.truth("transactions").drop_duplicates(entities.ORDER_ID)
    events = market.truth("events")
    items = events[events[behaviour.EVENT_TYPE] == behaviour.PURCHASE]
    assert Counter(
        zip(placed[entities.CUSTOMER_ID], placed[entities.TRANSACTION_DATE], strict=True)
    ) == Counter(zip(items[entities.CUSTOMER_ID], items[behaviour.EVENT_TIMESTAMP], strict=True))
    in_order = events.dropna(subset=behaviour.SESSION_ID).sort_values(
        [behaviour.EVENT_TIMESTAMP, behaviour.EVENT_ID]
    )
    last = in_order.groupby(behaviour.SESSION_ID)[behaviour.EVENT_TYPE].last()
    assert (last[items[behaviour.SESSION_ID]] == behaviour.PURCHASE).all()


def test_events_of_a_session_happen_within_it_and_some_belong_to_none(market: Written) -> None:
    sessions, events = market.truth("sessions"), market.truth("events")
    both = events.merge(sessions, on=[behaviour.SESSION_ID, entities.CUSTOMER_ID])
    assert len(both) == events[behaviour.SESSION_ID].notna().sum() < len(events)
    assert (both[behaviour.EVENT_TIMESTAMP] >= both[behaviour.SESSION_START]).all()
    ended = both.dropna(subset=behaviour.SESSION_END)
    assert (ended[behaviour.EVENT_TIMESTAMP] <= ended[behaviour.SESSION_END]).all()
    assert (
        sessions[behaviour.SESSION_START].dt.date < sessions[behaviour.SESSION_END].dt.date
    ).any()
    seconds = (
        sessions[behaviour.SESSION_END] - sessions[behaviour.SESSION_START]
    ).dt.total_seconds()
    assert np.allclose(
        seconds.dropna(), sessions[behaviour.SESSION_DURATION].dropna().astype(float)
    )


def test_most_sessions_end_without_an_order_and_few_customers_spend_most(market: Written) -> None:
    events = market.truth("events")
    with_order = events[events[behaviour.EVENT_TYPE] == behaviour.PURCHASE][
        behaviour.SESSION_ID
    ].nunique()
    assert with_order < market.truth("sessions")[behaviour.SESSION_ID].nunique() / 2
    rows = market.truth("transactions")
    spent = (
        rows[entities.AMOUNT].astype(float).groupby(rows[entities.CUSTOMER_ID]).sum().sort_values()
    )
    assert spent.tail(len(spent) // 5).sum() > 0.5 * spent.sum()


def test_sessions_and_unresolved_interactions_predict_churn() -> None:
    settings = read_settings(customers=4_000)
    rows = rows_of(settings)
    crowd = people(settings, Draws(settings.seed), np.arange(settings.customers))
    there = np.minimum(crowd.dropout, settings.days) - np.maximum(crowd.registered, 0)
    sessions = np.bincount(rows["sessions"]["_customer"], minlength=settings.customers)
    long = there > 90
    a_day = sessions[long] / there[long]
    assert stats.spearmanr(a_day, crowd.dropout_rate[long]).statistic < -0.1
    known = rows["interactions"].dropna(subset=behaviour.INTERACTION_OUTCOME)
    failed = (
        (known[behaviour.INTERACTION_OUTCOME] != behaviour.RESOLVED)
        .groupby(known["_customer"])
        .agg(["mean", "size"])
    )
    known = failed[failed["size"] > 1]
    rate = crowd.dropout_rate[known.index]
    assert stats.spearmanr(known["mean"], rate).statistic > 0.1


def test_the_people_are_the_customers(market: Written) -> None:
    truth = market.truth("people")
    assert tuple(truth.columns) == PEOPLE.names
    assert set(truth["customer_id"]) == set(market.truth("customers")[entities.CUSTOMER_ID])
    assert (truth["churned"] == truth["alive_until"].notna()).all()
    assert 0 < truth["churned"].mean() < 1


def test_the_shipped_source_maps_the_files_as_they_are_laid_out() -> None:
    source = load_source("marketplace")
    for entity, layout in LAYOUTS.items():
        mapping = source.entities[entity]
        assert mapping.columns == layout.columns
        assert mapping.format == layout.format
        assert mapping.path == f"data/marketplace/{entity}"
