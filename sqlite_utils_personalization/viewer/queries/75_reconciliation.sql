-- title: What a month's charges come to, class by class
-- description: The last reconciliation that was kept of a month: decided, delivered, metered and invoiced, every row in exactly one class; yen without tax. What each class means is in docs/billing.md.
-- param: month month=latest Japanese calendar month, such as 2026-07; the latest if empty
-- main: month class rows owed_yen metered_yen invoiced_yen reconciled_at
-- sums: rows owed_yen metered_yen invoiced_yen

SELECT month, class, row_count AS rows, owed_yen, metered_yen, invoiced_yen, sources_json AS sources, reconciled_at
FROM am_personalization_reconciliation
WHERE month = {month}
ORDER BY position
