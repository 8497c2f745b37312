-- The formula: one integer expression per name, over r (run), k (cohort) and c (candidate).
-- {name} stands for an expression above it. No floats, no clock. Source of the rule: README, "The formula".
-- points, the sum of the components, and cap, that of the type, follow from the lists in model/kinds.py.

-- name: days_left
(strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400

-- name: is_open
coalesce(c.opens_on <= r.as_of, 1) AND coalesce(r.as_of <= c.closes_on, 1)

-- name: in_area
k.prefecture IS NULL OR c.prefectures = 'nationwide' OR instr(c.prefectures, k.prefecture) > 0

-- name: names_industry
c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0)

-- name: in_industry
k.industries IS NULL OR c.industries = 'unknown' OR {names_industry}

-- name: eligible
{is_open} AND {in_area} AND {in_industry}

-- name: industry_points
CASE WHEN k.industries IS NOT NULL AND {names_industry} THEN r.industry_weight ELSE 0 END

-- name: deadline_points
CASE
    WHEN k.horizon_days IS NULL THEN 0
    WHEN c.closes_on IS NOT NULL
        THEN r.deadline_weight * max(0, k.horizon_days - {days_left}) / k.horizon_days
    WHEN k.horizon_days <= r.urgent_days THEN r.deadline_weight
    ELSE 0
END

-- name: risk_points
CASE
    WHEN k.risk_level IS NULL THEN 0
    WHEN c.risk_level IS NULL THEN CASE WHEN k.risk_level = 'high' THEN 0 ELSE r.risk_weight END
    WHEN k.risk_level = c.risk_level THEN r.risk_weight
    WHEN 'medium' IN (k.risk_level, c.risk_level) THEN r.risk_weight / 2
    ELSE 0
END

-- name: score
min({cap}, {points})

-- name: breadth
CASE c.industries WHEN 'any' THEN 20 WHEN 'unknown' THEN 21 ELSE length(c.industries) END

-- name: rank_order
{breadth}, c.closes_on IS NULL, c.closes_on, c.item_id
