# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The moment that strace makes long: waiting for it, however slow the machine is.

number_of() { printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | cc -E -P - | tail -n 1; }
is_held_in() # is_held_in PID NUMBER: whether a thread is
{
	local task number
	for task in "/proc/$1/task"/*; do
		read -r number _ <"$task/syscall" && [ "$number" = "$2" ] && grep -q '^State:.t' "$task/status" && return
	done 2>/dev/null
	return 1
}
# stands_in NUMBER NAME: whether strace holds a process of that name before or after that call.
stands_in()
{
	local pid
	for pid in $(pgrep --ns $$ --nslist mnt -x "$2"); do
		# strace holds the process for a moment at each call, and for longer at this one.
		is_held_in "$pid" "$1" && sleep 0.1 && is_held_in "$pid" "$1" && return
	done
	return 1
}
# begun CALL [NAME]: waits until the helper is held in the call that strace delays.
begun()
{
	within 10 stands_in "$(number_of "$1")" "${2:-fusermount3}" || diag "no ${2:-helper} is held in $1"
}
# begun_or_over CALL JOB: the same, or until the helper has ended before that call.
stands_in_or_over() { stands_in "$1" fusermount3 || gone "$2"; }
begun_or_over() { within 10 stands_in_or_over "$(number_of "$1")" "$2"; }
