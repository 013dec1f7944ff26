"""Figures, tables, texts and numbers that a training run logs beside its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.figure import Figure


@dataclass(frozen=True)
class Report:
    """What a training run logs beside its metrics.

    Attributes:
        figures: Figures by name, logged as ``plots/<name>.png``.
        tables: Frames by name, logged as ``tables/<name>.csv``.
        texts: Text artifacts by path.
        details: Further metrics, logged with the run; they are not part of the gate's evidence.
    """

    figures: Mapping[str, Figure] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, float] = field(default_factory=dict)
