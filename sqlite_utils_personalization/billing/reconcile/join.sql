-- One row per delivery of the month, per delivery charged in it, and per charge that no delivery has.
CREATE TEMP TABLE reconciled AS
WITH chosen(delivery_id) AS (
    SELECT delivery_id FROM am_personalization_delivery
    -- No index for reversal_of: nearly every row has none.
    WHERE delivered_at >= :start AND delivered_at < :end AND +reversal_of IS NULL
    UNION
    SELECT d.delivery_id FROM (SELECT DISTINCT key FROM charge) c
    CROSS JOIN am_personalization_delivery d ON d.delivery_key = c.key
),
charged AS (
    SELECT key,
        sum(source = 'usage_events' AND NOT credit) AS usage_events,
        sum(source = 'stripe' AND NOT credit) AS stripe_events,
        sum(source = 'invoice' AND NOT credit) AS invoice_events,
        sum(CASE source WHEN 'usage_events' THEN quantity ELSE 0 END) AS usage_quantity,
        sum(CASE source WHEN 'stripe' THEN quantity ELSE 0 END) AS stripe_quantity,
        sum(CASE source WHEN 'invoice' THEN yen ELSE 0 END) AS invoiced_yen,
        sum(CASE WHEN source = 'usage_events' AND at >= :start AND at < :end THEN quantity ELSE 0 END) AS usage_now,
        sum(CASE WHEN source = 'stripe' AND at >= :start AND at < :end THEN quantity ELSE 0 END) AS stripe_now,
        -- An invoice has no times.
        min(CASE WHEN NOT credit THEN at END) AS first_at,
        max(CASE WHEN NOT credit THEN at END) AS last_at,
        max(recorded_at) AS metered_recorded_at,
        sum(unreadable) AS unreadable
    FROM charge
    -- What has no key is a row each.
    GROUP BY coalesce(key, rowid), key
),
joined AS (
    SELECT d.delivery_key AS key, d.delivery_id, d.rec_id, d.channel, d.slot, d.status, d.unit_price_yen,
        l.served_at AS decided_at, {earliest} AS earliest, d.delivered_at, d.recorded_at, r.delivered_at AS reversed_at,
        d.delivery_key = personalization_delivery_key(d.rec_id, d.channel, d.slot) AS own_key,
        d.status BETWEEN 200 AND 299 AND r.delivery_id IS NULL AS billable, {is_erased} AS erased
    FROM chosen CROSS JOIN am_personalization_delivery d USING (delivery_id)
    LEFT JOIN am_personalization_recommendation_log l ON l.rec_id = d.rec_id
    {nights}
    LEFT JOIN am_personalization_delivery r ON r.reversal_of = d.delivery_id
    UNION ALL
    SELECT key, NULL, NULL, NULL, NULL, NULL, :unit_price_yen, NULL, NULL, NULL, NULL, NULL, NULL, NULL, {is_of_erased}
    FROM (SELECT DISTINCT key FROM charge WHERE key IS NOT NULL) c
    WHERE NOT EXISTS (SELECT 1 FROM am_personalization_delivery d WHERE d.delivery_key = c.key)
),
rows AS (
    SELECT j.*, coalesce(c.usage_events, 0) AS usage_events, coalesce(c.stripe_events, 0) AS stripe_events,
        coalesce(c.invoice_events, 0) AS invoice_events, coalesce(c.usage_quantity, 0) AS usage_quantity,
        coalesce(c.stripe_quantity, 0) AS stripe_quantity, coalesce(c.invoiced_yen, 0) AS invoiced_yen,
        c.usage_now, coalesce(c.stripe_now, 0) AS stripe_now,
        c.first_at, c.last_at, c.metered_recorded_at, c.unreadable
    FROM joined j LEFT JOIN charged c ON c.key = j.key
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, :unit_price_yen, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        usage_events, stripe_events, invoice_events, usage_quantity, stripe_quantity, invoiced_yen,
        usage_now, stripe_now, first_at, last_at, metered_recorded_at, unreadable
    FROM charged WHERE key IS NULL
),
priced AS (
    -- Yen of this month alone, so that months add up.
    SELECT *, coalesce(billable * unit_price_yen * (delivered_at >= :start AND delivered_at < :end), 0) AS owed_yen,
        unit_price_yen * CASE WHEN usage_events OR usage_quantity THEN usage_now ELSE stripe_now END AS metered_yen,
        strftime('%Y-%m', delivered_at, '+9 hours') AS delivered_month,
        strftime('%Y-%m', first_at, '+9 hours') AS first_month,
        strftime('%Y-%m', last_at, '+9 hours') AS last_month
    FROM rows
)
-- A source that says nothing of single deliveries has no sum of them either.
SELECT {rule} AS rule, key, delivery_id, rec_id, channel, slot, status, decided_at, delivered_at, recorded_at, reversed_at,
    first_at, last_at, metered_recorded_at, usage_events, stripe_events, invoice_events, billable, owed_yen,
    CASE WHEN :usage THEN usage_quantity END AS usage_quantity,
    CASE WHEN :stripe THEN stripe_quantity END AS stripe_quantity,
    CASE WHEN :usage OR :stripe THEN metered_yen END AS metered_yen,
    CASE WHEN :invoice THEN invoiced_yen END AS invoiced_yen
FROM priced
