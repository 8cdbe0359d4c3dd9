#!/usr/bin/env bash
# The tour of every kernel that Debian cares for: tests/boot/kernels.
KERNEL_SUITES='bullseye bookworm trixie sid' exec "$(dirname "$0")/../boot/kernels"
