"""Settings and feature frames that all models share."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator

from goldrun.contracts.strict import Strict
from goldrun.errors import ContractError, did_you_mean
from goldrun.features.catalog.feature_tables import (
    CUSTOMER_FEATURES,
    NUMERIC_FEATURES,
    feature_named,
)
from goldrun.learning.gate_settings import GateSettings

FEATURE_NAMES = tuple(column.name for column in NUMERIC_FEATURES)
"""Features that a model may use."""
MOST_DAYS = 3650
"""Maximum length of a horizon or look-back window; longer ones can give a date before year 1."""


class ModelSettings(Strict):
    """Settings that the TOML file of every model may have.

    Attributes:
        features: Numeric columns of ``gold/customer_features``, in the order of the model's inputs.
        seed: Seed of every random draw, 0 to 2^31 - 1; equal data and seed give an equal model.
        intended_use: Intended and excluded uses of the model, in a sentence or two.
        drift: Effect of a failed drift check on the promotion: a warning, or a refusal.
        max_psi: Largest accepted population stability index of a feature.
        gate: Thresholds of a promotion.
    """

    features: tuple[str, ...] = Field(min_length=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    intended_use: str = ""
    drift: Literal["warn", "block"] = "warn"
    max_psi: float = Field(default=0.1, gt=0, allow_inf_nan=False)
    gate: GateSettings = GateSettings()
    not_in_gate: ClassVar[frozenset[str]] = frozenset()
    """Thresholds of ``GateSettings`` that the model is not compared by."""

    @field_validator("features")
    @classmethod
    def _features_exist_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return check_features(value)

    @field_validator("gate")
    @classmethod
    def _thresholds_have_an_effect(cls, value: GateSettings) -> GateSettings:
        if unused := sorted(value.model_fields_set & cls.not_in_gate):
            raise ValueError(f"{', '.join(unused)} has no effect on this model; drop it")
        return value


def check_features(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of features; ValueError if one does not exist or is given twice."""
    for name in names:
        if name not in FEATURE_NAMES:
            raise ValueError(
                f"{name!r} is not a feature{did_you_mean(name, FEATURE_NAMES)}; write some of "
                f"{', '.join(FEATURE_NAMES)}"
            )
        if names.count(name) > 1:
            raise ValueError(f"{name!r} is given more than once; give it once")
    return names


def feature_frame(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Select the features of a frame, check them, and return them as doubles.

    Args:
        frame: Rows of ``gold/customer_features`` with at least these columns.
        features: Names, in the order of the result.

    Returns:
        The same rows and index, float64; a null is NaN.

    Raises:
        ContractError: A column is missing or not a number, or a value is infinite, or is
            negative although the contract of its feature has a minimum.
    """
    lacking = [name for name in features if name not in frame.columns]
    if lacking:
        raise ContractError(
            f"{CUSTOMER_FEATURES.name}: the frame lacks {', '.join(lacking)}; read these columns "
            "of the snapshot as well"
        )
    try:
        selected = frame.loc[:, list(features)].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ContractError(
            f"{CUSTOMER_FEATURES.name}: a feature is not a number ({error}); cast it to double"
        ) from error
    _check_values(selected)
    return selected


def _check_values(selected: pd.DataFrame) -> None:
    for name in selected.columns:
        values = selected[name].to_numpy()
        has_minimum = feature_named(name).minimum is not None
        negative = (values < 0) & has_minimum
        invalid = int(np.count_nonzero(negative | np.isinf(values)))
        if invalid:
            allowed = "starts at 0" if has_minimum else "has finite values only"
            raise ContractError(
                f"{CUSTOMER_FEATURES.name}: {name} is negative or infinite in {invalid} rows; its "
                f"contract {allowed}, so write the table again from gold/customer_daily"
            )


def canonical_order(columns: pd.DataFrame) -> NDArray[np.intp]:
    """Return the positions that sort the rows by their values.

    Spark returns rows in any order, and k-means starts from rows by position: without a fixed
    order equal data would give different models. Tied rows are equal, so no key is needed.
    """
    values = columns.to_numpy(dtype=np.float64)
    return np.lexsort(values.T[::-1])
