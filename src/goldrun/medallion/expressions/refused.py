"""Functions of Spark SQL outside of the mapping language, each with its replacement."""

_DIFFER = "engines compute it differently"
_NOT_SAME = "it gives another value at each run, and a rerun must give the same rows"
_ROWS = "a mapping gives one value a row"
_ZONE = "it depends on the zone of a session"

_BY_REASON: dict[tuple[str, str], tuple[str, ...]] = {
    (_DIFFER, "use upper or lower"): ("initcap",),
    (_DIFFER, "use sha2(x, 256) or md5(x)"): ("hash", "xxhash64", "crc32", "sha1", "sha"),
    (_DIFFER, "use round(x, n), which rounds half up"): ("bround",),
    (_DIFFER, "write the number itself, by cast(x as string)"): (
        *("format_number", "printf", "format_string", "to_char", "to_varchar"),
    ),
    (_DIFFER, "use replace(x, ',', '.') and try_cast(... as decimal(18,4))"): (
        *("to_number", "try_to_number"),
    ),
    (_DIFFER, "use get_json_object(x, '$.name')"): ("from_json", "json_tuple", "from_csv"),
    (_DIFFER, "use + - * / of decimals"): (
        *("pow", "power", "sqrt", "exp", "ln", "log", "log10", "log2", "sin", "cos", "pi"),
    ),
    (_DIFFER, "use regexp_like, regexp_extract or regexp_replace"): (
        *("regexp_substr", "regexp_count", "regexp_instr", "regexp_extract_all", "ilike"),
    ),
    (_DIFFER, "use sha2(x, 256), or the text itself"): (
        *("base64", "unbase64", "hex", "unhex", "encode", "decode", "soundex", "levenshtein"),
    ),
    (_NOT_SAME, "use a column of the file"): (
        *("rand", "randn", "random", "uuid", "shuffle", "monotonically_increasing_id"),
        *("current_timestamp", "current_date", "now", "curdate", "localtimestamp"),
        *("current_user", "input_file_name", "spark_partition_id"),
    ),
    (_ROWS, "take one part, by split(x, ',')[0]"): (
        *("explode", "explode_outer", "posexplode", "inline", "stack"),
    ),
    (_ROWS, "map a column of the row: gold computes sums and counts"): (
        *("sum", "count", "avg", "mean", "min", "max", "first", "last", "collect_list"),
        *("collect_set", "count_if", "max_by", "min_by", "any_value"),
        *("row_number", "rank", "dense_rank", "lag", "lead", "ntile"),
    ),
    (_ZONE, "map the time itself, by to_timestamp(x, 'dd/MM/yyyy HH:mm')"): (
        *("unix_timestamp", "to_unix_timestamp", "unix_seconds", "unix_millis", "unix_micros"),
        *("unix_date", "convert_timezone", "to_timestamp_ntz", "to_timestamp_ltz"),
    ),
    (_DIFFER, "take the part of the text, by substring(cast(x as string), 1, 10)"): (
        *("date_format", "year", "month", "day", "dayofmonth", "hour", "minute", "second"),
        *("quarter", "weekofyear", "dayofweek", "dayofyear", "weekday", "extract", "date_part"),
        *("date_trunc", "trunc"),
    ),
    (_ZONE, "map the time itself; gold computes with days"): (
        *("date_add", "date_sub", "dateadd", "datediff", "date_diff", "add_months"),
        *("months_between", "last_day", "next_day", "timestampadd", "timestampdiff"),
    ),
    ("it takes a function of its own", "write the parts one by one"): (
        *("transform", "filter", "aggregate", "reduce", "exists", "forall", "zip_with"),
        *("map_filter", "transform_keys", "transform_values", "array_sort"),
    ),
    ("maps are not of it", "use coalesce or case"): ("map", "map_from_arrays", "str_to_map"),
    ("it stops a batch", "refuse rows by giving null, with case when ... end"): (
        *("raise_error", "assert_true"),
    ),
}

REFUSED = {
    name: f"{why}; {instead}" for (why, instead), names in _BY_REASON.items() for name in names
}
"""Why each is not of the language, and what to write instead."""
