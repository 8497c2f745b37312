"use strict";
// Checks the receipt in this page as verify_receipt.py does, with nothing but this text: the formula and the hashed forms
// are stated once more. Nothing is fetched and nothing is sent. What does not hold throws, with the place if there is one.

const TYPES = ["program", "industry_pack", "saved_search", "amendment"], LEVELS = ["low", "medium", "high"];
const POINTS = ["industry_points", "deadline_points", "risk_points"];
const DECLARED = ["industries", "prefecture", "horizon_days", "risk_level"];

const need = (condition, where = "") => { if (!condition) throw new Error(where); };
const sum = numbers => numbers.reduce((one, other) => one + other, 0);
const isObject = value => value !== null && typeof value === "object" && !Array.isArray(value);
const isSame = (one, other) => canonical(one) === canonical(other);

// The hashed forms

const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n++) if (PRIMES.every(prime => n % prime)) PRIMES.push(n);
const fraction = value => (value % 1) * 2 ** 32 | 0, turn = (word, by) => word >>> by | word << 32 - by;
const ROUND = PRIMES.map(prime => fraction(Math.cbrt(prime)));
const START = PRIMES.slice(0, 8).map(prime => fraction(Math.sqrt(prime)));

function sha256(bytes) {
  const words = new Int32Array(((bytes.length + 8 >> 6) + 1) * 16), state = Int32Array.from(START), w = new Int32Array(64);
  [...bytes, 0x80].forEach((byte, at) => { words[at >> 2] |= byte << 24 - at % 4 * 8; });
  words[words.length - 1] = bytes.length * 8;
  for (let block = 0; block < words.length; block += 16) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const x = w[t - 15], y = w[t - 2];
      w[t] = t < 16 ? words[block + t]
        : w[t - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) + w[t - 7] + (turn(y, 17) ^ turn(y, 19) ^ y >>> 10);
      const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + ROUND[t] + w[t];
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c);
      h = g; g = f; f = e; e = d + one | 0; d = c; c = b; b = a; a = one + two | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => { state[at] += word; });
  }
  return Array.from({ length: 32 }, (_, at) => state[at >> 2] >>> 24 - at % 4 * 8 & 255);
}

const utf8 = letters => new TextEncoder().encode(letters);
const hex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
const byCharacter = (one, other) => (hex(utf8(one)) < hex(utf8(other)) ? -1 : Number(one !== other));

// The one text of a value that is hashed: sorted keys, no spaces.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value).sort(byCharacter).map(name => `${JSON.stringify(name)}:${canonical(value[name])}`)}}`;
}

const digest = value => hex(sha256(utf8(canonical(value))));
const node = (left, right) => sha256([1, ...left, ...right]);
// Of a tree of this size, how many leaves are in its left part (RFC 9162, 2.1.1).
const leftOf = (size, left = 1) => (left * 2 < size ? leftOf(size, left * 2) : left);

// The root to which the path leads from the leaf at index of a tree of this size.
function rootOf(leaf, index, size, path) {
  const siblings = hashes(path);
  need(Number.isInteger(index) && 0 <= index && index < size);
  const found = (function up(at, n) {
    if (n === 1) return sha256([0, ...utf8(canonical(leaf))]);
    const left = leftOf(n), below = at < left ? up(at, left) : up(at - left, n - left);
    need(siblings.length);
    return at < left ? node(below, siblings.shift()) : node(siblings.shift(), below);
  })(index, size);
  need(!siblings.length);
  return hex(found);
}

// The roots of a tree of this size, and of the one of more leaves that it became, to which the path leads from the first.
function rootsOf(size, root, more, path) {
  const siblings = hashes(path), first = root.match(/../g).map(pair => parseInt(pair, 16));
  need(Number.isInteger(size) && 0 < size && size < more);
  const found = (function up(m, n, isFirst) {
    if (m === n && isFirst) return [first, first];
    const left = leftOf(n);
    const [before, after] = m === n ? [] : m <= left ? up(m, left, isFirst) : up(m - left, n - left, false);
    need(siblings.length);
    const other = siblings.shift();
    if (m === n) return [other, other];
    return m <= left ? [before, node(after, other)] : [node(other, before), node(other, after)];
  })(size, more, true);
  need(!siblings.length);
  return found.map(hex);
}

const B85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

function hashes(path) {
  const digits = [...path].map(letter => B85.indexOf(letter)), words = [];
  while (digits.length) words.push(digits.splice(0, 5).reduce((word, value) => word * 85 + value, 0));
  need(path.length % 40 === 0 && [...path].every(letter => B85.includes(letter)) && words.every(word => word < 2 ** 32));
  const bytes = words.flatMap(word => [word >>> 24, word >>> 16 & 255, word >>> 8 & 255, word & 255]);
  return Array.from({ length: bytes.length / 32 }, (_, at) => bytes.slice(at * 32, at * 32 + 32));
}

