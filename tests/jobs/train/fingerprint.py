"""Train a churn model on the files of a small shop, and take the fingerprint of what is stored.

python -m tests.jobs.train.fingerprint FOLDER        with Sail, in an empty folder
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.features.labels import CHURNED
from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.frames import to_pandas
from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Champion, Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.names import CHURN, EXPERIMENTS
from goldrun.jobs.train import train
from goldrun.jobs.train.inputs import Hashes, read_frames
from goldrun.jobs.train.outcome import Outcome
from goldrun.learning.churn.classifier import churn_probability, fit_churn
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.model import Frames
from tests.jobs.conftest import new_shop
from tests.jobs.train.orders import add_orders, random_orders

_RFM = ("recency_days", "purchase_frequency", "total_spend", "avg_transaction_value")
_HABITS = (*_RFM, "purchase_gap_mean_days", "purchase_gap_std_days", "basket_size")
_CANDIDATES = {
    "rfm": ("logistic_regression", "rfm", {}),
    "splines": ("spline_logistic_regression", "habits", {}),
    "pairs": ("pairwise_logistic_regression", "habits", {"C": 0.01}),
    "trees": ("hist_gradient_boosting", "habits", {"max_iter": 20, "min_samples_leaf": 20}),
}
_KEYS = ("estimator", "features", "parameters")
SETTINGS = ChurnSettings.model_validate(
    {
        "horizon_days": 30,
        "origins_every": "week",
        "max_origins": 4,
        "choice_origins": 2,
        "seed": 7,
        "feature_sets": {"rfm": _RFM, "habits": _HABITS},
        "candidates": {n: dict(zip(_KEYS, c, strict=True)) for n, c in _CANDIDATES.items()},
    }
)


@dataclass(frozen=True)
class Fingerprint:
    """What a training run has stored: SHA-256 of arrays, and numbers as they are.

    Attributes:
        arrays: Of the arrays of the registered pipeline.
        predictions: Of its probabilities for all rows of ``gold/customer_features``.
        candidates: Of arrays and probabilities of each candidate, trained on the rows of the run.
        parameters: Of the training run and of its candidates, by run and name.
        metrics: As ``parameters``.
    """

    arrays: str
    predictions: str
    candidates: Mapping[str, str]
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]


def small_shop(engine: Engine, tracker: Tracker, place: Path) -> Context:
    """Build the gold tables of a small shop in an empty folder."""
    shop = new_shop(engine, tracker, place)
    add_orders(shop, random_orders(customers=120, days=150))
    shop.bronze()
    shop.silver()
    with tracker.run("gold", "goldrun-pipeline"):
        gold_tables.run(shop.ctx)
    return shop.ctx


def trained(ctx: Context, settings: ChurnSettings = SETTINGS) -> Fingerprint:
    """Run the training job of churn, and return the fingerprint of its version."""
    frames: list[Frames] = []

    def read(*given: Any) -> tuple[Frames, Hashes]:
        found = read_frames(*given)
        frames.append(found[0])
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(train, "load_model_config", lambda *_: settings)
        patched.setattr(train, "read_frames", read)
        with ctx.tracker.run(CHURN, EXPERIMENTS[CHURN]):
            outcome = train.train(ctx, CHURN)
    return _fingerprint(ctx, outcome, settings, frames[0])


def _fingerprint(
    ctx: Context, outcome: Outcome, settings: ChurnSettings, frames: Frames
) -> Fingerprint:
    client = ctx.tracker.client
    version = client.get_model_version(outcome.model, str(outcome.version))
    run_id = str(version.run_id)
    pipeline, features = load_champion(
        Champion(outcome.model, outcome.version, run_id, version.tags)
    )
    rows = ctx.lake.read(CUSTOMER_FEATURES.name)
    frame = to_pandas(rows, CUSTOMER_FEATURES.key, list(features), seed=0)
    home = [client.get_run(run_id).info.experiment_id]
    below = client.search_runs(home, f"tags.mlflow.parentRunId = '{run_id}'")
    runs = {"": client.get_run(run_id)} | {f"{run.info.run_name}: ": run for run in below}
    return Fingerprint(
        sha256(arrays_in(pipeline)),
        sha256([pipeline.predict_proba(frame[list(features)])]),
        {name: _of_candidate(one, frames) for name, one in settings.each().items()},
        {name + key: v for name, run in runs.items() for key, v in run.data.params.items()},
        {name + key: v for name, run in runs.items() for key, v in run.data.metrics.items()},
    )


def _of_candidate(settings: ChurnSettings, frames: Frames) -> str:
    model = fit_churn(settings, frames.training, frames.training[CHURNED])
    chance = churn_probability(model, frames.test, settings.features)
    return sha256([*arrays_in(model), chance])


def sha256(arrays: Iterable[np.ndarray[Any, Any]]) -> str:
    """Hash types, shapes and bytes of arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def arrays_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the arrays of numbers in an estimator, its parts and theirs, in the order of names."""
    if isinstance(value, np.ndarray) and value.dtype.names:
        # A record of several numbers can have bytes between them that no number is in.
        yield from (value[name] for name in value.dtype.names)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        yield value
    elif isinstance(value, (bool, int, float, np.generic)):
        yield np.asarray(value)
    elif isinstance(value, Mapping):
        for _, part in sorted(value.items(), key=lambda item: str(item[0])):
            yield from arrays_in(part)
    elif isinstance(value, (list, tuple, np.ndarray)):
        for part in value:
            yield from arrays_in(part)
    elif type(value).__module__.split(".")[0] in {"sklearn", "scipy"} and hasattr(
        value, "__dict__"
    ):
        yield from arrays_in(vars(value))


def _is_part(value: Any) -> bool:
    package = type(value).__module__.split(".")[0]
    return package in {"sklearn", "scipy"} and hasattr(value, "__dict__")


def main() -> None:
    """Print the fingerprint with Sail; the store is that of the environment."""
    place = Path(sys.argv[1])
    with open_engine(SailEngine) as engine:
        print(json.dumps(asdict(trained(small_shop(engine, Tracker(), place)))))


if __name__ == "__main__":
    main()
