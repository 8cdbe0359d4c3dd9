#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tour of the oldest kernel that fusebox is for, and of each that Debian cares for: tests/boot/kernels.
KERNEL_SUITES='floor bullseye bookworm trixie sid' exec "$(dirname "$0")/../boot/kernels"
