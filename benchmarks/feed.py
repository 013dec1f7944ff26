"""CSV files of transactions in the columns of the simulated feed, of any number of rows.

Row number v is the same in every feed, so a longer feed begins with a shorter one. Of a thousand
rows 20 repeat the one before, 10 have no user, 5 a price that is no number, 5 no quantity left, and
one line is cut.
"""

from pathlib import Path

import duckdb

HEADER = "transaction_id,user_id,product_id,quantity,price,timestamp"
SOURCE = Path(__file__).with_name("feed.toml")
ROWS_A_FILE = 500_000
ROWS_A_DAY = 13_700
"""With this rate, 5 million rows are a year."""
ROWS_A_CUSTOMER = 25
FIRST_DAY = "2015-01-01"
"""Early enough that 50 million rows end before today: future times are rejected."""

_LINE = f"""
CASE
    WHEN v % 1000 = 501 THEN concat('t', lpad(n::VARCHAR, 10, '0'), ',cut')
    ELSE concat_ws(',',
        concat('t', lpad(n::VARCHAR, 10, '0')),
        CASE WHEN v % 100 = 13 THEN '' ELSE concat('u', hash(n) % $customers) END,
        concat('p', n * 7 % 4000),
        CASE WHEN v % 200 = 63 THEN 0 ELSE n % 5 + 1 END,
        CASE WHEN v % 200 = 99 THEN 'free' ELSE printf('%d.%02d', n % 97 + 1, n % 100) END,
        strftime(
            TIMESTAMP '{FIRST_DAY}' + to_microseconds((n * 86400 // {ROWS_A_DAY}) * 1000000),
            '%Y-%m-%dT%H:%M:%SZ'
        ))
END
"""
_ROWS = "SELECT v, CASE WHEN v % 50 = 7 THEN v - 1 ELSE v END AS n FROM range($first, $end) t(v)"
_HEADED = f"SELECT '{HEADER}' AS line, -1 AS v UNION ALL SELECT {_LINE} AS line, v FROM ({_ROWS})"
_FORMAT = "FORMAT csv, HEADER false, QUOTE '', DELIMITER '\t'"
_FILE = f"SELECT line FROM ({_HEADED}) ORDER BY v"


def write_feed(folder: Path, first: int, end: int, customers: int) -> list[Path]:
    """Write the rows from ``first`` to before ``end``; return the files, in order.

    Args:
        folder: Folder of the files; created if missing.
        first: Number of the first row.
        end: Number after the last row.
        customers: Number of users.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with duckdb.connect() as db:
        for start in range(first, end, ROWS_A_FILE):
            file = folder / f"feed-{start:011d}.csv"
            stop = min(start + ROWS_A_FILE, end)
            target = str(file).replace("'", "''")
            db.execute(
                f"COPY ({_FILE}) TO '{target}' ({_FORMAT})",
                {"first": start, "end": stop, "customers": customers},
            )
            files.append(file)
    return files


def settings_of(folder: Path) -> Path:
    """Write the source's settings beside the files of a feed; return their path."""
    settings = folder / "feed.toml"
    shipped = SOURCE.read_text(encoding="utf-8")
    settings.write_text(shipped.replace("FEED", str(folder.resolve())), encoding="utf-8")
    return settings
