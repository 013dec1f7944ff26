"""The model card of a training run: its values are collected here and logged as an artifact."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, feature_named
from goldrun.features.catalog.purchase_features import TENURE_DAYS
from goldrun.io.frames import to_pandas
from goldrun.jobs.context import Context
from goldrun.jobs.train.inputs import Inputs
from goldrun.learning.group_results import CATEGORIES, Predictions, group_results
from goldrun.learning.inputs import ModelSettings, feature_frame
from goldrun.learning.model import Fitted, Frames, Model
from goldrun.learning.model_card import Card, Training, model_card, version_description

CARD = "model_card.md"
_IN_OTHER_SECTIONS = {"intended_use", "features", "feature_sets", "candidates"}


def log_card(
    ctx: Context,
    model: Model[Any, Any],
    settings: ModelSettings,
    fitted: Fitted,
    frames: Frames,
    inputs: Inputs,
    metrics: dict[str, float],
    training_hash: str,
) -> str:
    """Log the model card of the active run; return the description of its version."""
    found = _predictions(model, settings, fitted, frames)
    given = settings.model_dump(exclude=_IN_OTHER_SECTIONS)
    card = Card(
        name=ctx.source.registered_name(model.name),
        source=ctx.source.name,
        summary=model.summary(metrics),
        intended_use=settings.intended_use,
        training=_training(model, settings, frames, inputs),
        tables=dict(sorted(inputs.table_versions.items())),
        training_hash=training_hash,
        features={name: feature_named(name).description for name in settings.features},
        estimator=_steps(fitted.model),
        parameters=given | model.parameters(fitted),
        metrics=metrics,
        baselines=list(frames.baselines),
        groups=group_results(_groups(inputs, frames, settings.seed), found, settings.seed),
    )
    ctx.tracker.log_text(model_card(card), CARD)
    return version_description(card)


def _training(
    model: Model[Any, Any], settings: ModelSettings, frames: Frames, inputs: Inputs
) -> Training:
    labels = model.labels(settings)
    return Training(
        origins=inputs.origins.train,
        test=inputs.origins.test,
        horizon_days=labels.horizon_days if labels else None,
        rows=len(frames.training),
        customers=int(frames.training[CUSTOMER_ID].nunique()),
        test_rows=len(frames.test),
    )


def _predictions(
    model: Model[Any, Any], settings: ModelSettings, fitted: Fitted, frames: Frames
) -> Predictions:
    """Predict the test rows as a served model does."""
    values = getattr(fitted.model, model.predict)(feature_frame(frames.test, settings.features))
    labels = model.labels(settings)
    is_probability = model.predict == "predict_proba"
    return Predictions(
        values=_of_label(fitted.model, values) if is_probability else np.asarray(values, float),
        labels=frames.test[labels.column].to_numpy(dtype=np.float64) if labels else None,
        label=labels.column if labels else "",
        is_probability=is_probability,
        names=model.class_names(fitted),
    )


def _of_label(pipeline: Any, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of the label 1."""
    return np.asarray(probabilities[:, list(pipeline.classes_).index(1)], dtype=np.float64)


def _groups(inputs: Inputs, frames: Frames, seed: int) -> pd.DataFrame:
    """Read the columns that customers are grouped by, in the order of the test rows."""
    key = list(CUSTOMER_FEATURES.key)
    read = to_pandas(inputs.test, key, [TENURE_DAYS], texts=CATEGORIES, seed=seed, quiet=True)
    return frames.test[key].merge(read, how="left", on=key, validate="one_to_one")


def _steps(pipeline: Any) -> list[str]:
    """Return the names of a pipeline's classes, in order."""
    steps = pipeline.named_steps.values() if isinstance(pipeline, Pipeline) else [pipeline]
    return [type(step).__name__ for step in steps]
