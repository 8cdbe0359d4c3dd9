#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the tests stand on: tests/harness shows what a file says only if it fails, and tests/lib.sh
# lets limits of time follow the machine.
. "$(dirname "$0")/../lib.sh"
start 60
need perl

run() { BUILD=$T SLOWNESS=1 "$here/harness" "$@"; }
cat >passes.t <<'END'
echo noise >&2
echo '# a comment'
echo 'ok 1 - fine'
echo 'ok 2 - not here # SKIP no such device'
echo 1..2
END
cat >fails.t <<'END'
echo 'why it failed' >&2
echo '# before'
echo 'not ok 1 - broken'
echo '# got: 3'
echo 'ok 2 - whole'
echo '# after'
echo 1..2
END
echo 'echo "1..0 # SKIP no zsh"' >skipped.t
# Two files that wait for each other end if they run at the same time; one after the other, each
# would wait in vain.
for pair in 'a b' 'b a'; do
	read -r own other <<<"$pair"
	printf '%s\n' "touch $own" "for _ in {1..500}; do [ ! -e $other ] || { echo 'ok 1 - both'; break; }; sleep 0.01; done" 'echo 1..1' >"$own.t"
done

exits 0 'files that pass, and one that is skipped' run passes.t skipped.t
unlike 'no comment of a file that passes, nor its standard error' "$out$err" 'noise|a comment'
like 'what was skipped, and why, file by file' "$out" $'\n''skipped, no such device: passes.t 2'$'\n''skipped, no zsh: skipped.t all'$'\n'
like 'the result is the last line' "$out" $'\n''Result: PASS$'
exits 1 'the harness fails if a file fails' run passes.t fails.t
like 'the failed check and its comment are printed' "$out" $'not ok 1 - broken\n# got: 3\n'
unlike 'not the comments of checks that pass' "$out" 'before|after'
like 'the standard error of a failed file is printed' "$out" '#   why it failed'
exits 0 'two files run at the same time' run --jobs 2 a.t b.t
rm a b
exits 1 'those named by --alone do not' run --again 0 --jobs 2 --alone 'a.t b.t' a.t b.t

# Fails the first time that it runs.
for i in 1 2 3; do
	printf '%s\n' "[ -e ran.$i ] && r= || { r='not '; echo disturbed >&2; }" "touch ran.$i" 'echo "${r}ok 1 - second time"' 'echo 1..1' >"again$i.t"
done
exits 0 'a file that fails runs again, and the second result counts' run passes.t again1.t again2.t
like 'what it said the first time is shown' "$out" $'not ok 1 - second time\n# standard error of again1.t:\n#   disturbed'
like 'it is named before the summary' "$out" $'\nfailed once, passed when it ran again: again1.t\n.*\nResult: PASS$'
rm ran.*
exits 1 'not where more files fail than --again says' run --again 2 again1.t again2.t again3.t
rm ran.*
exits 1 'nor with --again 0' run --again 0 again1.t
exits 1 'a file that fails twice has failed' run fails.t
unlike 'it is not called passed' "$out" 'passed when'
is 'it is shown both times' "$(grep -c '^#   why it failed' <<<"$out")" 2

# ---- lib.sh ----
is 'seconds are multiplied' "$(SLOWNESS=3 longer 1.5) $(SLOWNESS=4 longer 10)" '4.500 40.000'
ok 'timeout(1) takes them so' eval 'SLOWNESS=10 timeout 0.1 sleep 0.3'
ok 'within waits as much longer' eval '(sleep 1.5; touch late) & SLOWNESS=5 within 1 test -e late'
like 'tests/slowness prints a small number' "$("$here/slowness" 2)" '^([2-9]|1[0-9]|20)$'
bg perl -e 'fork or exit; sleep 60'
child() { zombie=$(pgrep -P "$bg") && [ "$(state_of "$zombie")" = Z ]; }
ok 'a zombie has ended' within 5 child
ok 'gone() counts a zombie as gone' gone "$zombie"
ok 'gone() does not count its parent as gone' eval '! gone "$bg"'
if [ -w /run/lock ]; then
	machine exclusive
	exits 1 'the lock of the machine is held' flock -n -s /run/lock/fusebox-tests true
	machine free
	exits 0 'the lock of the machine can be taken once it is given back' flock -w 60 -s /run/lock/fusebox-tests true
fi
finish
