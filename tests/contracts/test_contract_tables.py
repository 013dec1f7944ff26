"""What the contracts themselves promise: names, keys, units, reasons."""

import re
from dataclasses import replace

import pytest
from pyspark.sql import types as T

from goldrun.contracts import gold, lineage, ops
from goldrun.contracts.entities import CUSTOMERS, MONEY, TRANSACTIONS
from goldrun.contracts.erasure import ID_COLUMNS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import reject_reasons, warn_reasons
from goldrun.contracts.table import Column, Reference, Rule, Severity, Standard, Table
from goldrun.contracts.value_words import category_form
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES

GOLD = (
    *feature_tables.ACTIVITY,
    CUSTOMER_FEATURES,
    USER_FEATURES,
    gold.SEGMENTS,
    gold.CHURN_SCORES,
)
STORED = (
    *(lineage.bronze_table(entity) for entity in ENTITIES),
    *(lineage.silver_table(table) for table in ENTITIES.values()),
    *(lineage.history_table(table) for table in ENTITIES.values() if table.versioned_by),
    lineage.QUARANTINE,
    lineage.DUPLICATES,
    *GOLD,
    gold.SEGMENT_CHANGES,
    ops.QUALITY_METRICS,
    ops.DRIFT_METRICS,
    ops.LAKE_SETTINGS,
)
CANONICAL = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
every_table = pytest.mark.parametrize("table", STORED, ids=lambda t: t.name)
every_entity = pytest.mark.parametrize("entity", ENTITIES)


def promises(table: Table) -> list[tuple[str, str]]:
    """Name and description of each rule and each foreign key."""
    rules = [(rule.name, rule.description) for rule in table.rules]
    return rules + [(reference.name, reference.description) for reference in table.references]


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


@every_entity
def test_no_reason_has_two_meanings(entity: str) -> None:
    """A rule called like an implied reason would silently replace its meaning."""
    table = ENTITIES[entity]
    names = [name for name, _ in promises(table)]
    assert len(set(names)) == len(names)
    implied = reject_reasons(replace(table, rules=(), references=()))
    assert not set(names) & set(implied)


def test_a_reason_means_the_same_in_every_table() -> None:
    meanings: dict[str, set[str]] = {}
    for table in ENTITIES.values():
        for name, meaning in promises(table):
            meanings.setdefault(name, set()).add(meaning)
    assert [name for name, said in meanings.items() if len(said) > 1] == []


@every_entity
def test_an_entity_is_either_versioned_or_immutable_by_a_required_time(entity: str) -> None:
    table = ENTITIES[entity]
    assert bool(table.versioned_by) != bool(table.immutable_since)
    time = table.column(table.versioned_by or table.immutable_since)
    assert time.required
    assert time.type == T.TimestampType()


def test_what_a_shop_updates_is_versioned_and_what_happened_is_not() -> None:
    versioned = {entity for entity, table in ENTITIES.items() if table.versioned_by}
    assert versioned == {"customers", "transactions"}


def test_parents_come_before_their_children() -> None:
    order = list(ENTITIES)
    for entity, table in ENTITIES.items():
        for reference in table.references:
            assert order.index(reference.entity) < order.index(entity)


@every_entity
def test_a_foreign_key_has_the_type_of_the_one_key_column_it_points_to(entity: str) -> None:
    table = ENTITIES[entity]
    for reference in table.references:
        parent = ENTITIES[reference.entity]
        assert len(parent.key) == 1
        assert table.column(reference.column).type == parent.column(parent.key[0]).type


def test_every_row_belongs_to_a_known_customer_and_an_event_may_lack_a_visit() -> None:
    severities = {
        (entity, reference.column): reference.severity
        for entity, table in ENTITIES.items()
        for reference in table.references
    }
    assert severities == {
        ("transactions", "customer_id"): Severity.REJECT,
        ("sessions", "customer_id"): Severity.REJECT,
        ("events", "customer_id"): Severity.REJECT,
        ("interactions", "customer_id"): Severity.REJECT,
        ("events", "session_id"): Severity.WARN,
    }


@every_entity
def test_categories_are_spelled_one_way_and_synonyms_lead_to_them(entity: str) -> None:
    for column in ENTITIES[entity].columns:
        others = [other for other, _ in column.synonyms]
        assert all(map(CANONICAL.fullmatch, column.allowed)), column.name
        assert all(category_form(other) == other for other in others), column.name
        assert len(set(column.allowed)) == len(column.allowed)
        assert len(set(others)) == len(others)
        assert not set(others) & set(column.allowed)
        assert {known for _, known in column.synonyms} <= set(column.allowed)
        if column.allowed:
            assert column.standard is Standard.CATEGORY


@every_entity
def test_defaults_are_made_of_columns_that_are_there(entity: str) -> None:
    table = ENTITIES[entity]
    for column in table.columns:
        words = set(re.findall(r"[a-z_]+_[a-z_]+", column.default or ""))
        assert words <= {*table.names, lineage.INGESTED_AT, "unix_micros"}, column.name


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


def test_only_customers_have_personal_columns() -> None:
    personal = {
        f"{entity}.{c.name}"
        for entity, table in ENTITIES.items()
        for c in table.columns
        if c.personal
    }
    assert personal == {"customers.name", "customers.email", "customers.phone"}


