-- title: Recommendations per day
-- description: Per day scored, newest first, the recommendations of each type as the runs wrote them down; a day scored again counts every run, and what other programs logged is not in it.
-- param: since day first day scored, in Japan, such as 2026-07-01
-- param: until day last day scored; a month is meant as a whole
-- param: after day next of the previous page, a day
-- param: size size rows on a page, 1 to 1000, 100 if empty
-- next: as_of
-- counted: 5000
-- main: as_of runs logged program industry_pack saved_search amendment
-- sums: runs logged program industry_pack saved_search amendment

SELECT
    as_of,
    count(*) AS runs,
-- each type, +
    sum(json_extract(counts_json, '$.{type}.rows'))
-- end
    AS logged,
-- each type, ,
    sum(json_extract(counts_json, '$.{type}.rows')) AS {type}
-- end
FROM am_personalization_run
WHERE as_of < coalesce(nullif(cast(:after AS text), ''), '~')
    AND as_of >= cast(:since AS text)
    AND as_of <= cast(:until AS text) || '~'
GROUP BY as_of
ORDER BY as_of DESC
LIMIT {size}
