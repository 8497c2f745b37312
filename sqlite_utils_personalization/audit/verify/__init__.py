"""One file per part of the evidence that verification derives again. Each yields findings and changes nothing."""

from typing import NamedTuple

# Every class of fault verification can name, and what each means.
KINDS = {
    "schema": "a guard, view or table is missing or is not the packaged one, or a stranger's trigger is there",
    "reference": "a row refers to one that is not there",
    "log": "a log row is missing, or is not what its evidence says",
    "evidence": "a range of evidence leads nowhere, overlaps another or has the wrong length",
    "decision": "a stored decision is not the one that the stored inputs lead to",
    "candidate": "an item is not the one its digest was taken of",
    "model": "a model is not the one its digest was taken of",
    "completeness": "the customers, candidates or counts of a run are not those it was frozen with",
    "seal": "a seal is missing, or what it covers has changed",
    "event": "a delivery, an erasure or a rotated key is not the one that was sealed, or refers to nothing",
    "tree": "a seal is not the one that the tree over the seals holds in its place",
    "head": "a head that was kept outside is not one of this tree, or not signed by whom it must be",
}


class Finding(NamedTuple):
    """One fault: its kind, a key of KINDS; the run and the log row it concerns, where there is one; a sentence."""

    kind: str
    run_id: int | None
    rec_id: int | None
    message: str
