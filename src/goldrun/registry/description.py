"""The decision in the description of a version and of its run, in Markdown."""

from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.model_card import LONGEST_DESCRIPTION
from goldrun.registry.evidence import FILE, Evidence
from goldrun.registry.gate import Decision

_TITLE = "## Decision"
_SECTION = "\n\n## "


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
        compared: The comparison with a champion; None where there was none.
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
