"""The decision in tags and description of a version and of its run."""

from goldrun.contracts.version_tags import APPROVED, DECISION, REJECTED, STATUS
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.model_card import LONGEST_DESCRIPTION
from goldrun.registry.evidence import FILE, Evidence
from goldrun.registry.gate import Decision
from goldrun.registry.ledger import Action, Entry, State

_TITLE = "## Decision"
_SECTION = "\n\n## "


def decision_tags(entry: Entry) -> dict[str, str]:
    """Return the short tags of a version that show a decision; the ledger has its reasons.

    Of a version that a person made champion again, or declared to be it, the gate's decision stays.
    """
    if entry.action != Action.PROMOTION:
        return {} if entry.state == State.ABANDONED else {STATUS: APPROVED}
    if entry.state in (State.REFUSED, State.ABANDONED):
        return {DECISION: "not promoted", STATUS: REJECTED}
    return {DECISION: "promoted by force" if entry.forced else "promoted", STATUS: APPROVED}


def with_decision(
    description: str,
    evidence: Evidence,
    decision: Decision,
    compared: HeadToHead | None,
    experiment_id: str,
) -> str:
    """Return a description with the decision after its first line, in place of an earlier one.

    Sections at the end that exceed the registry's limit are left out.

    Args:
        description: The description so far; its first line is the summary.
        evidence: Evidence of the version.
        decision: The decision.
        compared: The comparison with a champion; None if there was none.
        experiment_id: Experiment of the runs, for links.
    """
    summary, *sections = description.split(_SECTION)
    others = [one for one in sections if not one.startswith(_TITLE.removeprefix("## "))]
    text = f"{summary.strip()}\n\n{_TITLE}\n\n{_lines(evidence, decision, compared, experiment_id)}"
    for section in others:
        longer = f"{text}{_SECTION}{section}"
        if len(longer) > LONGEST_DESCRIPTION:
            break
        text = longer
    return text[:LONGEST_DESCRIPTION].strip()


def _lines(
    evidence: Evidence, decision: Decision, compared: HeadToHead | None, experiment_id: str
) -> str:
    def link(text: str, run_id: str) -> str:
        return f"[{text}](#/experiments/{experiment_id}/runs/{run_id})"

    quality = link(f"data quality: {evidence.quality}", evidence.quality_run_id)
    drift = link(f"feature drift: {evidence.drift}", evidence.drift_run_id)
    training = link("training run", evidence.run_id)
    lines = [str(decision), f"{quality}, {drift}", f"evidence: `{FILE}` of the {training}"]
    if compared is not None:
        lines.insert(1, _against(compared))
    return "\n".join(f"- {line}" for line in lines)


def _against(compared: HeadToHead) -> str:
    values = ", ".join(f"{name} {value:.4f}" for name, value in compared.metrics().items())
    return f"beside champion version {compared.champion_version} on the same rows: {values}"