// The head in a note: its origin, how many seals it is of, and their root.
function headOf(note) {
  const [, origin, size, encoded] = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n(?:[^\n]+\n)*$/.exec(note);
  const root = hex(Array.from(atob(encoded), letter => letter.charCodeAt()));
  need(btoa(atob(encoded)) === encoded && root.length === 64 && (size !== "0" || root === hex(sha256([]))));
  return { origin, size: Number(size), root, lines: `${origin}\n${size}\n${encoded}\n` };
}

// The formula

function dayOf(iso) {
  const at = Date.parse(`${iso}T00:00:00Z`);
  need(iso >= "0001" && new Date(at).toISOString().startsWith(iso));
  return at / 86_400_000;
}

const daysLeft = (asOf, item) => dayOf(item.closes_on) - dayOf(asOf);
const fitsIndustry = ({ industries: mine }, { industries: listed }) => mine !== null && listed !== "unknown"
  && (listed === "any" || [...listed].some(letter => mine.includes(letter)));

function noticeOf(model, { horizon_days: horizon }, item) {
  const days = model.lead_days?.[kindOf(item)] ?? 0;
  return horizon === null ? days : Math.min(days, Math.floor(horizon / 2));
}

function isEligible({ model, as_of: asOf, declared }, item) {
  if ((item.opens_on ?? asOf) > asOf || (item.closes_on ?? asOf) < asOf) return false;
  if (item.closes_on && daysLeft(asOf, item) < noticeOf(model, declared, item)) return false;
  const areas = item.prefectures.split(","), { prefecture, industries } = declared;
  return (prefecture === null || areas.includes(prefecture) || areas.includes("nationwide"))
    && (industries === null || item.industries === "unknown" || fitsIndustry(declared, item));
}

function pointsOf({ model, as_of: asOf, declared }, item) {
  const { industry, deadline, risk } = model.weights, { horizon_days: horizon, risk_level: mine } = declared;
  const days = noticeOf(model, declared, item), apart = Math.abs(LEVELS.indexOf(mine) - LEVELS.indexOf(item.risk_level));
  const risky = item.risk_level === null ? (mine === "high" ? 0 : risk) : [risk, Math.floor(risk / 2), 0][apart];
  let dated = horizon <= model.urgent_days ? deadline : 0;
  if (item.rolling !== null) dated = model.date_points?.[item.rolling ? "rolling" : "unknown"];
  if (item.closes_on !== null) {
    const left = Math.max(0, horizon - Math.max(daysLeft(asOf, item), days));
    dated = Math.floor(deadline * left / (horizon - days));
  }
  return [fitsIndustry(declared, item) ? industry : 0, horizon === null ? 0 : dated, mine === null ? 0 : risky];
}

// What puts the best first, compared part by part.
function rankOf({ model, declared }, item, total) {
  const band = model.rank_band, isBanded = band !== undefined, anyone = isBanded && declared.industries === null;
  const isFar = isBanded && declared.prefecture !== null && item.prefectures === "nationwide";
  const breadth = { any: 20, unknown: 21 }[item.industries] ?? item.industries.length;
  const isNarrow = anyone && !["any", "unknown"].includes(item.industries);
  const points = [-Math.floor(total / (band ?? 1)), isFar, isNarrow, -total, anyone ? 0 : breadth];
  return [TYPES.indexOf(kindOf(item)), ...points, item.closes_on === null, item.closes_on ?? "", item.item_id];
}

const byRank = (one, other) => one.map(
  (part, at) => (typeof part === "string" ? byCharacter(part, other[at]) : part - other[at])).find(order => order !== 0) ?? 0;

// The steps

const kindOf = item => item.recommendation_type;
const ofType = (places, kind) => places.filter(place => kindOf(place.candidate) === kind);
const got = places => places.filter(place => place.rec_id !== null);
const given = place => POINTS.map(name => place[name]);
const eachPlace = (lists, look) => lists.forEach((listed, number) => listed.places.forEach(
  (place, at) => look(place, `lists[${number}].places[${at}]`)));

// What the customer got of a list, in the order of the log: first row, how many, digest, first place, from 1.
function rangesOf({ places, list_sha256: digested }) {
  const found = [], rows = places.map(({ rec_id: row }, at) => [row, at + 1]).filter(([row]) => row !== null);
  for (const [row, seq] of rows.sort(([one], [other]) => one - other)) {
    const last = found.at(-1);
    if (last && seq === last[3] + last[1]) last[1] += 1;
    else found.push([row, 1, digested, seq]);
  }
  return found;
}

