-- title: Deliveries and yen
-- description: Per Japanese calendar day or month, newest first, and per channel: what was delivered, what of it is charged because its status is 2xx, what was taken back, and the yen that leaves, tax excluded. A page ends after the day that makes 50,000 rows read; first_day and last_day say which days of a month are on it.
-- param: per per day or month; day if empty
-- param: since day first day, in Japan, such as 2026-07-01
-- param: until day last day; a month is meant as a whole
-- param: after day next of the previous page, a day
-- param: size size days on a page, 1 to 1000, 100 if empty
-- ends: first_day
-- main: period channel deliveries charged reversed owed_yen
-- sums: deliveries charged reversed owed_yen

WITH RECURSIVE bound(stop) AS (
    SELECT min(
        CASE trim(cast(:after AS text))
            WHEN '' THEN '9999'
            ELSE strftime('%Y-%m-%dT%H:%M:%S', cast(:after AS text), '-9 hours')
        END,
        CASE length(trim(cast(:until AS text)))
            WHEN 0 THEN '9999'
            WHEN 7 THEN strftime('%Y-%m-%dT%H:%M:%S', trim(cast(:until AS text)) || '-01', '+1 month', '-9 hours')
            ELSE strftime('%Y-%m-%dT%H:%M:%S', cast(:until AS text), '+1 day', '-9 hours')
        END
    )
),
-- From day to day that has deliveries, newest first: its midnight in Japan, and the rows read before it.
midnight(start, read, n) AS (
    SELECT stop, 0, 0 FROM bound
    UNION ALL
    SELECT (
        SELECT strftime('%Y-%m-%dT%H:%M:%S', max(delivered_at), '+9 hours', 'start of day', '-9 hours')
        FROM am_personalization_delivery WHERE delivered_at < start
    ), read + (
        SELECT count(*) FROM am_personalization_delivery
        WHERE n > 0 AND delivered_at >= start
            AND delivered_at < strftime('%Y-%m-%dT%H:%M:%S', start, '+1 day')
    ), n + 1
    FROM midnight
    WHERE start IS NOT NULL AND read < 50000 AND n < {size}
        AND (n = 0 OR date(start, '+9 hours') >= cast(:since AS text))
),
day(day, period, channels) AS (
    SELECT date(start, '+9 hours'),
        substr(date(start, '+9 hours'), 1, CASE trim(cast(:per AS text)) WHEN 'month' THEN 7 ELSE 10 END),
        -- Added up day by day: sorting all days at once takes twice as long.
        (
            SELECT json_group_object(channel, json_array(deliveries, charged, reversed, yen)) FROM (
                SELECT
                    channel,
                    sum(reversal_of IS NULL) AS deliveries,
                    sum(reversal_of IS NULL AND status BETWEEN 200 AND 299) AS charged,
                    sum(reversal_of IS NOT NULL) AS reversed,
                    sum(CASE
                        WHEN status NOT BETWEEN 200 AND 299 THEN 0
                        WHEN reversal_of IS NULL THEN unit_price_yen
                        ELSE -unit_price_yen
                    END) AS yen
                FROM am_personalization_delivery
                WHERE delivered_at >= start AND delivered_at < strftime('%Y-%m-%dT%H:%M:%S', start, '+1 day')
                GROUP BY channel
            )
        )
    FROM midnight
    WHERE n > 0 AND read < 50000 AND date(start, '+9 hours') >= cast(:since AS text)
),
dated AS (
    SELECT *, min(day) OVER (PARTITION BY period) AS first_day, max(day) OVER (PARTITION BY period) AS last_day
    FROM day
)
SELECT
    period,
    first_day,
    last_day,
    each.key AS channel,
    sum(json_extract(each.value, '$[0]')) AS deliveries,
    sum(json_extract(each.value, '$[1]')) AS charged,
    sum(json_extract(each.value, '$[2]')) AS reversed,
    sum(json_extract(each.value, '$[3]')) AS owed_yen
FROM dated CROSS JOIN json_each(channels) each
GROUP BY period, first_day, last_day, each.key
UNION ALL
SELECT NULL, start, NULL, NULL, NULL, NULL, NULL, NULL FROM (SELECT min(day) AS start FROM day)
WHERE EXISTS (
    SELECT 1 FROM am_personalization_delivery
    WHERE delivered_at < strftime('%Y-%m-%dT%H:%M:%S', start, '-9 hours')
        AND delivered_at >= coalesce(strftime('%Y-%m-%dT%H:%M:%S', substr(cast(:since AS text) || '-01', 1, 10), '-9 hours'), '')
)
ORDER BY 1 DESC, 4
