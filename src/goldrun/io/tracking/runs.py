"""MLflow runs: params, metrics and artifacts of a job, and the registry's aliases."""

import contextlib
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import mlflow
import pandas as pd
from matplotlib.figure import Figure
from mlflow.data.delta_dataset_source import DeltaDatasetSource
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from goldrun.io.tracking import experiments, run_names
from goldrun.io.tracking.datasets import (
    TEST,
    dataset_digest,
    dataset_schema,
    digest_of_test_rows,
)
from goldrun.io.tracking.errors import STORE_ERRORS, artifacts_explained, explained
from goldrun.io.tracking.series import Series
from goldrun.io.tracking.store import alone, database_file, open_store

CHALLENGER = "challenger"
CHAMPION = "champion"
_SAMPLING_SECONDS = 5


class _VersionedSource(DeltaDatasetSource):
    """A Delta source that also records version 0, which the base class omits."""

    def to_dict(self) -> dict[Any, Any]:
        return {**super().to_dict(), "delta_table_version": self.delta_table_version}


@dataclass(frozen=True)
class Champion:
    """The registered version that has the alias ``champion``.

    Attributes:
        name: Registered name.
        version: Number of the version.
        run_id: Training run.
        tags: Tags of the version; ignored by comparisons.
    """

    name: str
    version: int
    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)


