"""What came of a fault."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How the stream took a fault."""

    RECOVERED = "recovered"
    REFUSED = "stopped by name"
    CAUGHT = "noticed"
    NOT_RUN = "not run"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Outcome:
    """One fault, and how the stream took it.

    Attributes:
        group: Kind of fault.
        fault: What was done.
        verdict: What came of it.
        detail: What was seen: the error's sentence, or what is wrong.
    """

    group: str
    fault: str
    verdict: Verdict
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether a promise was kept; what was not run was neither kept nor broken."""
        return self.verdict not in {Verdict.WRONG, Verdict.NOT_RUN}


def of(group: str, fault: str, wrong: list[str], *, named: str = "") -> Outcome:
    """Judge by what is wrong at the end, and whether an error was told on the way there."""
    if wrong:
        return Outcome(group, fault, Verdict.WRONG, "; ".join(wrong))
    return Outcome(group, fault, Verdict.REFUSED if named else Verdict.RECOVERED, named)
