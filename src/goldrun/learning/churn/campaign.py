"""The profit of offers to the customers who are likeliest to churn."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pydantic import Field

from goldrun.contracts.strict import Strict
from goldrun.learning.evaluation import Floats, checked_pair

CONTACTED = "contacted"
EXPECTED = "expected_profit"
REALISED = "realised_profit"


class Campaign(Strict):
    """The table ``[campaign]`` of ``models/churn.toml``.

    Attributes:
        customer_value: What a churner who is kept is worth, in the source's currency.
        offer_cost: Cost of the offer to one customer, whether or not it has an effect.
        success_rate: Share of the contacted churners who stay because of the offer, 0 to 1.
    """

    customer_value: float = Field(gt=0, allow_inf_nan=False)
    offer_cost: float = Field(ge=0, allow_inf_nan=False)
    success_rate: float = Field(gt=0, le=1)

    def expected_profit(self, probability: Floats) -> Floats:
        """Return the expected profit of contacting each customer.

        Args:
            probability: (customers,), chance of churn; 1 or 0 if it is known.
        """
        return probability * self.success_rate * self.customer_value - self.offer_cost


@dataclass(frozen=True)
class Profit:
    """Profit by number of customers contacted, likeliest churners first.

    Attributes:
        curve: ``contacted``, ``expected_profit`` by the probabilities and ``realised_profit`` by
            the labels, both cumulative and in the source's currency; from nobody on, one row per
            different probability.
        best: The row of ``curve`` with the highest expected profit, the first of equals.
    """

    curve: pd.DataFrame
    best: Mapping[str, float]

    def metrics(self) -> dict[str, float]:
        """Return the number of contacts with the highest expected profit, and its profits."""
        return {
            "profit.best_contacts": self.best[CONTACTED],
            "profit.expected": self.best[EXPECTED],
            "profit.realised": self.best[REALISED],
        }


def profit_of(campaign: Campaign, labels: ArrayLike, probabilities: ArrayLike) -> Profit:
    """Compute the profit of contacting the customers with the highest probabilities.

    Customers with equal probabilities are contacted together, so their order has no effect. What
    is realised counts a contacted churner as kept with ``success_rate``.

    Args:
        campaign: Values and costs.
        labels: (rows,), 1 for a customer who churned.
        probabilities: (rows,), chance of churn, 0 to 1.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    outcome, chance = checked_pair(labels, probabilities)
    _, group = np.unique(-chance, return_inverse=True)
    each = pd.DataFrame(
        {
            CONTACTED: 1.0,
            EXPECTED: campaign.expected_profit(chance),
            REALISED: campaign.expected_profit(outcome),
        }
    )
    summed = each.groupby(group).sum().cumsum()
    curve = pd.concat([summed.iloc[:1] * 0.0, summed], ignore_index=True)
    best = curve.iloc[int(np.argmax(curve[EXPECTED]))]
    return Profit(curve, {name: float(best[name]) for name in (CONTACTED, EXPECTED, REALISED)})
