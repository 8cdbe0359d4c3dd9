#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A server whose descriptor is a socket ends when the peer closes it, and does not spin.
. "$(dirname "$0")/../lib.sh"
start 120

mkdir src
exits 0 'hellofs ends with its socket' socket_end hellofs
exits 0 'passfs with one thread ends with its socket' socket_end passfs --threads=1 src
exits 0 'passfs with several threads ends with its socket' socket_end passfs --threads=4 src
finish
