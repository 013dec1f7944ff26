"""Log and load scikit-learn models with MLflow, through skops and a list of trusted types."""

import importlib.metadata
from collections.abc import Sequence
from typing import Any

import mlflow
import pandas as pd
from skops import io as skops_io

from goldrun.errors import ContractError
from goldrun.io.tracking.errors import artifacts_explained
from goldrun.io.tracking.runs import CHALLENGER, Champion, Tracker

TRUSTED_TYPES = frozenset(
    {
        "numpy.dtype",
        "numpy.ufunc",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
    }
)
"""Trusted types in our pipelines, in addition to skops' defaults."""

_REQUIREMENTS = ("scikit-learn", "skops", "numpy", "pandas")


def register_model(
    tracker: Tracker, model: Any, name: str, example: pd.DataFrame, *, predict: str
) -> int:
    """Log a fitted pipeline with the active run and register it with the alias ``challenger``.

    Args:
        tracker: The store.
        model: Fitted scikit-learn pipeline.
        name: Registered name.
        example: A few input rows, from which the signature is inferred.
        predict: Method that the served model calls.

    Returns:
        The registered version.

    Raises:
        ContractError: The model holds a type that is not in ``TRUSTED_TYPES``.
    """
    untrusted = set(skops_io.get_untrusted_types(data=skops_io.dumps(model)))
    if foreign := untrusted - TRUSTED_TYPES:
        raise ContractError(
            f"model {name} holds types that are not trusted to be loaded: {sorted(foreign)}; "
            "use an estimator without them, or review and add them to TRUSTED_TYPES"
        )
    output = getattr(model, predict)(example)
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=mlflow.models.infer_signature(example, output),
        input_example=example,
        pyfunc_predict_fn=predict,
        pip_requirements=[f"{p}=={importlib.metadata.version(p)}" for p in _REQUIREMENTS],
        skops_trusted_types=sorted(untrusted),
        registered_model_name=name,
    )
    version = int(info.registered_model_version)
    tracker.client.set_registered_model_alias(name, CHALLENGER, str(version))
    return version


def load_champion(champion: Champion) -> tuple[Any, Sequence[str]]:
    """Load a champion's pipeline and the names of the columns it was trained on.

    Raises:
        TrackingError: Files of the model are missing.
        ContractError: The model has no signature.
    """
    uri = f"models:/{champion.name}/{champion.version}"
    with artifacts_explained(f"model {champion.name} version {champion.version}"):
        signature = mlflow.models.get_model_info(uri).signature
        if signature is None:
            raise ContractError(f"{uri} has no signature: register it again by a training run")
        return mlflow.sklearn.load_model(uri), list(signature.inputs.input_names())
