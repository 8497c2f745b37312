"""docs/security.md: what an insider who rewrites the file consistently, with our own code, is found by."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from scored import NIGHTS, P, connect, history
from test_note import cosignature, private, witness_of

from sqlite_utils_personalization import score
from sqlite_utils_personalization.audit.verify.kept_heads import check_signatures
from sqlite_utils_personalization.audit.verify.remarks import remarks
from sqlite_utils_personalization.audit.verify.verify import verify
from sqlite_utils_personalization.canonical import sha256_hex
from sqlite_utils_personalization.catalogue.candidate import Candidate
from sqlite_utils_personalization.evidence.checkpoint import format_checkpoint
from sqlite_utils_personalization.evidence.leaves import digest_of
from sqlite_utils_personalization.evidence.note import Note, with_signatures
from sqlite_utils_personalization.evidence.seal import head, seal_events, seal_run
from sqlite_utils_personalization.evidence.served import served_of_run
from sqlite_utils_personalization.model.kinds import listed
from sqlite_utils_personalization.preferences.identity import bind
from sqlite_utils_personalization.schema.state import packaged_objects
from sqlite_utils_personalization.transaction import transaction

LAST = NIGHTS[-1]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(history())
    return path


def guards():
    return {
        name: text for name, text in packaged_objects().items() if text.startswith("CREATE TRIGGER")
    }


def without_guards(change):
    """A change by someone who drops every guard for it, and puts it back."""

    def changed(path):
        with closing(connect(path)) as db:
            for name in guards():
                db.execute(f"DROP TRIGGER {name}")
            change(db)
            for text in guards().values():
                db.execute(text)
            if not db.execute(f"SELECT count(*) FROM {P}seal").fetchone()[0]:
                seal_everything(db)

    return changed


def seal_everything(db):
    with transaction(db, "IMMEDIATE"):
        seal_events(db)
    for (run_id,) in db.execute(f"SELECT run_id FROM {P}run ORDER BY 1").fetchall():
        seal_run(db, run_id)


def digest_again(db):
    """Every digest that follows from rows, taken again, and no seal left."""
    fields = listed(Candidate._fields)
    for number, *row in db.execute(f"SELECT candidate_id, {fields} FROM {P}candidate").fetchall():
        digest = Candidate(*row).sha256
        db.execute(
            f"UPDATE {P}candidate SET candidate_sha256 = ? WHERE candidate_id = ?", (digest, number)
        )
    for number, run_id in db.execute(f"SELECT list_id, run_id FROM {P}list").fetchall():
        digest = digest_of(db, run_id, number)
        db.execute(f"UPDATE {P}list SET list_sha256 = ? WHERE list_id = ?", (digest, number))
    for (run_id,) in db.execute(f"SELECT run_id FROM {P}run").fetchall():
        served = served_of_run(db, run_id, 1, 2**53)
        db.execute(f"UPDATE {P}run SET served_sha256 = ? WHERE run_id = ?", (served, run_id))
    db.execute(f"DELETE FROM {P}seal")


@without_guards
def other_rows(db):
    """Rows of the log of another program, which follow from nothing."""
    db.execute(
        f"UPDATE {P}recommendation_log SET score = 99 WHERE rec_id NOT IN"
        f" (SELECT rec_id FROM v_personalization_replay WHERE run_id IS NOT NULL)"
    )
    digest_again(db)


@without_guards
def other_title(db):
    """The title of an item, in no formula, with its digest and those of the lists it is on."""
    db.execute(f"UPDATE {P}candidate SET title = 'forged' WHERE recommendation_type = 'program'")
    digest_again(db)
    for (run_id,) in db.execute(f"SELECT run_id FROM {P}run").fetchall():
        lines = db.execute(
            f"SELECT candidate_sha256 FROM {P}run_candidate JOIN {P}candidate USING (candidate_id)"
            " WHERE run_id = ? ORDER BY 1",
            (run_id,),
        )
        digest = sha256_hex("".join(f"{line}\n" for (line,) in lines))
        db.execute(f"UPDATE {P}run SET candidates_sha256 = ? WHERE run_id = ?", (digest, run_id))


@without_guards
def swapped_keys(db):
    """The keys of two customers, with new commitments in the place of those that bound them."""
    first, second = db.execute(
        f"SELECT profile_id, user_token_hash FROM {P}profile ORDER BY 1 LIMIT 2"
    ).fetchall()
    db.execute(
        f"UPDATE {P}profile SET user_token_hash = ? WHERE profile_id = ?", ("0" * 64, first[0])
    )
    db.execute(f"DELETE FROM {P}identity_salt")
    for number, key in ((second[0], first[1]), (first[0], second[1])):
        db.execute(f"UPDATE {P}profile SET user_token_hash = ? WHERE profile_id = ?", (key, number))
    bound = db.execute(f"SELECT profile_id, user_token_hash FROM {P}profile").fetchall()
    db.execute(f"DELETE FROM {P}identity")
    for number, key in bound:
        bind(db, number, key)
    db.execute(f"DELETE FROM {P}seal")


def cut_off(db):
    (start,) = db.execute(
        f"SELECT min(seal_id) FROM {P}seal WHERE log_end > (SELECT log_end FROM {P}seal WHERE run_id = 1)"
    ).fetchone()
    (end,) = db.execute(f"SELECT log_end FROM {P}seal WHERE run_id = 1").fetchone()
    db.execute(f"DELETE FROM {P}seal WHERE seal_id >= ?", (start,))
    db.execute(f"DELETE FROM {P}recommendation_log WHERE rec_id > ?", (end,))
    db.execute(f"DELETE FROM {P}evidence WHERE first_rec_id > ?", (end,))
    lists = f"(SELECT list_id FROM {P}list WHERE run_id = 2)"
    db.execute(f"DELETE FROM {P}decision WHERE list_id IN {lists}")
    for table in ("list", "run_candidate", "unserved", "run_progress", "run_customer", "run"):
        which = f"list_id IN {lists}" if table == "run_customer" else "run_id = 2"
        db.execute(f"DELETE FROM {P}{table} WHERE {which}")
    db.execute(
        f"DELETE FROM {P}candidate WHERE candidate_id NOT IN (SELECT candidate_id FROM {P}run_candidate)"
    )
    db.execute(
        f"DELETE FROM {P}cohort WHERE cohort_id NOT IN (SELECT cohort_id FROM {P}list)"
        f" AND cohort_id NOT IN (SELECT cohort_id FROM {P}unserved WHERE cohort_id IS NOT NULL)"
    )
    db.execute(f"UPDATE sqlite_sequence SET seq = ? WHERE name = '{P}recommendation_log'", (end,))


last_night_cut_off = without_guards(cut_off)


def last_night_again(path):
    """Cut off, and run again after what a customer declared was changed."""
    last_night_cut_off(path)
    with closing(connect(path)) as db:
        db.execute(f"UPDATE {P}profile SET preference_json = '{{}}' WHERE profile_id = 1")
    score(path, as_of=LAST)


def earlier_copy(path):
    """What the file was a night ago."""
    last_night_cut_off(path)


def another_log(path):
    """Everything sealed again under a name that the log never had."""

    @without_guards
    def renamed(db):
        db.execute(f"DELETE FROM {P}seal")

    renamed(path)


def night_that_never_was(path):
    """A night of a day before, scored today."""
    score(path, as_of="2026-03-01")


def rows_since_the_last_seal(path):
    with closing(connect(path)) as db:
        db.execute(
            f"INSERT INTO {P}recommendation_log(profile_id, recommendation_type, score) VALUES (8, 'program', 7)"
        )


ATTACKS = {
    "other-rows": other_rows,
    "other-title": other_title,
    "swapped-keys": swapped_keys,
    "last-night-cut-off": last_night_cut_off,
    "last-night-again": last_night_again,
    "earlier-copy": earlier_copy,
    "another-log": another_log,
    "night-that-never-was": night_that_never_was,
    "rows-since-the-last-seal": rows_since_the_last_seal,
}


def page():
    """The table of the page: per attack, what is said without a head, with one kept outside, and with a witness."""
    text = (Path(__file__).parent.parent / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| .* \| (.*) \| (.*) \| (.*) \|$", text, re.MULTILINE)
    return {name: said for name, *said in rows}


def test_the_page_has_every_attack_and_no_other():
    assert page().keys() == ATTACKS.keys()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_found_by_what_the_page_says(path, name):
    with closing(connect(path)) as db:
        kept = head(db)
    witness = private()
    text = format_checkpoint(kept)
    line = cosignature(text.rpartition("\n\n")[0] + "\n", witness, 1790000000)
    seen = with_signatures(Note(text.rpartition("\n\n")[0] + "\n"), [line])

    ATTACKS[name](path)
    with closing(connect(path)) as db:
        alone, with_head = ({one.code for one in verify(db, heads)} for heads in ((), (kept,)))
        noted = {one.code for one in remarks(db)}
        theirs = head(db)
    # Whoever keeps no head has those that the insider shows, signed with the log's own key; and the witness's key.
    shown = [(theirs, Note(format_checkpoint(theirs).rpartition("\n\n")[0] + "\n"))]
    unseen = check_signatures(shown, [], [witness_of(witness)]).findings
    assert check_signatures([(kept, seen)], [], [witness_of(witness)]).findings == []
    is_seen = theirs == kept
    with_witness = set() if is_seen else {one.code for one in unseen}

    def said(codes):
        return ", ".join(f"`{code}`" for code in sorted(codes)) or "nothing"

    notes = (
        f"{said(alone)} (note `{', '.join(sorted(noted))}`)" if noted and not alone else said(alone)
    )
    found = [notes, said(with_head), said(with_witness)]
    print(f"| `{name}` | | {' | '.join(found)} |")
    assert found == page()[name]
