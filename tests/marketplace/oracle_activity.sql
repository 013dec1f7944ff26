-- Activity of customers by day, computed from the clean truth (schema truth, times in UTC without
-- a zone) into schema oracle. Written from the declared contracts only.
-- Days are those of the variable zone.

-- One order of a customer, with the day on which it counts with each status.
CREATE OR REPLACE TABLE oracle.orders AS
SELECT
    customer_id,
    order_id,
    oracle.day_of(min(transaction_date)) AS placed_on,
    oracle.day_of(min(transaction_date) FILTER (transaction_status = 'completed')) AS completed_on,
    oracle.day_of(min(transaction_date) FILTER (transaction_status = 'cancelled')) AS cancelled_on,
    oracle.day_of(min(transaction_date) FILTER (
        transaction_status = 'refunded' OR (transaction_status = 'cancelled' AND amount < 0)
    )) AS refunded_on
FROM oracle.transactions
GROUP BY customer_id, order_id;

-- One session, on the first day at whose end it is complete.
CREATE OR REPLACE TABLE oracle.sessions AS
WITH journeys AS (
    SELECT
        session_id,
        count(*) AS steps,
        max(event_timestamp) AS last_event,
        bool_or(event_type = 'purchase') AS bought,
        bool_or(event_type = 'add_to_cart') AS filled_a_cart,
        bool_or(event_type IN ('search', 'click')) AS sought,
        arg_max(event_type, (event_timestamp, event_id)) AS exit_step
    FROM truth.events
    WHERE session_id IS NOT NULL
    GROUP BY session_id
)
SELECT
    s.customer_id,
    oracle.day_of(greatest(coalesce(s.session_end, s.session_start), j.last_event)) AS day,
    s.device_type,
    s.session_duration,
    coalesce(j.steps, 0) AS steps,
    coalesce(j.bought, false) AS bought,
    coalesce(j.filled_a_cart, false) AS filled_a_cart,
    coalesce(j.sought, false) AS sought,
    j.exit_step
FROM truth.sessions s LEFT JOIN journeys j USING (session_id);

-- One interaction, and whether a completed transaction is at most 30 times 24 hours earlier.
CREATE OR REPLACE TABLE oracle.interactions AS
WITH purchases AS (
    SELECT customer_id, transaction_date FROM oracle.transactions
    WHERE transaction_status = 'completed'
)
SELECT
    i.customer_id,
    oracle.day_of(i.interaction_date) AS day,
    i.interaction_type,
    i.interaction_outcome,
    i.response_time,
    coalesce(
        epoch_us(i.interaction_date) - epoch_us(p.transaction_date) <= 30::BIGINT * 86400 * 1000000,
        false
    ) AS after_order
FROM truth.interactions i ASOF LEFT JOIN purchases p
    ON i.customer_id = p.customer_id AND i.interaction_date > p.transaction_date;

-- Money that a customer paid or was paid back. A transaction that became refunded is both.
CREATE OR REPLACE TABLE oracle.money AS
SELECT customer_id, oracle.day_of(transaction_date) AS day, amount AS paid, 0 AS back
FROM oracle.transactions WHERE transaction_status IN ('completed', 'refunded') AND amount > 0
UNION ALL
SELECT customer_id, oracle.day_of(transaction_date) AS day, 0 AS paid, abs(amount) AS back
FROM oracle.transactions
WHERE transaction_status = 'refunded' OR (transaction_status = 'cancelled' AND amount < 0);

