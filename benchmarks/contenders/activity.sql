-- Compute goldrun's daily gold of the feed from silver.transactions, into schema oracle:
-- the tables that oracle_users.sql and oracle_features.sql of the tests read. The feed has
-- neither sessions nor interactions nor customers.

CREATE TABLE oracle.orders AS
SELECT
    customer_id,
    order_id,
    min(transaction_date)::DATE AS placed_on,
    (min(transaction_date) FILTER (transaction_status = 'completed'))::DATE AS completed_on,
    (min(transaction_date) FILTER (transaction_status = 'cancelled'))::DATE AS cancelled_on,
    (min(transaction_date) FILTER (
        transaction_status = 'refunded' OR (transaction_status = 'cancelled' AND amount < 0)
    ))::DATE AS refunded_on
FROM silver.transactions
GROUP BY customer_id, order_id;

CREATE VIEW oracle.money AS
SELECT
    customer_id,
    transaction_date::DATE AS day,
    CASE WHEN transaction_status IN ('completed', 'refunded') THEN greatest(amount, 0) ELSE 0 END
        AS paid,
    CASE
        WHEN transaction_status = 'refunded' THEN abs(amount)
        WHEN transaction_status = 'cancelled' THEN greatest(-amount, 0)
        ELSE 0
    END AS back
FROM silver.transactions;

CREATE TABLE oracle.bought AS
WITH moved AS (
    SELECT customer_id, day, sum(paid) - sum(back) AS net_spend, sum(back) AS refunds
    FROM oracle.money GROUP BY customer_id, day
),
lines AS (
    SELECT
        customer_id,
        transaction_date::DATE AS day,
        count(*) AS transactions,
        count(*) FILTER (transaction_status = 'completed') AS lines,
        sum(quantity) FILTER (transaction_status = 'completed') AS pieces,
        sum(amount) FILTER (transaction_status = 'completed') AS spend
    FROM silver.transactions GROUP BY customer_id, day
),
paid AS (
    SELECT
        customer_id,
        transaction_date::DATE AS day,
        sum(amount) FILTER (payment_method = 'card') AS spend_card,
        sum(amount) FILTER (payment_method = 'wallet') AS spend_wallet,
        sum(amount) FILTER (payment_method = 'bank_transfer') AS spend_bank_transfer,
        sum(amount) FILTER (payment_method = 'invoice') AS spend_invoice,
        sum(amount) FILTER (payment_method = 'cash') AS spend_cash,
        sum(amount) FILTER (payment_method = 'voucher') AS spend_voucher,
        sum(amount) FILTER (payment_method = 'other') AS spend_other
    FROM silver.transactions
    WHERE transaction_status = 'completed' AND payment_method IS NOT NULL
    GROUP BY customer_id, day
),
ordered AS (
    SELECT
        customer_id,
        day,
        count(*) FILTER (day = placed_on) AS orders_placed,
        count(*) FILTER (day = completed_on) AS orders,
        count(*) FILTER (day = cancelled_on) AS orders_cancelled,
        count(*) FILTER (day = refunded_on) AS orders_refunded
    FROM (
        SELECT *, unnest(list_distinct([placed_on, completed_on, cancelled_on, refunded_on])) AS day
        FROM oracle.orders
    ) GROUP BY customer_id, day
)
FROM lines
LEFT JOIN moved USING (customer_id, day)
LEFT JOIN ordered USING (customer_id, day)
LEFT JOIN paid USING (customer_id, day);

CREATE TABLE oracle.customer_products AS
SELECT customer_id, transaction_date::DATE AS day, product_id, count(*) AS lines
FROM silver.transactions
WHERE transaction_status = 'completed' AND product_id IS NOT NULL
GROUP BY customer_id, day, product_id;

CREATE TABLE oracle.customer_places AS
SELECT customer_id, day, '' AS location, '' AS customer_segment, transactions FROM oracle.bought;

CREATE TABLE oracle.sessions (
    customer_id VARCHAR, day DATE, device_type VARCHAR, session_duration DECIMAL(18, 3),
    steps BIGINT, bought BOOLEAN, filled_a_cart BOOLEAN, sought BOOLEAN, exit_step VARCHAR
);
CREATE TABLE oracle.interactions (
    customer_id VARCHAR, day DATE, interaction_type VARCHAR, interaction_outcome VARCHAR,
    response_time DECIMAL(18, 3), after_order BOOLEAN
);
CREATE TABLE oracle.customer_responses (
    customer_id VARCHAR, day DATE, response_time DECIMAL(18, 3), responses BIGINT
);
