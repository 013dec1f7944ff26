"""The harness in its short form: a kill and a broken defence; and the harness itself."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import mlflow
import pytest

from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.io.engines.base import Engine
from tests.faults.crowning import registry_kills
from tests.faults.inside import Inside
from tests.faults.kills import broken_defence, named_kills
from tests.faults.outcome import Outcome, Verdict, of
from tests.faults.sales import Sale, Shop
from tests.faults.world import Ended, where, world
from tests.kafka import running_broker

pytestmark = pytest.mark.of_spark


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running_broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture(autouse=True)
def the_others_keep_their_store() -> Iterator[None]:
    """Each world has a store of runs of its own, and MLflow remembers the last one."""
    before = mlflow.get_tracking_uri()
    yield
    mlflow.set_tracking_uri(before)


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_batch_loses_and_repeats_nothing(
    broker: KafkaBroker, engine: Engine, tmp_path: Path
) -> None:
    with world(broker, tmp_path / "killed", seed=1) as killed:
        (outcome,) = named_kills(killed, Inside(engine), ("end bronze/transactions",))
    assert outcome.verdict is Verdict.RECOVERED, outcome.detail


@pytest.mark.slow
def test_the_comparison_turns_red_when_a_start_does_not_catch_up(
    broker: KafkaBroker, engine: Engine, tmp_path: Path
) -> None:
    with world(broker, tmp_path / "broken", seed=1) as broken:
        outcome = broken_defence(broken, Inside(engine), "nothing_caught_up")
    assert outcome.verdict is Verdict.CAUGHT, outcome.detail


@pytest.mark.slow
def test_a_champion_survives_a_training_run_that_dies_before_it_has_crowned_another(
    tmp_path: Path,
) -> None:
    outcomes = list(registry_kills(tmp_path))
    assert [one.verdict for one in outcomes] == [Verdict.RECOVERED] * 2, outcomes


def told(*kinds: tuple[str, Sale | None]) -> tuple[Shop, list[tuple[str, bytes | None]]]:
    """A shop that has sent these payloads, which say these sales."""
    shop = Shop(seed=1)
    shop._says = {name.encode(): sale for name, sale in kinds}
    return shop, [(f"at {n}", name.encode()) for n, (name, _) in enumerate(kinds)]


def sale(key: str, hour: int, status: str = "completed", amount: str = "2.00") -> Sale:
    made = Shop(seed=1)._sale()
    bought = made.bought.replace(day=5, hour=8, minute=0)
    return Sale(key, "c1", Decimal(amount), status, bought, bought.replace(hour=hour))


def test_the_truth_is_worked_out_from_the_messages_alone() -> None:
    shop, sent = told(
        ("paid", sale("a", 9)),
        ("pending", sale("a", 8, "pending")),
        ("paid in other words", sale("a", 9)),
        ("another", sale("b", 8, amount="3.00")),
        ("nonsense", None),
    )
    truth = shop.truth(sent)
    assert {key: one.status for key, one in truth.current.items()} == {
        "a": "completed",
        "b": "completed",
    }
    assert [one.status for one in truth.older] == ["pending"]
    assert (truth.duplicates, truth.refused) == (1, {"at 4"})
    day = date(2025, 3, 5)
    assert truth.users() == {"c1": (2, Decimal("5.00"), Decimal("2.50"), day, 0)}
    assert truth.days() == {("c1", day): (2, Decimal("5.00"))}


@pytest.mark.parametrize(
    ("points", "place"),
    [
        ([], "starting Python"),
        (["loaded", "begin silver/customers"], "starting Spark or catching up"),
        (["loaded", "begin batch"], "in a batch, before its first write"),
        (
            ["loaded", "begin batch", "begin gold/a", "begin gold/b", "end gold/a"],
            "in a batch, writing gold/b",
        ),
        (["loaded", "begin batch", "begin x", "end x"], "in a batch, after x"),
        (["loaded", "begin batch", "end batch"], "between two batches"),
    ],
)
def test_where_a_kill_fell_is_read_from_the_points_that_were_passed(
    points: list[str], place: str
) -> None:
    assert where(points) == place


def test_an_end_with_a_stack_trace_has_no_name() -> None:
    assert Ended(13, "error: gone").named
    assert not Ended(1, "Traceback (most recent call last)\nerror: x").named
    assert not Ended(-9, "error: killed").named


def test_what_was_not_run_or_is_wrong_has_not_passed() -> None:
    assert of("g", "f", []).passed
    assert of("g", "f", [], named="error: x").verdict is Verdict.REFUSED
    assert not of("g", "f", ["one is missing"]).passed
    assert not Outcome("g", "f", Verdict.NOT_RUN).passed
