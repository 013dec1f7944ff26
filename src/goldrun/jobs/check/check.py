"""Check a source on the first rows of its files: no lake and no run in MLflow are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from goldrun.contracts.entities import CUSTOMER_ID, TRANSACTION_ID, TRANSACTIONS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.rates import RATES
from goldrun.contracts.source import Source
from goldrun.features.activity import (
    Activity,
    customer_daily,
    customer_places,
    customer_products,
    customer_responses,
)
from goldrun.features.labels import History
from goldrun.features.silver_tables import Silver
from goldrun.features.snapshots import customer_features
from goldrun.io.engines.base import Engine
from goldrun.io.sources.rates import read_rates
from goldrun.jobs.check.sample import Sampled, read_sample
from goldrun.medallion.refinement import Refinement
from goldrun.medallion.whole_build import customers_of, refine_entities
from goldrun.monitoring.preview import Preview, preview

_CUSTOMERS, _TRANSACTIONS = "customers", "transactions"
CUSTOMERS_SHOWN = 3
"""Number of customers whose features are computed."""


@dataclass(frozen=True)
class Checked:
    """What a run would make of the first rows of the files.

    Attributes:
        source: The shop.
        rows: Largest number of rows that were read of a file.
        sampled: The files that were read, by entity.
        previews: Outcomes, reasons and ranges, by entity.
        customers: Number of customers.
        history: First and last day of the activity; None without activity.
        features: Rows of ``gold/customer_features`` as of the day after the history, of the
            customers with the most transactions.
    """

    source: Source
    rows: int
    sampled: Mapping[str, Sampled]
    previews: Mapping[str, Preview]
    customers: int
    history: History | None
    features: Sequence[Row]

    @property
    def as_of(self) -> date | None:
        """Date of the features."""
        return self.history.day_after if self.history else None


def check_source(engine: Engine, source: Source, rows: int, now: datetime) -> Checked:
    """Read the first rows of each file, and compute what a run would make of them.

    Args:
        engine: The engine.
        source: The shop.
        rows: Largest number of rows of a file.
        now: Time of the ingestion, UTC.

    Raises:
        SettingsError: The source has no files, or its rates can't be read.
        SourceError: A file can't be read, or money in several currencies can't be added up.
    """
    sampled = read_sample(engine, source, rows, now)
    bronze = {entity: each.bronze for entity, each in sampled.items()}
    incomplete = [entity for entity, each in sampled.items() if each.cut]
    refined = refine_entities(bronze, source, _rates(engine, source), incomplete)
    previews = {
        entity: preview(each, bronze[entity], entity, ENTITIES[entity])
        for entity, each in refined.items()
    }
    customers = customers_of(refined, bronze, source)
    history, features = _features(refined, source)
    return Checked(source, rows, sampled, previews, customers.count(), history, features)


def _rates(engine: Engine, source: Source) -> DataFrame | None:
    if not source.currency:
        return None
    rates = read_rates(source.rates, source.currency) if source.rates else []
    return engine.session.createDataFrame(rates, RATES.schema)


def _features(
    refined: Mapping[str, Refinement], source: Source
) -> tuple[History | None, Sequence[Row]]:
    activity = _activity(refined, source)
    history = History.of_days(activity.daily)
    if history is None:
        return None, []
    transactions = refined[_TRANSACTIONS].resolution.current
    most = F.col("count").desc(), F.col(CUSTOMER_ID)
    few = transactions.groupBy(CUSTOMER_ID).count().orderBy(*most).limit(CUSTOMERS_SHOWN)
    theirs = activity.of(few.localCheckpoint())
    rows = customer_features(theirs, history.day_after, history.observed_from)
    return history, rows.orderBy(CUSTOMER_ID).collect()


def _activity(refined: Mapping[str, Refinement], source: Source) -> Activity:
    silver = _silver(refined, source)
    return Activity(
        customer_daily(silver).localCheckpoint(),
        customer_products(silver),
        customer_responses(silver),
        customer_places(silver),
        frozenset(source.entities),
        silver.transactions_history is not None,
    )


def _silver(refined: Mapping[str, Refinement], source: Source) -> Silver:
    """Return the silver tables, as ``jobs.aggregate.activity.silver_of`` reads them of a lake."""
    current = {entity: each.resolution.current for entity, each in refined.items()}
    history = {entity: each.resolution.history for entity, each in refined.items()}
    dated = TRANSACTIONS.versioned_by in source.with_files[_TRANSACTIONS].columns
    changed = dated and not history[_TRANSACTIONS].select(TRANSACTION_ID).isEmpty()
    return Silver(
        transactions=current[_TRANSACTIONS],
        transactions_history=history[_TRANSACTIONS] if changed else None,
        customers=current.get(_CUSTOMERS),
        customers_history=history.get(_CUSTOMERS),
        sessions=current.get("sessions"),
        events=current.get("events"),
        interactions=current.get("interactions"),
        zone=source.zone,
    )
