"""Registered models, their versions and the runs of these, as far as they exist."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

_ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


@dataclass(frozen=True)
class RecordedModel:
    """A registered model.

    Attributes:
        aliases: Version of each alias.
        tags: Tags of the model, not of its versions.
    """

    aliases: Mapping[str, int]
    tags: Mapping[str, str]


def model_of(client: MlflowClient, name: str) -> RecordedModel | None:
    """Return a registered model; None if it does not exist."""
    try:
        found = client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise
    aliases = {alias: int(version) for alias, version in found.aliases.items()}
    return RecordedModel(aliases, dict(found.tags))


def tag_of(client: MlflowClient, name: str, key: str) -> str:
    """Return a tag of a registered model; empty if the model or the tag does not exist."""
    model = model_of(client, name)
    return model.tags.get(key, "") if model else ""


def all_names(client: MlflowClient) -> list[str]:
    """Return the names of all registered models of the store."""
    names: list[str] = []
    token: str | None = None
    while True:
        page = client.search_registered_models(page_token=token)
        names += [str(model.name) for model in page]
        token = page.token
        if not token:
            return names


def set_tag(client: MlflowClient, name: str, key: str, value: str) -> None:
    """Set a tag of a registered model."""
    client.set_registered_model_tag(name, key, value)


def version_of(client: MlflowClient, name: str, number: int) -> ModelVersion | None:
    """Return a version of a registered model; None if it does not exist."""
    try:
        return client.get_model_version(name, str(number))
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise


def versions_of_run(client: MlflowClient, run_id: str) -> list[str]:
    """Return the versions that a run has registered, as ``<name> version <number>``."""
    found = client.search_model_versions(f"run_id='{run_id}'")
    return [f"{one.name} version {one.version}" for one in found]


@dataclass(frozen=True)
class RecordedRun:
    """A run that is not deleted.

    Attributes:
        metrics: Newest value of each metric.
        tags: Its tags.
        parent: Run that it is a child of; empty for none.
        experiment_id: Its experiment.
    """

    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    parent: str
    experiment_id: str


def run_of(client: MlflowClient, run_id: str) -> RecordedRun | None:
    """Return a run; None if it does not exist or is deleted."""
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise
    if run.info.lifecycle_stage != "active":
        return None
    tags = dict(run.data.tags)
    return RecordedRun(
        dict(run.data.metrics),
        tags,
        tags.get("mlflow.parentRunId", ""),
        str(run.info.experiment_id),
    )