class Tracker:
    """Runs and registry of one MLflow store."""

    def __init__(self, *, mend: bool = False) -> None:
        """Use ``MLFLOW_TRACKING_URI``, else ``mlflow.db`` in the current folder.

        Args:
            mend: Whether to correct the paths of artifacts that were moved with their folder.

        Raises:
            TrackingError: The store can't be used.
        """
        self.client = open_store(mend=mend)

    @contextlib.contextmanager
    def run(self, name: str, experiment: str, *, system_metrics: bool = False) -> Iterator[str]:
        """Open a run and yield its id.

        Under ``mlflow run`` the first run is the one that the project already has, in the
        experiment that the user gave. Inside another run it is that run's child, in
        ``experiment``; otherwise it is a new run in ``experiment``.

        Args:
            name: Name of a new run, and of the step.
            experiment: Experiment of a new run.
            system_metrics: Whether to log processor, memory, disk and network during the run.
        """
        if system_metrics:
            mlflow.set_system_metrics_sampling_interval(_SAMPLING_SECONDS)  # type: ignore[no-untyped-call]
        try:
            with self._start(name, experiment, system_metrics) as run:
                mlflow.set_tag(run_names.STEP, name)
                yield str(run.info.run_id)
        except STORE_ERRORS as error:
            raise explained(error) from error

    def _start(self, name: str, experiment: str, system_metrics: bool) -> mlflow.ActiveRun:
        watched = system_metrics or None
        if mlflow.active_run() is None and os.environ.get("MLFLOW_RUN_ID"):
            run = mlflow.start_run(log_system_metrics=watched)  # `mlflow run` has created it
            launched = self.client.get_experiment(run.info.experiment_id)
            experiments.show_training(self.client, launched)
            return run
        return mlflow.start_run(
            log_system_metrics=watched,
            run_name=name,
            experiment_id=experiments.experiment_id(self.client, self.uri, experiment),
            nested=mlflow.active_run() is not None,
        )

    @contextlib.contextmanager
    def child_run(self, name: str) -> Iterator[str]:
        """Open a child of the active run, in the same experiment, and yield its id."""
        parent = self._active()
        with mlflow.start_run(
            run_name=name, experiment_id=parent.info.experiment_id, nested=True
        ) as run:
            mlflow.set_tag(run_names.STEP, name)
            yield run.info.run_id

    def name_run(self, name: str) -> None:
        """Name the active run, unless the user has given it a name (``--run-name``)."""
        run_names.rename(self.client, self.run_id, name)

    def log_params(self, prefix: str, params: Mapping[str, Any]) -> None:
        """Log parameters as ``<prefix>.<name>``; a project run has the bare names already."""
        mlflow.log_params({f"{prefix}.{name}": value for name, value in params.items()})

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log the finite metrics; list the others in the tag ``goldrun.not_finite``.

        MLflow would store NaN as 0.
        """
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        mlflow.log_metrics(finite)
        if len(finite) < len(metrics):
            mlflow.set_tag("goldrun.not_finite", ", ".join(sorted(set(metrics) - set(finite))))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags on the active run."""
        mlflow.set_tags(dict(tags))

    def log_table(self, frame: pd.DataFrame, path: str) -> None:
        """Log a table as a CSV artifact."""
        mlflow.log_text(frame.to_csv(index=False), path)

    def log_text(self, text: str, path: str) -> None:
        """Log a text as an artifact."""
        mlflow.log_text(text, path)

    def log_figure(self, figure: Figure, path: str) -> None:
        """Log a plot as an artifact."""
        # The default compression takes a tenth of a figure's time, for files a third smaller.
        mlflow.log_figure(figure, path, save_kwargs={"pil_kwargs": {"compress_level": 1}})

    def log_dataset(
        self, frame: pd.DataFrame, *, name: str, path: str, version: int, context: str, digest: str
    ) -> None:
        """Log a frame as an input dataset of the run, with its Delta version.

        Args:
            frame: Rows of the table.
            name: Table, as ``layer/name``.
            path: Path of the table.
            version: Delta version that was read, from 0.
            context: ``training``, ``test`` or ``reference``; models are ranked on test rows.
            digest: Content hash of the frame; MLflow's own covers only 10,000 rows.
        """
        source = _VersionedSource(path=path, delta_table_version=version)
        named = dataset_digest(digest, version)
        if context == TEST:
            named = digest_of_test_rows(digest, path)
        dataset = from_pandas(frame, source=source, name=name, digest=named)
        # MLflow would infer it from each value, which takes seconds.
        dataset.schema = dataset_schema(frame)
        mlflow.log_input(
            dataset, context=context, tags={"delta.table": name, "delta.version": str(version)}
        )

    def champion(self, model: str) -> Champion | None:
        """Return the version with the alias ``champion``; None if there is none."""
        return self.with_alias(model, CHAMPION)

    def with_alias(self, model: str, alias: str) -> Champion | None:
        """Return the version with an alias; None if there is none.

        Raises:
            TrackingError: The store answers with something else than a version of this model.
        """
        try:
            found = self.client.get_model_version_by_alias(model, alias)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise
        # Something else that answers, such as a proxy, must not look like a store without champion.
        if found.name != model:
            raise explained(
                MlflowException(f"API request to endpoint of {model}@{alias} found {found.name!r}")
            )
        return Champion(model, int(found.version), str(found.run_id), dict(found.tags))

    def read_artifact(self, run_id: str, path: str) -> str:
        """Return the text of an artifact of any run.

        Raises:
            TrackingError: The artifact is missing.
        """
        with artifacts_explained(f"{path} of run {run_id}"):
            return str(mlflow.artifacts.load_text(f"runs:/{run_id}/{path}"))

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Keep other processes of goldrun from a local store; a server is not locked."""
        return alone(database_file(self.uri))

    def promote(self, model: str, version: int) -> None:
        """Give a version the alias ``champion``."""
        self.client.set_registered_model_alias(model, CHAMPION, str(version))

    def tag_version(self, model: str, version: int, tags: Mapping[str, str]) -> None:
        """Set tags on a registered version."""
        for key, value in tags.items():
            self.client.set_model_version_tag(model, str(version), key, value)

    def aliases(self, model: str) -> dict[str, int]:
        """Return the version of each alias of a registered model."""
        found = self.client.get_registered_model(model).aliases
        return {alias: int(version) for alias, version in found.items()}

    def series(self) -> Series:
        """Return the series of metrics of the active run."""
        return Series(self.client, self.run_id)

    @property
    def uri(self) -> str:
        """URI of the tracking store."""
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

    def check_experiments(self, *names: str) -> None:
        """Raise a TrackingError if an experiment is deleted: no run can be created in it."""
        for name in names:
            experiments.check_experiment(self.client, self.uri, name)
