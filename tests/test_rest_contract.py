"""The OpenAPI document says what the routes do; .ci/hold-to-contract tries on a server whether they do it."""

import json
import re

import pytest
from jsonschema import Draft202012Validator

pytest.importorskip("datasette")

from rest_fixtures import (
    CONTRACT,
    FEEDBACK,
    PROFILE,
    RECOMMENDATIONS,
    STRANGE,
    api_database,
    ask,
    open_api,
)

from sqlite_utils_personalization import __version__
from sqlite_utils_personalization.formula.declared import preference_schema
from sqlite_utils_personalization.model.kinds import FEEDBACK as WORDS
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.viewer.rest.feedback import FIELDS
from sqlite_utils_personalization.viewer.rest.problem import TITLES
from sqlite_utils_personalization.viewer.rest.recommendations import PARAMETERS
from sqlite_utils_personalization.viewer.rest.routes import document

ONE = "example-key-1"
pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return api_database(tmp_path_factory.mktemp("contract") / "jpcite.db")


def schema(name):
    """A validator of one component of the document."""
    told = document("/")
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": told["components"]}
    )


@pytest.mark.asyncio
async def test_anyone_may_read_the_contract(path):
    datasette = await open_api(path)
    told = (await ask(datasette, "GET", CONTRACT)).json()

    assert (told["openapi"], told["info"]["version"]) == ("3.1.0", __version__)
    assert told == document("/")


def test_every_reference_leads_somewhere():
    told = document("/")
    for reference in re.findall(r'"#/([^"]+)"', json.dumps(told)):
        found = told
        for part in reference.split("/"):
            found = found[part]


def test_a_preference_is_what_the_packaged_schema_says_and_a_pack_one_of_the_model():
    told = document("/")["components"]["schemas"]["Preference"]
    packs = told["properties"]["industry_pack"].pop("enum")

    assert told == preference_schema()
    assert set(packs) == {*"ABCDEFGHIJKLMNOPQRST", *load_model().constants["packs"]}


def test_every_status_that_is_given_is_described():
    told = document("/")
    described = {
        int(status)
        for methods in told["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
    }

    assert described == {200, 201, 304, *TITLES}


def test_every_parameter_that_is_taken_is_described():
    told = document("/")
    named = told["paths"][RECOMMENDATIONS]["get"]["parameters"]
    described = [told["components"]["parameters"][one["$ref"].rsplit("/")[-1]] for one in named]
    in_query = tuple(one["name"] for one in described if one["in"] == "query")

    assert in_query == PARAMETERS


def test_what_may_be_said_of_an_item_is_what_the_table_takes():
    schemas = document("/")["components"]["schemas"]

    assert schemas["Word"]["enum"] == [*WORDS]
    assert schemas["GivenFeedback"]["required"] == [*FIELDS]
    assert schemas["GivenFeedback"]["properties"].keys() == {*FIELDS}


@pytest.mark.asyncio
async def test_answers_are_what_their_schemas_say(path):
    datasette = await open_api(path)
    (item,) = (await ask(datasette, "GET", f"{RECOMMENDATIONS}?size=1", ONE)).json()[
        "recommendations"
    ]
    for name, asked in {
        "Profile": ("GET", PROFILE, ONE),
        "Page": ("GET", RECOMMENDATIONS, ONE),
        "Explanation": ("GET", item["replay"], ONE),
        "FeedbackList": ("GET", FEEDBACK, ONE),
        "Problem": ("GET", PROFILE, STRANGE),
    }.items():
        answer = (await ask(datasette, *asked)).json()
        assert list(schema(name).iter_errors(answer)) == []
    assert list(schema("Delivered").iter_errors(item)) == []
