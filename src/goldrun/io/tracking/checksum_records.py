"""The record of a version's files: their checksum in its tag, one of each file in its run."""

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from goldrun.contracts.file_checksums import CHECKSUM_TAG, differences, total
from goldrun.errors import MissingArtifactError, ModelFileError
from goldrun.io.tracking.errors import artifacts_explained
from goldrun.io.tracking.model_files import RESTORE
from goldrun.io.tracking.runs import Champion, Tracker

log = logging.getLogger(__name__)

_FOLDER = "model_checksums"
_OF_RUN = "run/"
"""Begins the name of a text artifact of the run in a record."""
_ABSENT = "RESOURCE_DOES_NOT_EXIST"


def write(tracker: Tracker, checksums: Mapping[str, str], texts: Iterable[str]) -> dict[str, str]:
    """Record the checksums of a model's files, and of texts it is used with, in the active run.

    Args:
        tracker: The store.
        checksums: Checksum of each file of the model's folder.
        texts: Text artifacts of the run that the model is used with.

    Returns:
        The checksums that were recorded; the tag ``CHECKSUM_TAG`` of a version has their ``total``.
    """
    recorded = {**checksums, **_of_texts(tracker.run_id, texts)}
    found = total(recorded)
    tracker.log_text(json.dumps(recorded, indent=1, sort_keys=True), _artifact(found))
    return recorded


def check(champion: Champion, found: Mapping[str, str], texts: Mapping[str, str]) -> None:
    """Compare the files of a version with its record.

    A version that was registered before goldrun recorded checksums is accepted with a warning.

    Args:
        champion: The version, with its tags.
        found: Checksum of each file of the folder that the store has now.
        texts: Text artifacts of the run as the caller has read them and will use them, by path;
            other recorded texts are read here.

    Raises:
        ModelFileError: A file is missing, was added or has changed; or the record is incomplete.
    """
    recorded = champion.tags.get(CHECKSUM_TAG)
    in_run = _recorded_in(champion.run_id)
    if recorded is None:
        _check_old(champion, in_run)
    elif recorded not in in_run:
        raise _refused(
            champion,
            f"its tag {CHECKSUM_TAG} and its run disagree: run {champion.run_id} has no artifact "
            f"{_artifact(recorded)}",
        )
    elif total(in_run[recorded]) != recorded:
        raise _refused(champion, f"{_artifact(recorded)} of run {champion.run_id} has changed")
    else:
        _check_files(champion, in_run[recorded], {**found, **_of_given(texts)})


def recorded_names(run_id: str) -> set[str]:
    """Return the names of all files that a run has recorded for the models that it registered."""
    return {name for recorded in _recorded_in(run_id).values() for name in recorded}


def of_texts(run_id: str, names: Iterable[str]) -> dict[str, str]:
    """Return the checksum of each text artifact of a run that still is there.

    Args:
        run_id: The run.
        names: Names of files in a record; those that are no text artifacts are ignored.
    """
    found: dict[str, str] = {}
    for name in names:
        if name.startswith(_OF_RUN):
            # A missing one is missing in the result, where its absence is found.
            with contextlib.suppress(MissingArtifactError):
                found |= _of_texts(run_id, [name.removeprefix(_OF_RUN)])
    return found


def _check_files(champion: Champion, recorded: Mapping[str, str], found: Mapping[str, str]) -> None:
    unread = [name for name in recorded if name.startswith(_OF_RUN) and name not in found]
    others = _of_texts(champion.run_id, [name.removeprefix(_OF_RUN) for name in unread])
    changed = differences(recorded, {**found, **others})
    if changed:
        raise _refused(champion, f"{'; '.join(changed)} since it was registered")


def _check_old(champion: Champion, in_run: Mapping[str, Mapping[str, str]]) -> None:
    what = f"model {champion.name} version {champion.version}"
    if in_run or _follows_recorded(champion):
        raise _refused(champion, f"its tag {CHECKSUM_TAG} was removed")
    log.warning(
        "%s was registered before goldrun recorded checksums of a model's files: whether they have "
        "changed since is unknown. The next version that is trained has them",
        what,
    )


def _follows_recorded(champion: Champion) -> bool:
    """Whether a version with a checksum was registered before this one."""
    client, token = MlflowClient(), None
    while True:
        page = client.search_model_versions(f"name='{champion.name}'", page_token=token)
        if any(CHECKSUM_TAG in one.tags and int(one.version) < champion.version for one in page):
            return True
        token = page.token
        if not token:
            return False


def _recorded_in(run_id: str) -> dict[str, dict[str, str]]:
    """Return the checksums of the models that a run has registered, by their total."""
    try:
        files = mlflow.artifacts.list_artifacts(run_id=run_id, artifact_path=_FOLDER)
    except MlflowException as error:
        if error.error_code == _ABSENT:
            return {}
        raise
    totals = [file.path.removeprefix(f"{_FOLDER}/").removesuffix(".json") for file in files]
    return {one: _read(run_id, one) for one in totals}


def _read(run_id: str, recorded: str) -> dict[str, str]:
    try:
        content = json.loads(mlflow.artifacts.load_text(f"runs:/{run_id}/{_artifact(recorded)}"))
    # Also bytes that are not UTF-8.
    except ValueError:
        content = None
    # What is no such record has another total, so that it is refused as changed.
    return content if isinstance(content, dict) else {}


def _of_texts(run_id: str, texts: Iterable[str]) -> dict[str, str]:
    """Return the checksum of each text artifact of a run, by its name in a record."""
    read = {}
    for path in texts:
        with artifacts_explained(f"{path} of run {run_id}"):
            read[path] = mlflow.artifacts.load_text(f"runs:/{run_id}/{path}")
    return _of_given(read)


def _of_given(texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{_OF_RUN}{p}": hashlib.sha256(t.encode()).hexdigest() for p, t in texts.items()}


def _artifact(recorded: str) -> str:
    return f"{_FOLDER}/{recorded}.json"


def _refused(champion: Champion, cause: str) -> ModelFileError:
    return ModelFileError(
        f"model {champion.name} version {champion.version}: {cause}; "
        f"nothing of it was loaded: {RESTORE}"
    )