@every_table
def test_each_id_of_a_customer_is_declared_as_such(table: Table) -> None:
    assert {c.name for c in table.columns if c.is_customer_id} == ID_COLUMNS & set(table.names)
    assert table.key_is_personal == bool(ID_COLUMNS & set(table.key))


def test_nothing_personal_is_in_gold_or_ops() -> None:
    personal = {c.name for c in CUSTOMERS.columns if c.personal}
    for table in (*GOLD, ops.QUALITY_METRICS, ops.DRIFT_METRICS, ops.LAKE_SETTINGS):
        assert not personal & set(table.names)
        assert not any(c.personal for c in table.columns)
        sources = {source for c in table.columns for source in c.made_from}
        assert not {f"customers.{name}" for name in personal} & sources


@pytest.mark.parametrize("table", [*ENTITIES.values(), *GOLD], ids=lambda t: t.name)
def test_every_measure_has_a_unit(table: Table) -> None:
    identities = {gold.SEGMENT, gold.MODEL_VERSION, gold.FEATURES_VERSION, gold.RANK}
    for column in table.columns:
        is_measure = isinstance(column.type, T.NumericType) and column.name not in identities
        assert bool(column.unit) == is_measure, column.name


@pytest.mark.parametrize("table", [*ENTITIES.values(), *GOLD], ids=lambda t: t.name)
def test_durations_and_response_times_are_in_seconds(table: Table) -> None:
    for column in table.columns:
        is_duration = isinstance(column.type, (T.DecimalType, T.DoubleType)) and any(
            word in column.name for word in ("duration", "seconds", "response_time")
        )
        assert (column.unit == "seconds") == is_duration, column.name


@pytest.mark.parametrize("table", feature_tables.ACTIVITY, ids=lambda t: t.name)
def test_activity_is_made_from_silver_columns_that_exist(table: Table) -> None:
    silver = {f"{entity}.{name}" for entity, t in ENTITIES.items() for name in t.names}
    for column in table.columns:
        assert set(column.made_from) <= silver, column.name
        assert column.made_from or column.name in {"customer_id", "day"}, column.name


def test_the_users_table_has_the_six_columns_asked_for() -> None:
    assert USER_FEATURES.names == (
        "user_id",
        "purchase_frequency",
        "total_spend",
        "avg_transaction_value",
        "last_purchase_date",
        "recency_days",
    )
    assert USER_FEATURES.z_ordered_by == ("total_spend",)


def test_reject_reasons_follow_from_everything_that_a_contract_promises() -> None:
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
            Column("mail", T.StringType(), "Mail.", null_means="none", standard=Standard.EMAIL),
            Column(
                *("coin", T.StringType(), "Coin."),
                null_means="own",
                standard=Standard.CURRENCY,
                never_emptied=True,
            ),
        ),
        immutable_since="at",
        references=(
            Reference("owner_unknown", "id", "owners", Severity.REJECT, "nobody's"),
            Reference("box_unknown", "id", "boxes", Severity.WARN, "no matter"),
        ),
        rules=(
            Rule("count_negative", "count >= 0", Severity.REJECT, "counts start at 0"),
            Rule("count_large", "count < 9", Severity.WARN, "rare"),
        ),
    )
    reasons = reject_reasons(table)
    assert set(reasons) == {
        "record_malformed",
        "record_undecodable",
        "id_missing",
        "money_missing",
        "money_unparsed",
        "money_digits_lost",
        "coin_unparsed",
        "currency_without_rate",
        "count_negative",
        "owner_unknown",
        "key_conflict",
    }
    assert "key_not_unique" in reject_reasons(TRANSACTIONS)
    warnings = warn_reasons(table)
    assert set(warnings) == {
        "count_unparsed",
        *("at_unparsed", "at_digits_lost", "at_without_zone"),
        *("kind_not_allowed", "mail_unparsed", "count_large"),
    }
    assert warnings["kind_not_allowed"] == "kind is none of a, b; the value is emptied"
    strict = replace(table, rejects=("mail_unparsed", "count_large"))
    assert set(reject_reasons(strict)) - set(reasons) == {"mail_unparsed", "count_large"}
    assert set(warnings) - set(warn_reasons(strict)) == {"mail_unparsed", "count_large"}
    assert reasons["count_negative"] == "counts start at 0"
    assert all(reasons.values())


def test_an_unknown_column_is_named_with_its_table() -> None:
    with pytest.raises(KeyError, match=r"silver/transactions has no column 'prize'"):
        TRANSACTIONS.column("prize")


def test_stored_tables_carry_lineage_after_the_entity_columns() -> None:
    silver = lineage.silver_table(TRANSACTIONS).names
    assert silver[: len(TRANSACTIONS.names)] == TRANSACTIONS.names
    assert silver[len(TRANSACTIONS.names) :] == ("record_id", "content_hash", "source", "batch_id")
    history = lineage.history_table(TRANSACTIONS)
    assert history.names == (*silver, "valid_from", "valid_to")
    assert history.key == ("record_id",)
    assert history.name == "silver/transactions_history"
