-- The users' table as of the newest event, into oracle.user_features: from its contract only.

CREATE OR REPLACE TABLE oracle.user_features AS
WITH
newest AS (SELECT max(day) AS observed_until FROM oracle.customer_daily),
spent AS (
    SELECT customer_id, sum(amount) AS total
    FROM oracle.transactions WHERE transaction_status = 'completed' GROUP BY customer_id
),
ordered AS (
    SELECT customer_id, count(*) AS n, max(completed_on) AS last_day
    FROM oracle.orders WHERE completed_on IS NOT NULL GROUP BY customer_id
),
-- Money in whole ten-thousandths, so that rounding half up to cents is done in whole numbers.
counted AS (
    SELECT
        customer_id,
        n,
        last_day,
        (total::DECIMAL(28, 4) * 10000::DECIMAL(5, 0))::HUGEINT AS units
    FROM spent JOIN ordered USING (customer_id)
)
SELECT
    customer_id AS user_id,
    n AS purchase_frequency,
    ((2 * units + 100) // 200)::DECIMAL(36, 0) * 0.01::DECIMAL(2, 2) AS total_spend,
    ((2 * units + 100 * n) // (200 * n))::DECIMAL(36, 0) * 0.01::DECIMAL(2, 2)
        AS avg_transaction_value,
    last_day AS last_purchase_date,
    observed_until - last_day AS recency_days
FROM counted CROSS JOIN newest;
