"""Signed notes and Ed25519 against published vectors, cryptography, and what anyone may have changed.

The package and verify_receipt.py read notes each with its own code: whatever one accepts, the other does. Go's own
golang.org/x/mod is asked by .ci/check-notes-with-go.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlite_utils_personalization import verify_receipt
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence import note
from sqlite_utils_personalization.evidence.note import (
    COSIGNATURE,
    Note,
    Signature,
    VerifierKey,
    format_note,
    key_of,
    load_key,
    parse_key,
    parse_note,
    parse_signatures,
    sign,
    signers,
    with_signatures,
)
from sqlite_utils_personalization.verify_receipt import Unreadable, ed25519_verify

NAME = "example.com/log"
TEXT = "example.com/log\n1\nH8ZqXsnTWwJAbVYnRtlFHbwDCvvMW1cjSAhVPCmGhNE=\n"
ORDER = 2**252 + 27742317777372353535851937790883648493

# RFC 8032, 7.1: seed, public key, message, signature of TEST 1, 2, 3 and SHA(abc).
RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
)

# C2SP/CCTV, ed25519/ed25519vectors.json, by number: key, signature, message, and whether it may pass here. What is
# refused has a key of low order (0 to 3), a point in another form (9, 17, 19), or needs the cofactor (6, 28).
_ZERO = "00" * 32
_NOT_REDUCED = "ed" + "ff" * 30 + "7f"
_MIXED = "10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f"
_R2 = "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b"
_S2 = "05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc3d20914615ba4fe02"
_R24 = "b797b156efcd45a4e2454d2fd0b21438b3ccd80d4c7fd1d1b2c8e55bd4ed4a94"
_S5 = "9472a69cd9a701a50d130ed52189e2455b23767db52cacb8716fb896ffeeac09"
CCTV = {
    0: (_ZERO, _ZERO + _ZERO, "ed25519vectors 3", False),
    1: (_ZERO, _ZERO + _ZERO, "ed25519vectors 11", False),
    2: (_ZERO, _R2 + _S2, "ed25519vectors 7", False),
    3: (_ZERO, _R2 + _S2, "ed25519vectors 3", False),
    5: (_MIXED, _ZERO + _S5, "ed25519vectors 3", True),
    6: (
        _MIXED,
        _R2 + "c02e2b9e63e385c058bf62b14b3a2b29ccefe8e38ddb536bc3f9865320a3d801",
        "ed25519vectors 10",
        False,
    ),
    7: (
        _MIXED,
        _R2 + "bbfd00bd9c259d8d222d15e67a3d8228585050dbb9b9585be20d8fadc721da03",
        "ed25519vectors",
        True,
    ),
    9: (_NOT_REDUCED, _ZERO + _ZERO, "ed25519vectors 6", False),
    17: (
        _MIXED,
        _NOT_REDUCED + "ad7a355469b5c87e550469f6b2de409ee723acd584bf35f86b80c384e8ceb702",
        "ed25519vectors 3",
        False,
    ),
    19: (_MIXED, _NOT_REDUCED + _S5, "ed25519vectors 3", False),
    28: (
        _MIXED,
        _R24 + "639734cf989e314e9e049fc01a3864d191fed8f231b12fee6fa50aaadba44b0e",
        "ed25519vectors 9",
        False,
    ),
    29: (
        _MIXED,
        _R24 + "732d9e0279fe001d90327efa319816e3e4506b78432b8b4e1f2fdc4b960d700f",
        "ed25519vectors 2",
        True,
    ),
}
# C2SP/CCTV, ed25519/README.md: every encoding of a point of low order.
LOW_ORDER = (
    _ZERO,
    _NOT_REDUCED,
    "00" * 31 + "80",
    "ed" + "ff" * 31,
    "01" + "00" * 31,
    "01" + "00" * 30 + "80",
    "ee" + "ff" * 30 + "7f",
    "ee" + "ff" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ec" + "ff" * 30 + "7f",
    "ec" + "ff" * 31,
)

# golang.org/x/mod, sumdb/note/example_test.go.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
CRYPTOGRAPHY = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann"
    " x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    "— EnochRoot"
    " rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# c2sp.org/signed-note, "Verifier keys".
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
MESSAGE = (
    "This is an example message.\n\n— example.com/foo"
    " Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# https://sum.golang.org/latest of 2024-09-23, with the key that every Go has.
SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB_HEAD = (
    "go.sum database tree\n30055305\nmXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=\n\n— sum.golang.org"
    " Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=\n"
)
# A head of Google's Arche 2025h1 staging log, of which the first signature is RFC 6962's own (type 5), and the keys
# of the log and of the four witnesses, as they publish them.
ARCHE_KEYS = (
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f",
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
)
ARCHE_TIME = 0x6A122120
ARCHE = (
    "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n"
    "— arche2025h1.staging.ct.transparency.dev"
    " zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5"
    "zRNZ55lvGt0=\n"
    "— arche2025h1.staging.ct.transparency.dev"
    " ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
    "— transparency.dev/DEV:witness-little-garden"
    " 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n"
    "— witness1.smartit.nu/witness1"
    " pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n"
    "— remora.n621.de"
    " 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
    "— witness.stagemole.eu"
    " Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n"
)


def private(seed=bytes(32)):
    ed25519 = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.ed25519", reason="the extra [sign] is missing"
    )
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


def public_of(key):
    return key.public_key().public_bytes_raw()


def witness_of(key, name="witness.example/w1"):
    return VerifierKey(name, public_of(key), COSIGNATURE)


def cosignature(text, key, time, name="witness.example/w1"):
    """c2sp.org/tlog-cosignature, "Ed25519 signed message", spelt out."""
    message = b"cosignature/v1\ntime " + str(time).encode() + b"\n" + text.encode()
    return Signature(
        name, witness_of(key, name).key_id, time.to_bytes(8, "big") + key.sign(message)
    )


def signed(text=TEXT, key=None):
    key = key or private()
    return Note(text, (sign(text, NAME, key),))


def both(text, vkeys):
    """Who signed, by name: the package's answer and verify_receipt.py's, None for what is refused."""
    try:
        found = signers(parse_note(text), [*map(parse_key, vkeys)])
        ours = {key.name: time for key, time in found.items()}
    except PersonalizationError:
        ours = None
    try:
        found = verify_receipt.note_signers(text, [*map(verify_receipt.verifier_key, vkeys)])
        apart = {key.name: time for key, time in found.items()}
    except ValueError:
        apart = None
    return ours, apart


# Ed25519


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_signatures_of_rfc_8032_pass(seed, public, message, signature):
    assert ed25519_verify(*map(bytes.fromhex, (public, message, signature)))
    key = private(bytes.fromhex(seed))
    assert (public_of(key).hex(), key.sign(bytes.fromhex(message)).hex()) == (public, signature)


@pytest.mark.parametrize("number", CCTV)
def test_edge_cases_of_cctv_pass_in_canonical_form_without_the_cofactor(number):
    key, signature, message, may_pass = CCTV[number]
    found = ed25519_verify(bytes.fromhex(key), message.encode(), bytes.fromhex(signature))
    assert found == may_pass


@pytest.mark.parametrize("key", LOW_ORDER)
def test_a_key_of_low_order_signs_nothing(key):
    key = bytes.fromhex(key)
    for nonce in map(bytes.fromhex, LOW_ORDER):
        for message in (b"", b"a", b"b", b"c"):
            assert not ed25519_verify(key, message, nonce + bytes(32))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300), st.data())
def test_it_agrees_with_cryptography_on_signatures_whole_and_changed(seed, message, data):
    key = private(seed)
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    parts = [public_of(key), message, key.sign(message)]
    assert ed25519_verify(*parts)
    which = data.draw(st.sampled_from([at for at, part in enumerate(parts) if part]))
    parts[which] = changed(parts[which], data)
    try:
        Ed25519PublicKey.from_public_bytes(parts[0]).verify(parts[2], parts[1])
        expected = True
    except (InvalidSignature, ValueError):
        expected = False
    assert (ed25519_verify(*parts), expected) == (False, False)


def changed(part, data):
    at = data.draw(st.integers(0, len(part) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    return part[:at] + bytes([part[at] ^ bit]) + part[at + 1 :]


@given(st.binary(min_size=32, max_size=32), st.integers(1, 15))
def test_a_number_that_is_not_reduced_is_refused(seed, times):
    key = private(seed)
    signature = key.sign(b"text")
    number = int.from_bytes(signature[32:], "little") + times * ORDER
    if number < 2**256:
        again = signature[:32] + number.to_bytes(32, "little")
        assert not ed25519_verify(public_of(key), b"text", again)


@pytest.mark.parametrize("sizes", [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_a_key_or_signature_of_another_length_is_refused(sizes):
    key, signature = map(bytes, sizes)
    assert not ed25519_verify(key, b"", signature)


# Published notes


@pytest.mark.parametrize(
    ("text", "vkeys", "found"),
    [
        (CRYPTOGRAPHY, [PETER], {"PeterNeumann": None}),
        (CRYPTOGRAPHY, [ENOCH], {"EnochRoot": None}),
        (CRYPTOGRAPHY, [PETER, ENOCH], {"PeterNeumann": None, "EnochRoot": None}),
        (CRYPTOGRAPHY, [FOO], {}),
        (MESSAGE, [FOO, PETER], {"example.com/foo": None}),
        (SUMDB_HEAD, [SUMDB], {"sum.golang.org": None}),
        (
            ARCHE,
            ARCHE_KEYS,
            {
                vkey.split("+")[0]: ARCHE_TIME * (at > 0) or None
                for at, vkey in enumerate(ARCHE_KEYS)
            },
        ),
    ],
)
def test_published_notes_are_signed_by_whom_they_say(text, vkeys, found):
    assert both(text, vkeys) == (found, found)
    assert format_note(parse_note(text)) == text


@pytest.mark.parametrize("vkey", [PETER, ENOCH, FOO, SUMDB, *ARCHE_KEYS])
def test_a_published_key_is_written_as_it_was_read(vkey):
    assert str(parse_key(vkey)) == vkey
    name, key_id, kind, public = verify_receipt.verifier_key(vkey)
    assert (VerifierKey(name, public, kind), key_id) == (parse_key(vkey), parse_key(vkey).key_id)


def test_signing_gives_the_note_that_go_publishes():
    # ExampleSign: PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz
    seed = note.decode_base64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
    published = parse_note(CRYPTOGRAPHY)
    assert sign(published.text, "PeterNeumann", private(seed)) == published.signatures[0]
    assert str(key_of("PeterNeumann", private(seed))) == PETER


def test_the_example_of_the_specification_keeps_its_empty_line():
    # c2sp.org/signed-note, at its beginning; no key is published.
    text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n"
    line = (
        "— quasimodo.example/salvatore"
        " NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
    )
    assert parse_note(f"{text}\n{line}").text == text
    assert verify_receipt.note_parts(f"{text}\n{line}")[0] == text


# Keys


@pytest.mark.parametrize("at", range(len(PETER)))
def test_a_key_with_one_character_changed_or_cut_off_is_refused(at):
    # As Go's TestNewVerifier does.
    for vkey in (
        PETER[:at],
        PETER[at + 1 :],
        PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :],
    ):
        with pytest.raises(PersonalizationError):
            parse_key(vkey)
        with pytest.raises(Unreadable):
            verify_receipt.verifier_key(vkey)


@pytest.mark.parametrize(
    ("vkey", "sentence"),
    [
        ("PeterNeumann", "a public key is written name+id+key, the id 8 hex digits"),
        (PETER.replace("c74f20a3", "C74F20A3"), "a public key is written name+id+key"),
        (PETER.replace("PeterN", "Peter N"), "a public key is written name+id+key"),
        (f"{PETER}=", "the public key is not in base64"),
        # Go's TestNewVerifier: each with the id of what it holds.
        (
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "the public key is not in base64",
        ),
        (
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "a public key of type 101 with 32 bytes is not checked here",
        ),
        (PETER.replace("c74f20a3", "c74f20a4"), "the id in the public key is not that of its name"),
    ],
)
def test_a_key_that_is_none_is_refused_with_the_reason(vkey, sentence):
    with pytest.raises(PersonalizationError) as error:
        parse_key(vkey)
    assert error.value.what.startswith(sentence)
    with pytest.raises(Unreadable):
        verify_receipt.verifier_key(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u3000", "\u2028"])
def test_no_key_has_a_name_with_spaces_or_a_plus_sign(name, refuses):
    with refuses("a key's name has no spaces and no plus sign - give one such as: example.com/log"):
        key_of(name, private())


# Signatures


def test_what_is_signed_is_signed():
    text, key = format_note(signed()), key_of(NAME, private())
    assert both(text, [str(key)]) == ({NAME: None}, {NAME: None})


@given(st.data())
def test_a_note_with_any_byte_changed_is_not_signed(data):
    whole = format_note(signed()).encode()
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    try:
        text = (whole[:at] + bytes([other]) + whole[at + 1 :]).decode()
    except UnicodeDecodeError:
        return
    ours, apart = both(text, [str(key_of(NAME, private()))])
    assert not ours
    assert not apart
    assert (ours is None) == (apart is None)


@given(st.data())
def test_a_cosignature_with_any_bit_changed_is_refused(data):
    key, text = private(), TEXT
    name, key_id, signature = cosignature(text, key, 1679315147)
    vkey = str(witness_of(key))
    whole = format_note(Note(text, (Signature(name, key_id, signature),)))
    assert both(whole, [vkey]) == ({name: 1679315147}, {name: 1679315147})
    forged = Note(text, (Signature(name, key_id, changed(signature, data)),))
    assert both(format_note(forged), [vkey]) == (None, None)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
    st.integers(0, 2**63 - 1),
)
def test_any_text_is_signed_and_read_back(line, time):
    text = f"{line}\n\n{line}\n"
    key = private()
    whole = with_signatures(signed(text, key), [cosignature(text, key, time)])
    assert parse_note(format_note(whole)) == whole
    found = {NAME: None, "witness.example/w1": time}
    vkeys = [str(key_of(NAME, key)), str(witness_of(key))]
    assert both(format_note(whole), vkeys) == (found, found)


def test_a_time_after_the_year_292277026596_is_refused():
    key = private()
    whole = format_note(Note(TEXT, (cosignature(TEXT, key, 2**63),)))
    assert both(whole, [str(witness_of(key))]) == (None, None)
    last = format_note(Note(TEXT, (cosignature(TEXT, key, 2**63 - 1),)))
    found = {"witness.example/w1": 2**63 - 1}
    assert both(last, [str(witness_of(key))]) == (found, found)


def test_a_signature_is_no_cosignature_though_name_and_key_are_the_same():
    key = private()
    plain = sign(TEXT, NAME, key)
    vkey = str(witness_of(key, NAME))
    assert both(format_note(Note(TEXT, (plain,))), [vkey]) == ({}, {})
    dressed = Signature(NAME, witness_of(key, NAME).key_id, plain.signature)
    assert both(format_note(Note(TEXT, (dressed,))), [vkey]) == (None, None)


def test_signatures_of_unknown_keys_are_passed_over_and_those_of_known_ones_are_not():
    wrong = Signature("other.example", b"1234", b"anything")
    key = key_of(NAME, private())
    same_id = Signature("other.example", key.key_id, b"anything")
    same_name = Signature(NAME, b"1234", b"anything")
    whole = with_signatures(signed(), [wrong, same_id, same_name])
    assert both(format_note(whole), [str(key)]) == ({NAME: None}, {NAME: None})
    forged = with_signatures(signed(), [Signature(NAME, key.key_id, bytes(64))])
    assert both(format_note(forged), [str(key)]) == (None, None)


def test_a_wrong_signature_is_refused_with_the_name_of_its_key(refuses):
    key = key_of(NAME, private())
    with refuses(
        "the signature of example.com/log is not one of this text - ask where the note comes from: it, or the"
        " signature, was changed"
    ):
        signers(Note("other\n", signed().signatures), [key])


def test_of_several_cosignatures_of_one_witness_the_earliest_counts():
    key = private()
    lines = [cosignature(TEXT, key, time) for time in (30, 0, 20)]
    whole = Note(TEXT, tuple(lines))
    found = {"witness.example/w1": 0}
    assert both(format_note(whole), [str(witness_of(key))]) == (found, found)


def test_two_keys_of_the_same_name_and_id_are_refused(refuses, monkeypatch):
    monkeypatch.setattr(VerifierKey, "key_id", b"same")
    keys = [VerifierKey(NAME, bytes([number]) * 32) for number in (1, 2)]
    with refuses("two public keys have the same name and id - give one of them"):
        signers(signed(), keys)


def test_a_line_is_added_once():
    line = sign(TEXT, NAME, private())
    assert with_signatures(with_signatures(Note(TEXT), [line]), [line]) == signed()


def test_the_lines_a_witness_returns_are_signatures():
    lines = format_note(parse_note(ARCHE)).partition("\n\n")[2]
    assert with_signatures(Note(TEXT), parse_signatures(lines)).signatures == (
        parse_note(ARCHE).signatures
    )
    assert parse_signatures("") == ()


def test_lines_of_which_the_last_is_cut_off_are_no_signatures(refuses):
    lines = format_note(parse_note(ARCHE)).partition("\n\n")[2]
    with refuses("the last signature of the note is cut off - give the whole note"):
        parse_signatures(lines[:-1])


def test_a_private_key_of_another_kind_is_refused(tmp_path):
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    from cryptography.hazmat.primitives import serialization as forms

    file = tmp_path / "key.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    form = (forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    file.write_bytes(key.private_bytes(*form))
    file.chmod(0o600)
    with pytest.raises(PersonalizationError, match="is not an Ed25519 key"):
        load_key(file)


# Malformed notes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a note ends with a newline"),
        ("text", "a note ends with a newline"),
        ("text\n", "a note has an empty line before its signatures, and this has none"),
        ("text\n\nmore\n", "a line after the note's last empty line is not a signature"),
        ("text\n\n- a AAAAAAA=\n", "a line after the note's last empty line is not a signature"),
        ("text\n\n— a AAAAAA==\n", "a line after the note's last empty line is not a signature"),
        ("text\n\n— a+b AAAAAAA=\n", "a line after the note's last empty line is not a signature"),
        ("text\n\n— a  AAAAAAA=\n", "a line after the note's last empty line is not a signature"),
        ("text\n\n— a AAAAAAB=\n", "a line after the note's last empty line is not a signature"),
        ("text\n\n— a AAAAAAA\n", "a line after the note's last empty line is not a signature"),
        ("text\n\n— AAAAAAA=\n", "a line after the note's last empty line is not a signature"),
        ("text\n\n— a AAAAAAA=\n— b", "a note ends with a newline"),
        ("text\r\n\r\n— a AAAAAAA=\r\n", "a note has no control characters"),
        ("te\tt\n\n— a AAAAAAA=\n", "a note has no control characters"),
        ("\ud800\n\n— a AAAAAAA=\n", "a note is UTF-8"),
        (
            "text\n\n" + "— a AAAAAAA=\n" * 101,
            "a note of 101 signatures is not read",
        ),
    ],
)
def test_what_is_no_note_is_refused_with_the_reason(text, sentence):
    with pytest.raises(PersonalizationError, match=f"^{sentence} - "):
        parse_note(text)
    with pytest.raises(Unreadable):
        verify_receipt.note_parts(text)


def test_a_hundred_signatures_are_read():
    text = "text\n\n" + "— a AAAAAAA=\n" * 100
    assert len(parse_note(text).signatures) == len(verify_receipt.note_parts(text)[1]) == 100


@pytest.mark.parametrize("text", ["text\n", "text\n\n", "\n", "a\n\nb\n"])
def test_a_note_that_nobody_signed_ends_with_its_empty_line(text):
    assert format_note(Note(text)) == f"{text}\n"
    assert parse_note(f"{text}\n") == Note(text)
    assert verify_receipt.note_parts(f"{text}\n") == (text, [])


@pytest.mark.parametrize(
    "broken",
    [Signature("a b", b"1234", b"x"), Signature("a", b"12", b"x"), Signature("a", b"1234", b"")],
)
def test_a_signature_that_could_not_be_read_back_is_not_written(broken):
    with pytest.raises(PersonalizationError):
        format_note(Note(TEXT, (broken,)))


@given(st.text(max_size=80) | st.text("a\n— =A", max_size=40))
def test_both_readers_agree_on_any_text(text):
    try:
        ours = parse_note(text)
    except PersonalizationError:
        with pytest.raises(Unreadable):
            verify_receipt.note_parts(text)
    else:
        assert verify_receipt.note_parts(text) == (ours.text, [*map(tuple, ours.signatures)])
        assert format_note(ours) == text
