#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Whether the tests see faults: tests/mutation.
exec "$(dirname "$0")/../mutation/run"
