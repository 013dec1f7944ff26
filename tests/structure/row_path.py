"""List the files that one Online Retail row passes from its CSV file to the churn model.

    python -m tests.structure.row_path          in the folder of the project to measure

The scripts ``bronze``, ``silver``, ``gold`` and ``churn`` run in this process, with Sail, on the
sample data, with a lake and a store in a temporary folder. A row passes a file of ``src/goldrun``
or ``pipelines`` when one of its functions is called with, or returns, rows: a Spark or pandas data
frame, a pandas series, a table, batch or array of Arrow, alone or inside a tuple, list, dictionary
or dataclass. Files that only build Spark columns, which are expressions over rows, are listed
apart, and so are those that a row passes only after the model is fitted (the last return of
``_FIT``), on its way to metrics, card and scores. Monitoring and plots do not count: they read the
same rows, but the model is not fitted on what they return.
"""

import dataclasses
import os
import runpy
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Self

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame

_ROWS = (DataFrame, pd.DataFrame, pd.Series, pa.Table, pa.RecordBatch, pa.Array)
_Kinds = type | tuple[type, ...]
_COMMANDS = ("bronze", "silver", "gold", "churn")
_BESIDE = ("monitor", "plot", "steps/quality", "steps/drift", "steps/rejections")
_FIT = ("learning/churn/model.py", "fit")
"""File and function that fit the model. A checkout without them counts all its files."""
_DEPTH = 3
_FIRST = 8
"""Number of elements of a collection that are checked, because its elements are alike."""


@dataclasses.dataclass(frozen=True)
class RowPath:
    """Files on the path of a row, ordered by name.

    Attributes:
        rows: Files that a row passes until the model is fitted.
        later: Files that it passes only afterwards.
        expressions: Files that only build columns.
    """

    rows: list[str]
    later: list[str]
    expressions: list[str]


def main() -> int:
    """Print the files on the path of a row, and their numbers."""
    path = measure(Path.cwd())
    print("\n".join([*path.rows, f"{len(path.rows)} files that a row passes to the model", ""]))
    print("\n".join([*path.later, f"{len(path.later)} more after it", ""]))
    print("\n".join([*path.expressions, f"{len(path.expressions)} more that build its columns"]))
    return 0


def measure(root: Path) -> RowPath:
    """Run the commands on the sample data and list the files on the path of a row."""
    with tempfile.TemporaryDirectory(prefix="goldrun-row-") as scratch:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{scratch}/mlflow.db"
        os.environ["GOLDRUN_ENGINE"] = "sail"
        with _Recorder(root) as recorder:
            for command in _COMMANDS:
                _run(root, command, f"--lake={scratch}/lake")
    fitted = recorder.fitted or recorder.rows
    return RowPath(
        rows=_relative(fitted, root),
        later=_relative(recorder.rows - fitted, root),
        expressions=_relative(recorder.columns - recorder.rows, root),
    )


def _relative(paths: Iterable[str], root: Path) -> list[str]:
    """Order the paths below ``root``, without those of monitoring and plots."""
    files = (str(Path(path).relative_to(root)) for path in paths)
    return sorted(file for file in files if not any(word in file for word in _BESIDE))


def _run(root: Path, command: str, *options: str) -> None:
    script = str(root / "pipelines" / f"{command}.py")
    sys.argv = [script, *options]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        if ended.code:
            raise


class _Recorder:
    """Profiles calls in all threads: the files whose functions take or return rows or columns."""

    def __init__(self, root: Path) -> None:
        self.rows: set[str] = set()
        self.columns: set[str] = set()
        self.fitted: set[str] = set()
        self._roots = (str(root / "src" / "goldrun"), str(root / "pipelines"))
        self._is_measured: dict[CodeType, bool] = {}

    def __enter__(self) -> Self:
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _profile(self, frame: FrameType, event: str, value: object) -> None:
        code = frame.f_code
        if event not in {"call", "return"} or not self._measures(code):
            return
        if event == "return" and self._is_fit(code):
            self.fitted = self.rows | {code.co_filename}
        if code.co_filename in self.rows:
            return
        count = code.co_argcount + code.co_kwonlyargcount
        values = (
            [value]
            if event == "return"
            else [frame.f_locals.get(name) for name in code.co_varnames[:count]]
        )
        if any(holds_rows(each) for each in values):
            self.rows.add(code.co_filename)
        elif any(_holds(each, Column) for each in values):
            self.columns.add(code.co_filename)

    def _is_fit(self, code: CodeType) -> bool:
        file, function = _FIT
        return code.co_name == function and code.co_filename.endswith(file)

    def _measures(self, code: CodeType) -> bool:
        if code not in self._is_measured:
            is_function = code.co_name != "<module>"
            self._is_measured[code] = is_function and code.co_filename.startswith(self._roots)
        return self._is_measured[code]


def holds_rows(value: object) -> bool:
    """Whether a value is rows, or a collection or dataclass that holds rows."""
    return _holds(value, _ROWS)


def _holds(value: object, kinds: _Kinds, depth: int = _DEPTH) -> bool:
    """Whether a value is of some kinds, or a collection or dataclass that holds one that is."""
    if isinstance(value, kinds):
        return True
    return depth > 0 and any(_holds(part, kinds, depth - 1) for part in _parts(value))


def _parts(value: object) -> list[object]:
    if isinstance(value, tuple | list | frozenset | set):
        return list(value)[:_FIRST]
    if isinstance(value, Mapping):
        return list(value.values())[:_FIRST]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return [getattr(value, field.name, None) for field in fields]
    return []


if __name__ == "__main__":
    sys.exit(main())
