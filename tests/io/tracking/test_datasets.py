"""The schema of a dataset, beside that of MLflow."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from mlflow.data.pandas_dataset import from_pandas

from goldrun.io.tracking.datasets import dataset_schema

FRAME = pd.DataFrame(
    {
        "customer_id": [f"c{n}" for n in range(300)],
        "as_of": [date(2011, 9, 10)] * 300,
        "recency_days": np.arange(300.0),
        "spend_trend": [0.5] * 299 + [np.nan],
        "churned": [False, True] * 150,
    }
)


@pytest.mark.parametrize("rows", [FRAME, FRAME.iloc[:1], FRAME.iloc[-1:], FRAME.iloc[:0]])
def test_the_schema_of_a_dataset_is_that_of_mlflow(rows: pd.DataFrame) -> None:
    assert dataset_schema(rows) == from_pandas(rows).schema


def test_a_column_with_a_late_null_is_optional() -> None:
    columns = {column.name: column.required for column in dataset_schema(FRAME).inputs}

    assert not columns["spend_trend"]
    assert columns["recency_days"]
