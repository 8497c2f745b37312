"""personalization-profile export: everything held on one customer."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

from sqlite_utils_personalization.commands.command import Command
from sqlite_utils_personalization.commands.key import user_hash
from sqlite_utils_personalization.commands.output import print_text
from sqlite_utils_personalization.commands.profile.shared import (
    opened,
    path_argument,
    user_hash_option,
)


@click.command(name="export", cls=Command)
@path_argument
@user_hash_option
def export(path: str, given_hash: str | None) -> None:
    """
    Print everything we hold on a customer, as JSON

    Example:

    \b
        sqlite-utils personalization-profile export jpcite.db < key.txt > export.json

    The profile, every recommendation with its reason, nights without one, deliveries, rotated keys. What other programs
    hold is not in it. The file is only read.
    """
    from sqlite_utils_personalization.audit.export import export as held

    customer = user_hash(given_hash)
    with opened(path) as db:
        before = "{"
        for key, value in held(db, customer):
            print_text(f"{before}{json.dumps(key)}: ", end="")
            _print(value)
            before = ",\n "
        print_text("}")


def _print(value: Any) -> None:
    if not isinstance(value, Iterator):
        print_text(json.dumps(value, ensure_ascii=False), end="")
        return
    print_text(f"[{_first(value)}", end="")
    for each in value:
        print_text(f",\n  {json.dumps(each, ensure_ascii=False)}", end="")
    print_text("]", end="")


def _first(values: Iterable[Any]) -> str:
    for each in values:
        return json.dumps(each, ensure_ascii=False)
    return ""
