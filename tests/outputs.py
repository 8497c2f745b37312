"""Every output of ours as a reader gets it: the keys it has, of which types, and the parameters it takes.

An output is asked for on the example database, or read off its schema. docs/json.md and test_words.py are made of it.
"""

import asyncio
import csv
import io
import json
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import page_outputs
from click.testing import CliRunner
from sqlite_utils.cli import cli

from sqlite_utils_personalization.example import AS_OF
from sqlite_utils_personalization.model.kinds import TYPES
from sqlite_utils_personalization.viewer.queries.queries import questions

WORDS = json.loads(
    files("sqlite_utils_personalization.model").joinpath("words.json").read_text(encoding="utf-8")
)
CUSTOMER = sha256(b"example-key-1").hexdigest()
ROWS, RESULT = ("--json", "--nl", "--csv"), ("--json",)
AS_USER = ("--user-hash", CUSTOMER)
DIGEST = ("--channel", "digest", "--slot", AS_OF, "--delivered-at", f"{AS_OF}T03:00Z")

# What a command prints, by name: its arguments after the path, and the formats it has. In this order, on one file.
COMMANDS = {
    "score": (("--as-of", "2026-04-02", "--any-date"), RESULT),
    "report": (("-s", "--against", "previous"), ROWS),
    "deliver": (("1", "2", *DIGEST), ROWS),
    "feedback ITEM_ID": (("EX-101", "--interested", *AS_USER), ROWS),
    "feedback": (AS_USER, ROWS),
    "replay": (("1", "2"), ROWS),
    "why-not": (("--item", "EX-110", "--run", "1", *AS_USER), RESULT),
    "impact": (("--top-k", "1", "-s"), ROWS),
    "receipt": (("--run", "1", *AS_USER), RESULT),
    "verify": (("-s",), RESULT),
    "health": (("--max-days", "1"), RESULT),
    "reconcile": (("--month", AS_OF[:7], "--endpoint", "*"), ROWS),
    "digest": (("--out", "{folder}/digests", "--night", AS_OF, "--on", AS_OF), RESULT),
    "digest --record": (("--out", "{folder}/digests", "--record", "{folder}/sent.jsonl"), RESULT),
    "seal": ((), RESULT),
    "doctor": ((), RESULT),
    "snapshot": (("{folder}/copy.db", "--replace", "-s"), RESULT),
    "migrate --list": (("--list",), ROWS),
    "model show": ((), ROWS),
    "model check": (("{folder}/model.json",), ROWS),
    "model diff": (("{folder}/model.json",), ROWS),
    "profile get": (AS_USER, RESULT),
    "profile list": ((), ROWS),
    "profile check": ((), ROWS),
    "profile export": (AS_USER, RESULT),
    "profile set": (("--industry-pack", "E", *AS_USER), RESULT),
    "profile import": (("{folder}/customers.ndjson",), RESULT),
    "profile rotate": ((), RESULT),
    "profile erase": (AS_USER, RESULT),
}
# What these print is no JSON, and no rows.
TEXTS = {"example", "mcp", "metadata"}
_INPUT = {"profile rotate": "example-key-2\nanother-key-2\n"}
_PACKAGED = files("sqlite_utils_personalization.model").joinpath("model.json")
_FILES = {
    "model.json": {**json.loads(_PACKAGED.read_text(encoding="utf-8")), "depth": 5},
    "sent.jsonl": {"user_token_hash": CUSTOMER},
    "customers.ndjson": {"user_token_hash": "0" * 64, "preferences": {}},
}
# A stored preference that the schema refuses, and what a product keeps of its calls.
_PREPARED = """
UPDATE am_personalization_profile SET preference_json = '{"industry_pack": 7}' WHERE profile_id = 8;
CREATE TABLE usage_events (id INTEGER PRIMARY KEY, key_hash TEXT, endpoint TEXT, ts TEXT, status INTEGER,
    metered INTEGER, quantity INTEGER, billing_idempotency_key TEXT);
INSERT INTO usage_events(key_hash, endpoint, ts, status, metered, quantity)
VALUES ('x', '/v1/me/personalization/recommendations', '2026-04-01T03:00:00.000Z', 200, 1, 1);
"""
_TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "list",
    dict: "object",
}


class Output(NamedTuple):
    """One output: the types that each of its keys is seen to have, the parameters it takes, and formats it lacks."""

    keys: dict[str, set[str]]
    parameters: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


