#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the benches make of their samples: the ratios of the rounds, and when a promise is missed.
. "$(dirname "$0")/../lib.sh"
start 60
. "$top/tests/bench/lib.sh"
samples() { local i=0 f; for f; do i=$((i + 1)); [ "$f" = - ] || echo "$i $f"; done; } # "-": that round failed

samples 10 20 300 40 50 60 70 >ours
samples 20 40 600 80 100 120 140 >peer
is 'the machine may be slow for a round' "$(spread ours peer)" '0.500 0.500 0.500'
samples 11 12 13 14 15 16 17 >ours
samples 10 10 10 10 10 10 10 >peer
is 'the median and the quartiles of seven rounds' "$(spread ours peer)" '1.400 1.200 1.600'
samples 11 - 13 14 15 >ours
samples 10 10 - 10 10 >peer
is 'a round that failed for one side is left out for both' "$(spread ours peer)" '1.400 1.100 1.500'
: >none
is 'no samples, no ratio' "$(spread ours none)$(spread none peer)$(spread ours missing)" ''

verdict_of() { "$@" >said; echo "$verdict $missed"; }
is 'at most: the median holds' "$(verdict_of within x 0.7 0.8 0.6 0.9)" 'ok 0'
is 'at most: the better quartile alone holds' "$(verdict_of within x 0.85 0.8 0.8 0.9)" 'unsure 0'
is 'at most: both miss' "$(verdict_of within x 0.85 0.8 0.81 0.9)" 'MISSED 1'
is 'the quartiles are told' "$(cat said)" '    MISSED: x 0.85 (0.81 to 0.9), at most 0.8'
is 'at least: the better quartile alone holds' "$(verdict_of atleast x 0.7 0.8 0.6 0.8)" 'unsure 0'
is 'at least: both miss' "$(verdict_of atleast x 0.7 0.8 0.6 0.79)" 'MISSED 1'
is 'a figure without a spread' "$(verdict_of within x 9 8)" 'MISSED 1'
is 'no figure holds nothing' "$(verdict_of within x - 8)" 'MISSED 1'
is 'by the samples' "$(verdict_of compare x ours peer 1.2)" 'unsure 0'
is 'by samples that are missing' "$(verdict_of compare x ours missing 1.2)" 'MISSED 1'
is 'one miss is not forgotten' "$(within x 9 8 >said; verdict_of within x 7 8)" 'ok 1'
finish
