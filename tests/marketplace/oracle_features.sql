-- Features of every customer as of the variable as_of (the first moment of the date in the zone of
-- oracle_activity.sql), from the tables of
-- oracle_activity.sql into oracle.customer_features. Written from
-- the catalog of features only.

SET VARIABLE first_day = (SELECT min(day) FROM oracle.customer_daily);

-- Whether a day is among the n before as_of, and whether the history reaches back so far.
CREATE OR REPLACE TEMP MACRO within(day, n) AS
    day < getvariable('as_of') AND day >= getvariable('as_of') - n;
CREATE OR REPLACE TEMP MACRO known(n, value) AS
    CASE WHEN getvariable('as_of') - n >= getvariable('first_day') THEN value END;
CREATE OR REPLACE TEMP MACRO ratio(part, whole) AS
    CASE WHEN whole > 0 THEN part::DOUBLE / whole::DOUBLE END;
-- money / n, rounded half up to ten-thousandths, in whole numbers.
CREATE OR REPLACE TEMP MACRO per_piece(money, n) AS
    ((2 * (money::DECIMAL(28, 4) * 10000::DECIMAL(5, 0))::HUGEINT + n) // (2 * n))::DECIMAL(34, 0)
    * 0.0001::DECIMAL(4, 4);

CREATE OR REPLACE TABLE oracle.customer_features AS
WITH
orders AS (
    SELECT
        customer_id,
        count(*) AS purchase_frequency,
        max(completed_on) AS last_purchase_date,
        min(completed_on) AS first_purchase_date,
        count(*) FILTER (within(completed_on, 30)) AS frequency_30,
        count(*) FILTER (within(completed_on, 90)) AS frequency_90,
        count(*) FILTER (within(completed_on, 180)) AS frequency_180
    FROM oracle.orders WHERE completed_on < getvariable('as_of') GROUP BY customer_id
),
placed AS (
    SELECT
        customer_id,
        count(*) AS placed,
        count(*) FILTER (cancelled_on < getvariable('as_of')) AS cancelled,
        count(*) FILTER (refunded_on < getvariable('as_of')) AS refunded
    FROM oracle.orders WHERE placed_on < getvariable('as_of') GROUP BY customer_id
),
last_lines AS (
    SELECT customer_id, oracle.day_of(max(transaction_date)) AS last_day
    FROM oracle.transactions WHERE oracle.local(transaction_date) < getvariable('as_of')
    GROUP BY customer_id
),
spent AS (
    SELECT
        customer_id,
        sum(amount) AS total_spend,
        count(*) AS lines,
        sum(quantity) AS pieces,
        count(DISTINCT product_id) AS products,
        coalesce(sum(amount) FILTER (within(oracle.day_of(transaction_date), 30)), 0) AS spend_30,
        coalesce(sum(amount) FILTER (within(oracle.day_of(transaction_date), 60)), 0) AS spend_60,
        coalesce(sum(amount) FILTER (within(oracle.day_of(transaction_date), 90)), 0) AS spend_90,
        coalesce(sum(amount) FILTER (within(oracle.day_of(transaction_date), 180)), 0) AS spend_180,
        coalesce(sum(amount) FILTER (payment_method IS NOT NULL), 0) AS paid,
        coalesce(sum(amount) FILTER (payment_method = 'card'), 0) AS card,
        coalesce(sum(amount) FILTER (payment_method = 'wallet'), 0) AS wallet,
        coalesce(sum(amount) FILTER (payment_method = 'bank_transfer'), 0) AS bank_transfer,
        coalesce(sum(amount) FILTER (payment_method = 'invoice'), 0) AS invoice,
        coalesce(sum(amount) FILTER (payment_method = 'cash'), 0) AS cash,
        coalesce(sum(amount) FILTER (payment_method = 'voucher'), 0) AS voucher,
        coalesce(sum(amount) FILTER (payment_method = 'other'), 0) AS other
    FROM oracle.transactions
    WHERE transaction_status = 'completed' AND oracle.local(transaction_date) < getvariable('as_of')
    GROUP BY customer_id
),
moved AS (
    SELECT
        customer_id,
        sum(paid) AS paid,
        sum(back) AS back,
        coalesce(sum(paid) FILTER (within(day, 30)), 0) AS paid_30,
        coalesce(sum(back) FILTER (within(day, 30)), 0) AS back_30,
        coalesce(sum(paid) FILTER (within(day, 90)), 0) AS paid_90,
        coalesce(sum(back) FILTER (within(day, 90)), 0) AS back_90,
        coalesce(sum(paid) FILTER (within(day, 180)), 0) AS paid_180,
        coalesce(sum(back) FILTER (within(day, 180)), 0) AS back_180
    FROM oracle.money WHERE day < getvariable('as_of') GROUP BY customer_id
),
gaps AS (
    SELECT
        customer_id,
        completed_on - lag(completed_on) OVER (PARTITION BY customer_id ORDER BY completed_on) AS gap
    FROM (SELECT DISTINCT customer_id, completed_on FROM oracle.orders)
    WHERE completed_on < getvariable('as_of')
),
rhythm AS (
    SELECT customer_id, count(gap) AS n, sum(gap) AS total, sum(gap * gap) AS squares
    FROM gaps GROUP BY customer_id
),
last_places AS (
    SELECT p.* FROM oracle.customer_places p
    JOIN last_lines l ON p.customer_id = l.customer_id AND p.day = l.last_day
),
located AS (
    SELECT customer_id, arg_max(location, (lines, -place)) AS location
    FROM (
        SELECT
            customer_id,
            location,
            sum(transactions) AS lines,
            row_number() OVER (PARTITION BY customer_id ORDER BY location) AS place
        FROM last_places GROUP BY customer_id, location
    ) GROUP BY customer_id
),
assigned AS (
    SELECT customer_id, arg_max(customer_segment, (lines, -place)) AS customer_segment
    FROM (
        SELECT
            customer_id,
            customer_segment,
            sum(transactions) AS lines,
            row_number() OVER (PARTITION BY customer_id ORDER BY customer_segment) AS place
        FROM last_places GROUP BY customer_id, customer_segment
    ) GROUP BY customer_id
),
visits AS (
    FROM oracle.sessions WHERE day < getvariable('as_of')
),
visited AS (
    SELECT
        customer_id,
        count(*) AS sessions,
        count(*) FILTER (within(day, 30)) AS sessions_30,
        count(*) FILTER (within(day, 90)) AS sessions_90,
        count(*) FILTER (within(day, 180)) AS sessions_180,
        count(session_duration) AS timed,
        sum(session_duration) AS seconds,
        count(device_type) AS devices,
        count(*) FILTER (device_type = 'desktop') AS desktop,
        count(*) FILTER (device_type = 'mobile') AS mobile,
        count(*) FILTER (device_type = 'tablet') AS tablet,
        count(*) FILTER (device_type = 'other') AS other,
        count(*) FILTER (steps > 0) AS journeys,
        count(*) FILTER (steps = 1) AS bounces,
        count(*) FILTER (steps > 0 AND NOT bought) AS drop_offs,
        count(*) FILTER (filled_a_cart) AS carts,
        count(*) FILTER (filled_a_cart AND NOT bought) AS lost_carts,
        count(*) FILTER (sought) AS sought,
        count(*) FILTER (sought AND bought) AS converted
    FROM visits GROUP BY customer_id
),
device AS (
    SELECT DISTINCT ON (customer_id) customer_id, device_type
    FROM (
        SELECT customer_id, device_type, count(*) AS n FROM visits
        WHERE device_type IS NOT NULL GROUP BY customer_id, device_type
    ) ORDER BY customer_id, n DESC, device_type
),
exits AS (
    SELECT DISTINCT ON (customer_id) customer_id, exit_step
    FROM (
        SELECT customer_id, exit_step, count(*) AS n FROM visits
        WHERE exit_step IS NOT NULL GROUP BY customer_id, exit_step
    ) ORDER BY customer_id, n DESC, exit_step
),
did AS (
    SELECT
        customer_id,
        count(*) FILTER (event_type = 'page_view') AS page_view,
        count(*) FILTER (event_type = 'search') AS search,
        count(*) FILTER (event_type = 'click') AS click,
        count(*) FILTER (event_type = 'add_to_cart') AS add_to_cart,
        count(*) FILTER (event_type = 'remove_from_cart') AS remove_from_cart,
        count(*) FILTER (event_type = 'checkout') AS checkout,
        count(*) FILTER (event_type = 'purchase') AS purchase,
        count(*) FILTER (event_type = 'other') AS other
    FROM truth.events WHERE oracle.local(event_timestamp) < getvariable('as_of')
    GROUP BY customer_id
),
contacts AS (
    FROM oracle.interactions WHERE day < getvariable('as_of')
),
talked AS (
    SELECT
        customer_id,
        count(*) AS contacts,
        count(*) FILTER (interaction_type = 'email') AS email,
        count(*) FILTER (interaction_type = 'phone') AS phone,
        count(*) FILTER (interaction_type = 'chat') AS chat,
        count(*) FILTER (interaction_type = 'social') AS social,
        count(*) FILTER (interaction_type = 'other') AS other,
        count(interaction_outcome) AS concluded,
        count(*) FILTER (interaction_outcome = 'resolved') AS resolved,
        count(*) FILTER (after_order) AS after_order,
        count(response_time) AS responses,
        sum(response_time) AS response_seconds,
        quantile_cont(response_time::DOUBLE, 0.9) AS p90
    FROM contacts GROUP BY customer_id
),
channel AS (
    SELECT DISTINCT ON (customer_id) customer_id, interaction_type
    FROM (
        SELECT customer_id, interaction_type, count(*) AS n FROM contacts
        GROUP BY customer_id, interaction_type
    ) ORDER BY customer_id, n DESC, interaction_type
),
shop AS (
    SELECT
        EXISTS (FROM truth.sessions) AS has_sessions,
        EXISTS (FROM truth.events) AS has_events,
        EXISTS (FROM truth.interactions) AS has_contacts
)
SELECT
    orders.customer_id,
    getvariable('as_of') AS as_of,
    purchase_frequency,
    total_spend,
    per_piece(total_spend, purchase_frequency) AS avg_transaction_value,
    per_piece(total_spend, spent.lines) AS average_purchase_value,
    last_purchase_date,
    getvariable('as_of') - last_purchase_date AS recency_days,
    getvariable('as_of') - first_purchase_date AS tenure_days,
    getvariable('as_of') - last_day AS days_since_last_transaction,
    known(30, frequency_30) AS transaction_frequency_last_30_days,
    known(90, frequency_90) AS transaction_frequency_last_90_days,
    known(180, frequency_180) AS transaction_frequency_last_180_days,
    known(30, spend_30) AS spend_last_30_days,
    known(90, spend_90) AS spend_last_90_days,
    known(180, spend_180) AS spend_last_180_days,
    known(30, ratio(spend_30, total_spend)) AS spend_share_last_30_days,
    known(90, ratio(spend_90, total_spend)) AS spend_share_last_90_days,
    known(180, ratio(spend_180, total_spend)) AS spend_share_last_180_days,
    known(60, ratio(spend_30, spend_60)) AS spend_trend,
    coalesce(moved.paid - back, 0) AS net_spend,
    coalesce(back, 0) AS refunded_amount,
    ratio(back, moved.paid) AS refund_rate,
    known(30, coalesce(paid_30 - back_30, 0)) AS net_spend_last_30_days,
    known(90, coalesce(paid_90 - back_90, 0)) AS net_spend_last_90_days,
    known(180, coalesce(paid_180 - back_180, 0)) AS net_spend_last_180_days,
    known(30, coalesce(back_30, 0)) AS refunded_amount_last_30_days,
    known(90, coalesce(back_90, 0)) AS refunded_amount_last_90_days,
    known(180, coalesce(back_180, 0)) AS refunded_amount_last_180_days,
    known(30, ratio(back_30, paid_30)) AS refund_rate_last_30_days,
    known(90, ratio(back_90, paid_90)) AS refund_rate_last_90_days,
    known(180, ratio(back_180, paid_180)) AS refund_rate_last_180_days,
    ratio(placed.refunded, placed.placed) AS refunded_order_rate,
    ratio(placed.cancelled, placed.placed) AS cancellation_rate,
    ratio(card, spent.paid) AS payment_share_card,
    ratio(wallet, spent.paid) AS payment_share_wallet,
    ratio(bank_transfer, spent.paid) AS payment_share_bank_transfer,
    ratio(invoice, spent.paid) AS payment_share_invoice,
    ratio(cash, spent.paid) AS payment_share_cash,
    ratio(voucher, spent.paid) AS payment_share_voucher,
    ratio(spent.other, spent.paid) AS payment_share_other,
    products AS distinct_products,
    ratio(pieces, purchase_frequency) AS basket_size,
    ratio(rhythm.total, rhythm.n) AS purchase_gap_mean_days,
    CASE WHEN rhythm.n > 1 THEN
        sqrt((rhythm.n * squares - rhythm.total ** 2) / (rhythm.n * (rhythm.n - 1)))
    END AS purchase_gap_std_days,
    nullif(location, '') AS location,
    nullif(customer_segment, '') AS customer_segment,
    CASE WHEN has_sessions THEN coalesce(sessions, 0) END AS session_count,
    CASE WHEN has_sessions THEN known(30, coalesce(sessions_30, 0)) END
        AS session_count_last_30_days,
    CASE WHEN has_sessions THEN known(90, coalesce(sessions_90, 0)) END
        AS session_count_last_90_days,
    CASE WHEN has_sessions THEN known(180, coalesce(sessions_180, 0)) END
        AS session_count_last_180_days,
    ratio(seconds, timed) AS average_session_duration,
    device_type AS preferred_device,
    ratio(desktop, devices) AS device_share_desktop,
    ratio(mobile, devices) AS device_share_mobile,
    ratio(tablet, devices) AS device_share_tablet,
    ratio(visited.other, devices) AS device_share_other,
    ratio(bounces, journeys) AS bounce_rate,
    ratio(drop_offs, journeys) AS drop_off_rate,
    ratio(lost_carts, carts) AS cart_drop_off_rate,
    exit_step AS usual_exit_step,
    ratio(converted, sought) AS event_conversion_rate,
    CASE WHEN has_events THEN coalesce(page_view, 0) END AS event_count_page_view,
    CASE WHEN has_events THEN coalesce(search, 0) END AS event_count_search,
    CASE WHEN has_events THEN coalesce(click, 0) END AS event_count_click,
    CASE WHEN has_events THEN coalesce(add_to_cart, 0) END AS event_count_add_to_cart,
    CASE WHEN has_events THEN coalesce(remove_from_cart, 0) END AS event_count_remove_from_cart,
    CASE WHEN has_events THEN coalesce(checkout, 0) END AS event_count_checkout,
    CASE WHEN has_events THEN coalesce(purchase, 0) END AS event_count_purchase,
    CASE WHEN has_events THEN coalesce(did.other, 0) END AS event_count_other,
    CASE WHEN has_contacts THEN coalesce(contacts, 0) END AS interaction_count,
    CASE WHEN has_contacts THEN coalesce(email, 0) END AS interaction_count_email,
    CASE WHEN has_contacts THEN coalesce(phone, 0) END AS interaction_count_phone,
    CASE WHEN has_contacts THEN coalesce(chat, 0) END AS interaction_count_chat,
    CASE WHEN has_contacts THEN coalesce(social, 0) END AS interaction_count_social,
    CASE WHEN has_contacts THEN coalesce(talked.other, 0) END AS interaction_count_other,
    interaction_type AS preferred_channel,
    ratio(resolved, concluded) AS share_resolved,
    ratio(response_seconds, responses) AS response_time_mean,
    p90 AS response_time_p90,
    CASE WHEN has_contacts THEN ratio(coalesce(after_order, 0), purchase_frequency) END
        AS contact_rate
FROM orders
JOIN spent USING (customer_id)
JOIN placed USING (customer_id)
JOIN last_lines USING (customer_id)
LEFT JOIN moved USING (customer_id)
LEFT JOIN rhythm USING (customer_id)
LEFT JOIN located USING (customer_id)
LEFT JOIN assigned USING (customer_id)
LEFT JOIN visited USING (customer_id)
LEFT JOIN device USING (customer_id)
LEFT JOIN exits USING (customer_id)
LEFT JOIN did USING (customer_id)
LEFT JOIN talked USING (customer_id)
LEFT JOIN channel USING (customer_id)
CROSS JOIN shop;
