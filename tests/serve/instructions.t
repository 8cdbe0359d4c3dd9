#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The instructions in user space for each of the commonest requests to passfs. Each count is a limit, which a
# change may lower: it is what gcc 12 and musl took for x86-64, and a tenth.
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
none 915
lookup 2080
getattr 970
setattr 1355
open 2000
read 610
write 910
create 4810
rename 2200
unlink 1640
mkdir 3530
readdir 145300
END
finish
