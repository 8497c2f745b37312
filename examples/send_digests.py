"""Send each customer what is new of a night, and record what was: python send_digests.py jpcite.db FOLDER [NIGHT]"""

import json
import sys
from datetime import datetime, timezone
from pathlib import Path

from sqlite_utils_personalization import record_digests, write_digests


def send(user_token_hash, subject, text):
    """Your mailer, which knows the address that belongs to the hash; whether it took the mail."""
    return True


def results(folder):
    """What became of each digest."""
    for line in (folder / "digests.jsonl").read_text(encoding="utf-8").splitlines():
        digest = json.loads(line)
        user, text = digest["user_token_hash"], folder / f"{digest['user_token_hash']}.txt"
        sent = send(user, digest["subject"], text.read_text(encoding="utf-8"))
        yield {"user_token_hash": user, "sent": sent, "sent_at": datetime.now(timezone.utc)}


if __name__ == "__main__":
    path, folder, night = [*sys.argv[1:], "latest"][:3]
    print(json.dumps(write_digests(path, folder, night=night)))
    print(json.dumps(record_digests(path, folder, results(Path(folder)))))
