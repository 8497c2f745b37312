"""personalization-seal --sign: an Ed25519 signature that openssl, too, says is good."""

import json
import shutil
import subprocess
import sys
from base64 import b64decode

import pytest
from click.testing import CliRunner
from receipt_fixtures import history, receipt_of, seal_lines

from sqlite_utils_personalization.commands.seal import seal as command
from sqlite_utils_personalization.evidence.signing import load_key, sign_head
from sqlite_utils_personalization.verify_receipt import compare, kept_heads

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
    return file


def tool(name):
    if shutil.which(name) is None:
        pytest.skip(f"needs {name}")
    return name


def ssh_keygen(file, kind="ed25519", password=""):
    arguments = ["-q", "-t", kind, "-N", password, "-C", "operator", "-f", str(file)]
    subprocess.run([tool("ssh-keygen"), *arguments], check=True)
    return file


def run(path, key_file):
    return CliRunner().invoke(command, [str(path), "--sign", str(key_file)])


def verified(head, tmp_path):
    """Whether openssl finds the signature good, of the head without the two keys."""
    signature, public = b64decode(head.pop("signature")), b64decode(head.pop("public_key"))
    text = json.dumps(head, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for name, content in {
        "head.sig": signature,
        "head.pub": public,
        "head.txt": text.encode(),
    }.items():
        (tmp_path / name).write_bytes(content)
    arguments = (
        "pkeyutl -verify -pubin -keyform DER -inkey head.pub -rawin -in head.txt -sigfile head.sig"
    )
    result = subprocess.run(
        [tool("openssl"), *arguments.split()], cwd=tmp_path, capture_output=True
    )
    return result.returncode == 0


def test_the_signed_line_is_the_head_with_two_keys_more(path, key_file, cryptography):
    result = run(path, key_file)
    head = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, result.stdout.count("\n")) == (0, "", 1)
    assert list(head)[-2:] == ["signature", "public_key"]
    assert head.pop("public_key") == PUBLIC
    assert len(b64decode(head.pop("signature"))) == 64
    assert head == seal_lines(path)[6]


def test_openssl_says_the_signature_is_good_and_of_this_head_only(
    path, key_file, tmp_path, cryptography
):
    head = json.loads(run(path, key_file).stdout)
    assert verified({**head}, tmp_path)
    assert not verified({**head, "leaves": head["leaves"] + 1}, tmp_path)


def test_a_key_of_ssh_keygen_signs_as_well(path, tmp_path, cryptography):
    head = json.loads(run(path, ssh_keygen(tmp_path / "id")).stdout)
    assert verified(head, tmp_path)


def test_signing_is_deterministic(path, key_file, cryptography):
    key = load_key(key_file)
    head = seal_lines(path)[5]
    assert sign_head(head, key) == sign_head(head, key)


def test_a_signed_head_confirms_a_receipt(path, key_file, cryptography):
    kept = kept_heads(run(path, key_file).stdout)
    found = receipt_of(path, 3, 3, chain=True)
    assert compare(found, kept) == "the head kept of seal 6 is the same"


@pytest.mark.parametrize(
    ("kind", "password", "fault"),
    [
        ("ed25519", "secret", "is encrypted"),
        ("rsa", "", "is not an Ed25519 key"),
        ("ecdsa", "", "is not an Ed25519 key"),
    ],
)
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
