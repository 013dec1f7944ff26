"""The outcome of a fault."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How the stream reacted to a fault."""

    RECOVERED = "recovered"
    REFUSED = "stopped by name"
    DETECTED = "detected"
    NOT_RUN = "not run"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Outcome:
    """One fault, and how the stream reacted to it.

    Attributes:
        group: Kind of fault.
        fault: Description of the fault.
        verdict: Reaction of the stream.
        detail: The error's message, or the differences.
    """

    group: str
    fault: str
    verdict: Verdict
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the stream kept its promise; False also for a fault that was not run."""
        return self.verdict not in {Verdict.WRONG, Verdict.NOT_RUN}


def outcome_of(group: str, fault: str, wrong: list[str], *, named: str = "") -> Outcome:
    """Derive the verdict from the differences at the end and the named error before it."""
    if wrong:
        return Outcome(group, fault, Verdict.WRONG, "; ".join(wrong))
    return Outcome(group, fault, Verdict.REFUSED if named else Verdict.RECOVERED, named)
