"""What a search found besides titles, one sentence with a link for each thing, or that there is none."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from sqlite_utils_personalization.viewer.formats import (
    channel_name,
    day,
    hash_short,
    moment,
    number,
    title,
    type_name,
)
from sqlite_utils_personalization.viewer.formats import count_markup as ngettext
from sqlite_utils_personalization.viewer.formats import markup as _
from sqlite_utils_personalization.viewer.links import Links
from sqlite_utils_personalization.viewer.pages.readings import MOST_DELIVERIES

Row = Mapping[str, Any]


def things(links: Links, kind: str, result: Mapping[str, Any], text: str) -> list[Markup]:
    """A line for each row of the kind, one that says that there is none, and one that leads to more."""
    lines = [_SENTENCES[kind](links, row) for row in result["rows"]]
    if result["next"] is not None:
        url = links.search(q=text, kind=kind, after=result["next"])
        lines.append(_link(url, _("There are more.")))
    if lines:
        return lines
    return [_none(kind)]


def _link(url: str, text: object) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, text)


def _of_customer(links: Links, row: Row) -> Markup:
    text = _("Customer {profile_id}", profile_id=row["profile_id"])
    return _link(links.customer(row["profile_id"]), text)


def _of_run(links: Links, row: Row) -> Markup:
    text = _("run {run_id}", run_id=row["run_id"])
    return _link(links.night(row["run_id"]), text)


def _none(kind: str) -> Markup:
    texts = {
        "night": _("No night of that day was scored."),
        "deliveries": _("No delivery of that day is recorded."),
        "customer": _("No customer has this number."),
        "recommendation": _("No recommendation has this number."),
        "run": _("No run has this number."),
        "seal": _("No seal has this number."),
        "customer_hash": _("No customer's hash begins so."),
        "head": _("No head begins so."),
        "root": _("No root of a night begins so."),
        "model": _("No model of the last 1,000 runs begins so."),
        "delivery": _("No delivery key begins so."),
        "item": _("No item has this id."),
    }
    return texts[kind]


def _night(links: Links, row: Row) -> Markup:
    text = _("Night of {day}", day=day(row["as_of"]))
    link = _link(links.night(row["run_id"]), text)
    if row["again"]:
        return _("{night}, scored again ({again}), run {run_id}", night=link, **row)
    return _("{night}, run {run_id}", night=link, **row)


def _deliveries(links: Links, row: Row) -> Markup:
    many = row["deliveries"]
    url = links.question("deliveries", since=row["day"], until=row["day"])
    if many >= MOST_DELIVERIES:
        text = _("{n} deliveries or more of that day", n=number(many))
    else:
        text = ngettext("{n} delivery of that day", "{n} deliveries of that day", many)
    return _link(url, text)


def _customer(links: Links, row: Row) -> Markup:
    link = _of_customer(links, row)
    if row["erased_at"]:
        return _("{link}, erased {moment}", link=link, moment=moment(row["erased_at"]))
    return _("{link}, hash of the key {hash}", link=link, hash=hash_short(row["customer"]))


def _recommendation(links: Links, row: Row) -> Markup:
    text = _("Recommendation {rec_id}", rec_id=row["rec_id"])
    customer = _("customer {profile_id}", profile_id=row["profile_id"])
    return _(
        "{link}: {type}, score {score}, to {customer}",
        link=_link(links.recommendation(row["rec_id"]), text),
        type=type_name(row["recommendation_type"]),
        score=row["score"],
        customer=_link(links.customer(row["profile_id"]), customer),
    )


def _run(links: Links, row: Row) -> Markup:
    text = _("Run {run_id}", run_id=row["run_id"])
    link = _link(links.night(row["run_id"]), text)
    return _("{link}, the night of {day}", link=link, day=day(row["as_of"]))


def _seal(links: Links, row: Row) -> Markup:
    text = _("Seal {seal_id}", seal_id=row["seal_id"])
    link = _link(links.verification(), text)
    if row["run_id"] is not None:
        return _("{link}, of {night}", link=link, night=_of_run(links, row))
    if row["first_rec_id"] is None:
        return _("{link}, of events", link=link)
    return _("{link}, of the rows {first_rec_id} to {last_rec_id}", link=link, **row)


def _hash_of_customer(links: Links, row: Row) -> Markup:
    link = _of_customer(links, row)
    return _("{link}: the hash of the key is {hash}", link=link, hash=hash_short(row["customer"]))


def _head(links: Links, row: Row) -> Markup:
    text = _("Head of seal {seal_id}", seal_id=row["seal_id"])
    link = _link(links.verification(), text)
    return _("{link}: {hash}", link=link, hash=hash_short(row["tree_root"]))


def _root(links: Links, row: Row) -> Markup:
    text = _("Root under seal {seal_id}", seal_id=row["seal_id"])
    link = _link(links.verification(), text)
    return _("{link}: {hash}", link=link, hash=hash_short(row["root"]))


def _model(links: Links, row: Row) -> Markup:
    return _(
        "Model {hash} of {runs} runs, from {first} to {last}; the newest is {night}",
        hash=hash_short(row["model_sha256"]),
        runs=number(row["runs"]),
        first=day(row["first_as_of"]),
        last=day(row["last_as_of"]),
        night=_of_run(links, row),
    )


def _delivery(links: Links, row: Row) -> Markup:
    text = _("recommendation {rec_id}", rec_id=row["rec_id"])
    return _(
        "Delivery {delivery_id} of {recommendation}: {channel}, {moment}, key {hash}",
        delivery_id=row["delivery_id"],
        recommendation=_link(links.recommendation(row["rec_id"]), text),
        channel=channel_name(row["channel"]),
        moment=moment(row["delivered_at"]),
        hash=hash_short(row["delivery_key"]),
    )


def _item(links: Links, row: Row) -> Markup:
    url = links.item(row["recommendation_type"], row["item_id"])
    return _(
        "{title} ({type} {item_id})",
        title=_link(url, title(row["title"])),
        type=type_name(row["recommendation_type"]),
        item_id=row["item_id"],
    )


_SENTENCES: dict[str, Callable[[Links, Row], Markup]] = {
    "night": _night,
    "deliveries": _deliveries,
    "customer": _customer,
    "recommendation": _recommendation,
    "run": _run,
    "seal": _seal,
    "customer_hash": _hash_of_customer,
    "head": _head,
    "root": _root,
    "model": _model,
    "delivery": _delivery,
    "item": _item,
}
