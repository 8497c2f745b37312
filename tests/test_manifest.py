"""Boot manifests: what a service lists is applied, what it lacks is appended, nothing else changes."""

import os
import stat
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlite_utils.cli import cli

from sqlite_utils_personalization.api.files import migration_statuses
from sqlite_utils_personalization.schema.manifest import register_migrations, unlisted_migrations

STORAGE = "287_personalization"
EVIDENCE = "900_personalization_evidence"
EVENTS = "901_personalization_events"
SHADOW = "902_personalization_shadow"
ALL = [STORAGE, EVIDENCE, EVENTS, SHADOW]
A, B, C, D = (f"{name}.sql".encode() for name in ALL)
BOM = b"\xef\xbb\xbf"


@pytest.fixture
def manifest(tmp_path):
    return tmp_path / "boot_manifest.txt"


@pytest.fixture
def command(runner):
    def command(*arguments):
        result = runner.invoke(cli, ["personalization-migrate", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return command


def pending(path):
    return [status["migration"] for status in migration_statuses(path) if status["pending"]]


@pytest.mark.parametrize("name", ("jpcite_boot_manifest.txt", "autonomath_boot_manifest.txt"))
def test_both_shipped_manifests_list_every_migration_in_order(name):
    text = files("sqlite_utils_personalization.schema").joinpath(name).read_text(encoding="utf-8")
    listed = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert listed == [f"{name}.sql" for name in ALL]


def test_the_shipped_manifests_mirror_each_other():
    here = files("sqlite_utils_personalization.schema")
    first, second = (
        here.joinpath(f"{name}_boot_manifest.txt") for name in ("jpcite", "autonomath")
    )
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        (b"", ALL),
        (A, [EVIDENCE, EVENTS, SHADOW]),
        (A + b"\n" + B, [EVENTS, SHADOW]),
        (B + b"\n" + A + b"\n", [EVENTS, SHADOW]),
        (D + b"\n" + C + b"\n" + B + b"\n" + A + b"\n", []),
        (b"# boot\n\n  264_score.sql\n" + A + b"\r\n\r\n" + B + b"\r\n", [EVENTS, SHADOW]),
        (BOM + A + b"\n", [EVIDENCE, EVENTS, SHADOW]),
        (b"  " + A + b"\t# storage\n", [EVIDENCE, EVENTS, SHADOW]),
        (b"migrations/" + A + b"\n", [EVIDENCE, EVENTS, SHADOW]),
        (b"# " + A + b"\n#" + B + b"\n", ALL),
        (b"287_personalization_rollback.sql\n900_personalization_evidence_rollback.sql\n", ALL),
        (b"287_PERSONALIZATION.SQL\n1287_personalization.sql\n287_personalization.sql.bak\n", ALL),
        # a comment in Shift_JIS
        ("# 起動\n".encode("cp932") + A + b"\n", [EVIDENCE, EVENTS, SHADOW]),
    ),
)
def test_a_migration_is_listed_by_its_file_name(manifest, text, expected):
    manifest.write_bytes(text)
    assert unlisted_migrations(manifest) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    (
        (b"", A + b"\n" + B + b"\n" + C + b"\n" + D + b"\n"),
        (BOM, BOM + A + b"\n" + B + b"\n" + C + b"\n" + D + b"\n"),
        (b"264.sql\n", b"264.sql\n" + A + b"\n" + B + b"\n" + C + b"\n" + D + b"\n"),
        (b"264.sql", b"264.sql\n" + A + b"\n" + B + b"\n" + C + b"\n" + D + b"\n"),
        (b"264.sql\r\n", b"264.sql\r\n" + A + b"\r\n" + B + b"\r\n" + C + b"\r\n" + D + b"\r\n"),
        (
            b"1.sql\r\n264.sql",
            b"1.sql\r\n264.sql\r\n" + A + b"\r\n" + B + b"\r\n" + C + b"\r\n" + D + b"\r\n",
        ),
        # the end of the last line decides
        (
            b"1.sql\r\n264.sql\n",
            b"1.sql\r\n264.sql\n" + A + b"\n" + B + b"\n" + C + b"\n" + D + b"\n",
        ),
        (
            BOM + b"# boot\r\n",
            BOM + b"# boot\r\n" + A + b"\r\n" + B + b"\r\n" + C + b"\r\n" + D + b"\r\n",
        ),
        (A + b"\n", A + b"\n" + B + b"\n" + C + b"\n" + D + b"\n"),
        (B, B + b"\n" + A + b"\n" + C + b"\n" + D + b"\n"),
        (
            b"# " + A + b"\n" + B + b"\n\n\n",
            b"# " + A + b"\n" + B + b"\n\n\n" + A + b"\n" + C + b"\n" + D + b"\n",
        ),
    ),
)
def test_registering_appends_what_is_missing(manifest, before, after):
    manifest.write_bytes(before)
    register_migrations(manifest)
    assert manifest.read_bytes() == after