def every_output() -> dict[str, Output]:
    """Every output by its name, in an order that a reader follows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "jpcite.db"
        _run("personalization-example", str(path))
        with closing(sqlite3.connect(path)) as db:
            db.executescript(_PREPARED)
        for file, line in _FILES.items():
            (folder / file).write_text(f"{json.dumps(line)}\n", encoding="utf-8")
        found = dict(_of_commands(folder, path))
        for file in sorted((folder / "digests").glob("*.json*")):
            found[f"file {'HASH.json' if file.suffix == '.json' else file.name}"] = of_values(
                _parsed(file.read_text(encoding="utf-8"))
            )
        found |= dict(_of_questions(path))
        found |= asyncio.run(_of_pages(path))
        found |= dict(_of_rest())
        found |= asyncio.run(_of_tools(path))
    return found


def _run(*arguments: str, stdin: str | None = None) -> Any:
    return CliRunner().invoke(cli, [str(one) for one in arguments], input=stdin)


def _of_commands(folder: Path, path: Path) -> Iterable[tuple[str, Output]]:
    for name, (arguments, forms) in COMMANDS.items():
        found, headers, lacks = [], [], []
        words = name.split()
        head = [f"personalization-{words[0]}", *words[1:2][: words[0] in ("profile", "model")]]
        about = [] if words[0] == "model" else [str(path)]
        given = [argument.format(folder=folder) for argument in arguments]
        for form in forms:
            done = _run(*head, *about, *given, form, stdin=_INPUT.get(name))
            if done.exit_code == 2 and "No such option" in done.stderr:
                lacks.append(form)
                done = _run(*head, *about, *given, stdin=_INPUT.get(name))
            if done.exit_code not in (0, 1, 2) or not _is_exit(done.exception):
                raise AssertionError(f"{name} {form}: {done.exception!r}\n{done.output}")
            if form == "--csv":
                headers += next(csv.reader(io.StringIO(done.stdout)), [])
            else:
                found += _parsed(done.stdout)
        output = of_values(found)
        for key in headers:
            output.keys.setdefault(key, set())
        yield name, output._replace(lacks=tuple(lacks))


def _is_exit(error: BaseException | None) -> bool:
    return error is None or isinstance(error, SystemExit)


def _parsed(text: str) -> list[Any]:
    """The JSON in what was printed: one value, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        lines = []
        for line in text.splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                # A sentence for a person, or a checkpoint.
                continue
        return lines


def of_values(values: Iterable[Any]) -> Output:
    """The keys of these values, at every depth."""
    keys: dict[str, set[str]] = defaultdict(set)
    for value in values:
        _collect(value, keys)
    return Output(dict(keys))


def _collect(value: Any, keys: dict[str, set[str]], levels: int = 0) -> None:
    """levels is how many levels of objects are still keyed by data."""
    if isinstance(value, list):
        for one in value:
            _collect(one, keys, levels)
    elif isinstance(value, dict):
        for key, one in value.items():
            if levels:
                _collect(one, keys, levels - 1)
            elif key == "declared" and isinstance(one, dict):
                keys[key].add("object")
                for inner in one:
                    keys[f"{key}.{inner}"] = set()
            else:
                keys[key].add(_TYPES.get(type(one), "null"))
                if key == "by_type" and not _is_by_type(one):
                    keys[key].add("of another shape")
                _collect(one, keys, levels_of(key))


def _is_by_type(value: Any) -> bool:
    """Whether it is a number for each of the four types."""
    return (
        isinstance(value, dict)
        and value.keys() == set(TYPES)
        and all(type(number) is int for number in value.values())
    )


def levels_of(key: str) -> int:
    """How many levels of the objects under key are keyed by data."""
    return int(WORDS["words"].get(key, {}).get("levels", 0))


def _of_questions(path: Path) -> Iterable[tuple[str, Output]]:
    with closing(sqlite3.connect(path)) as db:
        for question in questions():
            given = {parameter.name: "" for parameter in question.parameters}
            cursor = db.execute(question.sql, given)
            row = cursor.fetchone()
            keys = {
                column[0]: {_TYPES.get(type(row[at]), "null")} if row else set()
                for at, column in enumerate(cursor.description)
            }
            parameters = tuple(parameter.name for parameter in question.parameters)
            yield f"question {question.name}", Output(keys, parameters)


async def _of_pages(path: Path) -> dict[str, Output]:
    found = {
        f"page {name}": of_values(said)._replace(parameters=tuple(parameters))
        for name, (said, parameters) in (await page_outputs.answers(path, _run)).items()
    }
    from viewer_fixtures import close_served, serve

    datasette = await serve(path)
    wrong = ("/-/personalization/replay/0.json", "/-/personalization/nights.json?size=x")
    refused = [(await datasette.client.get(url)).json() for url in wrong]
    close_served()
    return found | {"page that cannot be shown": of_values(refused)}


