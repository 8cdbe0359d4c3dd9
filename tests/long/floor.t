#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tests/mount/floor.t for a machine of 32 bits, where since 5.1 time has other calls.
. "$(dirname "$0")/../lib.sh"
need i686-linux-gnu-gcc
"$top/configs/cross/build" i386 >&2 || bail 'it does not build'
FLOOR_BOX=$BUILD/cross/i386/fusebox exec "$top/tests/mount/floor.t"
