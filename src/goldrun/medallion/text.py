"""Text without invisible characters at its ends, as it is compared and parsed."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.contracts.text import INVISIBLE


def trimmed(text: Column) -> Column:
    """Remove white space, control characters and invisible marks from both ends of a text.

    Args:
        text: Text; null stays null.

    Returns:
        The text, which may be empty; characters inside are kept.
    """
    return F.trim(text, F.lit(INVISIBLE))
