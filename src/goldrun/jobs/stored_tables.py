"""Contracts of all tables that a lake stores."""

from goldrun.contracts import gold, lineage, ops
from goldrun.contracts.entities import CUSTOMERS
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.promotions import PROMOTIONS
from goldrun.contracts.table import Table
from goldrun.features.catalog.feature_tables import ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES

STORED: dict[str, Table] = {
    table.name: table
    for table in (
        *map(lineage.bronze_table, ENTITIES),
        # Customers derived from transactions have no lineage columns.
        *(t if t is CUSTOMERS else lineage.silver_table(t) for t in ENTITIES.values()),
        *map(lineage.history_table, ENTITIES.values()),
        *(lineage.QUARANTINE, lineage.WARNED, lineage.DUPLICATES, *ACTIVITY, TOMBSTONES),
        *(
            CUSTOMER_FEATURES,
            USER_FEATURES,
            gold.SEGMENTS,
            gold.SEGMENT_CHANGES,
            gold.CHURN_SCORES,
        ),
        *(ops.QUALITY_METRICS, ops.DRIFT_METRICS, ops.COMPLETE_BATCHES),
        *(ops.GOLD_PROGRESS, ops.GOLD_TABLES, ops.MAPPINGS, ops.READINGS, PROMOTIONS),
    )
}
"""Contract by ``layer/name``."""
