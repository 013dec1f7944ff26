"""Tenths of the customers by score, beside a count in plain Python."""

import numpy as np
import pytest

from goldrun.learning.deciles import deciles
from goldrun.learning.evaluation import lift_at


def test_each_decile_counts_its_customers_and_churners() -> None:
    random = np.random.default_rng(0)
    chances = random.permutation(np.linspace(0.01, 0.99, 200))
    labels = (random.random(200) < chances).astype(int)
    table = deciles(labels, chances)
    ordered = sorted(zip(chances, labels, strict=True), reverse=True)
    total, so_far = sum(labels), 0
    assert table.decile.tolist() == list(range(1, 11))
    for place, (_, row) in enumerate(table.iterrows()):
        part = ordered[20 * place : 20 * (place + 1)]
        churners = sum(label for _, label in part)
        so_far += churners
        assert row.customers == 20
        assert row.churners == pytest.approx(churners)
        assert row.mean_probability == pytest.approx(sum(chance for chance, _ in part) / 20)
        assert row.lift == pytest.approx(churners / 20 / (total / 200))
        assert row.cumulative_gain == pytest.approx(so_far / total)


def test_tied_customers_are_spread_evenly_whatever_their_order() -> None:
    labels, chances = np.array([1] * 30 + [0] * 70), np.full(100, 0.3)
    table = deciles(labels, chances)
    assert table.churners.tolist() == pytest.approx([3.0] * 10)
    assert table.lift.tolist() == pytest.approx([1.0] * 10)
    assert table.mean_probability.tolist() == pytest.approx([0.3] * 10)


def test_rows_that_are_no_multiple_of_ten_count_in_part() -> None:
    random = np.random.default_rng(1)
    chances, labels = random.random(57).round(1), random.integers(0, 2, 57)
    table = deciles(labels, chances)
    assert table.customers.sum() == pytest.approx(57)
    assert table.churners.sum() == pytest.approx(labels.sum())
    assert (table.mean_probability * table.customers).sum() == pytest.approx(chances.sum())
    assert table.lift.iloc[0] == pytest.approx(lift_at(labels, chances, 0.1))
    assert table.cumulative_gain.iloc[-1] == pytest.approx(1)
