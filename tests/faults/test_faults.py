"""The harness in its short form, with one kill and one broken defence; and its own tests."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import mlflow
import pytest

from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.io.engines.base import Engine
from tests.faults.in_process import InProcess
from tests.faults.kills import broken_defence, named_kills
from tests.faults.outcome import Outcome, Verdict, outcome_of
from tests.faults.promotion import WRITES, registry_kills
from tests.faults.sales import Sale, Shop
from tests.faults.scenario import Ended, place_of, scenario
from tests.kafka import running_broker

pytestmark = pytest.mark.of_spark


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running_broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture(autouse=True)
def restore_tracking_uri() -> Iterator[None]:
    """Each scenario has its own tracking store, and MLflow keeps the last one."""
    before = mlflow.get_tracking_uri()
    yield
    mlflow.set_tracking_uri(before)


@pytest.mark.slow
def test_a_kill_during_a_batch_loses_and_repeats_no_message(
    broker: KafkaBroker, engine: Engine, tmp_path: Path
) -> None:
    with scenario(broker, tmp_path / "killed", seed=1) as killed:
        (outcome,) = named_kills(killed, InProcess(engine), ("end bronze/transactions",))
    assert outcome.verdict is Verdict.RECOVERED, outcome.detail


@pytest.mark.slow
def test_the_comparison_detects_a_start_without_backfill(
    broker: KafkaBroker, engine: Engine, tmp_path: Path
) -> None:
    with scenario(broker, tmp_path / "broken", seed=1) as broken:
        outcome = broken_defence(broken, InProcess(engine), "no_backfill")
    assert outcome.verdict is Verdict.DETECTED, outcome.detail


@pytest.mark.slow
def test_alias_and_ledger_agree_after_a_promotion_was_killed_before_any_write(
    tmp_path: Path,
) -> None:
    outcomes = list(registry_kills(tmp_path, rounds=1))
    assert [one.verdict for one in outcomes] == [Verdict.RECOVERED] * len(WRITES), outcomes


def shop_with(*kinds: tuple[str, Sale | None]) -> tuple[Shop, list[tuple[str, bytes | None]]]:
    """A shop that has sent these payloads, each with the sale that it holds."""
    shop = Shop(seed=1)
    shop._sale_of_payload = {name.encode(): sale for name, sale in kinds}
    return shop, [(f"at {n}", name.encode()) for n, (name, _) in enumerate(kinds)]


def sale(key: str, hour: int, status: str = "completed", amount: str = "2.00") -> Sale:
    made = Shop(seed=1)._sale()
    bought = made.bought.replace(day=5, hour=8, minute=0)
    return Sale(key, "c1", Decimal(amount), status, bought, bought.replace(hour=hour))


def test_the_truth_follows_from_the_messages() -> None:
    shop, sent = shop_with(
        ("paid", sale("a", 9)),
        ("pending", sale("a", 8, "pending")),
        ("paid in another notation", sale("a", 9)),
        ("another", sale("b", 8, amount="3.00")),
        ("nonsense", None),
    )
    truth = shop.truth(sent)
    assert {key: one.status for key, one in truth.current.items()} == {
        "a": "completed",
        "b": "completed",
    }
    assert [one.status for one in truth.older] == ["pending"]
    assert (truth.duplicates, truth.rejected) == (1, {"at 4"})
    day = date(2025, 3, 5)
    assert truth.users() == {"c1": (2, Decimal("5.00"), Decimal("2.50"), day, 0)}
    assert truth.days() == {("c1", day): (2, Decimal("5.00"))}


@pytest.mark.parametrize(
    ("points", "place"),
    [
        ([], "starting Python"),
        (["loaded", "begin silver/customers"], "starting Spark or backfilling"),
        (["loaded", "begin batch"], "in a batch, before its first write"),
        (
            ["loaded", "begin batch", "begin gold/a", "begin gold/b", "end gold/a"],
            "in a batch, writing gold/b",
        ),
        (["loaded", "begin batch", "begin x", "end x"], "in a batch, after x"),
        (["loaded", "begin batch", "end batch"], "between two batches"),
    ],
)
def test_the_place_of_a_kill_follows_from_the_passed_points(points: list[str], place: str) -> None:
    assert place_of(points) == place


def test_an_end_with_a_stack_trace_is_not_named() -> None:
    assert Ended(13, "error: missing").named
    assert not Ended(1, "Traceback (most recent call last)\nerror: x").named
    assert not Ended(-9, "error: killed").named


def test_a_fault_that_is_wrong_or_was_not_run_does_not_pass() -> None:
    assert outcome_of("g", "f", []).passed
    assert outcome_of("g", "f", [], named="error: x").verdict is Verdict.REFUSED
    assert not outcome_of("g", "f", ["one is missing"]).passed
    assert not Outcome("g", "f", Verdict.NOT_RUN).passed
