"""Heads as C2SP checkpoints, alone and many in a file, in the package and in verify_receipt.py.

Whether Go reads them is asked by .ci/check-notes-with-go.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_merkle import CT_ROOTS, ct_hashes, numbered
from test_note import (
    ARCHE,
    ARCHE_KEYS,
    ARCHE_TIME,
    SUMDB,
    SUMDB_HEAD,
    cosignature,
    private,
    witness_of,
)

from sqlite_utils_personalization import verify_receipt
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence.checkpoint import (
    Checkpoint,
    checkpoint_of,
    format_checkpoint,
    parse_checkpoint,
    read_heads,
    verify_checkpoint,
)
from sqlite_utils_personalization.evidence.merkle import EMPTY_ROOT
from sqlite_utils_personalization.evidence.note import (
    Note,
    format_note,
    key_of,
    parse_key,
    parse_note,
    sign,
    with_signatures,
)
from sqlite_utils_personalization.verify_receipt import Unreadable

ORIGIN = "example.com/log"
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
# c2sp.org/tlog-cosignature, at its beginning: no keys are published.
SOFA = (
    f"example.com/behind-the-sofa\n20852163\n{ROOT}\n\n"
    "— example.com/behind-the-sofa"
    " Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1"
    " jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


def head_of(size, key=None):
    """A head of our log, signed if there is a key."""
    text = format_checkpoint(checkpoint_of(ORIGIN, numbered(size)))
    return Note(text, (sign(text, ORIGIN, key),) if key else ())


def read_apart(text):
    parts = map(verify_receipt.note_parts, verify_receipt.notes(text))
    return [verify_receipt.checkpoint(body) for body, _ in parts]


def test_the_example_of_the_specification_is_read_and_written():
    found = parse_checkpoint(parse_note(SOFA).text)
    assert (found.origin, found.size, found.extensions) == (
        "example.com/behind-the-sofa",
        20852163,
        (),
    )
    assert format_note(Note(format_checkpoint(found), parse_note(SOFA).signatures)) == SOFA
    assert verify_receipt.checkpoint(verify_receipt.note_parts(SOFA)[0]) == found[:3]


@pytest.mark.parametrize("size", range(9))
def test_the_head_of_our_log_has_the_published_root(size):
    assert checkpoint_of(ORIGIN, iter(ct_hashes(size))) == (
        ORIGIN,
        size,
        bytes.fromhex(CT_ROOTS[size]),
        (),
    )


def test_the_head_of_an_empty_log_is_written():
    assert format_checkpoint(checkpoint_of(ORIGIN, [])) == f"{ORIGIN}\n0\n{EMPTY}\n"


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\n1", "— a"])
def test_our_log_has_no_origin_that_could_not_name_its_key(origin, refuses):
    with refuses(
        "the origin of a log has no spaces and no plus sign - give one such as: example.com/log"
    ):
        checkpoint_of(origin, [])


@pytest.mark.parametrize("count", range(4))
def test_heads_may_have_any_number_of_empty_lines_around_them(count):
    gap = "\n" * count
    found = [head for head, _ in read_heads(f"{gap}{ARCHE}{gap}{SUMDB_HEAD}{gap}{SOFA}{gap}")]
    assert found == [parse_checkpoint(parse_note(one).text) for one in (ARCHE, SUMDB_HEAD, SOFA)]


def test_the_largest_log_there_can_be_has_a_head():
    given = Checkpoint(ORIGIN, 2**63 - 1, EMPTY_ROOT)
    assert parse_checkpoint(format_checkpoint(given)) == given
    assert verify_receipt.checkpoint(format_checkpoint(given)) == given[:3]


@given(LINES, st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(LINES))
def test_any_checkpoint_is_written_and_read_back(origin, size, root, extensions):
    given = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_checkpoint(format_checkpoint(given)) == given
    assert verify_receipt.checkpoint(format_checkpoint(given)) == given[:3]


@pytest.mark.parametrize(
    "broken",
    [
        Checkpoint("evil\n999", 1, EMPTY_ROOT),
        Checkpoint("", 1, EMPTY_ROOT),
        Checkpoint(ORIGIN, -1, EMPTY_ROOT),
        Checkpoint(ORIGIN, 2**63, EMPTY_ROOT),
        Checkpoint(ORIGIN, 1, EMPTY_ROOT[:31]),
        Checkpoint(ORIGIN, 0, bytes(32)),
        Checkpoint(ORIGIN, 1, EMPTY_ROOT, ("",)),
        Checkpoint(ORIGIN, 1, EMPTY_ROOT, ("a\nb",)),
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_is_not_written(broken):
    with pytest.raises(PersonalizationError):
        format_checkpoint(broken)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a head has three lines or more, none empty, each with a newline"),
        (f"{ORIGIN}\n1\n", "a head has three lines or more, none empty, each with a newline"),
        (f"{ORIGIN}\n1\n{ROOT}", "a head has three lines or more, none empty, each with a newline"),
        (f"\n1\n{ROOT}\n", "a head has three lines or more, none empty, each with a newline"),
        (
            f"{ORIGIN}\n1\n{ROOT}\n\n",
            "a head has three lines or more, none empty, each with a newline",
        ),
        (f"{ORIGIN}\n01\n{ROOT}\n", "the second line of a head is the number of leaves, in digits"),
        (f"{ORIGIN}\n+1\n{ROOT}\n", "the second line of a head is the number of leaves, in digits"),
        (f"{ORIGIN}\n1 \n{ROOT}\n", "the second line of a head is the number of leaves, in digits"),
        (f"{ORIGIN}\n１\n{ROOT}\n", "the second line of a head is the number of leaves, in digits"),
        (
            f"{ORIGIN}\n9223372036854775808\n{ROOT}\n",
            "the second line of a head is the number of leaves, in digits",
        ),
        (
            f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n",
            "the second line of a head is the number of leaves, in digits",
        ),
        (f"{ORIGIN}\n1\n{ROOT[:-1]}\n", "the third line of a head is its root, 32 bytes in base64"),
        (f"{ORIGIN}\n1\n{ROOT[4:]}\n", "the third line of a head is its root, 32 bytes in base64"),
        # The same bytes, in bits that base64 leaves unused.
        (
            f"{ORIGIN}\n1\n{ROOT.replace('I=', 'J=')}\n",
            "the third line of a head is its root, 32 bytes in base64",
        ),
        (
            f"{ORIGIN}\n0\n{ROOT}\n",
            "a head of no leaves has the root of an empty tree, and this has another",
        ),
    ],
)
def test_what_is_no_head_is_refused_with_the_reason(text, sentence, refuses):
    with refuses(f"{sentence} - give it as personalization-seal printed it"):
        parse_checkpoint(text)
    with pytest.raises(Unreadable):
        verify_receipt.checkpoint(text)


# Who signed it


def test_real_witnesses_cosigned_a_real_head():
    log, *witnesses = map(parse_key, ARCHE_KEYS)
    found = verify_checkpoint(parse_note(ARCHE), log.name, [log], witnesses)
    assert found.keys == (log,)
    assert found.witnesses == dict.fromkeys(witnesses, ARCHE_TIME)
    assert found.checkpoint.size == 1432088532


def test_a_log_may_sign_with_a_key_of_another_name():
    found = verify_checkpoint(parse_note(SUMDB_HEAD), "go.sum database tree", [parse_key(SUMDB)])
    assert found.checkpoint.size == 30055305


def test_witnesses_who_did_not_sign_are_not_named():
    key, witness = private(), private(bytes([1] * 32))
    found = verify_checkpoint(head_of(3, key), ORIGIN, [key_of(ORIGIN, key)], [witness_of(witness)])
    assert found.witnesses == {}


def test_a_witness_alone_does_not_sign_for_the_log(refuses):
    key = private()
    head = head_of(3)
    head = with_signatures(head, [cosignature(head.text, key, 1)])
    with refuses(
        "no key that was given signed the head - give the log's public key, and a head that was signed with it"
    ):
        verify_checkpoint(head, ORIGIN, [key_of(ORIGIN, key)], [witness_of(key)])


def test_a_head_of_another_log_is_refused_though_the_key_is_right(refuses):
    key = private()
    with refuses(
        "the head is that of another log - give one of which the first line is: example.com/other"
    ):
        verify_checkpoint(head_of(3, key), "example.com/other", [key_of(ORIGIN, key)])


def test_a_plain_key_is_no_witness(refuses):
    key = private()
    plain = key_of(ORIGIN, key)
    with refuses(
        "the key of a witness is not one for cosignatures - give the witness's key of type 4"
    ):
        verify_checkpoint(head_of(3, key), ORIGIN, [plain], [plain])


# Many in a file


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 3))), st.integers(0, 2)
)
def test_a_file_of_heads_is_read_back(kept, before):
    notes, text = [], "\n" * before
    for size, signatures, gap in kept:
        head = head_of(size)
        keys = [private(bytes([number] * 32)) for number in range(signatures)]
        notes.append(Note(head.text, tuple(sign(head.text, ORIGIN, key) for key in keys)))
        text += format_note(notes[-1]) + "\n" * gap
    found = read_heads(text)
    assert [note for _, note in found] == notes
    assert [head.size for head, _ in found] == [size for size, *_ in kept]
    assert verify_receipt.notes(text) == [*map(format_note, notes)]


def test_a_file_of_one_head_is_a_note_and_heads_of_other_logs_are_read_too():
    assert read_heads(ARCHE) == [(parse_checkpoint(parse_note(ARCHE).text), parse_note(ARCHE))]
    assert [head.origin for head, _ in read_heads(ARCHE + SUMDB_HEAD + SOFA)] == [
        "arche2025h1.staging.ct.transparency.dev",
        "go.sum database tree",
        "example.com/behind-the-sofa",
    ]


def test_a_signature_that_a_witness_returned_is_appended_to_the_last_head():
    first, second = head_of(1), head_of(2)
    line = cosignature(second.text, private(), 1)
    lines = format_note(Note(second.text, (line,))).partition("\n\n")[2]
    text = format_note(first) + format_note(second) + lines
    assert [note.signatures for _, note in read_heads(text)] == [(), (line,)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SOFA + SOFA[:-1], "head 2 of the file: a note ends with a newline"),
        (SOFA + SOFA[:60], "head 2 of the file: a note ends with a newline"),
        (
            SOFA + f"{ORIGIN}\n1\n{ROOT}\n",
            "head 2 of the file: a note has an empty line before its signatures, and this has none",
        ),
        (
            SOFA + f"{ORIGIN}\n{ROOT}\n\n",
            "head 2 of the file: a head has three lines or more, none empty, each with a newline",
        ),
        (
            SOFA + "\n— a AAAAAAA=\n",
            "head 2 of the file: a note has an empty line before its signatures",
        ),
        ('{"seal_id": 1}\n', "head 1 of the file: a note has an empty line before its signatures"),
    ],
)
def test_a_file_that_is_cut_off_or_of_something_else_is_refused_with_the_number(text, sentence):
    with pytest.raises(PersonalizationError) as error:
        read_heads(text)
    assert error.value.what.startswith(sentence)
    with pytest.raises(Unreadable):
        read_apart(text)


@given(st.data())
def test_both_readers_agree_on_a_file_with_any_character_changed(data):
    whole = format_note(head_of(2, private())) + format_note(head_of(3)) + SOFA
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.text("\n— A=\r1", max_size=2))
    text = whole[:at] + other + whole[at + 1 :]
    try:
        ours = [head[:3] for head, _ in read_heads(text)]
    except PersonalizationError:
        ours = None
    try:
        apart = read_apart(text)
    except Unreadable:
        apart = None
    assert ours == apart
