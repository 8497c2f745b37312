"""What a change of the model does for customers: a sentence for each constant that differs."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlite_utils_personalization.formula.constants import constants_of, rule_path, spoken
from sqlite_utils_personalization.formula.sentences import industries, level_name
from sqlite_utils_personalization.language import N_, message_of, pgettext
from sqlite_utils_personalization.language import gettext as _
from sqlite_utils_personalization.model.model import path_text


class Effect(NamedTuple):
    """What it does where a constant becomes more, or another; less; where it is new; and where it is no longer."""

    more: str
    less: str
    begins: str = ""
    ends: str = ""


class ChangedConstant(NamedTuple):
    """A constant that differs between two models: where it stands, and its values; None where one has it not."""

    parts: tuple[str, ...]
    before: Any
    after: Any

    @property
    def path(self) -> str:
        return path_text(self.parts)

    @property
    def sentence(self) -> str:
        """What the change does for customers."""
        rule = rule_path(self.parts)
        if rule in _OF_LISTS:
            return _of_list(rule, self.before, self.after)
        values = {"before": self.before, "after": self.after}
        if self.parts[0] == "tiers":
            values = {name: level_name(value) for name, value in values.items()}
        elif self.parts[0] in ("packs", "keywords"):
            values = {name: industries(value or "") for name, value in values.items()}
        message = _chosen(rule, self.before, self.after)
        return message_of(message).format(**values, name=spoken(self.parts))


# Of these 0 is as good as nothing.
_OFF_AT_ZERO = {"caps.*", "lead_days.*", "repeat_days"}

EFFECTS = {
    "weights.*": Effect(
        N_("the {name} counts more: at most {after} points instead of {before}"),
        N_("the {name} counts less: at most {after} points instead of {before}"),
    ),
    "caps.*": Effect(
        N_(
            "{name} may score up to {after} instead of {before}: what had more points than that no longer scores alike"
        ),
        N_(
            "{name} score at most {after} instead of {before}: what has more points than that scores alike"
        ),
        N_("{name} are recommended again, with a score of at most {after}"),
        N_("{name} are no longer recommended to anybody: a score of 0 is not logged"),
    ),
    "lead_days.*": Effect(
        N_(
            "{name} must be open for {after} more days instead of {before}: customers no longer see what closes sooner"
        ),
        N_(
            "{name} must be open for {after} more days instead of {before}: customers also see what closes sooner"
        ),
        N_("{name} must be open for {after} more days: customers no longer see what closes sooner"),
        N_("{name} are recommended up to the day they close"),
    ),
    "date_points.rolling": Effect(
        N_(
            "programs that take applications at any time get {after} points for the deadline instead of"
            " {before}, and move up"
        ),
        N_(
            "programs that take applications at any time get {after} points for the deadline instead of"
            " {before}, and move down"
        ),
        N_(
            "programs that take applications at any time get {after} points for the deadline, whatever the horizon"
        ),
        N_(
            "programs that take applications at any time get the full points for the deadline from customers of a short"
            " horizon, and none from others"
        ),
    ),
    "date_points.unknown": Effect(
        N_(
            "programs of which nobody knows the closing date get {after} points for the deadline instead of"
            " {before}, and"
            " move up"
        ),
        N_(
            "programs of which nobody knows the closing date get {after} points for the deadline instead of"
            " {before}, and"
            " move down"
        ),
        N_(
            "programs of which nobody knows the closing date get {after} points for the deadline, whatever the horizon"
        ),
        N_(
            "programs of which nobody knows the closing date get the full points for the deadline from customers of a"
            " short horizon, and none from others"
        ),
    ),
    "rank_band": Effect(
        N_(
            "{after} instead of {before} points count as equal: items of a customer's own prefecture come before"
            " stronger"
            " ones from everywhere more often"
        ),
        N_(
            "{after} instead of {before} points count as equal: items of a customer's own prefecture come before"
            " stronger"
            " ones from everywhere less often"
        ),
        N_(
            "{after} points count as equal: within them items of a customer's own prefecture come first"
        ),
        N_(
            "lists are in the order of the points alone: items of a customer's own prefecture no longer come first"
        ),
    ),
    "places_per_family": Effect(
        "",
        "",
        N_(
            "rounds, frames and years of one programme share a place: customers see more different programmes"
        ),
        N_(
            "rounds, frames and years of one programme take a place each: one programme may fill a list"
        ),
    ),
    "depth": Effect(
        N_(
            "lists of customers who are spared repeats reach {after} places instead of {before}: they run out later"
        ),
        N_(
            "lists of customers who are spared repeats reach {after} places instead of {before}: they run out sooner"
        ),
        N_(
            "lists of customers who are spared repeats reach {after} places, so that others take the place of"
            " what is left out"
        ),
        N_("lists reach no further than the places that are shown"),
    ),
    "repeat_days": Effect(
        N_(
            "what was handed over is not recommended again for {after} days instead of {before}: customers see"
            " fewer repeats"
        ),
        N_(
            "what was handed over is not recommended again for {after} days instead of {before}: customers see"
            " more repeats"
        ),
        N_("what was handed over is not recommended again for {after} days"),
        N_("what was handed over may be recommended again the next night"),
    ),
    "urgent_days": Effect(
        N_(
            "customers with a horizon of up to {after} days instead of {before} give what does not close the"
            " full points"
            " for the deadline: it moves up for more of them"
        ),
        N_(
            "customers with a horizon of up to {after} days instead of {before} give what does not close the"
            " full points"
            " for the deadline: it moves down for some of them"
        ),
    ),
    "any_from": Effect(
        N_(
            "an item is open to any industry from {after} industries on instead of {before}: fewer items are for"
            " everybody"
        ),
        N_(
            "an item is open to any industry from {after} industries on instead of {before}: more items are for"
            " everybody"
        ),
    ),
    "amendment_days": Effect(
        N_(
            "changes of programs are recommended for {after} days instead of {before}: customers also see older ones"
        ),
        N_(
            "changes of programs are recommended for {after} days instead of {before}: customers no longer see"
            " older ones"
        ),
    ),
    "amendments.changes_named": Effect(
        N_("titles of amendments name up to {after} changes instead of {before}: they are longer"),
        N_("titles of amendments name up to {after} changes instead of {before}: they are shorter"),
        N_("titles of amendments name up to {after} changes, and count the others"),
        N_("titles of amendments name one field"),
    ),
    "amendments.name_length": Effect(
        N_(
            "names of programs in titles of amendments are cut after {after} characters, not {before}"
        ),
        N_(
            "names of programs in titles of amendments are cut after {after} characters, not {before}"
        ),
        N_("names of programs in titles of amendments are cut after {after} characters"),
        N_("names of programs in titles of amendments are not cut"),
    ),
    "amendments.value_length": Effect(
        N_("values in titles of amendments are cut after {after} characters, not {before}"),
        N_("values in titles of amendments are cut after {after} characters, not {before}"),
        N_("values in titles of amendments are cut after {after} characters"),
        N_("titles of amendments tell no values"),
    ),
    "tiers.*": Effect(
        N_(
            "programs of tier {name} are of {after} instead of {before} risk: they move up for customers who"
            " declared that,"
            " and down for others"
        ),
        "",
        N_(
            "programs of tier {name} are of {after} risk: they move down for customers who declared another tolerance"
        ),
        N_(
            "nothing is known of the risk of programs of tier {name}: they get all points for it, but none where"
            " a customer"
            " declared high"
        ),
    ),
    "packs.*": Effect(
        N_(
            "{name} stands for {after} instead of {before}: customers who declared it are recommended other items"
        ),
        "",
        N_("customers may declare {name}, which stands for {after}"),
        N_(
            "customers who declared {name} are recommended only what is open to any industry, or of an unknown one"
        ),
    ),
    "keywords.*": Effect(
        N_(
            "items that state no industry and have {name} in their title are for {after} instead of {before}"
        ),
        "",
        N_(
            "items that state no industry and have {name} in their title are for {after}: customers of other"
            " industries no"
            " longer see them"
        ),
        N_(
            "items that state no industry and have {name} in their title are of an unknown one: customers of every"
            " industry see them"
        ),
    ),
}

_OF_LISTS = {
    "rolling_words": Effect(
        N_(
            "programs without a closing date and with {words} in their title now count as open at any time"
        ),
        N_(
            "programs without a closing date and with {words} in their title no longer count as open at any time"
        ),
        N_("no title says that a program takes applications at any time"),
        N_("no program is asked whether it takes applications at any time"),
    ),
    "amendments.fields": Effect(
        N_("customers also see changes of {words}"),
        N_("customers no longer see changes of {words}"),
        N_("customers see one amendment per program, with what changed of {words}"),
        N_("customers see every change of any field as an amendment of its own"),
    ),
}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ChangedConstant]:
    """What differs between two valid models, in the order of the later one, and then what it has no longer."""
    old, new = ({one.parts: one.value for one in constants_of(model)} for model in (before, after))
    for parts in {**new, **old}:
        if old.get(parts) != new.get(parts):
            yield ChangedConstant(parts, old.get(parts), new.get(parts))


def _chosen(rule: str, before: Any, after: Any) -> str:
    effect = EFFECTS[rule]
    is_off = {None, 0} if rule in _OFF_AT_ZERO else {None}
    if effect.begins and before in is_off:
        # From nothing to 0 is none of a change.
        return effect.ends if after in is_off else effect.begins
    if effect.ends and after in is_off:
        return effect.ends
    return effect.less if effect.less and after < before else effect.more


def _of_list(rule: str, before: list[str] | None, after: list[str] | None) -> str:
    effect = _OF_LISTS[rule]
    came = [one for one in after or () if one not in (before or ())]
    went = [one for one in before or () if one not in (after or ())]
    if after is None:
        return message_of(effect.ends)
    if before is None and (rule == "amendments.fields" or not after):
        return message_of(effect.begins).format(words=_words(after))
    said = [
        message_of(message).format(words=_words(words))
        for message, words in ((effect.more, came), (effect.less, went))
        if words
    ]
    if not said:
        return (
            _("titles of amendments name what changed in another order")
            if rule == "amendments.fields"
            else _("the order of the words is another: nothing changes for customers")
        )
    return pgettext("sentences", "; ").join(said)


def _words(words: list[str]) -> str:
    return pgettext("list", ", ").join(words)