const STEPS = {
  night: ({ sealed: { run }, seal, ...receipt }) => need(seal.run_id === run.run_id
    && ["run_id", "as_of", "served_at"].every(name => receipt[name] === run[name])),
  model: ({ model, sealed }) => need(digest(model) === sealed.run.model_sha256),
  items: ({ lists }) => eachPlace(lists, ({ candidate, candidate_sha256: digested }, where) =>
    need(digest({ ...candidate, format: "candidate/1" }) === digested, where)),
  scores: receipt => eachPlace(receipt.lists, (place, where) => {
    const item = place.candidate, points = pointsOf(receipt, item), cap = receipt.model.caps[kindOf(item)];
    need(item.left_out === null && isEligible(receipt, item) && isSame(points, given(place)), where);
    need(Math.min(cap, sum(points)) === place.score, where);
  }),
  ranking: ({ model, declared, lists, sealed: { run: { top_k: most } } }) => lists.forEach(({ places }) => {
    const family = declared.prefecture === null ? "family_name" : "family", depth = Math.max(most, model.depth ?? 0);
    const ranks = places.map(place => rankOf({ model, declared }, place.candidate, sum(given(place))));
    need(isSame([...ranks].sort(byRank), ranks));
    for (const mine of TYPES.map(kind => ofType(places, kind))) {
      const families = mine.map(place => place.candidate[family]).filter(name => name !== null);
      need(mine.length <= depth && got(mine).length <= most && new Set(families).size === families.length);
    }
  }),
  lists({ profile_id: me, declared, lists }) {
    need(new Set(lists.map(listed => listed.owner)).size === lists.length);
    for (const { owner, places, list_sha256: digested } of lists) {
      const hashed = places.map(place => [kindOf(place.candidate), place.candidate_sha256, ...given(place), place.score]);
      need([null, me].includes(owner) && places.length && places.every(place => place.candidate.profile_id === owner));
      need(digest(["list/1", DECLARED.map(name => declared[name]), owner, hashed]) === digested);
    }
  },
  rows({ model, lists, seal, proof: { leaf_index: ahead } }) {
    const ranges = lists.map(rangesOf), isSparing = Object.hasOwn(model, "repeat_days");
    need(ranges.length && ranges.every(found => found.length));
    let before = seal.first_rec_id - 1;
    lists.forEach(({ places }, number) => {
      for (const [start, n, , seq] of ranges[number]) {
        const ids = places.slice(seq - 1, seq - 1 + n).map(place => place.rec_id);
        need(ids.every((id, at) => id === start + at) && before < start && start + n - 1 <= seal.last_rec_id);
        before = start + n - 1;
      }
      // Everyone gets all of a list, as it is; but where repeats are spared, amendments of what was marked come first.
      const turns = ranges[number].flatMap(([, n, , seq], at) => {
        const after = ranges[number][at + 1]?.[3] ?? seq;
        return after < seq ? [[places[seq + n - 2], places[after - 1]]] : [];
      });
      need(isSparing || (!turns.length && got(places).length === places.length));
      need(turns.length < 2 && ofType(turns.flat(), "amendment").length === turns.flat().length);
    });
    // Leaves follow each other as their rows do, and each has one: the first and the last are at the ends.
    const gaps = [[ranges[0][0][0] - seal.first_rec_id, ahead], [seal.last_rec_id - before, seal.leaves - 1 - ahead]];
    need(gaps.every(([gap, leaves]) => (leaves ? gap >= leaves : gap === 0)));
  },
  counts({ lists, seal, sealed: { run, rows } }) {
    const counted = parse(run.counts_json), mine = lists.flatMap(listed => got(listed.places));
    need(TYPES.every(kind => ofType(mine, kind).length <= counted[kind].rows) && seal.leaves <= run.profiles - run.rejected);
    need(rows <= sum(TYPES.map(kind => counted[kind].rows)) && rows <= seal.last_rec_id - seal.first_rec_id + 1);
    need(seal.leaves > 1 ? rows - mine.length >= seal.leaves - 1 : rows === mine.length);
  },
  proof({ profile_id: me, lists, seal, proof: { blind, leaf_index: index, tree_size: size, path } }) {
    const leaf = ["customer/1", me, blind, lists.flatMap(rangesOf)];
    need(size === seal.leaves && rootOf(leaf, index, size, path) === seal.root);
  },
  seal({ seal, seal_path: path, head }) {
    const { origin, size, root } = headOf(head), leaf = { ...seal, format: "personalization-seal/2" };
    need(seal.origin === origin && rootOf(leaf, seal.seal_id - 1, size, path) === root);
  },
  head({ head, consistency }) {
    const found = headOf(head), sizes = consistency.map(earlier => earlier.tree_size);
    need(head === found.lines && sizes.every((size, at) => at === 0 || sizes[at - 1] < size));
    need(consistency.every(({ tree_size: size, root, path }) =>
      isSame(rootsOf(size, root, found.size, path), [root, found.root])));
  },
};

