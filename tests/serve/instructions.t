#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The instructions in user space for each of the commonest requests to passfs. Each count is a limit, which a
# change may lower: it is what gcc 12 and musl took for x86-64, and a twentieth.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root only'; exit 0; }
[ "$(uname -m)" = x86_64 ] || { echo '1..0 # SKIP counted for x86-64'; exit 0; }
[ "$(gcc -dumpversion 2>/dev/null)$(command -v musl-gcc | grep -o 'musl-gcc$')" = 12musl-gcc ] || { echo '1..0 # SKIP counted for gcc 12 and musl'; exit 0; }
start 300
need valgrind callgrind_control
machine shared

ALONE=1 BOX=$STATIC_BOX "$here/bench/instructions" >counts 2>&1
diag "$(cat counts)"
while read -r operation most; do
	count=$(awk -v o="$operation" '$1 == o { print $2 }' counts)
	ok "$operation: at most $most instructions" [ "${count:-999999}" -le "$most" ]
	ok "$operation: counted" [ "${count:-0}" -gt 100 ]
done <<'END'
none 875
lookup 1890
getattr 930
setattr 1300
open 1910
read 585
write 870
create 4600
rename 2100
unlink 1640
mkdir 3370
readdir 138700
END
finish
