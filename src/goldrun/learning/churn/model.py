"""The churn model: trained on earlier origins, tested at one whose labels are complete."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from goldrun.contracts.criterion import Criterion
from goldrun.features.labels import CHURNED, History, churn_labels
from goldrun.learning.choice import Choice
from goldrun.learning.churn.baselines import NAMES, baseline_scores
from goldrun.learning.churn.choice import choose_candidate, earlier_origins
from goldrun.learning.churn.classifier import (
    check_churners,
    churn_probability,
    fit_churn,
)
from goldrun.learning.churn.comparison import (
    LABELS,
    MODEL_SCORE,
    comparison_metrics,
    comparison_table,
    interval_of,
    verdict,
)
from goldrun.learning.churn.comparison_plot import baselines_figure
from goldrun.learning.churn.plots import calibration, lift, roc_and_pr
from goldrun.learning.churn.score_report import score_report
from goldrun.learning.churn.scores import PUBLICATION
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.model import Fitted, Frames, Labels, Model
from goldrun.learning.origins import Origins
from goldrun.learning.publication import LoadedModel
from goldrun.learning.report import Report
from goldrun.learning.resampling import auc, compare


class Churn(Model[ChurnSettings, Fitted]):
    """Classifier of the customers who complete no order within the horizon."""

    name = "churn"
    settings = ChurnSettings
    predict = "predict_proba"
    metric = "auc"
    publication = PUBLICATION

    def origins(self, settings: ChurnSettings, history: History, as_of: date | None) -> Origins:
        """Return training origins, and earlier ones for the choice; see ``training_origins``."""
        horizon, most = settings.horizon_days, settings.max_origins
        test = history.check_labels(as_of or history.latest_labelled(horizon), horizon)
        known = history.training_origins(
            test,
            horizon,
            settings.longest_window_days,
            most + earlier_origins(settings),
            settings.origins_every,
        )
        return Origins(tuple(known[-most:]), test, earlier=tuple(known[:-most]))

    def labels(self, settings: ChurnSettings) -> Labels:
        """Return the label ``churned``: 1 for no completed order within the horizon."""
        return Labels(CHURNED, settings.horizon_days, churn_labels)

    def choose(
        self, settings: ChurnSettings, training: pd.DataFrame, earlier: pd.DataFrame
    ) -> Choice[ChurnSettings]:
        """Compare the candidates at dates before the test; see ``choose_candidate``."""
        return choose_candidate(settings, pd.concat([earlier, training], ignore_index=True))

    def fit(self, settings: ChurnSettings, training: pd.DataFrame) -> Fitted:
        """Train the classifier; errors as ``fit_churn``."""
        return Fitted(fit_churn(settings, training, training[CHURNED]))

    def baselines(self, settings: ChurnSettings, frames: Frames) -> dict[str, NDArray[np.float64]]:
        """Return recency, negated frequency and negated expected purchases of the test rows."""
        return baseline_scores(frames.test, settings.horizon_days)

    def evaluate(self, settings: ChurnSettings, fitted: Fitted, frames: Frames) -> dict[str, float]:
        """Return the metrics of ``comparison_metrics``; AsOfError if nobody or all churned."""
        check_churners(frames.test[CHURNED], settings.horizon_days, "test")
        labels = frames.test[CHURNED].to_numpy(dtype=np.float64)
        probability = churn_probability(fitted.model, frames.test, settings.features)
        return comparison_metrics(labels, probability, frames.baselines, seed=settings.seed)

    def criteria(self, settings: ChurnSettings) -> tuple[Criterion, ...]:
        """Require an AUC above that of each baseline, and none that is too good to be true."""
        gate = settings.gate
        return (
            *(Criterion("auc", above=f"{name}.auc") for name in NAMES),
            *(Criterion(f"{name}.auc_above_low", more_than=0.0) for name in _shown(gate)),
            Criterion("auc", at_most=gate.max_auc, setting="max_auc"),
            *(
                Criterion(f"{name}.auc", at_most=gate.max_baseline, setting="max_baseline")
                for name in NAMES
            ),
        )

    def compare(
        self,
        settings: ChurnSettings,
        challenger: LoadedModel,
        champion: LoadedModel,
        frames: Frames,
    ) -> HeadToHead:
        """Compare the AUC of both on the test rows, by a paired bootstrap over customers."""
        scores = {
            name: churn_probability(one.model, frames.test, one.features)
            for name, one in {"challenger": challenger, "champion": champion}.items()
        }
        labels = frames.test[CHURNED].to_numpy(dtype=np.float64)
        found = compare({"auc": auc}, labels, scores, seed=settings.seed)["auc"]
        return HeadToHead(
            metric="auc",
            challenger=found.each["challenger"].value,
            champion=found.each["champion"].value,
            champion_version=champion.version,
            lead=found.above["champion"],
        )

    def summary(self, metrics: Mapping[str, float]) -> str:
        """Return the AUC with its interval beside those of the baselines, and what is shown."""
        found = interval_of(metrics, "auc")
        others = ", ".join(f"{LABELS[name]} {metrics[f'{name}.auc']:.3f}" for name in NAMES)
        return (
            f"AUC {found.value:.3f} [{found.low:.3f}, {found.high:.3f}] ({others}), "
            f"{verdict(metrics)}"
        )

    def report(
        self,
        settings: ChurnSettings,
        fitted: Fitted,
        frames: Frames,
        metrics: Mapping[str, float],
    ) -> Report:
        """Draw ranking, calibration, lift and the baselines, and report the use of the scores."""
        labels = frames.test[CHURNED].to_numpy()
        probability = churn_probability(fitted.model, frames.test, settings.features)
        ranked = {MODEL_SCORE: probability, **frames.baselines}
        named = {LABELS.get(name, name): scores for name, scores in ranked.items()}
        use = score_report(
            fitted.model, frames.test, labels, probability, settings.campaign, frames.currency
        )
        return Report(
            figures={
                "baselines": baselines_figure(metrics),
                "roc_and_pr": roc_and_pr(labels, named),
                "calibration": calibration(labels, probability),
                "lift": lift(labels, named),
                **use.figures,
            },
            tables={"baselines": comparison_table(metrics), **use.tables},
            details=use.details,
        )


def _shown(gate: GateSettings) -> tuple[str, ...]:
    """Return the baselines over which the lead must be shown."""
    return tuple(NAMES) if gate.baseline_rule == "shown" else ()


MODEL = Churn()
