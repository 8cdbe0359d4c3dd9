#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every input that a fuzzer found worth keeping, with the sanitizers: tests/fuzz/.
. "$(dirname "$0")/../lib.sh"
start 300

for corpus in "$top"/tests/fuzz/corpus/*/; do
	target=$(basename "$corpus")
	"$BUILD/tests/replay/$target" "$corpus" >"$T/out" 2>"$T/err"
	code=$?
	if [ "$code" = 77 ]; then
		skip "$target" "$(cat "$T/err")"
		continue
	fi
	is "$target: $(cat "$T/out")" "$code" 0 || diag "$(head -n 30 "$T/err")"
done
finish
