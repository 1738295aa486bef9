#!/usr/bin/env bash
# Starts the server on all addresses, port 8000; builds it first where needed.
# Arguments go to `rehearse serve`.
set -euo pipefail
cd "$(dirname "$0")"
[ -x build/rehearse ] || make
exec build/rehearse serve --host 0.0.0.0 --port 8000 "$@"
