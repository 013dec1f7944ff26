"""A condition that a model's metrics must meet before the gate promotes it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Criterion:
    """A condition on one metric of a model.

    Attributes:
        metric: Name of the metric.
        at_least: Smallest accepted value, or None.
        above: Name of another metric that it must exceed (a baseline's), or None.
        more_than: Value that it must exceed, or None.
        at_most: Largest believable value, or None; a larger one is a suspected leak.
        setting: Setting with which ``at_most`` is raised, for the message.
    """

    metric: str
    at_least: float | None = None
    above: str | None = None
    more_than: float | None = None
    at_most: float | None = None
    setting: str = ""

    def __str__(self) -> str:
        """Return the condition in words, as ``auc at least 0.7``."""
        parts = (
            ("at least", self.at_least),
            ("above", self.above),
            ("more than", self.more_than),
            ("at most", self.at_most),
        )
        said = [f"{word} {value}" for word, value in parts if value is not None]
        return f"{self.metric} {' and '.join(said) or 'without a condition'}"
