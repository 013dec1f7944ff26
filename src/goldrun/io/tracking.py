"""MLflow runs: what a step logs, and the registry's aliases. No room but io imports MLflow."""

import contextlib
import logging
import math
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import mlflow
import pandas as pd
from matplotlib.figure import Figure
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import Metric, Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from goldrun.errors import TrackingError
from goldrun.io.settings import project_root

log = logging.getLogger(__name__)

CHALLENGER = "challenger"
CHAMPION = "champion"
_SAMPLING_SECONDS = 5
_DEFAULT_STORE = "sqlite:///mlflow.db"


@contextlib.contextmanager
def store_explained() -> Iterator[None]:
    """Raise a TrackingError for what MLflow says of its store, and for files gone or garbled."""
    try:
        yield
    except (MlflowException, OSError, ValueError) as error:
        raise TrackingError(f"MLflow ({mlflow.get_tracking_uri()}): {error}") from error


class _VersionedSource(DeltaDatasetSource):
    """A Delta source that also says so when the version is 0, which its parent leaves out."""

    def to_dict(self) -> dict[Any, Any]:
        return {**super().to_dict(), "delta_table_version": self.delta_table_version}


@dataclass(frozen=True)
class Champion:
    """The registered version that has the alias ``champion``."""

    name: str
    version: int
    run_id: str


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


class Tracker:
    """Runs and registry of one MLflow store."""

    def __init__(self) -> None:
        """Use ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in the current folder."""
        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI") or _DEFAULT_STORE)
        self.client = MlflowClient()

    @contextlib.contextmanager
    def run(self, name: str, experiment: str, *, system_metrics: bool = False) -> Iterator[str]:
        """Open a run and yield its id.

        Under ``mlflow run`` the first run is the one that the project already has, in the
        experiment that the user gave. Inside another run it is that run's child, in
        ``experiment``; otherwise it is a new run in ``experiment``.

        Args:
            name: Name of a new run, and of the step.
            experiment: Where a new run goes.
            system_metrics: Whether to log processor, memory, disk and network meanwhile.
        """
        if system_metrics:
            mlflow.set_system_metrics_sampling_interval(_SAMPLING_SECONDS)  # type: ignore[no-untyped-call]
        try:
            with self._start(name, experiment, system_metrics) as run:
                mlflow.set_tag("goldrun.step", name)
                yield str(run.info.run_id)
        except MlflowException as error:
            raise TrackingError(
                f"MLflow ({mlflow.get_tracking_uri()}): {error.message}; if an experiment was "
                "deleted, restore it or name another; if files of a run are gone, take the alias "
                "off its version"
            ) from error

    def _start(self, name: str, experiment: str, system_metrics: bool) -> mlflow.ActiveRun:
        watched = system_metrics or None
        if mlflow.active_run() is None and os.environ.get("MLFLOW_RUN_ID"):
            # A user's own --run-name stays; MLflow makes up a name when there is none.
            return mlflow.start_run(log_system_metrics=watched)
        return mlflow.start_run(
            log_system_metrics=watched,
            run_name=name,
            experiment_id=self._experiment_id(experiment),
            nested=mlflow.active_run() is not None,
        )

    @contextlib.contextmanager
    def child_run(self, name: str) -> Iterator[str]:
        """Open a child of the active run, in the same experiment, and yield its id."""
        parent = self._active()
        with mlflow.start_run(
            run_name=name, experiment_id=parent.info.experiment_id, nested=True
        ) as run:
            mlflow.set_tag("goldrun.step", name)
            yield run.info.run_id

    def log_params(self, prefix: str, params: Mapping[str, Any]) -> None:
        """Log parameters as ``<prefix>.<name>``; a project run has the bare names already."""
        mlflow.log_params({f"{prefix}.{name}": value for name, value in params.items()})

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log the finite metrics; what is not finite is listed in the tag ``goldrun.not_finite``.

        MLflow would store NaN as 0, which looks like a measurement.
        """
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        mlflow.log_metrics(finite)
        if len(finite) < len(metrics):
            mlflow.set_tag("goldrun.not_finite", ", ".join(sorted(set(metrics) - set(finite))))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags on the active run."""
        mlflow.set_tags(dict(tags))

    def log_table(self, frame: pd.DataFrame, path: str) -> None:
        """Keep a table as a CSV artifact."""
        mlflow.log_text(frame.to_csv(index=False), path)

    def log_text(self, text: str, path: str) -> None:
        """Keep a text as an artifact."""
        mlflow.log_text(text, path)

    def log_figure(self, figure: Figure, path: str) -> None:
        """Keep a plot as an artifact."""
        mlflow.log_figure(figure, path)

    def log_dataset(
        self, frame: pd.DataFrame, *, name: str, path: str, version: int, context: str, digest: str
    ) -> None:
        """Record a frame as an input of the run, with the Delta version it was read at.

        Args:
            frame: What was read.
            name: Table, as ``layer/name``.
            path: Where the table is.
            version: Its Delta version; 0 is a version.
            context: ``training``, ``test`` or ``reference``.
            digest: Content hash of the frame; MLflow's own looks at 10,000 rows only.
        """
        # MLflow keeps one dataset per name and digest, with the source it first saw.
        named = f"{digest[:24]}-v{version}"
        source = _VersionedSource(path=path, delta_table_version=version)
        dataset = from_pandas(frame, source=source, name=name, digest=named)
        mlflow.log_input(
            dataset, context=context, tags={"delta.table": name, "delta.version": str(version)}
        )

    def champion(self, model: str) -> Champion | None:
        """The version with the alias ``champion``; None when there is none yet."""
        try:
            found = self.client.get_model_version_by_alias(model, CHAMPION)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise
        return Champion(model, int(found.version), str(found.run_id))

    def read_artifact(self, run_id: str, path: str) -> str:
        """Text of an artifact of any run."""
        return str(mlflow.artifacts.load_text(f"runs:/{run_id}/{path}"))

    def crown(self, model: str, version: int) -> None:
        """Give a version the alias ``champion``."""
        self.client.set_registered_model_alias(model, CHAMPION, str(version))

    def tag_version(self, model: str, version: int, tags: Mapping[str, str]) -> None:
        """Set tags on a registered version."""
        for key, value in tags.items():
            self.client.set_model_version_tag(model, str(version), key, value)

    def aliases(self, model: str) -> dict[str, int]:
        """Aliases of a registered model and their versions."""
        found = self.client.get_registered_model(model).aliases
        return {alias: int(version) for alias, version in found.items()}

    def series(self) -> Series:
        """Numbers over time of the active run."""
        return Series(self.client, self.run_id)

    @property
    def uri(self) -> str:
        """The tracking store."""
        return str(mlflow.get_tracking_uri())

    @property
    def run_id(self) -> str:
        """Id of the active run."""
        return str(self._active().info.run_id)

    def _active(self) -> Run:
        run = mlflow.active_run()
        if run is None:
            raise RuntimeError("no run is active: open one with Tracker.run")
        return run

    def _experiment_id(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        return str(found.experiment_id if found else self.client.create_experiment(name))


def git_state() -> tuple[str, str]:
    """Commit of the project's code and whether its tree is dirty (``true``, ``false``).

    Both are ``unknown`` where there is no git or no repository.
    """
    try:
        commit = _git("rev-parse", "HEAD")
        dirty = "true" if _git("status", "--porcelain") else "false"
    except (OSError, subprocess.CalledProcessError):
        return "unknown", "unknown"
    return commit, dirty


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(project_root()), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
