"""Only an erased person's records are found, emptied, counted, and recognised again."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.check import conform
from goldrun.contracts.erasure import CUSTOMER_ERASED, TOMBSTONE, TOMBSTONES, Term
from goldrun.io.erasure.secret import VARIABLE, key_for
from goldrun.medallion import erasure, person
from goldrun.medallion.mapping import apply_mapping
from goldrun.medallion.quarantine import ERASED, OPEN, quarantined

KEY = "a key for tests, of more than sixty-four characters, which HMAC hashes before it pads it"
EXPRESSIONS = {"customer_id": "concat('C', Who)", "name": "Name", "email": "Mail"}
NEEDED = ["Who"]
Rows = Mapping[str, Mapping[str, str | None]]
ToRecords = Callable[[Rows], DataFrame]


@pytest.fixture
def key(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> DataFrame:
    monkeypatch.setenv(VARIABLE, KEY)
    return key_for(spark.createDataFrame([], TOMBSTONES.schema))


def tombstones_of(spark: SparkSession, *customer_ids: str) -> DataFrame:
    made = [(hmac.new(KEY.encode(), i.encode(), hashlib.sha256).hexdigest(),) for i in customer_ids]
    return spark.createDataFrame(made, f"{TOMBSTONE} string")


def texts(bronze: DataFrame) -> dict[str, tuple[Any, Any]]:
    return {
        r[lineage.RECORD_ID]: (r[lineage.RECORD], r[lineage.MALFORMED]) for r in bronze.collect()
    }


@pytest.mark.parametrize(
    "secret", ["k" * 32, "k" * 64, KEY, "Schlüssel aus mehr als 32 Zeichen: ßß"]
)
def test_tombstones_equal_pythons_hmac(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv(VARIABLE, secret)
    key = key_for(spark.createDataFrame([], TOMBSTONES.schema))
    ids = ["1", "C123", "köln-ß", "x" * 200, ""]
    rows = spark.createDataFrame([(i,) for i in [*ids, None]], "customer_id string")
    made = {r["customer_id"]: r[TOMBSTONE] for r in erasure.with_tombstone(rows, key).collect()}
    for text in ids:
        assert made[text] == hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert made[None] is None


def test_no_plan_shows_the_key(
    spark: SparkSession, key: DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = spark.createDataFrame([("C1",)], "customer_id string")
    erasure.with_tombstone(rows, key).explain("extended")
    shown = capsys.readouterr().out
    assert "sha2" in shown
    block = hashlib.sha256(KEY.encode()).digest()
    inner = bytes(byte ^ 0x36 for byte in block)
    for secret in (block, inner):
        assert secret.hex()[:12] not in shown.lower().replace(" ", "")


def test_only_records_of_an_erased_person_lose_their_text(
    spark: SparkSession, key: DataFrame, to_records: ToRecords
) -> None:
    bronze = to_records(
        {
            "his": {"Who": "1", "Name": "Ada"},
            "spaced": {"Who": "1 ", "Name": "Ada"},
            "broken": {"Who": "1", "Name": None, "malformed": "1,Ada,x,y"},
            "longer": {"Who": "11", "Name": "Ada"},
            "nobodys": {"Who": None, "Name": "Ada", "malformed": "?"},
        }
    )
    redacted = erasure.redact(bronze, EXPRESSIONS, NEEDED, tombstones_of(spark, "C1", "C7"), key)
    conform(redacted, lineage.bronze_table("customers"))
    erased = ({"_erased": "true"}, None)
    assert texts(redacted) == {
        "his": erased,
        "spaced": erased,
        "broken": erased,
        "longer": ({"Who": "11", "Name": "Ada"}, None),
        "nobodys": ({"Who": None, "Name": "Ada"}, "?"),
    }
    columns = [name for name in bronze.columns if name not in (lineage.RECORD, lineage.MALFORMED)]
    assert sorted(redacted.select(*columns).collect()) == sorted(bronze.select(*columns).collect())


def test_erased_records_are_quarantined_and_the_others_validated(
    to_records: ToRecords,
) -> None:
    lookalike = {"_erased": "true", "Who": "3"}
    bronze = to_records({"a": {"_erased": "true"}, "b": lookalike, "c": {"Who": "2"}})
    rest, refused = erasure.erased_quarantine(bronze, "customers")
    assert {r[lineage.RECORD_ID] for r in rest.collect()} == {"b", "c"}
    (row,) = conform(refused, lineage.QUARANTINE).collect()
    assert (row[lineage.RECORD_ID], row[lineage.STATE], row[lineage.RECORD]) == ("a", ERASED, "{}")
    assert (row[lineage.REASONS], row[lineage.ENTITY]) == ([CUSTOMER_ERASED], "customers")
    # An erased record has no customer id.
    assert (
        apply_mapping(bronze.where("record_id = 'a'"), EXPRESSIONS, ["Who", "Name", "Mail"])
        .where("customer_id is not null")
        .isEmpty()
    )


def test_a_rejected_record_keeps_its_reasons_when_it_is_erased(to_records: ToRecords) -> None:
    bronze = to_records({"valid": {"Who": "1"}, "refused": {"Who": "1"}})
    refused = bronze.where("record_id = 'refused'").withColumns(
        {
            lineage.RECORD: F.to_json(lineage.RECORD),
            lineage.REASONS: F.array(F.lit("email_unparsed")),
        }
    )
    open_rows = quarantined(refused, "customers")
    assert open_rows.where(F.col(lineage.STATE) == OPEN).count() == 1
    fates = conform(
        erasure.fates_of_erased(bronze, open_rows, "customers"), lineage.QUARANTINE
    ).collect()
    assert {r[lineage.RECORD_ID]: r[lineage.REASONS] for r in fates} == {
        "valid": [CUSTOMER_ERASED],
        "refused": ["email_unparsed"],
    }
    assert {(r[lineage.STATE], r[lineage.RECORD]) for r in fates} == {(ERASED, "{}")}


def test_records_without_an_id_are_erased_if_they_name_the_person(
    spark: SparkSession, to_records: ToRecords
) -> None:
    ids = frozenset({"customer_id"})
    found_by: Rows = {
        "email in an unmapped field": {"Who": None, "Note": "call ADA@x.org."},
        "id in a broken line": {"Who": "?", "malformed": "x;27;Ada"},
        "id in a broken line of another's": {"Who": "9", "malformed": '9,"27'},
        "phone in a broken line": {"Who": None, "malformed": "tel 0170/123-45 67!"},
    }
    passed: Rows = {
        "an amount like the id": {"Who": None, "Amount": "27"},
        "an address that ends like hers": {"Who": None, "Note": "jo.ada@x.org"},
        "an address that begins like hers": {"Who": None, "Note": "ada@x.org.uk"},
        "a longer number": {"Who": "?", "malformed": "x;270;127;27-1;1.27;27.5;"},
        "another customer who names her": {"Who": "9", "Note": "ada@x.org"},
    }
    # The mapped id is a plain number, which identifies nobody in other text.
    terms = [
        Term("customer_id", "27", ids),
        Term("email", "ada@x.org", frozenset()),
        Term("phone", "0170 1234567", frozenset()),
    ]
    patterns = spark.createDataFrame(
        [(t.pattern, t.identifies) for t in terms], "pattern string, identifies boolean"
    )
    found = person.records_naming(
        to_records(dict(found_by) | dict(passed)),
        {"customer_id": "nullif(Who, '?')"},
        NEEDED,
        patterns,
    )
    assert {r[0] for r in found.collect()} == set(found_by)


def test_a_value_of_another_customer_counts_as_shared(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [
            ("C1", "Ada Byron", "ada@x.org", "+441"),
            ("C1", "Ada King", "ADA@x.org ", None),
            ("C2", "Lord Byron", "lord@x.org", "+441"),
            (None, "Ada King", None, None),
        ],
        "customer_id string, name string, email string, phone string",
    )
    one = spark.createDataFrame([("C1",)], "customer_id string")
    found = person.values_of(person.personal_values(rows), one).collect()
    assert {(r["kind"], tuple(sorted(r["spellings"])), r["shared"]) for r in found} == {
        ("name", ("Ada Byron",), False),
        ("name", ("Ada King",), False),
        ("email", ("ADA@x.org ", "ada@x.org"), False),
        ("phone", ("+441",), True),
    }
