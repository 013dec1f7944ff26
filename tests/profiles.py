"""Gold without the profiles of its tables, which no other step reads."""

import contextlib
from collections.abc import Iterator

import pytest

from goldrun.jobs.aggregate import gold_tables


@contextlib.contextmanager
def without_profiles() -> Iterator[None]:
    """Log no profiles of gold: with a few rows they take a quarter of its time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gold_tables, "_log_profiles", lambda _: None)
        yield