def _of_rest() -> Iterable[tuple[str, Output]]:
    from sqlite_utils_personalization.viewer.rest.routes import document

    root = document("/")
    for path, methods in root["paths"].items():
        for method, operation in methods.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            given = [_resolved(one, root) for one in operation.get("parameters", ())]
            names = [one["name"] for one in given if one["in"] in ("query", "path")]
            keys: dict[str, set[str]] = defaultdict(set)
            for status, response in operation["responses"].items():
                if status.startswith("2") and not path.endswith("openapi.json"):
                    _of_content(_resolved(response, root), root, keys)
            body = _resolved(operation.get("requestBody", {}), root)
            sent: dict[str, set[str]] = defaultdict(set)
            _of_content(body, root, sent)
            yield f"REST {method.upper()} {path}", Output(dict(keys), (*names, *sent))
    problem: dict[str, set[str]] = defaultdict(set)
    _of_schema(root["components"]["schemas"]["Problem"], root, problem)
    yield "REST problem", Output(dict(problem))


def _resolved(part: Any, root: Any) -> Any:
    while isinstance(part, dict) and "$ref" in part:
        found = root
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def _of_content(part: Any, root: Any, keys: dict[str, set[str]]) -> None:
    for content in part.get("content", {}).values():
        _of_schema(content.get("schema", {}), root, keys)


def _of_schema(part: Any, root: Any, keys: dict[str, set[str]], levels: int = 0) -> None:
    part = _resolved(part, root)
    for key, one in part.get("properties", {}).items():
        if not levels:
            keys[key] |= _types_of(one, root)
            if key == "declared":
                _of_declared(one, root, keys)
        _of_schema(one, root, keys, levels - 1 if levels else levels_of(key))
    if isinstance(part.get("additionalProperties"), dict):
        _of_schema(part["additionalProperties"], root, keys, max(levels - 1, 0))
    if isinstance(part.get("items"), dict):
        _of_schema(part["items"], root, keys, levels)
    for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for one in part.get(name, ()):
            _of_schema(one, root, keys, levels)


def _of_declared(part: Any, root: Any, keys: dict[str, set[str]]) -> None:
    part = _resolved(part, root)
    for one in (part, *part.get("anyOf", ()), *part.get("oneOf", ())):
        for inner in _resolved(one, root).get("properties", {}):
            keys[f"declared.{inner}"] = set()


def _types_of(part: Any, root: Any) -> set[str]:
    part = _resolved(part, root)
    found = part.get("type", ())
    types = {found} if isinstance(found, str) else set(found)
    for name in ("anyOf", "oneOf", "allOf"):
        for one in part.get(name, ()):
            types |= _types_of(one, root)
    for value in (*part.get("enum", ()), *([part["const"]] if "const" in part else ())):
        types.add(_TYPES.get(type(value), "null"))
    return {"list" if one == "array" else one for one in types}


async def _of_tools(path: Path) -> dict[str, Output]:
    from mcp.client import Client

    from sqlite_utils_personalization.mcp_server.stdio import server

    found = {}
    async with Client(server(path, CUSTOMER)) as client:
        for tool in (await client.list_tools()).tools:
            keys: dict[str, set[str]] = defaultdict(set)
            _of_schema(tool.output_schema, tool.output_schema, keys)
            taken: dict[str, set[str]] = defaultdict(set)
            _of_schema(tool.input_schema, tool.input_schema, taken)
            found[f"tool {tool.name}"] = Output(dict(keys), tuple(taken))
    return found


def words_tables() -> str:
    """A Markdown table of the words of each section, of the parameters, and of the exceptions."""
    sections: dict[str, list[str]] = defaultdict(list)
    for word, said in WORDS["words"].items():
        types = " or ".join(one for one in said.get("types", ["anything"]) if one != "null")
        null = ", or null" if "null" in said.get("types", ()) else ""
        sections[said["section"]].append(f"| `{word}` | {types}{null} | {said['means']} |")
    lines = []
    for section, rows in sections.items():
        title = section[0].upper() + section[1:]
        lines += [f"### {title}", "", "| key | type | means |", "|---|---|---|", *rows, ""]
    lines += ["### Parameters", "", "| parameter | means |", "|---|---|"]
    lines += [f"| `{word}` | {said['means']} |" for word, said in WORDS["parameters"].items()]
    lines += ["", "### Exceptions", "", "| where | keys | why |", "|---|---|---|"]
    lines += [f"| {one['where']} | {one['keys']} | {one['why']} |" for one in WORDS["exceptions"]]
    return "\n".join(lines) + "\n"


def outputs_table() -> str:
    """A Markdown table of every output: its parameters and its keys."""
    lines = ["| output | parameters | keys |", "|---|---|---|"]
    for name, output in every_output().items():
        # What it prints is no JSON.
        if not output.keys:
            continue
        keys = ", ".join(f"`{key}`" for key in output.keys if "." not in key)
        parameters = ", ".join(f"`{one}`" for one in output.parameters)
        lines.append(f"| {name} | {parameters} | {keys} |")
    return "\n".join(lines) + "\n"
