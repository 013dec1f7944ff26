-- Compute goldrun's silver of the feed from raw.lines: one row per line, its columns as text.
-- $batch is the time of ingestion.

CREATE SCHEMA silver;

CREATE TABLE silver.validated AS
WITH typed AS (
    SELECT
        record_id, file, raw, cut,
        nullif(trim(transaction_id), '') AS transaction_id,
        nullif(trim(user_id), '') AS customer_id,
        nullif(trim(product_id), '') AS product_id,
        nullif(trim(quantity), '') AS said_quantity,
        try_cast(trim(quantity) AS INTEGER) AS quantity,
        nullif(trim(price), '') AS said_price,
        try_cast(trim(price) AS DECIMAL(18, 4)) AS price,
        nullif(trim(timestamp), '') AS said_at,
        try_cast(trim(timestamp) AS TIMESTAMPTZ)::TIMESTAMP AS transaction_date
    FROM raw.lines
)
SELECT
    *,
    price AS amount,
    transaction_id AS order_id,
    'EUR' AS currency,
    NULL::VARCHAR AS payment_method,
    'completed' AS transaction_status,
    transaction_date AS updated_at,
    CASE WHEN cut THEN ['record_malformed'] ELSE list_filter([
        CASE WHEN transaction_id IS NULL THEN 'transaction_id_missing' END,
        CASE WHEN customer_id IS NULL THEN 'customer_id_missing' END,
        CASE WHEN said_quantity IS NULL THEN 'quantity_missing' END,
        CASE WHEN said_quantity IS NOT NULL AND quantity IS NULL THEN 'quantity_unparsed' END,
        CASE WHEN said_price IS NOT NULL AND price IS NULL THEN 'price_unparsed' END,
        CASE WHEN said_price IS NULL THEN 'amount_missing' END,
        CASE WHEN said_price IS NOT NULL AND price IS NULL THEN 'amount_unparsed' END,
        CASE WHEN said_at IS NULL THEN 'transaction_date_missing' END,
        CASE WHEN said_at IS NOT NULL AND transaction_date IS NULL
            THEN 'transaction_date_unparsed' END,
        CASE WHEN transaction_date > $batch::TIMESTAMP + INTERVAL 1 DAY
            THEN 'transaction_date_in_future' END,
        CASE WHEN transaction_date < TIMESTAMP '1971-01-01' THEN 'transaction_date_long_ago' END,
        CASE WHEN quantity <= 0 THEN 'quantity_not_positive' END,
        CASE WHEN price < 0 THEN 'price_negative' END,
        CASE WHEN price <= 0 THEN 'price_not_positive' END,
        CASE WHEN abs(price) > 1e11 THEN 'price_out_of_range' END,
        CASE WHEN abs(price) > 1e11 THEN 'amount_out_of_range' END
    ], lambda reason: reason IS NOT NULL) END AS reasons
FROM typed;

CREATE TABLE silver.quarantine AS
SELECT record_id, 'transactions' AS entity, raw AS record, reasons, 'open' AS state, file
FROM silver.validated WHERE len(reasons) > 0;

CREATE TABLE silver.accepted AS
SELECT
    transaction_id, order_id, customer_id, product_id, quantity, price, amount, currency,
    payment_method, transaction_date, transaction_status, updated_at, record_id,
    sha256(concat_ws(chr(31), transaction_id, order_id, customer_id, product_id, quantity, price,
        amount, currency, payment_method, transaction_date, transaction_status, updated_at))
        AS content_hash
FROM silver.validated WHERE len(reasons) = 0;

DROP TABLE silver.validated;

-- Most keys have one row, which is current.
CREATE TABLE silver.repeated AS
SELECT transaction_id FROM silver.accepted GROUP BY transaction_id HAVING count(*) > 1;

CREATE TABLE silver.ranked AS
SELECT
    *,
    first(record_id) OVER (
        PARTITION BY transaction_id, content_hash ORDER BY record_id
    ) AS kept_record_id,
    max((updated_at, content_hash)) OVER (PARTITION BY transaction_id) AS newest
FROM silver.accepted SEMI JOIN silver.repeated USING (transaction_id);

CREATE TABLE silver.duplicates AS
SELECT record_id, kept_record_id, 'transactions' AS entity
FROM silver.ranked WHERE record_id <> kept_record_id;

CREATE TABLE silver.transactions AS
FROM silver.accepted ANTI JOIN silver.repeated USING (transaction_id)
UNION ALL
SELECT * EXCLUDE (kept_record_id, newest) FROM silver.ranked
WHERE record_id = kept_record_id AND (updated_at, content_hash) = newest;

CREATE TABLE silver.transactions_history AS
SELECT * EXCLUDE (kept_record_id, newest) FROM silver.ranked
WHERE record_id = kept_record_id AND (updated_at, content_hash) <> newest;

DROP TABLE silver.ranked;
DROP TABLE silver.repeated;
DROP TABLE silver.accepted;