// JSON in the one form that is hashed, so that no key is given twice and no number is another.
function parse(source) {
  need(canonical(JSON.parse(source)) === source);
  return JSON.parse(source);
}

// The receipt without what nothing proves: fields of the issuer's that begin with _, and addresses of items. Whatever stays
// is hashed, and held to its digest by a step; that nothing else stands beside it is told by the names.
function receiptOf(source) {
  const found = Object.fromEntries(Object.entries(parse(source)).filter(([name]) => !name.startsWith("_")));
  const isOf = (value, names) => isObject(value) && isSame(Object.keys(value).sort(), names.split(" ").sort());
  found.lists.forEach(listed => listed.places.forEach(place => { delete place.source_url; }));
  need(found.format === "personalization-receipt/2" && isOf(found, "format run_id profile_id as_of served_at model declared"
    + " lists proof seal seal_path head consistency") && isOf(found.proof, "blind leaf_index tree_size path"));
  need(isOf(found.declared, DECLARED.join(" ")) && found.consistency.every(one => isOf(one, "tree_size root path")));
  need(found.lists.every(listed => isOf(listed, "owner list_sha256 places") && listed.places.every(
    place => isOf(place, `rec_id ${POINTS.join(" ")} score candidate_sha256 candidate`))));
  return { ...found, sealed: parse(found.seal.manifest_json) };
}

// For each step null, or where it does not hold.
const check = receipt => Object.fromEntries(Object.entries(STEPS).map(([name, step]) => {
  try {
    step(receipt);
    return [name, null];
  } catch (fault) {
    return [name, fault.constructor === Error ? fault.message : ""];
  }
}));

// What heads that were kept outside say of the receipt: "same", "other", or "silent" where it does not reach one of them.
function compare({ head, consistency, seal }, kept) {
  const { origin, size, root } = headOf(head), whole = `${kept.trim()}\n\n`;
  const roots = new Map([...consistency.map(one => [one.tree_size, one.root]), [size, root]]);
  const notes = whole.match(/(?:(?!\u2014 )[^\n]+\n)+\n+(?:\u2014 [^\n]*\n+)*/g) ?? [];
  const heads = notes.map(note => headOf(note.slice(0, note.indexOf("\n\n") + 1)));
  need(heads.length && notes.join("") === whole && heads.every(one => one.size));
  if (heads.some(one => one.origin !== origin || (roots.get(one.size) ?? one.root) !== one.root)) return "other";
  return heads.some(one => roots.has(one.size) && one.size >= seal.seal_id) ? "same" : "silent";
}

// That this page shows what was checked: whose receipt it is, and each row with its item and score.
function isShown(receipt) {
  const all = selector => [...document.querySelectorAll(selector)], rows = receipt.lists.flatMap(listed => got(listed.places));
  const shown = all("tbody tr").map(({ cells }) => [cells[0], cells[1].firstChild, cells[5].firstChild].map(one => one.textContent));
  return all("[data-is]").every(part => part.textContent === String(receipt[part.dataset.is]))
    && isSame(shown, rows.map(row => [String(row.rec_id), row.candidate.title, String(row.score)]));
}

function show() {
  const find = id => document.getElementById(id);
  const put = (place, name) => place.replaceChildren(find(name).content.cloneNode(true));
  try {
    const receipt = receiptOf(find("receipt").textContent);
    const faults = { ...check(receipt), shown: isShown(receipt) ? null : "" };
    for (const part of document.querySelectorAll("[data-step]")) {
      const fault = faults[part.dataset.step];
      put(part.querySelector("b"), fault === null ? "holds" : "fault");
      part.querySelector("code").textContent = fault ?? "";
    }
    put(find("verdict"), Object.values(faults).every(fault => fault === null) ? "intact" : "broken");
    find("kept").addEventListener("input", ({ target }) => {
      try {
        put(find("compared"), target.value.trim() ? compare(receipt, target.value) : "nothing");
      } catch {
        put(find("compared"), "no-head");
      }
    });
  } catch {
    put(find("verdict"), "unreadable");
  }
}

if (typeof document === "object") show();
