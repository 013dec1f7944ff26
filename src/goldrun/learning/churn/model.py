"""The churn model: trained on earlier origins, tested at one whose labels are complete."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from goldrun.contracts.criterion import Criterion
from goldrun.features.labels import CHURNED, History, churn_labels
from goldrun.learning.churn.classifier import baseline_scores, churn_probability, fit_churn
from goldrun.learning.churn.plots import calibration, lift, roc_and_pr
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.evaluation import score_binary
from goldrun.learning.model import Fitted, Frames, Labels, LoadedModel, Model, Origins, Report


class Churn(Model[ChurnSettings, Fitted]):
    """Classifier of the customers who complete no order within the horizon."""

    name = "churn"
    settings = ChurnSettings
    predict = "predict_proba"
    metric = "auc"

    def origins(self, settings: ChurnSettings, history: History, as_of: date | None) -> Origins:
        """Return monthly training origins before the test origin; see ``training_origins``."""
        horizon = settings.horizon_days
        test = history.check_labels(as_of or history.latest_labelled(horizon), horizon)
        train = history.training_origins(
            test, horizon, settings.longest_window_days, settings.max_origins
        )
        return Origins(tuple(train), test)

    def labels(self, settings: ChurnSettings) -> Labels:
        """Return the label ``churned``: 1 for no completed order within the horizon."""
        return Labels(CHURNED, settings.horizon_days, churn_labels)

    def fit(self, settings: ChurnSettings, training: pd.DataFrame) -> Fitted:
        """Train the classifier; errors as ``fit_churn``."""
        return Fitted(fit_churn(settings, training, training[CHURNED]))

    def baselines(self, frames: Frames) -> dict[str, NDArray[np.float64]]:
        """Return recency and negated frequency of the test rows."""
        return baseline_scores(frames.test)

    def evaluate(self, settings: ChurnSettings, fitted: Fitted, frames: Frames) -> dict[str, float]:
        """Return the numbers of ``BinaryScores`` for the model and for each baseline."""
        labels = frames.test[CHURNED].to_numpy()
        probability = churn_probability(fitted.model, frames.test, settings.features)
        metrics = score_binary(labels, probability, probabilities=True).metrics()
        for name, scores in self.baselines(frames).items():
            metrics |= score_binary(labels, scores, probabilities=False).metrics(f"{name}.")
        return metrics

    def criteria(self, settings: ChurnSettings) -> tuple[Criterion, ...]:
        """Require an AUC above that of each baseline."""
        return Criterion("auc", above="recency.auc"), Criterion("auc", above="frequency.auc")

    def score_champion(
        self, settings: ChurnSettings, champion: LoadedModel, frames: Frames
    ) -> float:
        """Return the champion's AUC on the test rows."""
        probability = churn_probability(champion.model, frames.test, champion.features)
        return score_binary(frames.test[CHURNED].to_numpy(), probability, probabilities=True).auc

    def summary(self, metrics: Mapping[str, float]) -> str:
        """Return the AUC beside those of the baselines."""
        return (
            f"AUC {metrics['auc']:.3f} (recency {metrics['recency.auc']:.3f}, "
            f"frequency {metrics['frequency.auc']:.3f})"
        )

    def report(self, settings: ChurnSettings, fitted: Fitted, frames: Frames) -> Report:
        """Draw ranking, calibration and lift on the test rows."""
        labels = frames.test[CHURNED].to_numpy()
        probability = churn_probability(fitted.model, frames.test, settings.features)
        ranked = {"model": probability, **self.baselines(frames)}
        return Report(
            figures={
                "roc_and_pr": roc_and_pr(labels, ranked),
                "calibration": calibration(labels, probability),
                "lift": lift(labels, ranked),
            }
        )


MODEL = Churn()
