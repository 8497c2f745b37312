-- The formula: one integer expression per name, over r (run), k (cohort) and c (candidate).
-- {name} stands for an expression above it. No floats, no clock. Source of the rule: docs/formula.md.
-- points, the sum of the components, and cap, that of the type, follow from the lists in model/kinds.py.
-- A number that the model of a run does not name is NULL: then an expression is what it was before there was one.

-- name: days_left
(strftime('%s', c.closes_on) - strftime('%s', r.as_of)) / 86400

-- name: lead_days
coalesce(
    min(CASE c.recommendation_type WHEN 'program' THEN r.program_lead WHEN 'amendment' THEN r.amendment_lead END,
        coalesce(k.horizon_days / 2, 730)),
    0
)

-- name: in_time
c.closes_on IS NULL OR {days_left} >= {lead_days}

-- name: is_open
coalesce(c.opens_on <= r.as_of, 1) AND coalesce(r.as_of <= c.closes_on, 1)

-- name: in_area
k.prefecture IS NULL OR c.prefectures = 'nationwide' OR instr(c.prefectures, k.prefecture) > 0

-- name: names_industry
c.industries = 'any' OR coalesce(c.industries <> 'unknown' AND c.industries GLOB '*[' || k.industries || ']*', 0)

-- name: in_industry
k.industries IS NULL OR c.industries = 'unknown' OR {names_industry}

-- name: eligible
{is_open} AND {in_time} AND {in_area} AND {in_industry}

-- name: industry_points
CASE WHEN k.industries IS NOT NULL AND {names_industry} THEN r.industry_weight ELSE 0 END

-- name: deadline_points
CASE
    WHEN k.horizon_days IS NULL THEN 0
    WHEN c.closes_on IS NOT NULL
        THEN r.deadline_weight * max(0, k.horizon_days - max({days_left}, {lead_days})) / (k.horizon_days - {lead_days})
    WHEN c.rolling IS NOT NULL THEN CASE WHEN c.rolling THEN r.rolling_points ELSE r.unknown_points END
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

-- name: is_far
r.rank_band IS NOT NULL AND k.prefecture IS NOT NULL AND c.prefectures = 'nationwide'

-- name: is_narrow
r.rank_band IS NOT NULL AND k.industries IS NULL AND c.industries NOT IN ('any', 'unknown')

-- name: breadth
CASE
    WHEN r.rank_band IS NOT NULL AND k.industries IS NULL THEN 0
    ELSE CASE c.industries WHEN 'any' THEN 20 WHEN 'unknown' THEN 21 ELSE length(c.industries) END
END

-- name: tie_order
{breadth}, c.closes_on IS NULL, c.closes_on, c.item_id

-- name: rank_order
-({points} / coalesce(r.rank_band, 1)), {is_far}, {is_narrow}, -{points}, {tie_order}

-- name: kin
CASE WHEN k.prefecture IS NULL THEN c.family_name ELSE c.family END
