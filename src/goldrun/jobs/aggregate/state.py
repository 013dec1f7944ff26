"""Silver and gold before a run, compared with what gold has recorded of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from goldrun.errors import listed
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.jobs.context import log

ACTIVITY = tuple(table.name for table in feature_tables.ACTIVITY)
"""Names of the tables of activity."""
OUTPUTS = (*ACTIVITY, CUSTOMER_FEATURES.name, USER_FEATURES.name)
"""Names of all tables that gold computes."""
SILVER = "silver"
"""Place of a reason that is none of a single table."""


@dataclass(frozen=True)
class Recorded:
    """A row of ``ops/gold_tables``."""

    table_id: str
    version: int | None
    definitions: str | None
    changed_from: date | None


@dataclass(frozen=True)
class State:
    """The tables before a run, compared with what gold has recorded of them.

    Attributes:
        silver: Newest version of each silver table that activity is computed from.
        own: Newest version of each table of gold that exists.
        ids: Table id of each of both.
        progress: Version of each silver table that gold has; empty where it is not known.
        recorded: Rows of ``ops/gold_tables`` by table.
        anew: Why a table is not what gold left, by table.
    """

    silver: Mapping[str, int]
    own: Mapping[str, int]
    ids: Mapping[str, str]
    progress: Mapping[str, int]
    recorded: Mapping[str, Recorded]
    anew: Mapping[str, str]

    @property
    def changed(self) -> dict[str, int] | None:
        """The silver tables that have changed, by the version that gold has; None: unknown."""
        if not self.progress or any(name in self.anew for name in (*self.silver, SILVER)):
            return None
        if any(name in self.anew or name not in self.own for name in ACTIVITY):
            return None
        progress = self.progress
        return {name: progress[name] for name, new in self.silver.items() if new > progress[name]}

    @property
    def snapshots_anew(self) -> bool:
        """Whether all stored snapshots are to be computed again."""
        return CUSTOMER_FEATURES.name in self.anew

    @property
    def changed_from(self) -> date | None:
        """Earliest day whose change the stored snapshots lack, after an interrupted run."""
        row = self.recorded.get(CUSTOMER_FEATURES.name)
        return row.changed_from if row else None

    @property
    def is_current(self) -> bool:
        """Whether all tables of gold are as its last run left them, and silver too."""
        is_complete = all(name in self.own for name in OUTPUTS)
        return is_complete and not self.anew and self.changed == {} and self.changed_from is None

    def log_reasons(self) -> None:
        """Log which tables are computed again, and why."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.anew.items():
            by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            log.info("    %s: %s; %s computed again", listed(names), reason, _what(names))


def _what(names: list[str]) -> str:
    """Describe what is computed again because of some tables."""
    if any(name not in OUTPUTS or name in ACTIVITY for name in names):
        return "all activity and all stored snapshots are"
    if CUSTOMER_FEATURES.name in names:
        return "all stored snapshots are"
    return "it is"
