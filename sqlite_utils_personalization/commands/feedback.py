"""personalization-feedback: what a customer says of items, and what was said so far."""

from typing import TYPE_CHECKING, Any

import click

from sqlite_utils_personalization.commands.base import say
from sqlite_utils_personalization.commands.key import customer, key_hash_options, user_hash
from sqlite_utils_personalization.commands.output import RowsCommand, print_rows
from sqlite_utils_personalization.commands.profile.shared import path_argument, user_hash_option
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.language import message_of
from sqlite_utils_personalization.model.kinds import FEEDBACK, TYPES

if TYPE_CHECKING:
    from sqlite_utils_personalization.api.feedback import NotedFeedback
    from sqlite_utils_personalization.preferences.customer import KeyHashing


@click.command(name="personalization-feedback", cls=RowsCommand)
@path_argument
@click.argument("item_id", required=False)
@click.option("--dismissed", is_flag=True, help="Not for me: skip it until there is news of it")
@click.option("--interested", is_flag=True, help="Its changes come first, if it is a program")
@click.option("--applied", is_flag=True, help="Done: skip it until there is news of it")
@click.option("--withdrawn", is_flag=True, help="Take back what was said of it")
@click.option(
    "--type",
    "recommendation_type",
    type=click.Choice(TYPES),
    default="program",
    show_default=True,
    help="What ITEM_ID is the id of",
)
@user_hash_option
@key_hash_options
@click.pass_context
def feedback(
    ctx: click.Context,
    /,
    path: str,
    item_id: str | None,
    recommendation_type: str,
    given_hash: str | None,
    hashing: "KeyHashing",
    **options: Any,
) -> None:
    """
    Note what a customer says of an item, or list what was said

    Example:

    \b
        sqlite-utils personalization-feedback jpcite.db EX-101 --dismissed < key.txt
        sqlite-utils personalization-feedback jpcite.db --table < key.txt

    It counts from the next night on, and is free. The last word on an item counts; the same again adds nothing.
    Without ITEM_ID it lists the last word on each item, but for what was withdrawn, and the file is only read.
    """
    said = [word for word in FEEDBACK if options.pop(word)]
    _check_usage(item_id, said)
    from sqlite_utils_personalization.api.feedback import SaidOfItem, give_feedback, list_feedback

    if item_id is None:
        found = list_feedback(path, customer(given_hash, hashing))
        rows = [tuple(each.values()) for each in found]
        print_rows(ctx, [*SaidOfItem.__annotations__], rows, **options)
        return
    whole_hash = user_hash(given_hash, hashing)
    done = give_feedback(path, whole_hash, recommendation_type, item_id, *said)
    print_rows(ctx, [*done], [tuple(done.values())], **options)
    _say(done)


def _check_usage(item_id: str | None, said: list[str]) -> None:
    words = ", ".join(f"--{word}" for word in FEEDBACK)
    if item_id is None and said:
        raise click.UsageError(f"--{said[0]} of what? give ITEM_ID")
    if item_id is not None and len(said) != 1:
        raise click.UsageError(f"say one of {words} of ITEM_ID, or leave it out to list")


def _say(done: "NotedFeedback") -> None:
    values = {
        "kind": done["recommendation_type"],
        "item_id": done["item_id"],
        "feedback": message_of(done["feedback"]),
        "moment": done["given_at"],
    }
    if done["outcome"] == "noted":
        say(_("{kind} {item_id} is {feedback}, from the next night on", **values))
    elif done["given_at"]:
        say(_("{kind} {item_id} is {feedback} since {moment}: nothing was added", **values))
    else:
        say(_("nothing was ever said of {kind} {item_id}: nothing was added", **values))
