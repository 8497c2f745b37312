"""No personal data, one identifier, no model of any vendor, no network: over every table and every source file."""

import ast
import configparser
import re
import sqlite3
import sys
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sqlite_utils_personalization"
SOURCES = sorted(PACKAGE.rglob("*.py"))

PERSONAL = (
    "email",
    "mail_addr",
    "ip_addr",
    "houjin_bangou",
    "corporate_number",
    "user_name",
    "full_name",
    "phone",
)

LLM_SDKS = {
    "ai21",
    "aleph_alpha_client",
    "anthropic",
    "autogen",
    "bedrock",
    "cohere",
    "crewai",
    "ctransformers",
    "dashscope",
    "dspy",
    "fireworks",
    "genai",
    "generativeai",
    "google",
    "gpt4all",
    "groq",
    "guidance",
    "haystack",
    "huggingface_hub",
    "instructor",
    "langchain",
    "langchain_core",
    "langgraph",
    "litellm",
    "llama_cpp",
    "llama_index",
    "llm",
    "mistralai",
    "ollama",
    "openai",
    "pydantic_ai",
    "qianfan",
    "replicate",
    "semantic_kernel",
    "sentence_transformers",
    "tiktoken",
    "together",
    "torch",
    "transformers",
    "vertexai",
    "vllm",
    "xai_sdk",
    "zhipuai",
}
NETWORK = {
    "aiohttp",
    "ftplib",
    "http",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "urllib3",
    "websockets",
}

# The runtime dependencies of the core, and what the extra [viewer] brings.
CORE = {"click", "jsonschema", "sqlite_utils", "sqlite_utils_personalization"}
VIEWER = {"datasette", "jinja2", "markupsafe", "yaml"}


@pytest.fixture
def columns(db_path):
    """(table or view, column) of everything of ours."""
    with closing(sqlite3.connect(db_path)) as conn:
        return conn.execute(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c"
            " WHERE m.type IN ('table', 'view') AND m.name GLOB '*personalization*'"
        ).fetchall()


def test_no_column_of_ours_holds_personal_data(columns):
    assert len(columns) > 90
    found = [
        column for column in columns if any(pattern in column[1].lower() for pattern in PERSONAL)
    ]
    assert found == []


def test_the_token_hash_is_the_only_identifier(columns):
    identifying = re.compile(
        "user|customer|account|person|token|key|secret|address|birth|tel|name|owner|client"
    )
    found = {column for column in columns if identifying.search(column[1].lower())}
    assert found == {
        ("am_personalization_profile", "user_token_hash"),
        # of the same customer: other hashes, until they are erased
        ("am_personalization_other_hash", "key_hash"),
        ("v_personalization_recent_recs", "user_token_hash"),
        ("v_personalization_replay", "user_token_hash"),
        # a digest of all customers at once
        ("am_personalization_run", "customers_sha256"),
        # follows from the number of a recommendation, not from an API key
        ("am_personalization_delivery", "delivery_key"),
        ("am_personalization_delivery", "charge_key"),
        ("am_personalization_reconciled", "delivery_key"),
        # random, and its customer's only until they are erased
        ("am_personalization_billing_key", "billing_key"),
        # of a programme
        ("am_personalization_candidate", "family_name"),
    }


def imported(source):
    """Every module a source file imports, in full, by statement or by the name it passes to an import function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            yield from (each.value for each in node.args if isinstance(each, ast.Constant))


def forbidden(source):
    return {name for name in imported(source) if {*name.split(".")} & (LLM_SDKS | NETWORK)}


@pytest.mark.parametrize(
    ("source", "expected"),
    (
        ("import openai", {"openai"}),
        ("import os, anthropic as a", {"anthropic"}),
        ("from anthropic import Anthropic", {"anthropic.Anthropic"}),
        ("from google import genai", {"google.genai"}),
        ("def f():\n    from langchain.llms import X", {"langchain.llms.X"}),
        ("import importlib\nimportlib.import_module('openai')", {"openai"}),
        ("__import__('litellm')", {"litellm"}),
        ("import urllib.request, http.client", {"http.client"}),
        ("import sqlite3\nfrom sqlite_utils import Database", set()),
    ),
)
def test_the_search_for_imports_finds_them(source, expected):
    assert forbidden(source) == expected


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_llm_and_no_network_is_imported(path):
    assert forbidden(path.read_text(encoding="utf-8")) == set()


def optional():
    """What the extras of one purpose each bring, by the names in setup.cfg."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = {**setup["options.extras_require"]}
    del extras["viewer"], extras["test"]
    return {re.split(r"\W", line)[0] for lines in extras.values() for line in lines.split()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_declared_dependencies_are_imported(path):
    found = {name.split(".")[0] for name in imported(path.read_text(encoding="utf-8"))}
    in_datasette = path.relative_to(PACKAGE).parts[0] == "viewer"
    allowed = CORE | (VIEWER if in_datasette else optional())
    assert found - sys.stdlib_module_names - allowed == set()


# In pieces, so that this file does not contain what it looks for.
RETIRED_BRANDS = ("税務会計" + "AI", "zeimu-" + "kaikei.ai", "Zeimu" + "Kaikei")
NOT_OURS = {".git", ".venv", "venv", "build", "dist", "__pycache__", ".hypothesis"}
NOT_OURS |= {".pytest_cache", ".mypy_cache", ".ruff_cache"}


def folded(text):
    return unicodedata.normalize("NFKC", text).casefold()


def branded(text):
    return [brand for brand in RETIRED_BRANDS if folded(brand) in folded(text)]


@pytest.mark.parametrize("brand", RETIRED_BRANDS)
def test_the_search_for_brands_finds_any_spelling(brand):
    wide = "".join(
        chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in brand
    )
    for spelling in (brand, brand.upper(), brand.lower(), wide, f"x{brand}x"):
        assert branded(spelling) == [brand]


def ours(folder):
    """Every file of the project; what other tests make and remove meanwhile is not looked at."""
    for path in folder.iterdir():
        if path.name not in NOT_OURS:
            yield from ours(path) if path.is_dir() else [path]


def test_no_retired_brand_name_is_left_in_the_project():
    files = [path for path in ours(ROOT) if path.is_file()]
    assert PACKAGE / "__init__.py" in files
    found = {
        str(path.relative_to(ROOT)): branded(
            f"{path.relative_to(ROOT)}\n{path.read_bytes().decode(errors='replace')}"
        )
        for path in files
    }
    assert {name: brands for name, brands in found.items() if brands} == {}
