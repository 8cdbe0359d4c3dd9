#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# System calls that fail, one by one: one fault for each way that leads to a call.
# tests/long/faults.t has them all.
. "$(dirname "$0")/../faults/lib.sh"
start 300
trap 'switch_uring "$uring_was"; cleanup' EXIT
[ "$(id -u)" = 0 ] || need root

is 'each call of core/sys can be made to fail' "$(unseen)" ''
own_dev
switch_uring Y
all_scenes -s
give_dev_back
finish
