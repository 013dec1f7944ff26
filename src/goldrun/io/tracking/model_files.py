"""The files of a model's folder: checked without following what they say, then read by skops."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.models import Model
from skops import io as skops_io

from goldrun.errors import ModelFileError
from goldrun.io.tracking.checksums import checksums_of
from goldrun.io.tracking.example import EXAMPLE, FOLDER, reproduces_example
from goldrun.io.tracking.model_size import check_size, out_of_memory
from goldrun.io.tracking.trees import invalid_trees
from goldrun.io.tracking.trusted_types import TRUSTED_TYPES

SKOPS = "skops"
"""MLflow's name of the format."""
_PIPELINE = "model.skops"
_MLMODEL = "MLmodel"
_KNOWN_FILES = frozenset(
    {
        _MLMODEL,
        _PIPELINE,
        f"{FOLDER}/{EXAMPLE}",
        "conda.yaml",
        "environment_variables.txt",
        "input_example.json",
        "python_env.yaml",
        "requirements.txt",
        "serving_input_example.json",
    }
)
_PICKLES = (".pkl", ".pickle", ".p", ".joblib", ".cloudpickle", ".dill", ".pt", ".pth")
_PICKLE_STARTS = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
_FLAVOURS: Mapping[str, Mapping[str, Any]] = {
    "sklearn": {"serialization_format": SKOPS, "pickled_model": _PIPELINE, "code": None},
    "python_function": {"loader_module": "mlflow.sklearn", "model_path": _PIPELINE, "code": None},
}
"""What ``MLmodel`` may say about how the model is loaded."""
RESTORE = (
    "restore the model's folder from a copy; if it is lost, set registry_prefix in the source's "
    "TOML to begin a new line of models"
)


def check_files(what: str, folder: Path) -> Model:
    """Check names and starts of a model's files and what ``MLmodel`` says; return that file.

    Raises:
        ModelFileError: The folder holds a pickle or an unknown file, or ``MLmodel`` asks for
            another format, for code, or for types that goldrun does not trust.
    """
    for name in checksums_of(folder):
        if name.lower().endswith(_PICKLES) or _is_pickle(folder / name):
            raise _refused(what, f"{name} is a pickle, which can run any code when it is loaded")
        if name not in _KNOWN_FILES:
            raise _refused(what, f"{name} is no file that goldrun writes")
    return _checked_description(what, folder)


def read_pipeline(what: str, folder: Path) -> Any:
    """Load the pipeline of a folder that ``check_files`` has accepted, and compare its example.

    Raises:
        ModelFileError: The file is damaged, needs more memory than there is, or holds types that
            goldrun does not trust; or the loaded pipeline does not predict what it did when it was
            registered.
    """
    file = folder / _PIPELINE
    try:
        check_size(what, file)
        untrusted = set(skops_io.get_untrusted_types(file=file))
        if foreign := untrusted - TRUSTED_TYPES:
            raise _refused(what, f"{_PIPELINE} holds types that are not trusted: {sorted(foreign)}")
        model = skops_io.load(file, trusted=sorted(TRUSTED_TYPES))
        if invalid := invalid_trees(model):
            raise _refused(what, f"{_PIPELINE}: {invalid}")
        reproduced = reproduces_example(model, folder)
    except ModelFileError:
        raise
    except MemoryError as error:
        raise out_of_memory(what, file, error) from error
    # What another scikit-learn raises for the attributes of an older one is not documented.
    except Exception as error:
        damaged = isinstance(error, zipfile.BadZipFile | OSError)
        cause = f"{_PIPELINE} can't be read ({type(error).__name__}: {error})"
        raise _refused(what, cause) if damaged else _unlike(what, folder, cause) from error
    if reproduced is False:
        raise _unlike(what, folder, f"it no longer predicts what {FOLDER}/{EXAMPLE} says it did")
    return model


def _checked_description(what: str, folder: Path) -> Model:
    if not (folder / _MLMODEL).is_file() or not (folder / _PIPELINE).is_file():
        raise _refused(what, f"{_MLMODEL} or {_PIPELINE} is missing")
    try:
        description = Model.load(str(folder))
    # Any text can be there, and which errors MLflow and YAML raise for it is not documented.
    except Exception as error:
        raise _refused(what, f"{_MLMODEL} can't be read ({error})") from error
    flavours = description.flavors
    if added := sorted(set(flavours) - set(_FLAVOURS)):
        raise _refused(what, f"{_MLMODEL} has flavours that goldrun does not write: {added}")
    for flavour, expected in _FLAVOURS.items():
        found = flavours.get(flavour, {})
        for key, value in expected.items():
            if found.get(key) != value:
                said = f"{flavour}.{key} is {found.get(key)!r} and not {value!r}"
                raise _refused(what, f"in {_MLMODEL}, {said}")
    listed = set(flavours["sklearn"].get("skops_trusted_types") or [])
    if foreign := sorted(listed - TRUSTED_TYPES):
        raise _refused(what, f"{_MLMODEL} asks to trust types that goldrun does not: {foreign}")
    return description


def _is_pickle(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(2) in _PICKLE_STARTS


def _refused(what: str, cause: str) -> ModelFileError:
    return ModelFileError(f"{what}: {cause}; nothing of it was loaded: {RESTORE}")


def _unlike(what: str, folder: Path, cause: str) -> ModelFileError:
    requirements = folder / "requirements.txt"
    saved = requirements.read_text().split() if requirements.is_file() else []
    return ModelFileError(
        f"{what}: {cause}. It was saved with {', '.join(saved) or 'unknown versions'}: install "
        "these versions; if that is not possible, set registry_prefix in the source's TOML to "
        "begin a new line of models"
    )
