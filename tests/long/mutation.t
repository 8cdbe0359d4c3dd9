#!/usr/bin/env bash
# Whether the tests see faults: tests/mutation.
exec "$(dirname "$0")/../mutation/run"
