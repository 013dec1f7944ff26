-- The version of each transaction that was known before the variable as_of, into
-- oracle.transactions; the current one where as_of is null. The oldest version is known from the
-- time of the purchase on, a later one from its updated_at.

CREATE OR REPLACE TABLE oracle.transactions AS
WITH
versions AS (
    SELECT *, updated_at AS valid_from, NULL::TIMESTAMP AS valid_to FROM truth.transactions
    UNION ALL BY NAME FROM truth.transactions_history
),
numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY transaction_id ORDER BY valid_from, valid_to NULLS LAST
        ) AS n
    FROM versions
),
known AS (
    FROM numbered
    WHERE
        getvariable('as_of') IS NULL
        OR n = 1
        OR oracle.day_of(valid_from) < getvariable('as_of')
)
SELECT * EXCLUDE (n, valid_from, valid_to)
FROM known QUALIFY n = max(n) OVER (PARTITION BY transaction_id);