line = st.sampled_from(
    (A, B, b"# " + A, b"264.sql", b"", b"  ", "# 起動".encode(), "# 起動".encode("cp932"))
)
text = st.builds(
    lambda bom, lines, last: bom + b"".join(name + end for name, end in lines) + last,
    st.sampled_from((b"", BOM)),
    st.lists(st.tuples(line, st.sampled_from((b"\n", b"\r\n")))),
    line,
)


@given(text=text | st.binary().filter(lambda text: b"\0" not in text))
@example(text=b"\r")
def test_registering_changes_no_byte_that_was_there_and_twice_is_once(tmp_path_factory, text):
    manifest = tmp_path_factory.getbasetemp() / "manifest.txt"
    manifest.write_bytes(text)
    missing = unlisted_migrations(manifest)
    assert register_migrations(manifest) == missing
    once = manifest.read_bytes()
    assert once.startswith(text)
    assert unlisted_migrations(manifest) == []
    assert register_migrations(manifest) == []
    assert manifest.read_bytes() == once
    assert [each.name for each in manifest.parent.glob(".manifest*")] == []


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("mode", (0o600, 0o644, 0o755))
def test_registering_keeps_the_mode_of_the_file(manifest, mode):
    manifest.touch()
    manifest.chmod(mode)
    register_migrations(manifest)
    assert stat.S_IMODE(manifest.stat().st_mode) == mode


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away"
)
def test_registering_keeps_the_owner_of_the_file(manifest):
    manifest.touch()
    os.chown(manifest, 65534, 65534)
    register_migrations(manifest)
    assert (manifest.stat().st_uid, manifest.stat().st_gid) == (65534, 65534)


def test_registering_through_a_link_changes_the_file_it_leads_to(manifest, tmp_path):
    manifest.touch()
    link = tmp_path / "current.txt"
    link.symlink_to(manifest)
    register_migrations(link)
    assert link.is_symlink()
    assert unlisted_migrations(manifest) == []


def test_a_registration_that_fails_leaves_the_file_as_it_was(manifest, monkeypatch, refuses):
    def full(*_):
        raise OSError(28, "No space left on device")

    manifest.write_bytes(b"264.sql")
    monkeypatch.setattr(os, "fsync", full)
    with refuses(f"{manifest}: No space left on device - make the file and its directory writable"):
        register_migrations(manifest)
    assert {each.name: each.read_bytes() for each in manifest.parent.iterdir()} == {
        manifest.name: b"264.sql"
    }


@pytest.mark.parametrize("encoding", ("utf-16", "utf-32"))
def test_a_manifest_in_another_kind_of_text_is_refused(manifest, refuses, encoding):
    manifest.write_bytes("264.sql\n".encode(encoding))
    before = manifest.read_bytes()
    with refuses(f"{manifest} is not a text file of one file name per line - save it as UTF-8"):
        register_migrations(manifest)
    assert manifest.read_bytes() == before


def test_a_missing_manifest_is_not_created(manifest, refuses):
    with refuses(f"{manifest}: No such file or directory - give the path of a boot manifest"):
        register_migrations(manifest)
    assert not manifest.exists()


