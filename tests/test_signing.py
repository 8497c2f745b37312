"""personalization-seal --sign: an Ed25519 signature that openssl, too, says is good."""

import shutil
import subprocess
import sys
from base64 import b64decode

import pytest
from click.testing import CliRunner
from receipt_fixtures import heads_of, history, printed, receipt_of

from sqlite_utils_personalization.audit.verify.codes import CODES
from sqlite_utils_personalization.commands.seal import seal as command
from sqlite_utils_personalization.commands.verify import verify as verify_command
from sqlite_utils_personalization.evidence.checkpoint import read_heads
from sqlite_utils_personalization.evidence.note import (
    COSIGNATURE,
    Signature,
    VerifierKey,
    format_note,
    key_of,
    parse_key,
    parse_note,
    sign,
    with_signatures,
)
from sqlite_utils_personalization.verify_receipt import compare, kept_heads, public_keys

WANTED = (
    "give an unencrypted Ed25519 key, such as: openssl genpkey -algorithm ed25519 -out seal.pem"
)
# RFC 8410, 10.3: the private key of the example, as PKCS8.
PKCS8 = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n"
)
# RFC 8410, 10.1: its public key, the body of the PEM.
PUBLIC = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return history(tmp_path_factory.mktemp("history") / "jpcite.db").read_bytes()


@pytest.fixture
def path(built, tmp_path):
    path = tmp_path / "jpcite.db"
    path.write_bytes(built)
    return path


@pytest.fixture
def cryptography():
    return pytest.importorskip("cryptography", reason="the extra [sign] is not installed")


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "seal.pem"
    file.write_text(PKCS8)
    file.chmod(0o600)
    return file


def tool(name):
    if shutil.which(name) is None:
        pytest.skip(f"needs {name}")
    return name


def ssh_keygen(file, kind="ed25519", password=""):
    arguments = ["-q", "-t", kind, "-N", password, "-C", "operator", "-f", str(file)]
    subprocess.run([tool("ssh-keygen"), *arguments], check=True)
    return file


def run(path, key_file, *more):
    return CliRunner().invoke(command, [str(path), "--sign", str(key_file), *more])


def verified(text, tmp_path):
    """Whether openssl finds the one signature of the note good, by the key of PKCS8."""
    note = parse_note(text)
    ((_, _, signature),) = note.signatures
    for name, content in {
        "head.sig": signature,
        "head.pub": b64decode(PUBLIC),
        "head.txt": note.text.encode(),
    }.items():
        (tmp_path / name).write_bytes(content)
    arguments = (
        "pkeyutl -verify -pubin -keyform DER -inkey head.pub -rawin -in head.txt -sigfile head.sig"
    )
    result = subprocess.run(
        [tool("openssl"), *arguments.split()], cwd=tmp_path, capture_output=True
    )
    return result.returncode == 0


def test_the_signed_head_is_the_head_and_a_line_more(path, key_file, cryptography):
    result = run(path, key_file)
    head = heads_of(path)[7]
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.removeprefix(printed(head)).split("\n")
    assert (len(lines), lines[1]) == (2, "")
    assert lines[0].startswith(f"\u2014 {head.origin} ")


def test_the_public_key_is_that_of_the_signature_and_nothing_is_written(
    path, key_file, cryptography
):
    before = path.read_bytes()
    result = run(path, key_file, "--public-key")
    assert (result.exit_code, path.read_bytes()) == (0, before)
    key = parse_key(result.stdout.removesuffix("\n"))
    assert (key.name, b64decode(PUBLIC)[-32:]) == (heads_of(path)[6].origin, key.public)
    ((name, key_id, _),) = parse_note(run(path, key_file).stdout).signatures
    assert (name, key_id) == (key.name, key.key_id)


