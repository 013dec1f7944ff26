"""Metrics of one run over time."""

import logging
import math
import time
from collections.abc import Mapping

from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

log = logging.getLogger(__name__)


class Series:
    """Metrics of one run over time, logged from any thread.

    A failure to log only gives a warning, so that a stream never stops because of the store.
    """

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        """Create a series that logs to a run."""
        self._client, self._run_id = client, run_id

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Log the finite metrics at a step."""
        now = int(time.time() * 1000)
        found = [Metric(k, float(v), now, step) for k, v in metrics.items() if math.isfinite(v)]
        try:
            self._client.log_batch(self._run_id, metrics=found)
        except MlflowException as error:
            log.warning("  metrics of batch %s were not logged: %s", step, error.message)
