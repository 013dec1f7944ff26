"""The result of a training run, for logs, the summary and the exit code."""

from dataclasses import dataclass

from goldrun.errors import NotPromotedError
from goldrun.jobs.context import log
from goldrun.jobs.promote.candidate import MonitoringResult
from goldrun.jobs.promote.record import Decided
from goldrun.registry.gate import Decision


@dataclass(frozen=True)
class Outcome:
    """Result of a training run.

    Attributes:
        model: Registered name.
        version: Registered version.
        scores: The main metrics as text.
        monitoring: Data quality and feature drift.
        decided: The gate's decision.
    """

    model: str
    version: int
    scores: str
    monitoring: MonitoringResult
    decided: Decided

    @property
    def decision(self) -> Decision:
        """The gate's decision."""
        return self.decided.decision


def finish(outcome: Outcome) -> None:
    """Log version, metrics and decision of a training run, and end it as the gate decided.

    Raises:
        NotPromotedError: The gate has refused the version.
    """
    log.info(
        "%s version %s: %s; %s",
        *(outcome.model, outcome.version, outcome.scores, outcome.decision),
    )
    if not outcome.decision.promote:
        raise refusal(outcome)


def refusal(outcome: Outcome) -> NotPromotedError:
    """Return the error of a version that the gate has refused."""
    return NotPromotedError(
        f"{outcome.model} version {outcome.version} is {outcome.decision}. It is registered as "
        "the challenger; the champion, if there is one, stays. Change what the reasons name, then "
        "train again"
    )