def test_the_public_key_of_no_key_is_a_usage_error(path):
    result = CliRunner().invoke(command, [str(path), "--public-key"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--public-key is that of a key: give it with --sign" in result.stderr


def test_openssl_says_the_signature_is_good_and_of_this_head_only(
    path, key_file, tmp_path, cryptography
):
    text = run(path, key_file).stdout
    assert verified(text, tmp_path)
    assert not verified(text.replace("\n7\n", "\n8\n"), tmp_path)


def test_a_key_of_ssh_keygen_signs_as_well(path, tmp_path, cryptography):
    file = ssh_keygen(tmp_path / "id")
    key = tmp_path / "log.pub"
    key.write_text(run(path, file, "--public-key").stdout)
    kept = tmp_path / "heads.txt"
    kept.write_text(run(path, file).stdout, encoding="utf-8")
    assert verify(path, kept, "--public-key", key).exit_code == 0


def test_signing_is_deterministic(path, key_file, cryptography):
    assert run(path, key_file).stdout == run(path, key_file).stdout


def test_a_signed_head_confirms_a_receipt(path, key_file, cryptography):
    kept = kept_heads(run(path, key_file).stdout)
    keys = public_keys(run(path, key_file, "--public-key").stdout)
    found = receipt_of(path, 3, 3)
    assert compare(found, kept) == "the head kept of 7 seals is the same"
    signed = f"the head kept of 7 seals is the same, signed by {keys[0].name}"
    assert compare(found, kept, keys) == signed
    with pytest.raises(ValueError, match="is signed by no key that was given"):
        compare(found, kept_heads(printed(heads_of(path)[7])), keys)


# What personalization-verify says of signatures


def verify(path, kept, *more):
    arguments = [str(path), "--head", str(kept), *map(str, more)]
    return CliRunner().invoke(verify_command, arguments)


@pytest.fixture
def kept(path, key_file, tmp_path, cryptography):
    """Two signed heads, of 6 and of 7 seals."""
    file = tmp_path / "heads.txt"
    texts = [run(path, key_file, "--head-only").stdout, run(path, key_file).stdout]
    file.write_text("".join(texts), encoding="utf-8")
    return file


@pytest.fixture
def public_key(path, key_file, tmp_path, cryptography):
    file = tmp_path / "log.pub"
    file.write_text(run(path, key_file, "--public-key").stdout)
    return file


INTACT = "intact, up to and including what was kept outside"


def said(code, what):
    """How a finding reads that is the only one of its code."""
    return f"{code}: {what}\n    {CODES[code].todo}\n"


def test_a_signature_is_verified_with_a_key_and_said_not_to_be_without(path, kept, public_key):
    result = verify(path, kept)
    assert (result.exit_code, result.stderr) == (
        0,
        f"{INTACT}; who signed it was not checked (--public-key)\n",
    )
    result = verify(path, kept, "--public-key", public_key)
    origin = heads_of(path)[7].origin
    assert (result.exit_code, result.stderr) == (0, f"{INTACT}; signed by {origin}\n")


def damaged(text):
    """Each signature over the text of the other head."""
    (_, first), (_, second) = read_heads(text)
    return format_note(first._replace(signatures=second.signatures)) + format_note(second)


def nobodys(text):
    (_, first), (_, second) = read_heads(text)
    return format_note(first) + format_note(second._replace(signatures=()))


def anothers(text):
    (_, first), (_, second) = read_heads(text)
    other = Signature("example.com/other", b"1234", b"x" * 64)
    return format_note(first) + format_note(second._replace(signatures=(other,)))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (damaged, "the kept head of 6 seals: the signature of {origin} is not one of this text"),
        (nobodys, "the kept head of 7 seals is signed by no key that was given"),
        (anothers, "the kept head of 7 seals is signed by no key that was given"),
    ],
)
def test_a_signature_that_is_wrong_or_missing_is_found(path, kept, public_key, change, fault):
    kept.write_text(change(kept.read_text(encoding="utf-8")), encoding="utf-8")
    result = verify(path, kept, "--public-key", public_key)
    expected = fault.format(origin=heads_of(path)[7].origin)
    assert (result.exit_code, result.stdout) == (1, said("head-not-signed", expected))


