"""Experiments of an MLflow store: found or created, and shown as MLflow's page for models."""

from mlflow.entities import Experiment, LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from goldrun.errors import TrackingError
from goldrun.io.tracking.errors import without_password
from goldrun.io.tracking.store import artifact_folder

KIND = "mlflow.experimentKind"
"""Tag by which MLflow's page opens an experiment."""
MODEL_TRAINING = "custom_model_development"
"""Value of ``KIND`` of the view "Model training"; without it, a page of traces is opened."""
_DEFAULT_ID = "0"


def experiment_id(client: MlflowClient, uri: str, name: str) -> str:
    """Return the id of an experiment, which is created if it does not exist.

    Args:
        client: Client of the store.
        uri: URI of the store.
        name: Name of the experiment.

    Raises:
        TrackingError: The experiment is deleted.
    """
    check_experiment(client, uri, name)
    found = client.get_experiment_by_name(name) or _created(client, uri, name)
    show_training(client, found)
    return str(found.experiment_id)


def check_experiment(client: MlflowClient, uri: str, name: str) -> None:
    """Raise a TrackingError if an experiment is deleted: no run can be created in it."""
    found = client.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage == LifecycleStage.DELETED:
        raise TrackingError(
            f"MLflow ({without_password(uri)}): experiment {name!r} was deleted: "
            f"restore it (MLFLOW_TRACKING_URI={without_password(uri)} mlflow "
            f"experiments restore --experiment-id {found.experiment_id}), or remove it for "
            "good (mlflow gc)"
        )


def show_training(client: MlflowClient, experiment: Experiment) -> None:
    """Let MLflow's page open an experiment with its runs, unless the user has chosen a view.

    The experiment ``Default``, which other projects use as well, is not changed.
    """
    if KIND not in experiment.tags and experiment.experiment_id != _DEFAULT_ID:
        client.set_experiment_tag(experiment.experiment_id, KIND, MODEL_TRAINING)


def _created(client: MlflowClient, uri: str, name: str) -> Experiment:
    try:
        created = client.create_experiment(name, artifact_location=artifact_folder(uri, name))
        return client.get_experiment(created)
    except MlflowException as error:
        # Another process has created it in the meantime.
        made = client.get_experiment_by_name(name)
        if error.error_code != "RESOURCE_ALREADY_EXISTS" or made is None:
            raise
        return made
