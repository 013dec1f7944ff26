"""Lists of texts, JSON and hashes."""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.medallion.expressions.function import (
    Function,
    Parameter,
    bind_columns,
    literal_text_of,
    whole_number,
)
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, NumberType, Value
from goldrun.medallion.expressions.texts import (
    json_path,
    json_value,
    literal_separator,
    same_escapes,
    split_at,
)
from goldrun.medallion.expressions.values import as_text, computed

_TEXT = Parameter("text", Kind.TEXT)
_COUNT = NumberType(10, 0)
_LONGEST = 1000
_HASH_BITS = (224, 256, 384, 512)


def _some(name: str, *, optional: bool = False, repeated: bool = False) -> Parameter:
    return Parameter(name, Kind.TEXT, optional, repeated)


def _written(name: str, kind: Kind = Kind.TEXT, *, optional: bool = False) -> Parameter:
    return Parameter(name, kind, optional, literal=True)


def _counted(column: Column) -> Column:
    return column.cast(_COUNT.spark)


def _split(given: Sequence[Value]) -> Value:
    separator = literal_separator(literal_text_of(given[1]))
    return computed(Kind.LIST, given[:1], lambda c: split_at(c, separator))


def item(values: Value, index: int) -> Value:
    """Select a list's text by an index from 0, or from -1 at the end; null if there is none."""
    if values.kind is not Kind.LIST:
        raise ExpressionError(
            f"takes an index of a {values.kind}; only split and array give a list"
        )
    position = index + 1 if index >= 0 else index
    return computed(Kind.TEXT, [values], lambda c: F.try_element_at(c, F.lit(position)))


def _element_at(given: Sequence[Value]) -> Value:
    number = whole_number(given[1], -_LONGEST, _LONGEST, "place")
    if not number:
        raise ExpressionError("takes the element 0; the first one is 1, the last -1")
    return item(given[0], number - 1 if number > 0 else number)


def _get_json_object(given: Sequence[Value]) -> Value:
    path = json_path(literal_text_of(given[1]))
    return computed(Kind.TEXT, given[:1], lambda c: json_value(c, path))


def _struct(given: Sequence[Value]) -> Value:
    if not all(value.kind in (Kind.TEXT, Kind.NULL) and len(value.reads) == 1 for value in given):
        raise ExpressionError(
            "has a struct of something computed; name each part: named_struct('name', value)"
        )
    names = [next(iter(value.reads)) for value in given]
    return _row(names, given)


def _named_struct(given: Sequence[Value]) -> Value:
    if len(given) % 2:
        raise ExpressionError("has a name without a value; it is named_struct('name', value, ...)")
    return _row(
        [literal_text_of(value) for value in given[::2]], [as_text(value) for value in given[1::2]]
    )


def _row(names: Sequence[str], values: Sequence[Value]) -> Value:
    if len({name.lower() for name in names}) < len(names):
        raise ExpressionError(
            "has a struct with two parts of one name, or of names that differ in case"
        )

    def make(*columns: Column) -> Column:
        return F.struct(*[c.alias(name) for c, name in zip(columns, names, strict=True)])

    return computed(Kind.ROW, values, make)


def _sha2(given: Sequence[Value]) -> Value:
    bits = given[1].literal or 256
    if bits not in _HASH_BITS:
        raise ExpressionError(f"has sha2 of {bits} bits; write 224, 256, 384 or 512")
    return computed(Kind.TEXT, given[:1], lambda c: F.sha2(c, int(bits)))


PART_FUNCTIONS = (
    Function(
        "split",
        (_TEXT, _written("separator")),
        "list of texts",
        _split,
        r"The parts between separators; `split(a, '\\|')[0]` is the first.",
        r"split(a, '\\.')[1]",
    ),
    Function(
        "array",
        (_some("text", repeated=True),),
        "list of texts",
        bind_columns(Kind.LIST, F.array),
        "A list of its arguments.",
        "array(a, b)[1]",
    ),
    Function(
        "element_at",
        (Parameter("list", Kind.LIST), _written("place", Kind.NUMBER)),
        "text",
        _element_at,
        "One text of a list: 1 is the first, -1 the last; null if there is none.",
        "element_at(split(a, ' '), -1)",
    ),
    Function(
        "size",
        (Parameter("list", Kind.LIST),),
        "number",
        bind_columns(Kind.NUMBER, lambda c: _counted(F.when(c.isNotNull(), F.size(c))), _COUNT),
        "Number of texts in a list.",
        "size(split(a, ' '))",
    ),
    Function(
        "struct",
        (_some("column", repeated=True),),
        "struct",
        _struct,
        "File columns with their names, for `to_json`.",
        "to_json(struct(a, b))",
    ),
    Function(
        "named_struct",
        (Parameter("name, value", repeated=True),),
        "struct",
        _named_struct,
        "Values with names, for `to_json`.",
        "to_json(named_struct('x', upper(a), 'n', length(b)))",
    ),
    Function(
        "to_json",
        (Parameter("struct", Kind.ROW),),
        "text",
        bind_columns(Kind.TEXT, lambda c: same_escapes(F.to_json(c))),
        "JSON of a struct, all values as text; what is null is left out.",
        "to_json(struct(a, b))",
    ),
    Function(
        "get_json_object",
        (_TEXT, _written("path")),
        "text",
        _get_json_object,
        "What is at a path of a JSON text; numbers as they are written.",
        """get_json_object(concat('{"v": [', a, ']}'), '$.v[0]')""",
    ),
    Function(
        "sha2",
        (_TEXT, _written("bits", Kind.NUMBER)),
        "text",
        _sha2,
        "SHA-2 hash of the UTF-8 bytes, as hexadecimal digits.",
        "sha2(concat_ws('|', a, b), 256)",
    ),
    Function(
        "md5",
        (_TEXT,),
        "text",
        # Sail's functions of text don't accept its hash as it is.
        bind_columns(Kind.TEXT, lambda c: F.md5(c).cast(T.StringType())),
        "MD5 hash of the UTF-8 bytes, as hexadecimal digits.",
        "md5(a)",
    ),
)
"""Their entries of the table."""