def test_a_witness_is_verified_and_named(path, kept, public_key, cryptography):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    log_key = key_of("witness.example/w1", private)
    witness = VerifierKey(log_key.name, log_key.public, COSIGNATURE)
    (_, first), (_, second) = read_heads(kept.read_text(encoding="utf-8"))
    at = 1790000000
    signed = sign(f"cosignature/v1\ntime {at}\n{second.text}", witness.name, private)
    line = Signature(witness.name, witness.key_id, at.to_bytes(8, "big") + signed.signature)

    result = verify(path, kept, "--public-key", public_key, "--witness", witness)
    assert (result.exit_code, result.stdout) == (
        1,
        said("head-not-witnessed", "witness.example/w1 cosigned none of the kept heads"),
    )
    cosigned = with_signatures(second, [line])
    kept.write_text(format_note(first) + format_note(cosigned), encoding="utf-8")
    result = verify(path, kept, "--public-key", public_key, "--witness", witness)
    by = f"cosigned by {witness.name} up to the head of 7 seals, 2026-09-21T14:13:20Z"
    assert (result.exit_code, result.stderr) == (
        0,
        f"{INTACT}; signed by {log_key_name(path)}; {by}\n",
    )
    result = verify(path, kept, "--witness", witness)
    assert result.stderr == f"{INTACT}; {by}; who signed it was not checked (--public-key)\n"
    forged = with_signatures(first, [line])
    kept.write_text(format_note(forged) + format_note(cosigned), encoding="utf-8")
    result = verify(path, kept, "--witness", witness)
    assert (result.exit_code, result.stdout) == (
        1,
        said(
            "head-not-signed",
            "the kept head of 6 seals: the signature of witness.example/w1 is not one of this text",
        ),
    )


def log_key_name(path):
    return heads_of(path)[7].origin


def test_keys_that_are_none_could_not_be_checked(path, kept, public_key, tmp_path):
    vkey = public_key.read_text().strip()
    empty = tmp_path / "empty"
    empty.write_text("")
    for arguments in (("--public-key", kept), ("--public-key", empty), ("--witness", vkey)):
        assert verify(path, kept, *arguments).exit_code == 2
    assert CliRunner().invoke(verify_command, [str(path), "--witness", vkey]).exit_code == 2


@pytest.mark.parametrize(
    ("kind", "password", "fault"),
    [
        ("ed25519", "secret", "is encrypted"),
        ("rsa", "", "is not an Ed25519 key"),
        ("ecdsa", "", "is not an Ed25519 key"),
    ],
)
@pytest.mark.sampled(1)
def test_another_key_is_refused(path, tmp_path, cryptography, kind, password, fault):
    file = ssh_keygen(tmp_path / "id", kind, password)
    before = path.read_bytes()
    result = run(path, file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {file} {fault} - {WANTED}\n"
    assert path.read_bytes() == before


def test_an_encrypted_pem_is_refused(path, tmp_path, cryptography):
    file = tmp_path / "seal.pem"
    arguments = [
        "genpkey",
        "-algorithm",
        "ed25519",
        "-aes256",
        "-pass",
        "pass:secret",
        "-out",
        str(file),
    ]
    subprocess.run([tool("openssl"), *arguments], check=True)
    assert run(path, file).stderr == f"Error: {file} is encrypted - {WANTED}\n"


NO_KEYS = (
    "",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI operator",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    PKCS8.replace("MC4C", "MC4D"),
    PKCS8.replace("PRIVATE", "PUBLIC"),
)


@pytest.mark.parametrize("content", NO_KEYS, ids=range(len(NO_KEYS)))
def test_a_file_that_holds_no_key_is_refused_and_not_quoted(path, tmp_path, cryptography, content):
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(0o600)
    result = run(path, file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {file} is not a private key that can be read - {WANTED}\n"


def test_without_cryptography_the_extra_is_named(path, key_file, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    before = path.read_bytes()
    result = run(path, key_file)
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "Error: signing needs cryptography - run: pip install 'sqlite-utils-personalization[sign]'\n",
    )
    assert path.read_bytes() == before


def test_sealing_without_signing_needs_no_cryptography(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert CliRunner().invoke(command, [str(path)]).exit_code == 0
