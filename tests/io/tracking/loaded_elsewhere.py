"""Load a champion in this process and write what it predicts, through goldrun and MLflow.

python -m tests.io.tracking.loaded_elsewhere NAME ROWS.parquet METHOD OUT.npz
"""

import sys

import mlflow
import numpy as np
import pandas as pd

from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Tracker


def main(name: str, rows_file: str, method: str, out: str) -> None:
    champion = Tracker().champion(name)
    assert champion is not None
    rows = pd.read_parquet(rows_file)
    model, features = load_champion(champion)
    served = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    np.savez(
        out,
        goldrun=getattr(model, method)(rows[list(features)].astype(np.float64)),
        # The rows as gold has them: all columns, integers, decimals.
        pyfunc=np.asarray(served.predict(rows)),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
