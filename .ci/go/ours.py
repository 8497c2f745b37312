"""The side of this package in .ci/check-notes-with-go: `write` for Go, and `read` what Go wrote."""

import json
import sqlite3
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlite_utils.cli import cli

from sqlite_utils_personalization import verify_receipt
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.evidence import checkpoint, leaves, merkle, note, proof, seal

ORIGIN = "jpcite.example/recommendations"
SIZE = 70
NIGHTS = ("2026-04-01", "2026-04-02", "2026-04-03", "2026-04-04")
OTHERS = (
    "INSERT INTO am_personalization_recommendation_log(profile_id, recommendation_type, score)"
    " VALUES (8, 'program', 7)"
)


def main():
    if sys.argv[1] == "write":
        json.dump(written(Ed25519PrivateKey.generate()), sys.stdout)
    else:
        print(read(json.load(sys.stdin)))


def written(private):
    """Every head of a tree of SIZE leaves, and every proof between them."""
    texts = [f"leaf {number}" for number in range(SIZE)]
    hashes = hashed(texts)
    heads = [checkpoint.checkpoint_of(ORIGIN, hashes[:size]) for size in range(SIZE + 1)]
    notes = [signed(checkpoint.format_checkpoint(head), private) for head in heads]
    key = note.key_of(ORIGIN, private)
    return {
        "Origin": ORIGIN,
        "Vkey": str(key),
        "Leaves": texts,
        "Heads": [note.format_note(each) for each in notes],
        "Proofs": [
            proof.format_inclusion(proof.prove_inclusion(hashes, leaf, notes[size]))
            for size in range(SIZE + 1)
            for leaf in range(size)
        ],
        "Joins": [
            proof.format_consistency(proof.prove_consistency(hashes, heads[old], notes[size]))
            for size in range(SIZE + 1)
            for old in range(1, size + 1)
        ],
        "Damaged": [
            {"Note": text, "Accepted": accepts(text, key)}
            for text in damaged(note.format_note(notes[5]))
        ],
        "Product": product(private),
    }


def product(private):
    """The heads and proofs that the commands make of the example's nights, with rows of other programs in between."""
    with TemporaryDirectory() as folder:
        path, key, kept = (Path(folder, name) for name in ("example.db", "seal.pem", "heads.txt"))
        key.touch(0o600)
        key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        run("example", path)
        heads, customer = [], sha256(b"example-key-3").hexdigest()
        for night in NIGHTS:
            run("score", path, "--as-of", night, "--silent")
            with sqlite3.connect(path) as db:
                db.execute(OTHERS)
            heads.append(run("seal", path, "--sign", key))
            kept.write_text("".join(heads), encoding="utf-8")
        vkey = run("seal", path, "--sign", key, "--public-key").strip()
        proofs, joins = [], []
        for number in range(1, len(NIGHTS) + 1):
            written = Path(folder, f"{number}.tlog-proof")
            options = ("--user-hash", customer, "--head", kept, "--tlog-proof", written)
            receipt = json.loads(run("receipt", path, "--run", number, *options))
            proofs.append(written.read_text(encoding="utf-8"))
        for each in receipt["consistency"]:
            way = tuple(merkle.decode_path(each["path"]))
            last = note.parse_note(heads[-1])
            joins.append(proof.format_consistency(proof.Consistency(each["tree_size"], way, last)))
        columns = ", ".join(seal.SEAL_COLUMNS)
        rows = db.execute(f"SELECT {columns} FROM am_personalization_seal ORDER BY seal_id")
        found = [dict(zip(seal.SEAL_COLUMNS, row, strict=True)) for row in rows]
        db.close()
    assert (len(proofs), len(joins)) == (len(NIGHTS), len(NIGHTS) - 1)
    return {
        "Origin": found[0]["origin"],
        "Vkey": vkey,
        "Leaves": [leaves.seal_leaf(each).decode() for each in found],
        "Heads": heads,
        "Proofs": proofs,
        "Joins": joins,
    }


def run(command, *arguments):
    found = CliRunner().invoke(cli, [f"personalization-{command}", *map(str, arguments)])
    assert found.exit_code == 0, found.output
    return found.stdout


def read(theirs):
    """Whether all Go wrote holds for the package and for verify_receipt.py; a line that says how much it was."""
    origin, hashes = theirs["Origin"], hashed(theirs["Leaves"])
    key, witness = note.parse_key(theirs["Vkey"]), note.parse_key(theirs["Witness"])
    assert [str(key), str(witness)] == [theirs["Vkey"], theirs["Witness"]]
    apart = [verify_receipt.verifier_key(theirs[name]) for name in ("Vkey", "Witness")]
    heads = []
    for size, text in enumerate(theirs["Heads"]):
        vouched = checkpoint.verify_checkpoint(note.parse_note(text), origin, [key], [witness])
        heads.append(vouched.checkpoint)
        assert vouched.checkpoint == checkpoint.checkpoint_of(origin, hashes[:size])
        assert vouched.witnesses == {witness: 1790000000}
        assert [*verify_receipt.note_signers(text, apart).values()] == [None, 1790000000]
    kept = checkpoint.read_heads("".join(theirs["Heads"]))
    assert [found for found, _ in kept] == heads
    assert verify_receipt.notes("\n\n".join(theirs["Heads"])) == theirs["Heads"]
    for text in theirs["Proofs"]:
        found = proof.parse_inclusion(text)
        proof.verify_inclusion(found, hashes[found.leaf], origin, [key])
        assert proof.format_inclusion(found) == text
    for text in theirs["Joins"]:
        joined = proof.parse_consistency(text)
        size = checkpoint.parse_checkpoint(joined.note.text).size
        proof.verify_consistency(heads[joined.old_size], heads[size], joined.path)
        pair = (verify_receipt.Checkpoint(*heads[at][:3]) for at in (joined.old_size, size))
        verify_receipt.check_consistent(*pair, [*joined.path])
    heads, proofs, joins = (len(theirs[name]) for name in ("Heads", "Proofs", "Joins"))
    return f"ours accepts Go's {heads} heads, {proofs} proofs of inclusion, {joins} of consistency"


def hashed(leaves):
    return [merkle.leaf_hash(leaf.encode()) for leaf in leaves]


def signed(text, private):
    return note.Note(text, (note.sign(text, ORIGIN, private),))


def damaged(text):
    """The text, and it with each of its characters left out, doubled, or another in its place."""
    yield text
    for at, character in enumerate(text):
        for other in ("", character * 2, "A", "=", " ", "\n", "\r", "\u2014", "é"):
            if other != character:
                yield text[:at] + other + text[at + 1 :]


def accepts(text, key):
    try:
        return key in note.signers(note.parse_note(text), [key])
    except PersonalizationError:
        return False


if __name__ == "__main__":
    main()
