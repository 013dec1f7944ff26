"""The registry of models: every model that can be trained, by name.

It imports no model until one is loaded, so that a command can list names without scikit-learn.
"""

import importlib
from typing import TYPE_CHECKING, Any

from goldrun.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from goldrun.learning.model import Model

MODELS = {
    "churn": "goldrun.learning.churn.model",
    "segmentation": "goldrun.learning.segmentation.model",
}
"""Module of each model, which defines it as ``MODEL``; the workflow trains them in this order."""


def check_name(name: str) -> str:
    """Return the name of a registered model.

    Raises:
        SettingsError: No model has that name; the message gives the nearest one and all others.
    """
    if name not in MODELS:
        near = did_you_mean(name, MODELS)
        raise SettingsError(f"--model {name!r}{near}; write one of {', '.join(MODELS)}")
    return name


def load_model(name: str) -> "Model[Any, Any]":
    """Import and return the model with this name.

    Raises:
        SettingsError: As ``check_name``.
    """
    model: Model[Any, Any] = importlib.import_module(MODELS[check_name(name)]).MODEL
    return model
