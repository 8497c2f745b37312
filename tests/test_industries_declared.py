"""Industries as other programs write them: what is certain is read, the rest is counted, by one rule everywhere."""

import json
import sqlite3
from contextlib import closing

import pytest
from sqlite_utils.cli import cli

from sqlite_utils_personalization import score
from sqlite_utils_personalization.errors import InvalidPreference
from sqlite_utils_personalization.example import AS_OF, build
from sqlite_utils_personalization.formula.declared import read_preference
from sqlite_utils_personalization.model.model import load_model
from sqlite_utils_personalization.preferences.import_profiles import check_profiles
from sqlite_utils_personalization.preferences.validation import validate

PACKS = load_model().constants["packs"]
READ = {
    "D": "D",
    "d": "D",
    "Ｄ": "D",
    "ｄ": "D",
    " D ": "D",
    "建設業": "D",
    "農業、林業": "A",
    "漁業": "B",
    "06": "D",
    "０９": "E",
    "99": "T",
    "D,E": "DE",
    "e、d": "DE",
    "建設業, 製造業": "DE",
    "pack_construction": "D",
}
NOT_READ = (
    *(
        "construction",
        "建設",
        "6",
        "062",
        "00",
        "100",
        "U",
        "DE",
        "D,x",
        "none",
        "any",
        "-",
        ",",
        "製造",
    ),
)


@pytest.mark.parametrize("pack", READ)
def test_what_is_certain_is_read_by_night_check_and_doors(pack):
    text = json.dumps({"industry_pack": pack})
    assert read_preference(text, PACKS).industries == READ[pack]
    stored = validate({"industry_pack": pack}, PACKS)
    assert read_preference(json.dumps(stored), PACKS).industries == READ[pack]


@pytest.mark.parametrize("pack", NOT_READ)
def test_what_is_not_certain_is_no_industry_and_refused_at_the_door(pack):
    assert read_preference(json.dumps({"industry_pack": pack}), PACKS).industries == "none"
    with pytest.raises(InvalidPreference):
        validate({"industry_pack": pack}, PACKS)


def test_a_night_counts_what_it_does_not_understand_and_check_finds_the_same(runner, tmp_path):
    path = tmp_path / "jpcite.db"
    build(path)
    given = ("construction", "industry_packs", "Industry-Pack", "riskTolerance", "note")
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE am_personalization_profile SET preference_json = '{}'")
        for number, key in enumerate(given, 1):
            declared = {"industry_pack": key} if key == "construction" else {key: "D"}
            db.execute(
                "UPDATE am_personalization_profile SET preference_json = ? WHERE profile_id = ?",
                (json.dumps(declared), number),
            )
        db.commit()

    done = runner.invoke(cli, ["personalization-score", str(path), "--as-of", AS_OF])

    assert json.loads(done.stdout)["unknown_declarations"] == {
        "industry_pack": {"misspelt": 2, "not known": 1},
        "risk_tolerance": {"misspelt": 1},
    }
    assert "not understood: industry_pack misspelt: profile 2, 3" in done.stderr.splitlines()
    assert "not understood: industry_pack not known: profile 1" in done.stderr.splitlines()
    with closing(sqlite3.connect(path)) as db:
        assert {fault.number for fault in check_profiles(db, PACKS)} == {1, 2, 3, 4, 5}
    assert score(path, as_of=AS_OF)["unknown_declarations"] == {}
