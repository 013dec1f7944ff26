"""Text as it is compared and parsed: without what nobody sees at its ends."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.contracts.text import INVISIBLE


def trimmed(text: Column) -> Column:
    """Remove white space, control characters and invisible marks from both ends of a text.

    Args:
        text: Text; null stays null.

    Returns:
        The text, which may be empty; what stands inside is kept.
    """
    return F.trim(text, F.lit(INVISIBLE))
