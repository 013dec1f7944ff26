"""What the contracts themselves promise: names, keys, units, reasons."""

import pytest
from pyspark.sql import types as T

from goldrun.contracts import gold as G
from goldrun.contracts import lineage as L
from goldrun.contracts import ops as O
from goldrun.contracts.entities import CUSTOMERS, ENTITIES, MONEY, TRANSACTIONS
from goldrun.contracts.table import Column, Rule, Severity, Table

GOLD = (G.CUSTOMER_DAILY, G.CUSTOMER_FEATURES, G.USER_FEATURES, G.SEGMENTS)
STORED = (
    *(L.bronze_table(entity) for entity in ENTITIES),
    *(L.silver_table(table) for table in ENTITIES.values()),
    *(L.history_table(table) for table in ENTITIES.values()),
    L.QUARANTINE,
    L.DUPLICATES,
    *GOLD,
    O.QUALITY_METRICS,
    O.DRIFT_METRICS,
)
every_table = pytest.mark.parametrize("table", STORED, ids=lambda t: t.name)


@every_table
def test_column_names_are_unique_and_the_key_is_among_them(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert table.key


@every_table
def test_a_table_is_named_by_layer_and_name(table: Table) -> None:
    layer, name = table.name.split("/")
    assert layer in {"bronze", "silver", "gold", "ops"}
    assert name


@every_table
def test_every_column_says_what_it_is_and_what_null_means(table: Table) -> None:
    for column in table.columns:
        assert column.description.endswith("."), column.name
        may_be_null = not (column.required or column.name in table.key)
        assert bool(column.null_means) == may_be_null, column.name


@every_table
def test_layout_names_columns_that_are_there(table: Table) -> None:
    assert set(table.clustered_by) | set(table.z_ordered_by) <= set(table.names)
    assert not (table.clustered_by and table.z_ordered_by)


@every_table
def test_the_schema_forbids_null_exactly_in_required_and_key_columns(table: Table) -> None:
    for column, field in zip(table.columns, table.schema.fields, strict=True):
        assert (field.name, field.dataType) == (column.name, column.type)
        assert field.nullable is not (column.required or column.name in table.key)


def test_table_names_are_unique() -> None:
    assert len({table.name for table in STORED}) == len(STORED)


@pytest.mark.parametrize("entity", ENTITIES)
def test_no_reason_has_two_meanings(entity: str) -> None:
    """A rule called like an implied reason would silently replace its meaning."""
    table = ENTITIES[entity]
    names = [rule.name for rule in table.rules]
    assert len(set(names)) == len(names)
    without_rules = Table(table.name, table.grain, table.columns, table.key).reject_reasons()
    assert not set(names) & set(without_rules)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_entity_is_versioned_by_a_required_time(entity: str) -> None:
    table = ENTITIES[entity]
    newest_by = table.column(table.versioned_by)
    assert newest_by.required
    assert newest_by.type == T.TimestampType()


def test_the_transaction_columns_are_those_of_the_data_model() -> None:
    assert TRANSACTIONS.names == (
        "transaction_id",
        "order_id",
        "customer_id",
        "product_id",
        "quantity",
        "price",
        "amount",
        "currency",
        "payment_method",
        "transaction_date",
        "transaction_status",
        "updated_at",
    )
    assert TRANSACTIONS.column("price").type == TRANSACTIONS.column("amount").type == MONEY
    assert T.DecimalType(18, 4) == MONEY


def test_the_personal_columns_of_a_customer_are_marked() -> None:
    assert {c.name for c in CUSTOMERS.columns if c.personal} == {"name", "email", "phone"}


def test_the_users_table_has_the_six_columns_asked_for() -> None:
    assert G.USER_FEATURES.names == (
        "user_id",
        "purchase_frequency",
        "total_spend",
        "avg_transaction_value",
        "last_purchase_date",
        "recency_days",
    )
    assert G.USER_FEATURES.z_ordered_by == ("total_spend",)


def test_only_features_that_rise_with_the_calendar_are_marked_so() -> None:
    growing = {c.name for c in G.FEATURES if c.grows_with_time}
    assert growing == {"purchase_frequency", "total_spend", "tenure_days"}


def test_features_are_the_numbers_of_customer_features() -> None:
    assert {c.name for c in G.FEATURES} == set(G.CUSTOMER_FEATURES.names) - {
        "customer_id",
        "as_of",
        "last_purchase_date",
    }


def test_reject_reasons_follow_from_types_nulls_categories_and_rules() -> None:
    table = Table(
        name="silver/things",
        grain="one thing",
        key=("id",),
        columns=(
            Column("id", T.StringType(), "Identity.", required=True),
            Column("count", T.IntegerType(), "How many.", null_means="not counted"),
            Column("money", MONEY, "Worth.", required=True),
            Column("at", T.TimestampType(), "When.", null_means="never"),
            Column("kind", T.StringType(), "Kind.", null_means="none", allowed=("a", "b")),
        ),
        rules=(
            Rule("count_negative", "count >= 0", Severity.REJECT, "counts start at 0"),
            Rule("count_large", "count < 9", Severity.WARN, "rare"),
        ),
    )
    reasons = table.reject_reasons()
    assert set(reasons) == {
        "record_malformed",
        "record_undecodable",
        "id_missing",
        "count_unparsed",
        "money_missing",
        "money_unparsed",
        "money_digits_lost",
        "at_unparsed",
        "at_without_zone",
        "kind_not_allowed",
        "count_negative",
    }
    assert reasons["kind_not_allowed"] == "kind is none of a, b"
    assert reasons["count_negative"] == "counts start at 0"
    assert all(reasons.values())


def test_an_unknown_column_is_named_with_its_table() -> None:
    with pytest.raises(KeyError, match=r"silver/transactions has no column 'prize'"):
        TRANSACTIONS.column("prize")


def test_subset_keeps_the_order_asked_for() -> None:
    assert [c.name for c in TRANSACTIONS.subset(["price", "amount", "order_id"])] == [
        "price",
        "amount",
        "order_id",
    ]


def test_stored_tables_carry_lineage_after_the_entity_columns() -> None:
    silver = L.silver_table(TRANSACTIONS).names
    assert silver[: len(TRANSACTIONS.names)] == TRANSACTIONS.names
    assert silver[len(TRANSACTIONS.names) :] == ("record_id", "content_hash", "source", "batch_id")
    history = L.history_table(TRANSACTIONS)
    assert history.names == (*silver, "valid_from", "valid_to")
    assert history.key == ("record_id",)
    assert history.name == "silver/transactions_history"
