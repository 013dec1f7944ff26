"""Running a step again changes nothing: not a row, and not a table's version."""

from goldrun.contracts import lineage as L
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.gold import CUSTOMER_DAILY, CUSTOMER_FEATURES, USER_FEATURES
from pipelines import bronze, gold, silver
from pipelines._command import Context

TABLES = (
    "bronze/transactions",
    TRANSACTIONS.name,
    L.history_table(TRANSACTIONS).name,
    CUSTOMERS.name,
    L.QUARANTINE.name,
    L.DUPLICATES.name,
    CUSTOMER_DAILY.name,
    CUSTOMER_FEATURES.name,
    USER_FEATURES.name,
)


def test_a_second_run_over_the_same_files_adds_no_version_to_any_table(retail: Context) -> None:
    before = retail.lake.versions(TABLES)
    assert set(before) == set(TABLES)
    with retail.tracker.run("again", "goldrun-pipeline"):
        bronze.run(retail)
        silver.run(retail)
        gold.run(retail)
    assert retail.lake.versions(TABLES) == before
