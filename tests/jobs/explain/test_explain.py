"""A record is explained: its text, each expression with its value, its fate and the broken rule."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from goldrun.errors import SettingsError
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.explain.explain import Explained, explain_record, explain_rule
from goldrun.jobs.explain.report import lines_of
from tests.jobs.conftest import new_shop

Shop = Any
Line = Any


def record_of(shop: Shop, key: str) -> str:
    """The id of the record with a key of the file."""
    rows = shop.ctx.lake.read("bronze/transactions").collect()
    return next(str(row["record_id"]) for row in rows if row["record"].get("Id") == key)


def explained(shop: Shop, key: str) -> Explained:
    return explain_record(shop.ctx.lake, shop.ctx.source, record_of(shop, key))


def shown(shop: Shop, one: Explained) -> str:
    return " ".join(" ".join(lines_of(one, shop.ctx.source)).split())


@pytest.fixture(scope="module")
def filled(
    engine: Engine, tracker: Tracker, line: Line, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """A shop whose records have all kinds of fates; the tests only read it."""
    return fill(new_shop(engine, tracker, tmp_path_factory.mktemp("explained")), line)


def fill(shop: Shop, line: Line) -> Shop:
    shop.add_file(
        "day1.csv",
        line("t1", "completed", 1),
        line("t1b", "completed", 1).replace("t1b", "t2"),
        line("t2", "completed", 1),
        line("bad", "completed", 1, who="jane").replace(",1,5,5,", ",1,-5,5,"),
        "one field",
    )
    shop.bronze()
    shop.silver()
    return shop


def test_each_column_has_its_expression_its_text_and_its_value(filled: Shop) -> None:
    one = explained(filled, "t1")
    assert (one.fate, one.row, one.record["Price"]) == ("silver", 1, "5")
    columns = {each.column: each for each in one.mapping.columns}
    price = columns["price"]
    assert (price.expression, price.text, price.value) == ("Price", "5", "5.0000")
    assert columns["order_id"].is_default
    assert columns["order_id"].value == "t1"
    assert columns["product_id"].value is None
    assert one.mapping.reasons == []


def test_the_broken_rule_is_shown_with_its_condition_and_remedy(filled: Shop) -> None:
    one = explained(filled, "bad")
    assert (one.fate, one.reasons) == ("open", ["price_negative"])
    text = shown(filled, one)
    assert "must hold: price >= 0" in text
    assert "check in shop.toml: the expression of price" in text
    assert "'jane'" in text


def test_a_rule_is_explained_by_its_newest_record(shop: Shop, line: Line) -> None:
    filled = fill(shop, line)
    later = filled.ctx.now + timedelta(days=1)
    filled.ctx = replace(filled.ctx, now=later)
    filled.add_file("day2.csv", line("worse", "completed", 1).replace(",1,5,5,", ",1,-7,5,"))
    filled.bronze()
    filled.silver()
    one = explain_rule(filled.ctx.lake, filled.ctx.source, "price_negative")
    assert one.record["Id"] == "worse"
    assert one.file.endswith("day2.csv")


def test_a_malformed_line_is_shown_as_it_is(filled: Shop) -> None:
    one = explain_rule(filled.ctx.lake, filled.ctx.source, "record_malformed")
    assert one.malformed == "one field"
    assert "malformed line: 'one field'" in shown(filled, one)


def test_a_value_without_its_type_shows_its_fault(shop: Shop, line: Line) -> None:
    shop.add_file("day1.csv", line("t1", "completed", 1, amount="1,50".replace(",", ";")))
    shop.bronze()
    shop.silver()
    one = explained(shop, "t1")
    amount = next(each for each in one.mapping.columns if each.column == "amount")
    assert (amount.text, amount.value, amount.faults) == ("1;50", None, ("amount_unparsed",))


def test_a_repeat_names_the_record_that_it_repeats(filled: Shop) -> None:
    rows = filled.ctx.lake.read("silver/duplicates").collect()
    one = explain_record(filled.ctx.lake, filled.ctx.source, rows[0]["record_id"])
    assert (one.fate, one.kept) == ("duplicate", rows[0]["kept_record_id"])


def test_a_record_that_silver_has_not_refined_is_pending(shop: Shop, line: Line) -> None:
    shop.add_file("day1.csv", line("t1", "completed", 1))
    shop.bronze()
    assert explained(shop, "t1").fate == "pending"


def test_a_changed_setting_explains_what_would_be_accepted_now(filled: Shop) -> None:
    source = filled.ctx.source
    mapping = source.entities["transactions"]
    columns = {**mapping.columns, "price": "replace(Price, '-', '')"}
    entities = {"transactions": mapping.model_copy(update={"columns": columns})}
    ctx = replace(filled.ctx, source=source.model_copy(update={"entities": entities}))
    changed = replace(filled, ctx=ctx)
    one = explained(changed, "bad")
    assert one.reasons == ["price_negative"]
    assert one.mapping.reasons == []
    assert "run silver with replay=true" in shown(changed, one)


def test_what_does_not_exist_is_refused_by_name(filled: Shop) -> None:
    lake, source = filled.ctx.lake, filled.ctx.source
    with pytest.raises(SettingsError, match="no record 'abc' of shop"):
        explain_record(lake, source, "abc")
    with pytest.raises(SettingsError, match="did you mean 'price_negative'"):
        explain_rule(lake, source, "price_negativ")
    with pytest.raises(SettingsError, match=r"no record in .* breaks amount_negative"):
        explain_rule(lake, source, "amount_negative")


def test_the_script_wants_one_of_record_and_rule(capsys: pytest.CaptureFixture[str]) -> None:
    from pipelines._command import run_alone  # noqa: PLC0415
    from pipelines.explain import options, work  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", ["explain.py", "--record=a", "--rule=b"])
        assert run_alone(options(), work) == 2
    assert "give one of --record and --rule" in capsys.readouterr().err


def test_a_record_that_is_found_by_a_warning_says_which(shop: Shop, line: Line) -> None:
    shop.add_file("free.csv", line("t1", "completed", 1).replace(",1,5,", ",1,0,"))
    shop.bronze()
    shop.silver()
    found = explain_rule(shop.ctx.lake, shop.ctx.source, "price_not_positive")
    text = "\n".join(lines_of(found, shop.ctx.source))
    assert "price_not_positive (a warning): a free item" in text
    assert "must hold: price > 0" in text
