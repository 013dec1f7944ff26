"""Score all customers anew with a model's champion, and list the scores in a file."""

from datetime import date

from goldrun.errors import SettingsError
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.io.settings import load_model_config
from goldrun.io.spreadsheet import Spreadsheet
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.aggregate.snapshots import write_snapshots
from goldrun.jobs.context import Context, log
from goldrun.jobs.monitor.drift import snapshot
from goldrun.jobs.promote.champions import check_models, no_champion, required_champion
from goldrun.jobs.score.publish import publish
from goldrun.jobs.score.snapshot import Snapshot
from goldrun.jobs.time_zone import check_zone_of_gold
from goldrun.learning.models import MODELS, load_model
from goldrun.learning.publication import Publication
from goldrun.registry.evidence import version_tags


def run(
    ctx: Context,
    name: str,
    as_of: date | None = None,
    csv: str = "",
    *,
    accept_alias: bool = False,
) -> None:
    """Write the scores of all customers to the model's table, and to a CSV file.

    The run has the champion's version and the versions of the tables; no row of a customer.

    Args:
        ctx: The context; its tracker has an active run.
        name: Name of the model in the registry of models.
        as_of: Date of the features; the day after the observed end when None.
        csv: The file; none when empty.
        accept_alias: Whether to score with the version that has the alias ``champion`` although
            another one, or none, is champion by the ledger.

    Raises:
        SettingsError: No model has that name, it has no table of scores, its settings are invalid,
            or the file can't be written there.
        NoChampionError: It has no champion.
        ForeignModelError: The champion belongs to another source or lake.
        LedgerError: Another version is champion by the ledger, or the ledger was changed.
        AsOfError: The lake does not cover ``as_of``.
    """
    model = load_model(name)
    if (publication := model.publication) is None:
        raise SettingsError(f"--model {name!r} has no table of scores; write {_with_scores()}")
    settings = load_model_config(name, model.settings)
    file = Spreadsheet(csv, publication.table.names, ctx.lake.root) if csv else None
    check_models(ctx, name, accept_alias=accept_alias)
    required_champion(ctx, name, "to score with", accept_alias=accept_alias)
    check_zone_of_gold(ctx)
    current = write_snapshot(ctx, as_of)
    ctx.tracker.name_run(f"score {name} {current.as_of}")
    champion = publish(ctx, model, settings, current, accept_alias=accept_alias)
    if champion is None:
        raise no_champion(ctx, name, "to score with any more")
    # Another process may score after this one.
    written = ctx.lake.version(publication.table.name)
    _log(ctx, name, publication, current, champion, written)
    if file is not None:
        _list(ctx, publication, file, written)


def write_snapshot(ctx: Context, as_of: date | None = None) -> Snapshot:
    """Bring the snapshot of a date up to date with gold's activity, and read it.

    Args:
        ctx: The context.
        as_of: The date; the day after the observed end when None.

    Raises:
        AsOfError: There is no activity, or the lake does not cover ``as_of``.
    """
    history = history_of(ctx)
    as_of = history.check_features(as_of or history.day_after)
    write_snapshots(ctx, [as_of])
    version = ctx.lake.version(CUSTOMER_FEATURES.name)
    return Snapshot(snapshot(ctx, as_of, version=version), as_of, version)


def _log(
    ctx: Context,
    name: str,
    publication: Publication,
    current: Snapshot,
    champion: int | None,
    written: int,
) -> None:
    """Log what scored what; the run has no row of a customer."""
    table = publication.table.name
    customers = ctx.lake.read(table, written).count()
    ctx.tracker.log_params(name, {"as_of": current.as_of, "champion": champion})
    ctx.tracker.log_metrics({"customers": float(customers)})
    ctx.tracker.set_tags(version_tags({CUSTOMER_FEATURES.name: current.version, table: written}))
    log.info(
        "%s: %s customers scored as of %s with version %s, in %s",
        *(name, f"{customers:,}", current.as_of, champion, table),
    )


def _list(ctx: Context, publication: Publication, file: Spreadsheet, written: int) -> None:
    """Write the scores of one version of a table to a CSV file, and warn of its personal data."""
    table = publication.table
    rows = ctx.lake.read(table.name, written).select(*table.names).orderBy(*publication.order)
    number = file.write(tuple(row) for row in rows.toLocalIterator())
    replaced = ", in place of an older list" if file.replaces else ""
    log.info("%s customers are listed in %s%s", f"{number:,}", file.file, replaced)
    log.warning("That file has personal data, and no erasure reaches it: docs/personal-data.md")


def _with_scores() -> str:
    return " or ".join(name for name in MODELS if load_model(name).publication is not None)
