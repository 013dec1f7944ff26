"""The rules that a churn model has to beat."""

import pandas as pd
import pytest

from goldrun.errors import ContractError
from goldrun.features.catalog import purchase_features
from goldrun.learning.churn import model as churn
from goldrun.learning.churn.baselines import baseline_scores
from tests.learning.churn.customers import config, shop


def test_text_is_refused() -> None:
    frame = shop(50).astype({purchase_features.RECENCY_DAYS: object})
    frame.loc[3, purchase_features.RECENCY_DAYS] = "long"
    with pytest.raises(ContractError, match="not a number"):
        baseline_scores(frame, 90)


def test_rules_give_absent_and_infrequent_customers_a_higher_score() -> None:
    frame = pd.DataFrame(
        {
            purchase_features.RECENCY_DAYS: [5, 50],
            purchase_features.PURCHASE_FREQUENCY: [9, 1],
            purchase_features.TENURE_DAYS: [85, 50],
            purchase_features.PURCHASE_GAP_MEAN_DAYS: [10, None],
        }
    )
    for score in baseline_scores(frame, 90).values():
        assert score[1] > score[0]


def test_a_promotion_requires_a_better_auc_than_every_baseline() -> None:
    required = {one.above for one in churn.MODEL.criteria(config()) if one.above}
    assert required == {f"{name}.auc" for name in baseline_scores(shop(50), 90)}
