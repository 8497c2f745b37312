-- title: Deliveries and charges of one class
-- description: The rows of the last reconciliation that was kept of a month, each with its reason, event times, processing times and yen; rec_id leads to the replay. Matched rows are counted, not kept.
-- param: class class such as duplicate, late, delivered but not charged; empty for all
-- param: month month=latest Japanese calendar month, such as 2026-07; the latest if empty
-- param: after number next of the previous page, a number
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: number
-- counted: 5000
-- main: rec_id class reason channel delivered_at owed_yen metered_yen
-- sums: owed_yen metered_yen invoiced_yen usage_quantity stripe_quantity

SELECT
    r.seq AS number,
    r.class,
    r.because AS reason,
    r.rec_id,
    r.channel,
    r.slot,
    r.status,
    r.owed_yen,
    r.metered_yen,
    r.invoiced_yen,
    r.usage_quantity,
    r.stripe_quantity,
    r.decided_at,
    r.delivered_at,
    r.recorded_at,
    r.reversed_at,
    r.metered_at,
    r.metered_recorded_at,
    r.delivery_id,
    r.delivery_key,
    r.month
FROM am_personalization_reconciliation k
CROSS JOIN am_personalization_reconciled r
    ON r.month = k.month AND r.seq >= k.first_seq AND r.seq <= k.last_seq AND r.seq > cast(:after AS integer)
WHERE k.month = {month} AND trim(lower(cast(:class AS text))) IN ('', k.class)
ORDER BY k.position, r.seq
LIMIT {size}
