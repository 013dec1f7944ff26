"""Orders of small shops, as lines of the file of ``tests.jobs.conftest``."""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np

from tests.jobs.conftest import Shop

FIRST = date(2024, 1, 1)
Order = tuple[str, date]
_MEAN_GAP = 20.0
_MEAN_LIFETIME = 120.0


def random_orders(customers: int, days: int) -> list[Order]:
    """Return orders from the first day to the last of customers who each have their own rate.

    They begin in the first half of the days, and stay away for good some time later.
    """
    random = np.random.default_rng(0)
    found = [("c0", FIRST), ("c0", FIRST + timedelta(days - 1))]
    for number in range(customers):
        gap = _MEAN_GAP / random.gamma(2.0, 0.5)
        day = random.uniform(0, days / 2)
        gone = min(day + random.exponential(_MEAN_LIFETIME), days)
        while day < gone:
            found.append((f"c{number}", FIRST + timedelta(int(day))))
            day += random.exponential(gap)
    return found


def add_orders(shop: Shop, orders: Iterable[Order]) -> None:
    """Write a file with these orders, of different amounts."""
    shop.add_file(
        "orders.csv",
        *(
            f"t{n},{who},1,{amount},{amount},{day} 10:00:00,completed,{day} 10:00:00"
            for n, (who, day) in enumerate(orders)
            for amount in [5 + n * 7 % 90]
        ),
    )
