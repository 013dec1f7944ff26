"""Scores of the champion in gold, kept up to date for some customers or for all."""

from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.errors import ContractError, ForeignModelError, LedgerError, TrackingError
from goldrun.io.delta.differences import content
from goldrun.io.frames import slices, to_pandas
from goldrun.io.tracking.errors import store_explained
from goldrun.io.tracking.models import load_champion
from goldrun.io.tracking.runs import Champion
from goldrun.jobs.context import Context, log
from goldrun.jobs.promote.champions import champion_of
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.models import load_model
from goldrun.learning.publication import LoadedModel, Publication, Scoring

_ROWS_AT_ONCE = 200_000
"""Largest number of customers whose scores are in memory as rows of Python."""


@dataclass
class Scorer:
    """Writes the scores of a model's champion; loads a new champion when the alias has moved.

    Attributes:
        model: Name of the model, which has a publication.
        streaming: Whether it scores for a stream. It then records changes of scores, and keeps the
            last champion while the registry fails, so that the stream goes on.
        champion: Registered version; None while there is none.
        settings: Settings of the model now, if its scores depend on them.
        accept_alias: Whether to score with a version that has the alias and is not champion by the
            ledger.
    """

    model: str
    streaming: bool = False
    champion: Champion | None = None
    settings: ModelSettings | None = None
    accept_alias: bool = False
    _loaded: LoadedModel | None = None

    def refresh(self, ctx: Context) -> bool:
        """Load the current champion; return whether there is one.

        Raises:
            TrackingError: The registry does not answer, or the champion can't be loaded.
            ForeignModelError: The champion belongs to another source or lake.
            LedgerError: Another version is champion by the ledger, or the ledger was changed. A
                stream logs any of these errors and keeps the last champion.
        """
        try:
            with store_explained():
                newest = champion_of(
                    ctx, self.model, known=self.champion, accept_alias=self.accept_alias
                )
                if newest is not None and newest != self.champion:
                    self._loaded = self._load(ctx, newest)
                self.champion = newest
        except (TrackingError, ContractError, ForeignModelError, LedgerError) as error:
            if not self.streaming:
                raise
            log.warning(
                "The champion of %s can't be loaded (%s): customers are scored with the last one, "
                "if there is one, and the next micro-batch tries again",
                *(self.model, error),
            )
        return self.champion is not None

    def _load(self, ctx: Context, champion: Champion) -> LoadedModel:
        paths = self._publication.texts
        texts = {path: ctx.tracker.read_artifact(champion.run_id, path) for path in paths}
        model, features = load_champion(champion, texts)
        return LoadedModel(champion.version, model, tuple(features), texts)

    @property
    def version(self) -> int | None:
        """Version of the champion; None while there is none."""
        return self.champion.version if self.champion else None

    @property
    def _publication(self) -> Publication:
        publication = load_model(self.model).publication
        if publication is None:
            raise RuntimeError(f"model {self.model} has no publication, so nothing is scored")
        return publication

    def score(self, ctx: Context, features: DataFrame, as_of: date, customers: DataFrame) -> None:
        """Write the scores of some customers; ``refresh`` has found a champion.

        Args:
            ctx: The context.
            features: Their rows of ``gold/customer_features``. A customer without a row there
                loses the score.
            as_of: Date of the features.
            customers: One row per ``customer_id``.
        """
        scoring = self._scoring(ctx, as_of, None)
        for part in slices(customers.count(), CUSTOMER_ID):
            scored = self._scored(ctx, features.where(part), scoring)
            self._write(ctx, scored, customers.where(part))

    def score_everyone(
        self, ctx: Context, features: DataFrame, as_of: date, version: int | None = None
    ) -> None:
        """Write the scores of all customers; ``refresh`` has found a champion.

        Args:
            ctx: The context.
            features: Rows of ``gold/customer_features``.
            as_of: Their date.
            version: Delta version of the table that they were read at; None if they were not.
        """
        complete = self._publication.complete
        if complete is not None:
            scoring = self._scoring(ctx, as_of, version)
            self._replace_all(ctx, complete(self._all_scored(ctx, features, scoring)))
            return
        stored = ctx.lake.read_or_empty(self._publication.table).select(CUSTOMER_ID)
        customers = features.select(CUSTOMER_ID).union(stored).distinct()
        self.score(ctx, features, as_of, customers)

    def _scoring(self, ctx: Context, as_of: date, version: int | None) -> Scoring:
        return Scoring(as_of, ctx.source.money_unit, self.settings, version)

    def _scored(self, ctx: Context, rows: DataFrame, scoring: Scoring) -> DataFrame:
        champion, publication = self._loaded, self._publication
        assert champion is not None
        numbers = [*dict.fromkeys((*champion.features, *publication.columns))]
        frame = to_pandas(rows, [CUSTOMER_ID], numbers, seed=0, quiet=True)
        return ctx.lake.frame(publication.table, publication.score(champion, frame, scoring))

    def _all_scored(self, ctx: Context, features: DataFrame, scoring: Scoring) -> DataFrame:
        """Score the rows part by part, because Python's rows take much more memory than Arrow's."""
        parts = slices(features.count(), CUSTOMER_ID, _ROWS_AT_ONCE)
        return reduce(
            DataFrame.unionByName,
            (self._scored(ctx, features.where(part), scoring) for part in parts),
        )

    def _replace_all(self, ctx: Context, scored: DataFrame) -> None:
        """Replace the table in one commit: what depends on all customers is of one scoring.

        Where all scores are equal, those stored and their version of the features stay.
        """
        table = self._publication.table
        with ctx.lake.writing(table.name):
            names = [name for name in table.names if name != gold.FEATURES_VERSION]
            stored = ctx.lake.read_or_empty(table).select(names)
            if not ctx.lake.exists(table.name) or content(stored) != content(scored.select(names)):
                ctx.lake.replace(table, scored)

    def _write(self, ctx: Context, scored: DataFrame, customers: DataFrame) -> None:
        """Replace the scores of these customers, and in a stream record the changes."""
        lake, table, changes = ctx.lake, self._publication.table, self._publication.changes
        tables = [table] if changes is None else [table, changes.table]
        with lake.writing(*(each.name for each in tables)):
            stored = lake.read_or_empty(table).join(customers, CUSTOMER_ID, "left_semi")
            if self.streaming and changes is not None:
                # Before the scores: after a stop between the two writes the change would be lost.
                recorded = lake.read_or_empty(changes.table)
                found = changes.find(stored, recorded, scored, ctx.now).localCheckpoint()
                lake.upsert(changes.table, found)
            lake.replace_rows(table, scored, stored)
