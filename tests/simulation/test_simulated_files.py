"""The files hold the same rows as the truth, read by other libraries than those that wrote."""

import json
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import phonenumbers
from email_validator import validate_email

from goldrun.contracts import behaviour, entities
from goldrun.contracts.file_settings import FileSettings
from goldrun.contracts.table import Table
from goldrun.io.sources.json_files import inspect_json
from goldrun.io.sources.parts import Part
from goldrun.jobs.simulate.simulation import write_marketplace
from goldrun.simulation.layouts import LAYOUTS
from goldrun.simulation.options import read_settings
from tests.simulation.conftest import Written, csv_fields

UNIT = Decimal("0.0001")


def _text(value: object) -> str | None:
    return str(value).strip() or None if value is not None else None


def _category(text: str | None, table: Table, column: str) -> str | None:
    if text is None:
        return None
    joined = "_".join(text.lower().replace("-", " ").replace("_", " ").split())
    return dict(table.column(column).synonyms).get(joined, joined)


def _time(text: str | None) -> pd.Timestamp | None:
    return None if text is None else pd.Timestamp(text).tz_convert("UTC")


def _phone(text: str | None) -> str | None:
    if text is None:
        return None
    number = phonenumbers.parse(text, "DE")
    assert phonenumbers.is_valid_number(number), text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str | None) -> str | None:
    if text is None:
        return None
    return validate_email(text, check_deliverability=False).normalized.lower()


def _all_versions(market: Written, entity: str) -> Counter[tuple[object, ...]]:
    table = LAYOUTS[entity].table
    frames = [market.truth(entity)]
    if table.versioned_by:
        frames.append(market.truth(f"{entity}_history"))
    rows = pd.concat([frame[list(table.names)] for frame in frames]).astype(object)
    return Counter(rows.where(rows.notna(), None).itertuples(index=False, name=None))


def test_the_lines_of_customers_equal_the_truth(market: Written) -> None:
    read: Counter[tuple[object, ...]] = Counter()
    for line in market.clean("customers"):
        f = {name: _text(value) for name, value in csv_fields(line, "customers").items()}
        registered = _time(f["registered"])
        row = (f["customer_no"], f["full_name"], _email(f["mail"]), _phone(f["telephone"]))
        segment = _category(f["segment"], entities.CUSTOMERS, entities.CUSTOMER_SEGMENT)
        changed = _time(f["changed"]) or registered
        read[(*row, registered, f["city"], segment, changed)] += 1
    assert read == _all_versions(market, "customers")


def test_the_lines_of_transactions_equal_the_truth(market: Written) -> None:
    rates = pd.read_csv(market.folder / "rates.csv", dtype=str).sort_values("valid_from")

    def to_eur(text: str, currency: str, items: pd.Timestamp) -> Decimal:
        rate = Decimal(1)
        if currency != "EUR":
            known = rates[(rates["currency"] == currency)]
            rate = Decimal(known[known["valid_from"] <= f"{items:%Y-%m-%d}"]["rate"].iloc[-1])
        return (Decimal(text) * rate).quantize(UNIT, ROUND_HALF_UP)

    read: Counter[tuple[object, ...]] = Counter()
    currencies = set()
    for line in market.clean("transactions"):
        f = {name: _text(value) for name, value in csv_fields(line, "transactions").items()}
        items, currency = _time(f["bought"]), str(f["currency"]).upper()
        assert items is not None
        money = [to_eur(str(f[name]), currency, items) for name in ("unit_price", "paid")]
        row = (f["line_id"], f["order_no"], f["customer_no"], f["sku"], int(str(f["pieces"])))
        paid_by = _category(f["paid_by"], entities.TRANSACTIONS, entities.PAYMENT_METHOD)
        state = _category(f["state"], entities.TRANSACTIONS, entities.TRANSACTION_STATUS)
        changed = _time(f["changed"]) or items
        read[(*row, *money, "EUR", paid_by, items, state, changed)] += 1
        currencies.add(currency)
    assert read == _all_versions(market, "transactions")
    assert currencies == {"EUR", "GBP", "USD"}


def test_the_lines_of_sessions_equal_the_truth(market: Written) -> None:
    read: Counter[tuple[object, ...]] = Counter()
    for line in market.clean("sessions"):
        f = {name: _text(value) for name, value in csv_fields(line, "sessions").items()}
        began, ended = _time(f["began"]), _time(f["ended"])
        duration = None if f["seconds"] is None else Decimal(f["seconds"])
        if duration is None and began and ended:
            duration = (
                Decimal((ended - began) // pd.Timedelta("1us"))
                .scaleb(-6)
                .quantize(Decimal("0.001"))
            )
        device = _category(f["device"], behaviour.SESSIONS, behaviour.DEVICE_TYPE)
        read[(f["visit_id"], f["customer_no"], device, began, ended, duration)] += 1
    assert read == _all_versions(market, "sessions")


def test_the_lines_of_events_and_interactions_equal_the_truth(market: Written) -> None:
    read: Counter[tuple[object, ...]] = Counter()
    for line in market.clean("events"):
        f = {name: _text(value) for name, value in json.loads(line).items()}
        what = _category(f["what"], behaviour.EVENTS, behaviour.EVENT_TYPE)
        row = (f["id"], f["customer"], f.get("visit"), f.get("sku"), what, _time(f["at"]))
        read[row] += 1
    assert read == _all_versions(market, "events")
    read = Counter()
    for line in market.clean("interactions"):
        parsed = json.loads(line, parse_float=Decimal)
        f = {name: _text(value) for name, value in parsed.items()}
        channel = _category(f["channel"], behaviour.INTERACTIONS, behaviour.INTERACTION_TYPE)
        outcome = _category(f.get("outcome"), behaviour.INTERACTIONS, behaviour.INTERACTION_OUTCOME)
        after = parsed.get("answered_after")
        read[(f["ticket"], f["customer"], _time(f["opened"]), channel, after, outcome)] += 1
    assert read == _all_versions(market, "interactions")


def test_the_older_version_often_follows_the_newer(market: Written) -> None:
    place: dict[str, list[tuple[str, int]]] = {}
    for position, line in enumerate(market.clean("transactions")):
        fields = csv_fields(line, "transactions")
        place.setdefault(fields["line_id"].strip(), []).append((fields["changed"], position))
    swapped = [
        v for v in place.values() if len(v) > 1 and v[0][0].strip()[:10] > v[1][0].strip()[:10] > ""
    ]
    assert len(swapped) > 3


def test_each_json_file_of_a_small_shop_has_the_keys_that_bronze_requires(tmp_path: Path) -> None:
    # With so few customers, the remaining planted rows get their own file.
    settings = read_settings(customers=300, days=200, seed=42, dirt="all")
    write_marketplace(settings, tmp_path, processes=1)
    for name in ("events", "interactions"):
        files = sorted((tmp_path / name).iterdir())
        assert len(files) == 2
        for file in files:
            assert set(LAYOUTS[name].required) <= set(
                inspect_json(Part(file), FileSettings(format="json")).columns
            ), file
