#!/usr/bin/env bash
# Tries the served OpenAPI document from outside: Schemathesis (https://schemathesis.readthedocs.io) makes requests of it, right
# and wrong ones, on both surfaces and the FHIR paths. It fails on any 5xx, on any answer that is not in the document (status,
# media type, headers, schema), on a wrong request that is taken and a right one that is refused, on an operation that can be
# asked without its key, and on an operation of which no request succeeded, since then little of it was tried.
#
#   tests/openapi/run.sh target/debug/pilaster [seed] [examples]
#
# Ids of queries that are there are tried beside those that are not: `seed.py` leaves the queries. `examples` is how many random
# requests each operation gets. Needs Python 3.10 or newer with venv, curl, and PyPI once.
set -euo pipefail
program=$(realpath "${1:?which program: target/debug/pilaster}")
seed=${2:-20261122}
examples=${3:-8}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${CARGO_TARGET_DIR:-$here/../../target}/openapi-venv

# The requirements stand in the name of the stamp, so that another version is another installation.
stamp=$venv/$(sha256sum "$here/requirements.txt" | cut -c1-16)
if [ ! -e "$stamp" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"; then
    echo "the OpenAPI document cannot be tried: Schemathesis could not be installed from PyPI (see above)" >&2
    exit 2
  fi
  touch "$stamp"
fi

work=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" || true; }
  rm -rf "$work"
}
trap stop EXIT

# The synthetic practice's database is a temporary file: it lies with the rest of the run.
TMPDIR=$work "$program" serve --patients 50 --rate-limit off --listen 127.0.0.1:0 >"$work/out" 2>"$work/err" &
server=$!
for _ in $(seq 300); do
  grep -q '^Ready' "$work/out" && break
  if ! kill -0 "$server" 2>/dev/null; then break; fi
  sleep 0.2
done
base=$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$work/out" | head -1 || true)
if ! grep -q '^Ready' "$work/out" || [ -z "$base" ]; then
  echo "the program did not begin to serve:" >&2
  cat "$work/out" "$work/err" >&2
  exit 2
fi

export PILASTER_SITE=00000000-0000-4000-8000-000000000001 PILASTER_DEVICE=desk-7
PILASTER_TOKEN=$(curl --silent --show-error --fail --max-time 20 -H 'Ocp-Apim-Subscription-Key: demo-key' \
  "$base/integrator/token" -d grant_type=urn:halo-connect:oauth:desktop-token -d "device_id=$PILASTER_DEVICE" \
  -d "site_id=$PILASTER_SITE" | "$venv/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
export PILASTER_TOKEN

# The ids of queries that are there lie beside a copy of the configuration, which looks for them there.
cp "$here/schemathesis.toml" "$work/"
"$venv/bin/python" "$here/seed.py" "$base" "$work"

echo "OpenAPI document, seed $seed, $examples random requests an operation"
cd "$work"
found=0
"$venv/bin/st" --config-file "$work/schemathesis.toml" run "$base/openapi.json" --seed "$seed" --max-examples "$examples" \
  --workers 1 --no-color --no-shrink --report ndjson --report-ndjson-path "$work/events" \
  >"$work/told" 2>&1 || found=$?
# What was asked is long; it is of interest where something was found.
if [ "$found" -ne 0 ]; then
  cat "$work/told"
fi
"$venv/bin/python" "$here/tally.py" "$work/events" "$base/openapi.json" || found=1
exit "$found"
