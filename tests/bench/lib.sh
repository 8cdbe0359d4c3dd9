# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the benches share.

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", b ? a / b : 0 }'; }

# A promise is a figure with a limit. If one is missed, the benchmark fails, unless BENCH_STRICT=0.
missed=0 verdict=''
promise() # promise NAME VALUE LIMIT OPERATOR WORDS: what is no number, holds nothing
{
	verdict=ok
	if ! awk -v v="$2" -v l="$3" "BEGIN { exit !(v == v + 0 && v $4 l) }"; then
		verdict=MISSED missed=1
	fi
	echo "    $verdict: $1 $2, $5 $3"
}
within() { promise "$1" "$2" "$3" '<=' 'at most'; } # within NAME VALUE LIMIT
atleast() { promise "$1" "$2" "$3" '>=' 'at least'; } # atleast NAME VALUE LIMIT

# libfuse's examples, where its headers and sources are installed.
peer() # peer DIRECTORY EXAMPLE...
{
	local into=$1 examples=/usr/share/doc/libfuse3-dev/examples example c fuse3; shift
	read -ra fuse3 <<<"$(pkg-config --cflags --libs fuse3 2>/dev/null)"
	for example; do
		for c in "$examples/$example.c" "$examples/$example.c.gz"; do
			[ ! -e "$c" ] || zcat -f "$c" | cc -O2 -I"$examples" -x c -o "$into/$example" - "${fuse3[@]}" 2>/dev/null
		done
		[ -x "$into/$example" ] || echo "bench: no libfuse3-dev: $example is left out"
	done
}