CREATE OR REPLACE TABLE oracle.customer_daily AS
WITH
lines AS (
    SELECT
        customer_id,
        oracle.day_of(transaction_date) AS day,
        count(*) AS transactions,
        count(*) FILTER (transaction_status = 'completed') AS lines,
        sum(quantity) FILTER (transaction_status = 'completed') AS pieces,
        sum(amount) FILTER (transaction_status = 'completed') AS spend
    FROM oracle.transactions GROUP BY customer_id, day
),
-- Money that was paid, and money that was paid back, each from its own rows.
moved AS (
    SELECT customer_id, day, sum(paid) - sum(back) AS net_spend, sum(back) AS refunds
    FROM oracle.money GROUP BY customer_id, day
),
paid AS (
    SELECT
        customer_id,
        oracle.day_of(transaction_date) AS day,
        sum(amount) FILTER (payment_method = 'card') AS spend_card,
        sum(amount) FILTER (payment_method = 'wallet') AS spend_wallet,
        sum(amount) FILTER (payment_method = 'bank_transfer') AS spend_bank_transfer,
        sum(amount) FILTER (payment_method = 'invoice') AS spend_invoice,
        sum(amount) FILTER (payment_method = 'cash') AS spend_cash,
        sum(amount) FILTER (payment_method = 'voucher') AS spend_voucher,
        sum(amount) FILTER (payment_method = 'other') AS spend_other
    FROM oracle.transactions WHERE transaction_status = 'completed' GROUP BY customer_id, day
),
ordered AS (
    SELECT customer_id, completed_on AS day, count(*) AS orders
    FROM oracle.orders WHERE completed_on IS NOT NULL GROUP BY customer_id, day
),
placed AS (
    SELECT customer_id, placed_on AS day, count(*) AS orders_placed
    FROM oracle.orders GROUP BY customer_id, day
),
cancelled AS (
    SELECT customer_id, cancelled_on AS day, count(*) AS orders_cancelled
    FROM oracle.orders WHERE cancelled_on IS NOT NULL GROUP BY customer_id, day
),
returned AS (
    SELECT customer_id, refunded_on AS day, count(*) AS orders_refunded
    FROM oracle.orders WHERE refunded_on IS NOT NULL GROUP BY customer_id, day
),
visited AS (
    SELECT
        customer_id,
        day,
        count(*) AS sessions,
        count(session_duration) AS timed_sessions,
        sum(session_duration) AS session_seconds,
        count(*) FILTER (device_type = 'desktop') AS sessions_desktop,
        count(*) FILTER (device_type = 'mobile') AS sessions_mobile,
        count(*) FILTER (device_type = 'tablet') AS sessions_tablet,
        count(*) FILTER (device_type = 'other') AS sessions_other,
        count(*) FILTER (steps > 0) AS journeys,
        count(*) FILTER (steps = 1) AS bounces,
        count(*) FILTER (steps > 0 AND NOT bought) AS drop_offs,
        count(*) FILTER (filled_a_cart) AS cart_journeys,
        count(*) FILTER (filled_a_cart AND NOT bought) AS cart_drop_offs,
        count(*) FILTER (sought) AS seeking_journeys,
        count(*) FILTER (sought AND bought) AS converted_journeys,
        count(*) FILTER (exit_step = 'page_view') AS journeys_ended_at_page_view,
        count(*) FILTER (exit_step = 'search') AS journeys_ended_at_search,
        count(*) FILTER (exit_step = 'click') AS journeys_ended_at_click,
        count(*) FILTER (exit_step = 'add_to_cart') AS journeys_ended_at_add_to_cart,
        count(*) FILTER (exit_step = 'remove_from_cart') AS journeys_ended_at_remove_from_cart,
        count(*) FILTER (exit_step = 'checkout') AS journeys_ended_at_checkout,
        count(*) FILTER (exit_step = 'purchase') AS journeys_ended_at_purchase,
        count(*) FILTER (exit_step = 'other') AS journeys_ended_at_other
    FROM oracle.sessions GROUP BY customer_id, day
),
did AS (
    SELECT
        customer_id,
        oracle.day_of(event_timestamp) AS day,
        count(*) FILTER (event_type = 'page_view') AS events_page_view,
        count(*) FILTER (event_type = 'search') AS events_search,
        count(*) FILTER (event_type = 'click') AS events_click,
        count(*) FILTER (event_type = 'add_to_cart') AS events_add_to_cart,
        count(*) FILTER (event_type = 'remove_from_cart') AS events_remove_from_cart,
        count(*) FILTER (event_type = 'checkout') AS events_checkout,
        count(*) FILTER (event_type = 'purchase') AS events_purchase,
        count(*) FILTER (event_type = 'other') AS events_other
    FROM truth.events GROUP BY customer_id, day
),
talked AS (
    SELECT
        customer_id,
        day,
        count(*) AS interactions,
        count(*) FILTER (interaction_type = 'email') AS interactions_email,
        count(*) FILTER (interaction_type = 'phone') AS interactions_phone,
        count(*) FILTER (interaction_type = 'chat') AS interactions_chat,
        count(*) FILTER (interaction_type = 'social') AS interactions_social,
        count(*) FILTER (interaction_type = 'other') AS interactions_other,
        count(interaction_outcome) AS interactions_concluded,
        count(*) FILTER (interaction_outcome = 'resolved') AS interactions_resolved,
        count(*) FILTER (after_order) AS interactions_after_order,
        count(response_time) AS responses,
        sum(response_time) AS response_seconds
    FROM oracle.interactions GROUP BY customer_id, day
),
everything AS (
    FROM lines
    UNION ALL BY NAME FROM moved
    UNION ALL BY NAME FROM returned
    UNION ALL BY NAME FROM paid
    UNION ALL BY NAME FROM ordered
    UNION ALL BY NAME FROM placed
    UNION ALL BY NAME FROM cancelled
    UNION ALL BY NAME FROM visited
    UNION ALL BY NAME FROM did
    UNION ALL BY NAME FROM talked
)
SELECT customer_id, day, coalesce(sum(COLUMNS(* EXCLUDE (customer_id, day))), 0)
FROM everything GROUP BY customer_id, day;

CREATE OR REPLACE TABLE oracle.customer_products AS
SELECT customer_id, oracle.day_of(transaction_date) AS day, product_id, count(*) AS lines
FROM oracle.transactions
WHERE transaction_status = 'completed' AND product_id IS NOT NULL
GROUP BY customer_id, day, product_id;

CREATE OR REPLACE TABLE oracle.customer_responses AS
SELECT customer_id, day, response_time, count(*) AS responses
FROM oracle.interactions WHERE response_time IS NOT NULL
GROUP BY customer_id, day, response_time;

-- The version of the customer at the time of the transaction; null before the first version.
CREATE OR REPLACE TABLE oracle.customer_places AS
WITH versions AS (
    SELECT customer_id, location, customer_segment, updated_at AS valid_from, NULL AS valid_to
    FROM truth.customers
    UNION ALL BY NAME
    SELECT customer_id, location, customer_segment, valid_from, valid_to
    FROM truth.customers_history
)
SELECT
    t.customer_id,
    oracle.day_of(t.transaction_date) AS day,
    coalesce(v.location, '') AS location,
    coalesce(v.customer_segment, '') AS customer_segment,
    count(*) AS transactions
FROM oracle.transactions t LEFT JOIN versions v
    ON t.customer_id = v.customer_id
    AND t.transaction_date >= v.valid_from
    AND (v.valid_to IS NULL OR t.transaction_date < v.valid_to)
GROUP BY ALL;
