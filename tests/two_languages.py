"""Two answers to the same request, in English and in Japanese, held against each other."""

import re

# What of an answer is a sentence, or a list of them.
SENTENCES = {
    "sentence",
    "reasons",
    "takes_effect",
    "error",
    "todo",
    "notice",
    "reason",
    "meaning",
    "warnings",
    "faults",
}
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
ENGLISH = re.compile("[a-z]{2,} [a-z]{2,} [a-z]{2,}")


def leaves(value, path=()):
    """Every value that is no list and no object, by where it is."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, (*path, name))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from leaves(one, (*path, at))
    else:
        yield path, value


def name_of(path):
    return next(name for name in reversed(path) if isinstance(name, str))


def said(english, japanese, more=()):
    """The sentences that differ, in Japanese; all else is the same, but for moments."""
    first, second = dict(leaves(english)), dict(leaves(japanese))
    assert [*first] == [*second]
    different = [path for path in first if first[path] != second[path]]
    found = {}
    for path in different:
        name = name_of(path)
        if not name.endswith("_at"):
            assert name in {*SENTENCES, *more}, (path, first[path], second[path])
            found[path] = second[path]
    for sentence in found.values():
        assert JAPANESE.search(sentence), sentence
        assert not ENGLISH.search(sentence), sentence
    return [*found.values()]
