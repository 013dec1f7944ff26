"""A shop whose orders have lines on several days, and what a table says of each day."""

import random
from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.features.catalog import daily_metrics
from tests.features.markets import Row, at, line

_KEY = [CUSTOMER_ID, daily_metrics.DAY]
ZONES = {
    0: ("UTC", "2024-02-26"),
    1: ("Asia/Tokyo", "2024-02-26"),
    2: ("Pacific/Apia", "2011-12-26"),
    3: ("America/St_Johns", "2011-11-02"),
}
"""Time zone and first day of a shop by its seed: with a day that never was, and with clocks that go
back over midnight."""


class Shop:
    """Orders of several lines on several days, which are added, changed, moved and removed."""

    def __init__(self, seed: int, start: str = "2024-02-26") -> None:
        self.random, self.start = random.Random(seed), start
        self.lines: dict[str, Row] = {}
        for n in range(60):
            self._put(f"t{n}")

    def _put(self, key: str) -> None:
        draw = self.random.randrange
        when = at(self.start) + timedelta(hours=draw(24 * 9))
        order = draw(25)
        self.lines[key] = line(
            # Some orders have lines of two customers.
            *(f"c{order % 7 + (draw(20) == 0)}", key, f"o{order}", when.isoformat()[:19]),
            f"{draw(1, 900) / 100:.2f}",
            product_id=f"p{draw(3)}",
            transaction_status=self.random.choice(("completed", "pending", "cancelled")),
        )

    def change(self) -> list[Row]:
        """Change a few lines; return each as it was before and as it is now."""
        keys = [*self.random.sample(sorted(self.lines), 3), f"new{self.random.random()}"]
        images = [self.lines.get(key) for key in keys]
        for key in keys:
            self._put(key)
        del self.lines[keys[0]]
        return [row for row in [*images, *map(self.lines.get, keys)] if row]


def by_day(rows: DataFrame) -> dict[tuple[object, ...], list[str]]:
    found: dict[tuple[object, ...], list[str]] = {}
    for row in rows.select(*_KEY, F.to_json(F.struct("*")).alias("row")).collect():
        found.setdefault((row[0], row[1]), []).append(row[2])
    return {key: sorted(texts) for key, texts in found.items()}
