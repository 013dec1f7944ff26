"""Register scikit-learn models with MLflow, and load champions whose files are as registered."""

import contextlib
import importlib.metadata
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.models.model import ModelInfo
from mlflow.types.schema import AnyType, ColSpec, Schema, TensorSpec
from skops import io as skops_io

from goldrun.contracts.file_checksums import CHECKSUM_TAG, total
from goldrun.errors import ContractError
from goldrun.io.tracking import checksum_records
from goldrun.io.tracking.checksums import checksums_of
from goldrun.io.tracking.errors import artifacts_explained
from goldrun.io.tracking.example import write_example
from goldrun.io.tracking.model_files import SKOPS, check_files, read_pipeline
from goldrun.io.tracking.runs import CHALLENGER, Champion, Tracker
from goldrun.io.tracking.trusted_types import TRUSTED_TYPES

_REQUIREMENTS = ("scikit-learn", "skops", "numpy", "scipy", "pandas")


@dataclass(frozen=True)
class Registered:
    """A version that was just registered.

    Attributes:
        version: Its number.
        model_id: MLflow's id of the stored model.
        checksum: Checksum of all its files, as in its tag.
        files: SHA-256 of each file of the model, and of each text of its run that it is used with.
    """

    version: int
    model_id: str
    checksum: str
    files: dict[str, str]


def register_model(
    tracker: Tracker,
    model: Any,
    name: str,
    example: pd.DataFrame,
    *,
    predict: str,
    whole_numbers: Collection[str] = (),
    texts: Collection[str] = (),
    tags: Mapping[str, str] | None = None,
    description: str = "",
) -> Registered:
    """Log a fitted pipeline with the active run and register it with the alias ``challenger``.

    The files are loaded back and checked before the version exists.

    Args:
        tracker: The store.
        model: Fitted scikit-learn pipeline.
        name: Registered name.
        example: Input rows, whose predictions are kept with the model.
        predict: Method that the served model calls.
        whole_numbers: Columns that callers may have as integers or as doubles.
        texts: Text artifacts of the run that the model is used with; a change of theirs counts as
            a change of the model's files.
        tags: Tags that the version has from the first moment, beside the checksum of its files.
        description: Description of the version, in Markdown, of at most 5,000 characters.

    Returns:
        The registered version and its files.

    Raises:
        ContractError: The model holds a type that is not in ``TRUSTED_TYPES``, or a prediction for
            the example is not a number.
        ModelFileError: The stored files can't be loaded, or predict something else.
    """
    info = _logged(model, name, example, predict, whole_numbers)
    what = f"model {name}, just stored as {info.model_uri}"
    with _downloaded(info.model_uri, what) as stored:
        check_files(what, stored)
        read_pipeline(what, stored)
        recorded = checksum_records.write(tracker, checksums_of(stored), texts)
    checksum = total(recorded)
    given = {**(tags or {}), CHECKSUM_TAG: checksum}
    version = int(mlflow.register_model(info.model_uri, name, tags=given).version)
    if description:
        tracker.client.update_model_version(name, str(version), description)
    tracker.client.set_registered_model_alias(name, CHALLENGER, str(version))
    return Registered(version, str(info.model_id), checksum, recorded)


def _logged(
    model: Any, name: str, example: pd.DataFrame, predict: str, whole_numbers: Collection[str]
) -> ModelInfo:
    """Log a pipeline with the active run; ContractError if it holds an untrusted type."""
    untrusted = _check_types(model, name)
    with tempfile.TemporaryDirectory() as folder:
        info: ModelInfo = mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format=SKOPS,
            signature=_signature(model, example, predict, whole_numbers),
            input_example=example,
            pyfunc_predict_fn=predict,
            pip_requirements=[f"{p}=={importlib.metadata.version(p)}" for p in _REQUIREMENTS],
            skops_trusted_types=untrusted,
            extra_files=[str(write_example(model, predict, example, Path(folder)))],
        )
    return info


def load_champion(
    champion: Champion, texts: Mapping[str, str] | None = None
) -> tuple[Any, Sequence[str]]:
    """Load a champion's pipeline and the names of the columns it was trained on.

    Its files are downloaded once and compared with the checksums of its registration before any is
    read. A version of an older goldrun, which recorded none, is loaded with a warning.

    Args:
        champion: The version.
        texts: Text artifacts of its run that the caller has read, by path; they are compared with
            their checksums too.

    Raises:
        TrackingError: Files of the model are missing from the store.
        ModelFileError: A file is not as registered, is no file of such a model, or holds types that
            are not trusted; or the model does not predict for its example what it did then.
        ContractError: The model has no signature.
    """
    uri = f"models:/{champion.name}/{champion.version}"
    what = f"model {champion.name} version {champion.version}"
    with _downloaded(uri, what) as folder:
        checksum_records.check(champion, checksums_of(folder), texts or {})
        signature = check_files(what, folder).signature
        if signature is None:
            raise ContractError(f"{uri} has no signature: register it again by a training run")
        return read_pipeline(what, folder), list(signature.inputs.input_names())


def stored_checksums(version: Champion, names: Collection[str]) -> dict[str, str]:
    """Return the SHA-256 of each file of a version as the store has it now.

    Args:
        version: The version.
        names: Names of its recorded files; of the texts of its run among them, those that still
            are there are read too.

    Raises:
        MissingArtifactError: The model's files are missing.
        TrackingError: The store does not answer.
    """
    run_id, what = version.run_id, f"model {version.name} version {version.version}"
    recorded = {*names, *checksum_records.recorded_names(run_id)}
    with _downloaded(f"models:/{version.name}/{version.version}", what) as folder:
        return {**checksums_of(folder), **checksum_records.of_texts(run_id, sorted(recorded))}


@contextlib.contextmanager
def _downloaded(uri: str, what: str) -> Iterator[Path]:
    """Download the files of a model into a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="goldrun-model-") as folder:
        with artifacts_explained(what):
            mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder)
        yield Path(folder)


def _check_types(model: Any, name: str) -> list[str]:
    """Return the types of a model that skops does not trust by itself."""
    untrusted = set(skops_io.get_untrusted_types(data=skops_io.dumps(model)))
    if foreign := untrusted - TRUSTED_TYPES:
        raise ContractError(
            f"model {name} holds types that are not trusted to be loaded: {sorted(foreign)}; "
            "use an estimator without them, or review and add them to TRUSTED_TYPES"
        )
    return sorted(untrusted)


def _signature(
    model: Any, example: pd.DataFrame, predict: str, whole_numbers: Collection[str]
) -> ModelSignature:
    """Infer the signature; columns of whole numbers have the type ``any``.

    Of MLflow's types ``long`` refuses doubles, as pandas has a column with nulls, and ``double``
    refuses integers.
    """
    inferred = infer_signature(example, getattr(model, predict)(example))
    columns: list[ColSpec | TensorSpec] = []
    for column in inferred.inputs:
        is_whole = column.name in whole_numbers
        kind = AnyType() if is_whole else column.type  # type: ignore[no-untyped-call]
        columns.append(ColSpec(kind, column.name))
    return ModelSignature(Schema(columns), inferred.outputs)
