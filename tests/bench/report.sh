# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For pass: samples of the servers, and the rows of its table and picture.

# One round of WORK by WHO. A round that fails leaves no sample. All processes run on one CPU: on
# this machine the CPUs need up to 100 us to wake each other, which would hide everything else.
sample() # sample WORK WHO COUNT [PATH]
{
	timeout 60 taskset -c 0 "$bench/files" "$1" "$T/mnt/$2/${4:-}" "$3" >>"$T/samples/$1.$2" 2>/dev/null
}
figure() # figure WORK WHO: the median, or nothing
{
	[ ! -s "$T/samples/$1.$2" ] || median <"$T/samples/$1.$2"
}
# Prints the nanoseconds per operation in UNIT, or KiB unchanged.
in_unit() # in_unit FIGURE UNIT
{
	case $1 in
	'') echo - ;;
	*) awk -v ns="$1" -v unit="$2" 'BEGIN {
		v = unit == "us" ? ns / 1e3 : unit == "1/ms" ? 1e6 / ns : unit == "KiB" ? ns : 1e9 / ns
		printf unit == "us" ? "%.2f" : "%.0f", v }' ;;
	esac
}
table=() plot=()
# The figures of a row, and a promise of ours against one of them, as the ratio of times or
# of speeds. LIMIT without AGAINST is for the figure itself.
report() # report NAME UNIT RULE LIMIT AGAINST OURS LIBFUSE BINDFS FLOOR: nanoseconds or KiB
{
	local name=$1 unit=$2 rule=$3 limit=$4 against=$5 ours=$6 than='' value=- target f
	local -a cells=()
	case $against in libfuse) than=$7 ;; floor) than=$9 ;; esac
	for f in "$6" "$7" "$8" "$9"; do cells+=("$(in_unit "$f" "$unit")"); done
	printf '%s: ours %s, libfuse %s, bindfs %s, floor %s\n' "$name, $unit" "${cells[@]}"
	if [ -n "$ours" ] && [ -n "$against" ] && [ -z "$than" ]; then
		verdict='no peer'
	else
		if [ -z "$against" ]; then
			value=${ours:--}
		elif [ -n "$ours" ]; then
			case $rule in
			within) value=$(ratio "$ours" "$than") ;;
			atleast) value=$(ratio "$than" "$ours") ;;
			esac
		fi
		"$rule" "${against:+of $against}" "$value" "$limit"
	fi
	case $rule in within) target="<= $limit" ;; atleast) target=">= $limit" ;; esac
	table+=("$(printf '%-41s %9s %9s %9s %9s  %7s %-7s %7s  %s' "$name, $unit" "${cells[@]}" \
		"${against:+$value}" "$against" "$target" "$verdict")")
	[ -z "$against" ] || [ "$value" = - ] || plot+=("$(awk -v name="$name (of $against)" -v ours="$ours" -v than="$than" \
		-v limit="$limit" -v rule="$rule" -v bindfs="$8" -v verdict="$verdict" 'BEGIN {
		printf "\"%s\" %.3f %.3f %d %s", name, ours / than, rule == "within" ? limit : 1 / limit,
			verdict == "ok", bindfs ? bindfs / than : "?" }')")
}
row() # row NAME WORK UNIT RULE LIMIT AGAINST [WHO]: WHO is ours
{
	report "$1" "$3" "$4" "$5" "$6" "$(figure "$2" "${7:-ours}")" "$(figure "$2" libfuse)" \
		"$(figure "$2" bindfs)" "$(figure "$2" floor)"
}

shared() # shared NAME WORK LIMIT: that of all users
{
	report "$1, for all" us within "$3" libfuse "$(figure "$2" shared)" "$(figure "$2" libshared)" '' ''
}
