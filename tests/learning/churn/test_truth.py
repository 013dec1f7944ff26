"""The churn model beside the best possible score, on simulated shops whose true rates are known."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.truth import MODELS, POSTERIOR, WORLDS, Sample, read_sample
from goldrun.features.labels import CHURNED
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_toml
from goldrun.learning.churn.classifier import churn_probability
from goldrun.learning.churn.comparison import interval_of
from goldrun.learning.churn.model import MODEL
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.evaluation import score_binary
from goldrun.learning.resampling import Interval

pytestmark = pytest.mark.slow

TOLERANCE = 0.015
"""AUC that the model may lose: it is trained on dates 90 days and more before the test's, when all
customers were that much younger."""
PERMUTATIONS = 10


@pytest.fixture(scope="module")
def purchases(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A shop in which purchases alone tell who comes back."""
    return read_sample(engine, WORLDS[0], tmp_path_factory.mktemp("purchases"))


@pytest.fixture(scope="module")
def behaviour(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A shop whose sessions and interactions tell more."""
    return read_sample(engine, WORLDS[1], tmp_path_factory.mktemp("behaviour"))


def lead(sample: Sample) -> Interval:
    """How far the model's AUC is above the posterior's on the same customers."""
    return interval_of(sample.measure(), f"{POSTERIOR}.auc_above")


def test_the_posterior_is_the_share_of_customers_who_stay_away(
    purchases: Sample, behaviour: Sample
) -> None:
    for sample in (purchases, behaviour):
        churned, chance = sample.frames.test[CHURNED], sample.posterior
        error = np.sqrt((chance * (1 - chance)).sum()) / len(chance)
        assert abs(churned.mean() - chance.mean()) < 3 * error


def test_with_purchases_alone_the_model_is_near_the_best_score_and_not_above(
    purchases: Sample,
) -> None:
    found = lead(purchases)
    assert found.value > -TOLERANCE
    assert found.low <= 0


def test_sessions_and_interactions_take_the_model_above_what_purchases_allow(
    behaviour: Sample,
) -> None:
    assert lead(behaviour).low > 0
    alone = load_toml(MODELS / "purchases.toml", ChurnSettings)
    assert lead(replace(behaviour, settings=alone)).low <= 0


def test_with_permuted_labels_the_model_ranks_as_by_chance(behaviour: Sample) -> None:
    """The mean AUC of trees, which can learn rows by heart, is .5 within its 95 % interval."""
    settings = behaviour.settings.each()["trees"]
    found = []
    for seed in range(PERMUTATIONS):
        frames = behaviour.permuted(seed).frames
        model = MODEL.fit(settings, frames.training).model
        chance = churn_probability(model, frames.test, settings.features)
        found.append(score_binary(frames.test[CHURNED], chance, probabilities=True).auc)
    churned = behaviour.frames.test[CHURNED]
    one, other = churned.sum(), len(churned) - churned.sum()
    error = np.sqrt((one + other + 1) / (12 * one * other) / PERMUTATIONS)
    assert abs(np.mean(found) - 0.5) < 1.96 * error
