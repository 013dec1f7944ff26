"""The environment that a model is trained in: lock, Python and libraries."""

import hashlib
import importlib.metadata
import platform
from dataclasses import dataclass

from goldrun.io.settings import project_root

LOCK = "requirements.txt"
_LIBRARIES = (
    *("pyspark", "delta-spark", "deltalake", "pysail", "mlflow", "scikit-learn", "skops"),
    *("numpy", "scipy", "pandas", "pyarrow"),
)


@dataclass(frozen=True)
class Environment:
    """Lock, Python and libraries.

    Attributes:
        lock_hash: SHA-256 of the locked requirements; ``unknown`` if there is no such file.
        python: Version of Python.
        libraries: Installed version of each library that a table or a model depends on.
    """

    lock_hash: str
    python: str
    libraries: dict[str, str]


def read_environment() -> Environment:
    """Return the environment of this process."""
    lock = project_root() / LOCK
    found = hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "unknown"
    versions = {d.name.lower(): d.version for d in importlib.metadata.distributions()}
    installed = {name: versions[name] for name in _LIBRARIES if name in versions}
    return Environment(found, platform.python_version(), installed)
