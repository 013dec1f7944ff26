"""What the models of this room share: their settings and the frame they learn from."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator

from goldrun.contracts.gold import CUSTOMER_FEATURES, FEATURES
from goldrun.contracts.strict import Strict
from goldrun.errors import ContractError, did_you_mean

FEATURE_NAMES = tuple(column.name for column in FEATURES)
"""Features that a model may use."""
MOST_DAYS = 3650
"""Longest horizon or look back: beyond, a date before the first year would come out."""


class ModelConfig(Strict):
    """What every model's TOML file may say.

    Attributes:
        features: Numeric columns of ``gold/customer_features``, in the order the model sees them.
        seed: Start of every random draw, 0 to 2^31 - 1; equal data and seed give an equal model.
        intended_use: What the model is for and what it is not for, in a sentence.
        drift: What a failed drift check does to a promotion.
        max_psi: Largest population stability index of a feature that passes.
    """

    features: tuple[str, ...] = Field(min_length=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    intended_use: str = ""
    drift: Literal["warn", "block"] = "warn"
    max_psi: float = Field(default=0.1, gt=0, allow_inf_nan=False)

    @field_validator("features")
    @classmethod
    def _features_exist_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in FEATURE_NAMES:
                raise ValueError(
                    f"{name!r} is not a feature{did_you_mean(name, FEATURE_NAMES)}; write some of "
                    f"{', '.join(FEATURE_NAMES)}"
                )
            if value.count(name) > 1:
                raise ValueError(f"{name!r} is given more than once; give it once")
        return value


def feature_frame(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Take the features out of a frame, checked, as doubles.

    Args:
        frame: Rows of ``gold/customer_features`` with at least these columns.
        features: Names, in the order wanted.

    Returns:
        The same rows and index, float64; a null is NaN.

    Raises:
        ContractError: A column is missing or not a number, or a value is negative or infinite.
    """
    lacking = [name for name in features if name not in frame.columns]
    if lacking:
        raise ContractError(
            f"{CUSTOMER_FEATURES.name}: the frame lacks {', '.join(lacking)}; read these columns "
            "of the snapshot as well"
        )
    try:
        taken = frame.loc[:, list(features)].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ContractError(
            f"{CUSTOMER_FEATURES.name}: a feature is not a number ({error}); cast it to double"
        ) from error
    for name in features:
        values = taken[name].to_numpy()
        wrong = int(np.count_nonzero((values < 0) | np.isinf(values)))
        if wrong:
            raise ContractError(
                f"{CUSTOMER_FEATURES.name}: {name} is negative or infinite in {wrong} rows; its "
                "contract starts at 0, so write the table again from gold/customer_daily"
            )
    return taken


def canonical_order(columns: pd.DataFrame) -> NDArray[np.intp]:
    """Positions that put rows into an order that depends on their values only.

    Spark returns rows in any order, and k-means starts from rows by position: without a fixed
    order equal data would give different models. Rows that tie are equal, so they need no key.
    """
    values = columns.to_numpy(dtype=np.float64)
    return np.lexsort(values.T[::-1])
