# shellcheck shell=bash
# What the benches share.

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", b ? a / b : 0 }'; }

# What is promised. A miss makes the whole fail, unless BENCH_STRICT=0.
missed=0
within() # within NAME VALUE LIMIT
{
	if awk -v v="$2" -v l="$3" 'BEGIN { exit !(v <= l) }'; then
		echo "    ok: $1 $2, at most $3"
	else
		echo "    MISSED: $1 $2, at most $3"
		missed=1
	fi
}
