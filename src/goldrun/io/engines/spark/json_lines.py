"""JSON lines parsed with Spark's expressions, as ``json_files`` defines records."""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.io.engines.spark.lines import no_record
from goldrun.io.sources.records import LINE

_STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
_OBJECTS = "array<map<string,string>>"
_MARK = "mark"
_PARSED = "parsed"
_END = "end"

# Possessive, so that no line, however long, needs a stack or a second try.
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_NUMBER = (
    r"(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|NaN|-?Infinity)"
    r"(?=[ \t]*+[,}\]])"
)
# Outside strings these letters begin a number, or the line is no JSON.
_NEXT_NUMBER = rf'(?s)\G((?:{_STRING}|[^"0-9NI-]++)*+)({_NUMBER})'
_REWRITTEN = r"[:,\[][ \t]*+(?:-?[0-9]++[.eE]|-0|NaN|-?Infinity)"
"""What may be a number that the parser writes in another way than the file does."""
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]"
_HALF_A_CHARACTER = rf"(?s)\A(?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|{_PAIR})*+\\u"


def parse_json(lines: DataFrame) -> DataFrame:
    """Parse JSON lines.

    Args:
        lines: ``LINE``, never null, and ``PLACE``; other columns are kept.

    Returns:
        ``RECORD``, ``MALFORMED`` and the columns of ``lines`` but ``LINE``; see
        ``Engine.read_json``.
    """
    line, mark, parsed = F.col(LINE), F.col(_MARK), F.col(_PARSED)
    whole = ~line.contains("\\u") | ~line.rlike(_HALF_A_CHARACTER)
    frame = (
        lines
        # A line does not contain a part of its own hash.
        .withColumn(_MARK, F.substring(F.sha2(line, 256), 1, 16)).withColumn(
            _PARSED, F.when(whole, _objects(line, mark))
        )
    )
    record = F.get(parsed, F.lit(0))
    fits = (
        (F.size(parsed) == 2)
        & (F.get(parsed, F.lit(1))[_END] == mark)
        & (F.size(F.array_distinct(F.map_keys(record))) == F.size(record))
    )
    unmarked = F.transform_values(record, lambda _, value: _without_marks(value, mark))
    exact = F.when(line.rlike(_REWRITTEN), unmarked).otherwise(record)
    return frame.select(
        F.when(fits, exact).otherwise(no_record()).alias(lineage.RECORD),
        F.when(~F.coalesce(fits, F.lit(False)), line).alias(lineage.MALFORMED),
        *[name for name in lines.columns if name != LINE],
    )


def _objects(line: SparkColumn, mark: SparkColumn) -> SparkColumn:
    """Parse a line as the first item of an array whose second item marks the end.

    Spark's parser stops after the first value of a text, so only a line that is exactly one value
    leaves the mark as the second item. It also rewrites numbers (1.10 becomes 1.1), so they are put
    in quotes with the mark, which ``_without_marks`` removes. Null if parsing fails.
    """
    marked = F.concat(F.lit('$1"'), mark, F.lit("$2"), mark, F.lit('"'))
    quoted = F.regexp_replace(line, F.lit(_NEXT_NUMBER), marked)
    safe = F.when(line.rlike(_REWRITTEN), quoted).otherwise(line)
    end = F.concat(F.lit(f',{{"{_END}":"'), mark, F.lit('"}]'))
    return F.from_json(F.concat(F.lit("["), safe, end), _OBJECTS, _STRICT)


def _without_marks(value: SparkColumn, mark: SparkColumn) -> SparkColumn:
    quote, nothing = F.lit('"'), F.lit("")
    opened = F.replace(value, F.concat(quote, mark), nothing)
    nested = F.replace(opened, F.concat(mark, quote), nothing)
    return F.when(value.contains(mark), F.replace(nested, mark, nothing)).otherwise(value)