def test_only_what_the_manifest_lists_is_applied(fresh_path, manifest, command):
    manifest.write_bytes(b"# boot\r\n264_score.sql\r\n\r\n" + A + b"\r\n")
    skipped = "".join(
        f"skipped {name}: {manifest} does not list it\n" for name in (EVIDENCE, EVENTS, SHADOW)
    )
    assert command(fresh_path, "--manifest", manifest) == (0, "", f"applied {STORAGE}\n{skipped}")
    assert pending(fresh_path) == [EVIDENCE, EVENTS, SHADOW]
    nothing = f"{skipped}nothing to apply to {fresh_path}\n"
    assert command(fresh_path, "--manifest", manifest) == (0, "", nothing)


def test_a_manifest_in_the_wrong_order_is_applied_in_the_right_one(fresh_path, manifest, command):
    manifest.write_bytes(D + b"\n" + C + b"\n" + B + b"\n" + A + b"\n")
    applied = (
        0,
        "",
        f"applied {STORAGE}\napplied {EVIDENCE}\napplied {EVENTS}\napplied {SHADOW}\n",
    )
    assert command(fresh_path, "--manifest", manifest) == applied


def test_a_manifest_without_287_is_refused_where_900_needs_it(fresh_path, manifest, command):
    manifest.write_bytes(B)
    message = f"Error: {EVIDENCE} needs {STORAGE}, which is not applied - apply both\n"
    assert command(fresh_path, "--manifest", manifest) == (1, "", message)
    assert pending(fresh_path) == ALL


def test_a_manifest_without_287_is_enough_where_the_product_applied_it(
    fresh_path, manifest, command
):
    manifest.write_bytes(A)
    command(fresh_path, "--manifest", manifest)
    manifest.write_bytes(B + b"\n" + C + b"\n" + D)
    skipped = f"skipped {STORAGE}: {manifest} does not list it\n"
    applied = f"applied {EVIDENCE}\napplied {EVENTS}\napplied {SHADOW}\n"
    assert command(fresh_path, "--manifest", manifest) == (0, "", f"{applied}{skipped}")
    assert pending(fresh_path) == []


def test_a_manifest_that_lists_none_of_ours_applies_nothing(fresh_path, manifest, command):
    manifest.write_bytes(b"264_score.sql\n")
    lines = [f"skipped {name}: {manifest} does not list it\n" for name in ALL]
    nothing = f"{''.join(lines)}nothing to apply to {fresh_path}\n"
    assert command(fresh_path, "--manifest", manifest) == (0, "", nothing)
    assert pending(fresh_path) == ALL


def test_registering_needs_no_database(manifest, command, tmp_path):
    manifest.write_bytes(A + b"\n")
    registered = "".join(
        f"registered {name}.sql in {manifest}\n" for name in (EVIDENCE, EVENTS, SHADOW)
    )
    assert command("--register", manifest) == (0, "", registered)
    assert command("--register", manifest) == (0, "", f"nothing to register in {manifest}\n")
    assert [each.name for each in tmp_path.iterdir()] == [manifest.name]


def test_registering_with_a_database_migrates_it_too(fresh_path, manifest, command):
    manifest.touch()
    lines = [f"applied {name}\n" for name in ALL]
    lines += [f"registered {name}.sql in {manifest}\n" for name in ALL]
    assert command(fresh_path, "--register", manifest) == (0, "", "".join(lines))
    assert pending(fresh_path) == []


def test_a_manifest_that_is_none_leaves_the_database_alone(fresh_path, manifest, command):
    manifest.write_bytes(b"\0")
    message = f"Error: {manifest} is not a text file of one file name per line - save it as UTF-8\n"
    for option in ("--register", "--manifest"):
        assert command(fresh_path, option, manifest) == (1, "", message)
    assert not fresh_path.exists()


def test_a_migration_that_fails_registers_nothing(fresh_path, manifest, command):
    fresh_path.write_text("id,name\n" * 100)
    manifest.touch()
    assert command(fresh_path, "--register", manifest)[0] == 1
    assert manifest.read_bytes() == b""
