"""Accounting detects lost, doubled and stray records, which a difference of counts misses."""

from collections.abc import Sequence

import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.medallion.accounting import Accounting, account
from goldrun.medallion.fates import Fates

IDS = ("a", "b", "c", "d", "e")


@pytest.fixture(scope="module")
def followed(spark: SparkSession) -> "Follow":
    return Follow(spark)


class Follow:
    """Accounts for record ids with given fates."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark

    def __call__(
        self,
        bronze: Sequence[str] = IDS,
        silver: Sequence[str] = ("a",),
        history: Sequence[str] = ("b",),
        duplicates: Sequence[tuple[str, str]] = (("c", "things"),),
        quarantine: Sequence[tuple[str, str, str]] = (
            ("d", "things", "open"),
            ("e", "things", "erased"),
        ),
    ) -> Accounting:
        return account(
            self._ids(bronze),
            Fates.of(
                "things",
                self._ids(silver),
                self._ids(history),
                self.spark.createDataFrame(list(duplicates), "record_id string, entity string"),
                self.spark.createDataFrame(
                    list(quarantine), "record_id string, entity string, state string"
                ),
            ),
        )

    def _ids(self, ids: Sequence[str]) -> DataFrame:
        return self.spark.createDataFrame([(one,) for one in ids], "record_id string")


def test_one_record_of_each_fate_closes_the_account(followed: Follow) -> None:
    found = followed()
    assert found.closed
    assert found.records == 5
    assert found.fates == {
        "silver": 1,
        "superseded": 1,
        "duplicate": 1,
        "quarantined": 1,
        "erased": 1,
    }
    assert found.reject_share == 0.2


def test_a_record_without_a_fate_is_lost(followed: Follow) -> None:
    found = followed(silver=())
    assert (found.lost, found.doubled, found.stray, found.closed) == (1, 0, 0, False)


@pytest.mark.parametrize("place", ["silver", "history"])
def test_a_record_with_two_fates_is_doubled(followed: Follow, place: str) -> None:
    found = followed(silver=("a", "b")) if place == "silver" else followed(history=("b", "d"))
    assert (found.lost, found.doubled, found.stray, found.closed) == (0, 1, 0, False)


def test_a_record_with_one_fate_twice_is_doubled(followed: Follow) -> None:
    assert followed(silver=("a", "a")).doubled == 1


def test_a_repeated_bronze_row_is_doubled(followed: Follow) -> None:
    assert followed(bronze=(*IDS, "a")).doubled == 1


def test_a_record_that_is_repeated_in_bronze_and_in_its_fate_is_doubled(followed: Follow) -> None:
    found = followed(bronze=("a", "a"), silver=("a", "a"), history=(), duplicates=(), quarantine=())
    assert (found.doubled, found.closed) == (1, False)


def test_a_fate_without_a_record_is_stray(followed: Follow) -> None:
    found = followed(silver=("a", "x"))
    assert (found.lost, found.doubled, found.stray, found.closed) == (0, 0, 1, False)


def test_a_loss_and_a_stray_row_do_not_cancel_out(followed: Follow) -> None:
    found = followed(silver=("x",))
    assert found.records == sum(found.fates.values())
    assert (found.lost, found.stray, found.closed) == (1, 1, False)


def test_rows_of_other_entities_are_not_counted(followed: Follow) -> None:
    found = followed(
        duplicates=(("c", "things"), ("y", "others")),
        quarantine=(("d", "things", "open"), ("e", "things", "erased"), ("z", "others", "open")),
    )
    assert found.closed


def test_a_released_record_counts_with_its_new_fate(followed: Follow) -> None:
    found = followed(
        silver=("a", "d"),
        quarantine=(("d", "things", "released"), ("e", "things", "erased")),
    )
    assert found.closed
    assert found.fates["quarantined"] == 0


def test_an_empty_lake_is_complete_and_rejects_nothing(followed: Follow) -> None:
    found = followed(bronze=(), silver=(), history=(), duplicates=(), quarantine=())
    assert found.closed
    assert (found.records, found.reject_share) == (0, 0.0)
