"""Leaves queries in a running demo, on both surfaces, and their ids where Schemathesis takes what it is to ask for.

An id of a query cannot be guessed. So that not every answer is 404, an async query is left that has pages, one that failed,
an immediate one, a registered query with a result, one that has failed, one that is cancelled, and some to be cancelled. Each
surface has its own: a device finds what it asked itself.
"""

import json
import os
import pathlib
import sys
import time
import urllib.request

# Rows of a kilobyte each: more than one page of about a megabyte.
PAGES = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
SELECT i, printf('%.*c', 1000, 'x') AS filler FROM n"""
FAILS = "SELECT * FROM nothing"
SOON = 60


class Surface:
    """The queries of the demo's site, as one of those asks for them that may."""

    def __init__(self, base, prefix, headers):
        self.root = f"{base}/{prefix}/sites/{os.environ['PILASTER_SITE']}"
        self.headers = {"Content-Type": "application/json", **headers}

    def ask(self, method, path, body=None):
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, sent, self.headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            told = answer.read()
        return json.loads(told) if told else None

    def ended(self, text):
        """An async query that has come to its end, well or not."""
        query = self.ask("POST", "/queries/async", {"command": {"text": text}})
        return until(lambda: self.ask("GET", f"/queries/{query['id']}"), lambda it: "completedAt" in it)

    def registered(self, text, count):
        """A registered query that has run once; `count` is the number that says so."""
        # It is due again before its time is over, so that it stays enabled.
        new = {"name": "seeded", "frequency": 43200, "duration": 86400, "registerCommand": {"command": {"text": text}}}
        query = self.ask("POST", "/queries/registered", new)
        return until(lambda: self.ask("GET", f"/queries/registered/{query['id']}"), lambda it: it["metrics"][count] == 1)

    def cancelled(self):
        query = self.registered("SELECT 1 AS n", "executionSucceededCount")
        self.ask("DELETE", f"/queries/registered/{query['id']}")
        return until(lambda: self.ask("GET", f"/queries/registered/{query['id']}"), lambda it: it["status"] == "cancelled")


def until(look, is_enough):
    began = time.monotonic()
    while not is_enough(found := look()):
        if time.monotonic() - began > SOON:
            sys.exit(f"a query that is to be asked for did not come so far: {found}")
        time.sleep(0.05)
    return found


def leave(folder, name, values):
    """A dictionary of Schemathesis: a quoted value a line."""
    lines = (f"{json.dumps(value)}\n" for value in values)
    (folder / f"{name}.dict").write_text("".join(lines), encoding="utf-8")


def main(base, folder):
    folder = pathlib.Path(folder)
    integrator = Surface(base, "integrator", {"Ocp-Apim-Subscription-Key": "demo-key"})
    token, device = os.environ["PILASTER_TOKEN"], os.environ["PILASTER_DEVICE"]
    desktop = Surface(base, "desktop", {"Authorization": f"Bearer {token}", "DeviceId": device})
    for name, surface in (("integrator", integrator), ("desktop", desktop)):
        paged = surface.ended(PAGES)
        if len(paged["result"]["pages"]) < 2:
            sys.exit(f"one page is too few: {paged}")
        immediate = surface.ask("POST", "/queries/immediate", {"command": {"text": "SELECT 1 AS n"}})
        others = [immediate["id"], surface.ended(FAILS)["id"]]
        # What has pages is asked for as often as the two that have none.
        leave(folder, f"{name}-queries", [paged["id"], paged["id"], *others])
        found = surface.registered("SELECT 1 AS n", "executionSucceededCount")["id"]
        others = [surface.registered(FAILS, "executionFailedCount")["id"], surface.cancelled()["id"]]
        leave(folder, f"{name}-registered", [found, found, *others])
        ending = [surface.registered("SELECT 1 AS n", "executionSucceededCount")["id"] for _ in range(3)]
        leave(folder, f"{name}-ending", [*ending, others[-1]])
    practice = integrator.ask("GET", "")["practiceMetadata"]
    leave(folder, "pms-ids", [practice["practiceManagementSiteId"]])


main(*sys.argv[1:])
