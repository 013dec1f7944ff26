"""Names of runs: one that the user has given is kept."""

from mlflow.tracking import MlflowClient
from mlflow.utils import name_utils

STEP = "goldrun.step"
"""Tag with the step that a run records."""
_NAME = "mlflow.runName"
_NAMED = "goldrun.named"
"""Tag with the name that ``rename`` has given a run, which it may replace."""


def rename(client: MlflowClient, run_id: str, name: str) -> None:
    """Name a run, unless the user has given it a name.

    Args:
        client: Client of the store.
        run_id: The run.
        name: The name.
    """
    run = client.get_run(run_id)
    given = run.info.run_name or ""
    if given in {run.data.tags.get(STEP), run.data.tags.get(_NAMED)} or is_generated(given):
        client.set_tag(run_id, _NAME, name)
        client.set_tag(run_id, _NAMED, name)


def is_generated(name: str) -> bool:
    """Whether MLflow has drawn the name of a run, such as ``sincere-shark-12``."""
    first, _, rest = name.partition("-")
    second, _, number = rest.rpartition("-")
    words = {word.lower() for word in name_utils._GENERATOR_NOUNS}
    adjectives = {word.lower() for word in name_utils._GENERATOR_PREDICATES}
    return number.isdecimal() and first in adjectives and second in words
