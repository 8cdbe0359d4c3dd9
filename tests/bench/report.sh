# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For pass: the rows of its table and picture, by the samples of servers.sh.

# The least that WORK can take through FUSE: the round trips of WHO as the bare responder answers
# them, and the directory's own time; or the time in user space of the bare responder.
limit() # limit WORK WHO [user]: the samples WORK.WHO.limit
{
	local s=$T/samples each=trip.bare own=$1.floor
	[ -z "${3:-}" ] || each=user.bare own=$1.$2.trips
	join <(sort "$s/$1.$2.trips") <(sort "$s/$each") 2>/dev/null | join - <(sort "$s/$own") |
		awk -v user="${3:-}" '{ printf "%d %.0f\n", $1, $2 * $3 + (user ? 0 : $4) }' >"$s/$1.$2.limit"
}

# ---- Rows ----

# Prints the nanoseconds per operation in UNIT, or KiB unchanged.
in_unit() # in_unit FIGURE UNIT
{
	case $1 in
	'') echo - ;;
	*) awk -v ns="$1" -v unit="$2" 'BEGIN {
		v = unit == "us" ? ns / 1e3 : unit == "1/ms" ? 1e6 / ns : unit == "KiB" ? ns : 1e9 / ns
		printf unit == "us" ? "%.2f" : unit == "1/ms" ? "%.1f" : "%.0f", v }' ;;
	esac
}
table=() plot=()
: >"$bench/pass.rows"
# The figures of a row, and a promise of ours against one of them, as the ratio of times or
# of speeds. LIMIT without AGAINST is for the figure itself; without LIMIT nothing is promised.
report() # report NAME UNIT RULE LIMIT AGAINST OURS LIBFUSE BINDFS FLOOR: names of samples
{
	local name=$1 unit=$2 rule=$3 limit=$4 against=$5 ours='' than='' value='' low='' high='' target=- f i=0
	local -a cells=()
	case $against in libfuse) than=$7 ;; floor) than=$9 ;; esac
	for f in "$6" "$7" "$8" "$9"; do cells+=("$(in_unit "$(figure "$f")" "$unit")"); done
	ours=$(figure "$6")
	printf '%s: ours %s, libfuse %s, bindfs %s, floor %s\n' "$name, $unit" "${cells[@]}"
	(IFS=$'\t'; echo "$unit"$'\t'"$name"$'\t'"${cells[*]}") >>"$bench/pass.rows"
	case $against:$rule in
	:*) value=$ours ;;
	*:within) read -r value low high < <(spread "$T/samples/$6" "$T/samples/$than") ;;
	*:atleast) read -r value low high < <(spread "$T/samples/$than" "$T/samples/$6") ;;
	esac
	if [ -z "$limit" ]; then
		verdict=''
	elif [ -n "$ours" ] && [ -n "$against" ] && [ ! -f "$T/samples/$than" ]; then
		verdict='no peer'
	else
		"$rule" "${against:+of $against}" "${value:--}" "$limit" "$low" "$high"
	fi
	case $limit:$rule in :*) ;; *:within) target="<= $limit" ;; *:atleast) target=">= $limit" ;; esac
	table+=("$(printf '%-41s %9s %9s %9s %9s  %6s %-13s %-7s %7s  %s' "$name, $unit" "${cells[@]}" \
		"${against:+$(printf %.2f "${value:-0}")}" "${low:+$(printf '%.2f to %.2f' "$low" "$high")}" "$against" "$target" "$verdict")")
	[ -z "$against" ] || [ -z "$value" ] || [ -z "$limit" ] || plot+=("$(awk -v name="$name (of $against)" -v value="$value" \
		-v limit="$limit" -v rule="$rule" -v bindfs="$(figure "$8")" -v than="$(figure "$than")" -v verdict="$verdict" 'BEGIN {
		printf "\"%s\" %.3f %.3f %d %s", name, rule == "within" ? value : 1 / value, rule == "within" ? limit : 1 / limit,
			verdict != "MISSED", bindfs ? bindfs / than : "?" }')")
}
row() # row NAME WORK UNIT RULE LIMIT AGAINST [WHO]: WHO is ours
{
	report "$1" "$3" "$4" "$5" "$6" "$2.${7:-ours}" "$2.libfuse" "$2.bindfs" "$2.floor"
}
# What is possible, below the row of WORK.
floor_row() # floor_row WORK WHO PEER [user]
{
	local of=${4:-$1}
	limit "$1" "$2" "${4:-}"
	[ ! -s "$T/samples/$1.$2.limit" ] ||
		report "  at least; round trips: $(printf %.3g "$(figure "$1.$2.trips")")" us within '' libfuse "$1.$2.limit" "$of.$3" '' "$1.floor"
}
timed() # timed NAME WORK LIMIT: against libfuse
{
	row "$1" "$2" us within "$3" libfuse
	floor_row "$2" ours libfuse
}
shared() # shared NAME WORK LIMIT: that of all users
{
	report "$1, for all" us within "$3" libfuse "$2.shared" "$2.libshared" '' ''
	floor_row "$2" shared libshared
}
