"""The settings of the plugin in Datasette's configuration: of the customer's API, and of the pages.

plugins:
  sqlite-utils-personalization:
    customer_api: jpcite
    customer_keys:
      table: api_keys
      column: key_hash
      revoked: revoked_at
      hmac_secret: {$env: JPCITE_KEY_SECRET}
      key_hash: hmac
    customer_requests_per_minute: 120
    envelope: {$file: envelope.json}
    mcp_dotted_names: false
    mcp_lang: ja
    access_log: {file: access.db, reason: false, allow: {id: auditor}}
    verification: verifications.jsonl
    deny_by_default: true

verification and deny_by_default may stand under the plugins of one database as well, as Datasette reads settings,
and are that one's then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils_personalization.customer_api.envelope import Envelope, read_envelope
from sqlite_utils_personalization.customer_api.key_source import KeySource
from sqlite_utils_personalization.errors import PersonalizationError
from sqlite_utils_personalization.language import LANGUAGES
from sqlite_utils_personalization.preferences.customer import KEY_HASHES, KeyHashing, secret_of

PLUGIN = "sqlite-utils-personalization"

REQUESTS_PER_MINUTE = 120
_MOST_REQUESTS = 1_000_000
_KEY_SETTINGS = {"table", "column", "revoked", "hmac_secret", "key_hash"}
# Whether the tools for agents keep their names of before.
DOTTED = "mcp_dotted_names"
# And in which language they speak.
SPOKEN = "mcp_lang"


@dataclass(frozen=True)
class Settings:
    """Which database customers reach, and by which keys; without a key source, by none."""

    database: str
    keys: KeySource | None
    requests_per_minute: int
    envelope: Envelope


def is_open(given: Mapping[str, Any] | None) -> bool:
    """Whether the settings of the plugin open the API at all."""
    return given is not None and "customer_api" in given


def settings(given: Mapping[str, Any]) -> Settings:
    """Read the settings of the plugin, $env and $file resolved. PersonalizationError says which of them cannot be."""
    database, limit = (
        given["customer_api"],
        given.get("customer_requests_per_minute", REQUESTS_PER_MINUTE),
    )
    if not isinstance(database, str) or not database:
        raise PersonalizationError(
            "customer_api is not the name of a database", "write customer_api: jpcite"
        )
    if type(limit) is not int or not 1 <= limit <= _MOST_REQUESTS:
        raise PersonalizationError(
            f"customer_requests_per_minute is not a whole number from 1 to {_MOST_REQUESTS}",
            "give one, or leave it out",
        )
    if not isinstance(given.get(DOTTED, False), bool):
        raise PersonalizationError(f"{DOTTED} is neither true nor false", "leave it out")
    if given.get(SPOKEN) not in (None, *LANGUAGES):
        raise PersonalizationError(
            f"{SPOKEN} is none of {', '.join(LANGUAGES)}", "give one of them, or leave it out"
        )
    keys = given.get("customer_keys")
    source = None if keys is None else _key_source(keys)
    return Settings(database, source, limit, read_envelope(given.get("envelope", {})))


def record_file(given: Mapping[str, Any] | None) -> Path | None:
    """The file that verify --record wrote, None without one. PersonalizationError if the setting is no path."""
    file = (given or {}).get("verification")
    if file is None:
        return None
    if not isinstance(file, str) or not file.strip() or "\0" in file:
        raise PersonalizationError(
            "verification is not the path of a file", "write verification: verifications.jsonl"
        )
    return Path(file)


def refuse_open_secret(given: Mapping[str, Any]) -> None:
    """PersonalizationError if the settings, as written, hold the secret itself: Datasette shows them to anyone."""
    keys = given.get("customer_keys")
    if isinstance(keys, dict) and isinstance(keys.get("hmac_secret"), str):
        raise PersonalizationError(
            "customer_keys: hmac_secret is written out where Datasette shows it",
            "write {$env: NAME} or {$file: PATH}",
        )


def _key_source(keys: Any) -> KeySource:
    if not isinstance(keys, dict) or not {"table", "column"} <= keys.keys() <= _KEY_SETTINGS:
        raise PersonalizationError(
            "customer_keys does not hold table and column, and at most revoked, hmac_secret and key_hash",
            "name where the hashes of the keys are",
        )
    for name, value in keys.items():
        if not isinstance(value, str) or not value.strip():
            what = "is empty or not there" if name == "hmac_secret" else "is not a name"
            raise PersonalizationError(f"customer_keys: {name} {what}", "give it, or leave it out")
    return KeySource(keys["table"], keys["column"], keys.get("revoked"), _hashing(keys))


def _hashing(keys: Mapping[str, str]) -> KeyHashing:
    kind, secret = keys.get("key_hash", "sha256"), keys.get("hmac_secret")
    if kind not in KEY_HASHES:
        raise PersonalizationError(
            f"customer_keys: key_hash is none of {', '.join(KEY_HASHES)}", "give one of them"
        )
    if kind == "hmac" and secret is None:
        raise PersonalizationError(
            "customer_keys: key_hash is hmac, and there is no hmac_secret",
            "write hmac_secret: {$env: NAME} or {$file: PATH}",
        )
    return KeyHashing(kind, None if secret is None else secret_of(secret.encode()))
