"""Sales as messages with known fates: new, changed, repeated, late, malformed, invalid."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

_FIRST_DAY = datetime(2025, 3, 1, 8, tzinfo=UTC)
_CUSTOMERS = 40
_MALFORMED: tuple[bytes | None, ...] = (
    None,
    b"",
    b"hello",
    b'{"transaction_id":"cut',
    b'[{"transaction_id":"t1"}]',
    b'{"transaction_id":"bad","customer_id":"c\xff"}',
    b"x" * 300_000,
)


@dataclass(frozen=True)
class Sale:
    """One version of a sale; two with the same content are the same version."""

    key: str
    customer: str
    amount: Decimal
    status: str
    bought: datetime
    updated: datetime


@dataclass
class Truth:
    """What the tables must hold once the stream has read every message.

    Attributes:
        current: Newest version by key.
        older: Versions that were replaced.
        duplicates: How many messages repeat a version.
        rejected: Places of the messages that hold no valid sale.
    """

    current: dict[str, Sale]
    older: set[Sale]
    duplicates: int
    rejected: set[str]

    def users(self) -> dict[str, tuple[int, Decimal, Decimal, date, int]]:
        """Rows of ``gold/user_features`` by user: orders, spend, average, last day, recency."""
        paid = [sale for sale in self.current.values() if sale.status == "completed"]
        today = max((sale.bought.date() for sale in self.current.values()), default=date.min)
        found = {}
        for user in {sale.customer for sale in paid}:
            own = [sale for sale in paid if sale.customer == user]
            spend = sum((sale.amount for sale in own), Decimal(0))
            last = max(sale.bought.date() for sale in own)
            average = (spend / len(own)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            found[user] = (len(own), spend, average, last, (today - last).days)
        return found

    def days(self) -> dict[tuple[str, date], tuple[int, Decimal]]:
        """Orders and spend in ``gold/customer_daily`` by customer and day of any sale."""
        orders: Counter[tuple[str, date]] = Counter()
        spend: dict[tuple[str, date], Decimal] = {}
        for sale in self.current.values():
            paid, place = sale.status == "completed", (sale.customer, sale.bought.date())
            orders[place] += paid
            spend[place] = spend.get(place, Decimal(0)) + (sale.amount if paid else 0)
        return {place: (orders[place], spend[place]) for place in spend}


class Shop:
    """Generates messages from a seed, and knows which sale each of them holds."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._made = 0
        self._held_back: list[Sale] = []
        self._sold: list[Sale] = []
        self._sale_of_payload: dict[bytes | None, Sale | None] = dict.fromkeys(_MALFORMED)

    def messages(self, count: int) -> list[bytes | None]:
        """Return the next messages in the order in which they are sent."""
        return [self._message() for _ in range(count)]

    def truth(self, sent: Sequence[tuple[str, bytes | None]]) -> Truth:
        """Return what the tables must hold after these messages, each given with its place."""
        versions: dict[str, set[Sale]] = {}
        repeats = 0
        rejected = set()
        for place, payload in sent:
            sale = self._sale_of_payload[payload]
            if sale is None:
                rejected.add(place)
                continue
            known = versions.setdefault(sale.key, set())
            repeats += sale in known
            known.add(sale)
        current = {key: max(found, key=lambda s: s.updated) for key, found in versions.items()}
        older = {sale for found in versions.values() for sale in found} - set(current.values())
        return Truth(current, older, repeats, rejected)

    def _message(self) -> bytes | None:
        chance = self._random.random()
        if chance < 0.06:
            return self._random.choice(_MALFORMED)
        if chance < 0.10:
            return self._invalid()
        if chance < 0.20 and self._sold:
            return self._payload(self._random.choice(self._sold[-500:]), again=True)
        if chance < 0.30 and self._held_back:
            # The older version of a sale that was sent long ago.
            return self._payload(self._held_back.pop(self._random.randrange(len(self._held_back))))
        sale = self._sale()
        if chance < 0.40:
            later = replace(sale, status="completed", updated=sale.updated + timedelta(hours=1))
            first, second = self._random.sample([replace(sale, status="pending"), later], 2)
            self._held_back.append(second)
            return self._payload(first)
        return self._payload(sale)

    def _sale(self) -> Sale:
        self._made += 1
        bought = _FIRST_DAY + timedelta(minutes=7 * self._made + self._random.randrange(600))
        return Sale(
            key=f"t{self._made:07}",
            customer=f"c{self._random.randrange(_CUSTOMERS)}",
            amount=Decimal(self._random.randrange(100, 9000)) / 100,
            status=self._random.choices(("completed", "cancelled"), (9, 1))[0],
            bought=bought,
            updated=bought,
        )

    def _payload(self, sale: Sale, *, again: bool = False) -> bytes:
        record = _record(sale)
        if again and self._random.random() < 0.5:
            # The same content in another notation.
            record |= {"amount": f"{sale.amount:.3f}", "a_new_key": {"added": [self._made]}}
        payload = json.dumps(record).encode()
        self._sale_of_payload[payload] = sale
        self._sold.append(sale)
        return payload

    def _invalid(self) -> bytes:
        """A record with an invalid value or type."""
        self._made += 1
        wrong: dict[str, object] = self._random.choice(
            [
                {"price": "-1"},
                {"amount": "free"},
                {"amount": float("nan")},
                {"quantity": [1, 2]},
                {"quantity": 10**30},
                {"customer_id": ""},
                {"transaction_date": "2025-03-01 10:00"},
                {"transaction_date": "2999-01-01T00:00:00Z"},
                {"transaction_status": "maybe"},
                {"currency": "XXX"},
            ]
        )
        payload = json.dumps(_record(self._sale()) | wrong).encode()
        self._sale_of_payload[payload] = None
        return payload


def _record(sale: Sale) -> dict[str, object]:
    return {
        "transaction_id": sale.key,
        "customer_id": sale.customer,
        "product_id": "p1",
        "quantity": 1,
        "price": "2.50",
        "amount": f"{sale.amount:.2f}",
        "currency": "EUR",
        "transaction_date": sale.bought.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "transaction_status": sale.status,
        "updated_at": sale.updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
