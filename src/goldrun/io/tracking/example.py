"""A few input rows of a model and what it predicted for them when it was registered."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from goldrun.errors import ContractError

FOLDER = "extra_files"
"""Folder of a model that MLflow copies further files to."""
EXAMPLE = "example.json"
_TOLERANCE = 1e-9
_METHODS = ("predict", "predict_proba")


def write_example(model: Any, predict: str, rows: pd.DataFrame, folder: Path) -> Path:
    """Write input rows and the model's predictions, to all digits; return the file.

    Args:
        model: The fitted pipeline.
        predict: Name of its method.
        rows: Numbers; NaN is written as null.
        folder: Where ``EXAMPLE`` is written.

    Raises:
        ContractError: A prediction is not a finite number.
    """
    numbers = rows.astype(np.float64)
    predictions = _predictions(model, predict, numbers)
    if not np.isfinite(predictions).all():
        raise ContractError(
            f"{predict} gives NaN or infinity for its example, so the model can't be served: train "
            "it on features that are known"
        )
    content = {
        "predict": predict,
        "columns": list(rows.columns),
        "rows": [[_number(v) for v in row] for row in numbers.to_numpy().tolist()],
        "predictions": predictions.tolist(),
    }
    file = folder / EXAMPLE
    file.write_text(json.dumps(content, indent=1, allow_nan=False), encoding="utf-8")
    return file


def reproduces_example(model: Any, folder: Path) -> bool | None:
    """Whether a loaded model predicts for its example what it did when it was registered.

    Predictions may differ by 1e-9, or by 1e-9 of those above 1.

    Args:
        model: The loaded pipeline.
        folder: The model's folder.

    Returns:
        None if the folder has no example, because an older goldrun wrote it.
    """
    file = folder / FOLDER / EXAMPLE
    if not file.exists():
        return None
    content = json.loads(file.read_text(encoding="utf-8"))
    if content["predict"] not in _METHODS:
        return False
    rows = pd.DataFrame(content["rows"], columns=content["columns"], dtype=np.float64)
    expected = np.asarray(content["predictions"], dtype=np.float64)
    found = _predictions(model, content["predict"], rows)
    if found.shape != expected.shape:
        return False
    return bool(np.all(np.abs(found - expected) <= _TOLERANCE * np.maximum(1, np.abs(expected))))


def _predictions(model: Any, predict: str, rows: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(getattr(model, predict)(rows), dtype=np.float64)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
