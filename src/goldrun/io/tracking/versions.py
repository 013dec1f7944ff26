"""Registered model versions with tags of their training runs; rename, copy and delete them."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from goldrun.contracts.version_tags import DECISION

_PROMOTED = "promoted"
_ABSENT = "RESOURCE_DOES_NOT_EXIST"


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes:
        name: Registered name.
        number: Number of the version.
        run_id: Training run.
        aliases: Aliases of the version.
        tags: Tags of the version.
        run_tags: Tags of the training run; empty if the run is deleted.
        created_at: Time of registration, UTC.
        trained_at: Path of the table with the training rows, from the run's inputs; None if
            not recorded.
    """

    name: str
    number: int
    run_id: str
    aliases: tuple[str, ...]
    tags: Mapping[str, str]
    run_tags: Mapping[str, str]
    created_at: datetime
    trained_at: str | None


def versions_of(client: MlflowClient, name: str) -> list[Version] | None:
    """Return all versions of a registered model, oldest first; None if it does not exist."""
    try:
        aliases = client.get_registered_model(name).aliases
    except MlflowException as error:
        if error.error_code == _ABSENT:
            return None
        raise
    found: list[ModelVersion] = []
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name='{name}'", page_token=token)
        found += page
        token = page.token
        if not token:
            break
    numbered = sorted(found, key=lambda version: int(version.version))
    return [_version(client, one, aliases) for one in numbered]


def was_promoted(client: MlflowClient, name: str) -> bool:
    """Whether the gate has ever promoted a version of a model, whatever its aliases are now."""
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name='{name}'", page_token=token)
        if any(one.tags.get(DECISION, "").startswith(_PROMOTED) for one in page):
            return True
        token = page.token
        if not token:
            return False


def rename_model(client: MlflowClient, old: str, new: str) -> None:
    """Rename a registered model, in one step; versions keep numbers, tags, aliases and runs."""
    client.rename_registered_model(old, new)


def copy_version(client: MlflowClient, version: Version, name: str, tags: Mapping[str, str]) -> int:
    """Register a version's files under another name, with its tags and more; return its number."""
    with contextlib.suppress(MlflowException):
        client.create_registered_model(name)
    model = client.get_model_version(version.name, str(version.number))
    made = client.create_model_version(
        name,
        source=str(model.source),
        run_id=model.run_id,
        tags={**version.tags, **tags},
        description=model.description,
        model_id=model.model_id,
    )
    return int(made.version)


def delete_version(client: MlflowClient, version: Version) -> None:
    """Delete a version from the registry; its run and files stay."""
    client.delete_model_version(version.name, str(version.number))


def _version(client: MlflowClient, found: ModelVersion, aliases: Mapping[str, str]) -> Version:
    run = _run_of(client, str(found.run_id))
    return Version(
        name=str(found.name),
        number=int(found.version),
        run_id=str(found.run_id),
        aliases=tuple(sorted(a for a, v in aliases.items() if int(v) == int(found.version))),
        tags=dict(found.tags),
        run_tags=dict(run.data.tags) if run else {},
        created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
        trained_at=_trained_at(run) if run else None,
    )


def _run_of(client: MlflowClient, run_id: str) -> Run | None:
    try:
        return client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == _ABSENT:
            return None
        raise


def _trained_at(run: Run) -> str | None:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    for one in inputs:
        tags = {tag.key: tag.value for tag in one.tags}
        if tags.get("mlflow.data.context") == "training":
            source = json.loads(one.dataset.source)
            return str(source["path"]) if source.get("path") else None
    return None
