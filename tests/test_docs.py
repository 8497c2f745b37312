"""README and docs/: short enough to be read, every link leads somewhere, and nothing that there is is missing."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from sqlite_utils.cli import cli

from sqlite_utils_personalization.commands import COMMANDS
from sqlite_utils_personalization.viewer import settings
from sqlite_utils_personalization.viewer.queries.queries import questions

TREE = Path(__file__).parents[1]
PAGES = [TREE / "README.md", TREE / "CONTRIBUTING.md", *sorted((TREE / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)", re.DOTALL)
FENCED = re.compile(r"^(```|~~~).*?^\1$", re.MULTILINE | re.DOTALL)


def text_of(page):
    return page.read_text(encoding="utf-8")


def anchors(page):
    """What GitHub makes of each heading."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", FENCED.sub("", text_of(page)), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def test_the_readme_is_read_in_ten_minutes():
    assert len(text_of(TREE / "README.md").splitlines()) <= 250


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for url in LINK.findall(FENCED.sub("", text_of(page))):
        if url.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = url.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), url
        if anchor:
            assert anchor in anchors(target), url


def test_every_page_of_the_documentation_is_linked_from_the_readme():
    linked = set(LINK.findall(text_of(TREE / "README.md")))
    assert {f"docs/{page.name}" for page in PAGES[2:]} <= {url.partition("#")[0] for url in linked}


def test_every_command_is_described_with_an_example():
    described = text_of(TREE / "docs" / "cli.md")
    for command in COMMANDS:
        parts = sorted(getattr(command, "commands", ()))
        for name in [command.name, *(f"{command.name} {part}" for part in parts)]:
            section = described.split(f"## {name}\n")[1].split("\n## ")[0]
            assert "Example" in section or parts, name


def test_every_question_and_its_parameters_are_described():
    described = text_of(TREE / "docs" / "datasette.md")
    for question in questions():
        (line,) = re.findall(rf"^\| .* \| `{question.name}` \|.*$", described, re.MULTILINE)
        assert all(f"`{one.name}`" in line for one in question.parameters)


def test_every_setting_is_described():
    written = yaml.safe_load(re.search(r"^plugins:.*?\n\n", settings.__doc__, re.M | re.S)[0])
    known = written["plugins"][settings.PLUGIN]
    described = "".join(text_of(TREE / "docs" / name) for name in ("datasette.md", "rest.md"))
    for name, value in known.items():
        assert f"| `{name}" in described, name
        inner = value if isinstance(value, dict) and name != "envelope" else {}
        assert all(re.search(rf"^\| `{name}.*\b{key}\b", described, re.M) for key in inner), name


def test_every_file_that_a_command_of_the_documentation_reads_is_in_the_tour(tmp_path):
    result = CliRunner().invoke(cli, ["personalization-example", "--tour", str(tmp_path / "tour")])
    assert result.exit_code == 0, result.output
    there = {path.name for path in (tmp_path / "tour").iterdir()}
    blocks = re.findall(
        r"^```bash\n(.*?)^```", "".join(map(text_of, PAGES)), re.MULTILINE | re.DOTALL
    )
    read = set(re.findall(r"< ([\w.-]+)", "".join(blocks)))
    assert len(read) > 3
    assert read <= there
    for name in ("key.txt", "keys.txt", "new-key.txt", "other-key.txt", "auth.txt"):
        assert (tmp_path / "tour" / name).stat().st_mode & 0o077 == 0


def test_a_tour_is_made_once_and_overwrites_nothing(tmp_path):
    (tmp_path / "tour").mkdir()
    result = CliRunner().invoke(cli, ["personalization-example", "--tour", str(tmp_path / "tour")])
    assert result.exit_code == 1
    assert "already exists - name a folder that does not" in result.stderr
    for arguments in ((), ("a.db", "--tour", str(tmp_path / "t"))):
        result = CliRunner().invoke(cli, ["personalization-example", *arguments])
        assert result.exit_code == 2
        assert "Give PATH, or --tour DIR." in result.stderr


def test_where_no_metadata_is_the_example_says_how_to_make_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = CliRunner().invoke(cli, ["personalization-example", "e.db"]).stderr.splitlines()
    assert lines[-2] == "    sqlite-utils personalization-metadata e > metadata.yml"
    assert lines[-1].endswith("datasette e.db --metadata metadata.yml")
