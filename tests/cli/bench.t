#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the benches make of their samples: the ratios of the rounds, when a promise is missed, the rows; and what
# tests/bench/record makes of those.
. "$(dirname "$0")/../lib.sh"
start 60
need perl
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

# ---- The rows of pass ----

rename_rows()
{
	bench=$T
	. "$top/tests/bench/servers.sh"
	. "$top/tests/bench/report.sh"
	for round in 1 2 3; do
		note rename ours 8000; note rename libfuse 10000; note rename floor 3000
		note rename ours.trips 2.000; note trip bare 2000
	done
	timed rename rename 0.75
	printf '%s\n' "${table[@]}"
}
rename_rows >said
is 'a row for record' "$(sed -n 1p pass.rows)" $'us\trename\t8.00\t10.00\t-\t3.00'
is 'the floor: two round trips of 2 us and 3 us of the directory' "$(sed -n 2p pass.rows)" $'us\t  at least; round trips: 2\t7.00\t10.00\t-\t3.00'
like 'a promise is told' "$(cat said)" 'MISSED: of libfuse 0.800 \(0.800 to 0.800\), at most 0.75'
like 'the table has ratio, spread and target' "$(cat said)" 'rename, us .* 0.80 0.80 to 0.80 +libfuse +<= 0.75  MISSED'
like 'the floor has no target' "$(cat said)" 'at least; round trips: 2, us .* 0.70 0.70 to 0.70 +libfuse +-'

# ---- What record writes ----

mkdir -p tree/tests/{bench,screens} tree/.github build/bench
cp "$top/tests/bench/record" tree/tests/bench
cp "$top/tests/screens/screens" tree/tests/screens
cp "$top/README.md" tree
echo 'A machine, 2 CPUs, Linux 9, 2026-01-02' >build/bench/machine
: >build/bench/pass.rows
for name in 'stat, cold' open+read+close create+write+close rename unlink 'ls -l, an entry'; do
	printf 'us\t%s\t8.00\t20.50\t-\t1.00\nus\t%s, for all\t16.00\t30.00\t-\t-\n' "$name" "$name" >>build/bench/pass.rows
done
printf '%s\t3000\t2000\t-\t3500\n' $'MiB/s\twrite' $'MiB/s\tread' $'MiB/s\twrite, --no-passthrough' $'MiB/s\tread, --no-passthrough' >>build/bench/pass.rows
printf '%s\t168\t1972\t-\t-\n' $'us\tdirect read of 4 KiB' $'KiB\tRSS of passfs, idle' >>build/bench/pass.rows
printf '%s\t10\t1000\t%s\n' 'fumount -l, umount -l' 0.012 'fuse-info -l, findmnt -t' 0.042 >build/bench/scale.rows
exits 0 'record' env BUILD="$T/build" tree/tests/bench/record -n
like 'the head of figures has the machine' "$(sed -n 1p tree/tests/bench/figures)" '^# .*A machine, 2 CPUs, Linux 9, 2026-01-02'
like 'figures has rows for the chart' "$(cat tree/tests/bench/figures)" $'us\topen, read, close\t8.0\t20\t-\t1.0'
like 'README has the machine' "$(cat tree/README.md)" $'\nA machine, 2 CPUs, Linux 9, 2026-01-02; '
like 'README has the figures' "$(sed -n '/^## Speed/,/^## Building/p' tree/README.md | tr '\n' ' ')" 'up to 2.0 times as long, and 16 .*s for .*168 KiB of memory, passthrough_ll 1972.*takes 0.01 of .* 0.04 of findmnt'
is 'the rest of README stays' "$(diff <(sed '/chart.svg/,/^## /d' "$top/README.md") <(sed '/chart.svg/,/^## /d' tree/README.md) | grep -c '^[<>] .')" 0
cp tree/README.md before
env BUILD="$T/build" tree/tests/bench/record -n
ok 'again: nothing changes' cmp before tree/README.md
ok 'the chart is drawn' grep -q '<svg' tree/.github/chart.svg
: >build/bench/pass.rows
cp tree/tests/bench/figures before
isnt_written() { ! env BUILD="$T/build" tree/tests/bench/record -n && cmp before tree/tests/bench/figures; }
ok 'without a row figures stays as it is' isnt_written
finish
