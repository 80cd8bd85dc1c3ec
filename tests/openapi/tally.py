"""Events of a Schemathesis run, and the document: how often each operation gave which status. Fails where one never succeeded.

Requests that the other operations are made with count where they belong: by method and path, whichever phase asked.
"""

import collections
import json
import sys
import urllib.request


def statuses(lines):
    """Each operation's statuses, how often each came."""
    counted = collections.defaultdict(collections.Counter)
    for line in lines:
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder")
        if recorder is None:
            continue
        for id, interaction in recorder.get("interactions", {}).items():
            case = recorder["cases"][id]["value"]
            answer = interaction.get("response")
            status = answer["status_code"] if answer else None
            counted[case["method"], case["path"]][status] += 1
    return counted


def main(events, document):
    with open(events, encoding="utf-8") as lines:
        counted = statuses(lines)
    with urllib.request.urlopen(document, timeout=20) as answer:
        paths = json.load(answer)["paths"]
    methods = {"get", "head", "post", "delete"}
    operations = [(method.upper(), path) for path, item in paths.items() for method in item if method in methods]
    missed = []
    for operation in operations:
        given = counted[operation]
        if not any(status and 200 <= status < 300 for status in given):
            missed.append(operation)
        told = ", ".join(f"{status} × {times}" for status, times in sorted(given.items(), key=str))
        print(f"{operation[0]:6} {operation[1]}: {told}")
    cases = sum(sum(counted[operation].values()) for operation in operations)
    print(f"{len(operations)} operations, {cases} requests")
    for method, path in missed:
        print(f"never a success: {method} {path}", file=sys.stderr)
    return bool(missed)


sys.exit(main(*sys.argv[1:]))
