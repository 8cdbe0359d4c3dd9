# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the benches share.

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", b ? a / b : 0 }'; }

# Samples are lines "ROUND FIGURE". The peers take turns in a round, so those of one round saw the
# same machine. Prints the median of the rounds' ratios and their quartiles.
spread() # spread OURS THEIRS: files of samples
{
	awk 'FILENAME == ARGV[1] { theirs[$1] = $2; next } theirs[$1] > 0 { print $2 / theirs[$1] }' "$2" "$1" 2>/dev/null | sort -n |
		awk '{ v[NR] = $1 }
		END { q = int((NR + 3) / 4); if (NR) printf "%.3f %.3f %.3f\n", v[int((NR + 1) / 2)], v[q], v[NR + 1 - q] }'
}

# A promise is a figure with a limit. A ratio is missed if its better quartile misses the limit, too; "unsure" if
# only the median does. If one is missed, the benchmark goes on and fails at its end, unless BENCH_STRICT=0.
missed=0 verdict=''
holds() { awk -v v="$1" -v l="$3" "BEGIN { exit !(v == v + 0 && v $2 l) }"; } # holds VALUE OPERATOR LIMIT: if a number
promise() # promise NAME VALUE LIMIT OPERATOR WORDS [BETTER LOW HIGH]: with the quartiles of a ratio
{
	verdict=ok
	if ! holds "$2" "$4" "$3"; then
		verdict=unsure
		holds "${6:--}" "$4" "$3" || verdict=MISSED missed=1
	fi
	echo "    $verdict: ${1:+$1 }$2${6:+ ($7 to $8)}, $5 $3"
}
within() { promise "$1" "$2" "$3" '<=' 'at most' "${4:-}" "${@:4}"; } # within NAME VALUE LIMIT [LOW HIGH]
atleast() { promise "$1" "$2" "$3" '>=' 'at least' "${5:-}" "${@:4}"; } # atleast NAME VALUE LIMIT [LOW HIGH]
compare() # compare NAME OURS THEIRS LIMIT: by files of samples, at most LIMIT
{
	local value low high
	read -r value low high <<<"$(spread "$2" "$3")"
	within "$1" "${value:--}" "$4" "$low" "$high"
}
figures() { cut -d' ' -f2 "$1"; } # figures FILE: of its samples

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
