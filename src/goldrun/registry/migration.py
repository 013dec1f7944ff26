"""Decisions of the migration of a lake's versions to the names of its source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from goldrun.contracts.version_tags import DECISION
from goldrun.errors import ForeignModelError, listed
from goldrun.registry.provenance import Provenance

MIGRATED_FROM = "goldrun.migrated_from"
"""Tag of a copied version: its old name and number."""
CHAMPION = "champion"
_PROMOTED = "promoted"


class RegisteredVersion(Protocol):
    """The attributes of a registered version that the migration reads."""

    @property
    def name(self) -> str:
        """Registered name."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its aliases."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""


V = TypeVar("V", bound=RegisteredVersion)


def label_of(version: RegisteredVersion) -> str:
    """Return name and number of a version as text, as in the tag ``MIGRATED_FROM``."""
    return f"{version.name} version {version.number}"


@dataclass(frozen=True)
class Classified(Generic[V]):
    """A version, whether it was trained on the lake, and the reason if it was not."""

    version: V
    provenance: Provenance
    reason: str

    @property
    def ours(self) -> bool:
        """Whether it was trained on the lake."""
        return self.provenance is Provenance.THIS

    def __str__(self) -> str:
        return f"{label_of(self.version)}: {self.reason}"


def check_provenance(
    model: str, root: str, versions: Sequence[Classified[V]], *, migrated: bool
) -> None:
    """Check that versions of a model can be migrated.

    Args:
        model: Name that all shops shared, such as ``churn``.
        root: Folder or URI of the lake.
        versions: All versions of the model without an owner.
        migrated: Whether the source's own name exists already.

    Raises:
        ForeignModelError: A version of the lake's folder contradicts the lake's tables, or no
            version was trained on the lake and none was migrated before.
    """
    impossible = [one for one in versions if one.provenance is Provenance.IMPOSSIBLE]
    if impossible:
        raise ForeignModelError(
            f"{root} can't be the lake of {listed(impossible)}: restore the lake to its state at "
            "their training, or set registry_prefix in the source's TOML to register new models "
            "under other names; nothing was moved"
        )
    if versions and not migrated and not any(one.ours for one in versions):
        raise ForeignModelError(
            f"no version of {model} was trained on {root}: {listed(versions)}. If the lake was "
            "moved, give its former folder with -P lake_was=; nothing was moved"
        )


def copies_of(versions: Sequence[V]) -> dict[str, int]:
    """Return the numbers of copied versions by the label of the version they were copied from."""
    return {v.tags[MIGRATED_FROM]: v.number for v in versions if MIGRATED_FROM in v.tags}


def aliases_kept(versions: Sequence[V]) -> set[str]:
    """Return the aliases of versions that were trained under their name, and not copied.

    Such a version is newer than every copied one, so it keeps its aliases.
    """
    return {alias for v in versions if MIGRATED_FROM not in v.tags for alias in v.aliases}


def champion_to_restore(versions: Sequence[V]) -> int | None:
    """Return the number of the last promoted version; None if there is a champion or none was.

    Args:
        versions: All versions of a model, oldest first.
    """
    if any(CHAMPION in version.aliases for version in versions):
        return None
    promoted = [v.number for v in versions if v.tags.get(DECISION, "").startswith(_PROMOTED)]
    return promoted[-1] if promoted else None
