"""Numbers of one run over time."""

import logging
import math
import time
from collections.abc import Mapping

from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

log = logging.getLogger(__name__)


class Series:
    """Numbers of one run over time, logged from any thread.

    What can't be logged is told and left out: no record waits for the store of runs.
    """

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        """Log to a run."""
        self._client, self._run_id = client, run_id

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Log the finite metrics at a step."""
        now = int(time.time() * 1000)
        found = [Metric(k, float(v), now, step) for k, v in metrics.items() if math.isfinite(v)]
        try:
            self._client.log_batch(self._run_id, metrics=found)
        except MlflowException as error:
            log.warning("  metrics of batch %s were not logged: %s", step, error.message)
