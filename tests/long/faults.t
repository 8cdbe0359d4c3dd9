#!/usr/bin/env bash
# Each system call of each scenario of tests/tools/faults.c fails, with each errno that it
# may fail with.
. "$(dirname "$0")/../faults/lib.sh"
start 3600
trap 'switch_uring "$uring_was"; cleanup' EXIT
[ "$(id -u)" = 0 ] || need root

own_dev
switch_uring Y
all_scenes -e
give_dev_back
finish
