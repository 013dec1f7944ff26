"""Activity: its tables, and the silver tables that it is computed from."""

from collections.abc import Callable, Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Table
from goldrun.features.activity import (
    Activity,
    customer_daily,
    customer_places,
    customer_products,
    customer_responses,
)
from goldrun.features.catalog import non_additive_tables
from goldrun.features.catalog.daily_metrics import DAY, KNOWN_FROM
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.features.labels import History
from goldrun.features.observed_end import describe_after
from goldrun.features.silver_tables import Silver
from goldrun.features.snapshots import user_features
from goldrun.jobs.context import Context, log

_CUSTOMERS = "customers"
_HISTORY = lineage.history_table(TRANSACTIONS)
ACTIVITY: tuple[tuple[Table, Callable[[Silver], DataFrame]], ...] = (
    (CUSTOMER_DAILY, customer_daily),
    (non_additive_tables.CUSTOMER_PRODUCTS, customer_products),
    (non_additive_tables.CUSTOMER_RESPONSES, customer_responses),
    (non_additive_tables.CUSTOMER_PLACES, customer_places),
)


def tables_followed(ctx: Context) -> list[str]:
    """Names of the silver tables that activity is computed from."""
    names = [ENTITIES[entity].name for entity in ctx.source.with_files]
    if _CUSTOMERS in ctx.source.with_files:
        names.append(lineage.history_table(CUSTOMERS).name)
    if _dates_versions(ctx.source):
        names.append(_HISTORY.name)
    return names


def _dates_versions(source: Source) -> bool:
    """Whether the shop records when a transaction was changed; if not, a version has no date."""
    return TRANSACTIONS.versioned_by in source.with_files["transactions"].columns


def _has_versions(ctx: Context) -> bool:
    """Whether a transaction was changed, and the shop records when."""
    return _dates_versions(ctx.source) and not ctx.lake.read_or_empty(_HISTORY).isEmpty()


def silver_of(ctx: Context) -> Silver:
    """The silver tables of the entities that the source has."""

    def recorded(entity: str) -> DataFrame | None:
        mapped = entity in ctx.source.entities
        return ctx.lake.read(ENTITIES[entity].name) if mapped else None

    theirs = {}
    if _CUSTOMERS in ctx.source.with_files:
        theirs["customers"] = ctx.lake.read(CUSTOMERS.name)
        theirs["customers_history"] = ctx.lake.read_or_empty(lineage.history_table(CUSTOMERS))
    return Silver(
        transactions=ctx.lake.read(TRANSACTIONS.name),
        transactions_history=ctx.lake.read(_HISTORY.name) if _has_versions(ctx) else None,
        **theirs,
        sessions=recorded("sessions"),
        events=recorded("events"),
        interactions=recorded("interactions"),
        zone=ctx.source.zone,
    )


def activity_in(ctx: Context) -> Activity:
    """The stored tables of activity, and the entities that the source has."""
    daily, products, responses, places = (ctx.lake.read(table.name) for table, _ in ACTIVITY)
    recorded = frozenset(ctx.source.entities)
    # The rows are checked too: the source may no longer map updated_at, or history have no rows.
    is_later = F.col(KNOWN_FROM) > F.col(DAY)
    dated = (daily, products, places)
    has_versions = _has_versions(ctx) or any(not t.where(is_later).isEmpty() for t in dated)
    return Activity(daily, products, responses, places, recorded, has_versions)


def versions_of_activity(ctx: Context) -> dict[str, int]:
    """Newest version of each table of activity that exists."""
    return ctx.lake.versions([table.name for table, _ in ACTIVITY])


def has_changed_since(ctx: Context, versions: Mapping[str, int]) -> bool:
    """Whether activity may have other rows than at some versions; a table without one counts."""
    newest = versions_of_activity(ctx)
    changed = [name for name, version in newest.items() if version != versions.get(name)]
    return any(
        name not in versions or ctx.lake.has_other_rows(name, versions[name]) for name in changed
    )


def users_of(activity: Activity, observed_until: date) -> DataFrame:
    """Compute ``gold/user_features`` of some activity."""
    return user_features(activity.daily, observed_until, has_versions=activity.has_versions)


def history_of(ctx: Context) -> History:
    """First and last day of the lake."""
    return History.of(ctx.lake.read(CUSTOMER_DAILY.name))


def warn_of_rows_after(history: History) -> None:
    """Log a warning of the rows after the observed end, if there are any."""
    if history.after_the_end:
        log.warning(
            "    %s after the observed end %s count for nothing: correct their dates, or load what "
            "is missing before them",
            *(describe_after(history.after_the_end), history.sold_until or history.observed_until),
        )
