"""A customer asks a web backend for all that is held on them, and then to be forgotten.

python examples/export_and_erase.py
"""

import json
import os

from sqlite_utils_personalization import KeyHashing, erase, export_customer


def demand(database, key, export_path):
    """Write the export, which only its owner may read, then erase; returns what is left to do elsewhere."""
    customer = KeyHashing().hash(key)
    private = os.open(export_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(private, "w", encoding="utf-8") as file:
        file.writelines(export_customer(database, customer.user_token_hash))
    done = erase(database, customer.user_token_hash, known_as=customer.known_as)
    held = {f"{one['table']}.{one['column']}": one["rowids"] for one in done["held_by_others"]}
    return {"erased_at": done["erased_at"], "held_by_others": held, "todo": done["todo"]}


if __name__ == "__main__":
    # The key comes with the request; here it is one of the example.
    print(json.dumps(demand("jpcite.db", b"example-key-2", "export.json"), indent=2))
