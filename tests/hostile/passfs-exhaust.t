#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs for many users: open files, locks and file handles of one user, or of the past, leave
# room for the others.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP root only'; exit 0; }
need setpriv /usr/bin/python3
start 240
user() { local uid=$1; shift; setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"; }
down() { umount mnt || umount -l mnt; within 10 unmounted "$T/mnt"; }
# The limit is 4096 descriptors, which root cannot raise here either.
few() { (ulimit -n 4096 && setpriv --bounding-set=-sys_resource "$T/passfs" -b --transport=dev "$@" src mnt); }
ln -s "$(command -v passfs)" passfs
mkdir src mnt
chmod 777 src
for i in 1 2 3 4 5 6 7 8; do echo "$i" >"src/$i"; mkdir "src/d$i"; done

# ---- Open files ----

cat >hold.py <<'P'
import os, resource, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (9000, 9000))
flags = {'dir': os.O_RDONLY | os.O_DIRECTORY, 'file': os.O_RDONLY, 'new': os.O_RDWR | os.O_CREAT}[sys.argv[1]]
held = []
try:
    for i in range(8000):
        held.append(os.open('mnt/d1' if sys.argv[1] == 'dir' else 'mnt/1' if sys.argv[1] == 'file' else 'mnt/d1/%d' % i, flags))
except OSError as e:
    print(len(held), e.errno, flush=True)
else:
    print(len(held), 0, flush=True)
for i in sys.stdin: break
P
chmod 777 src/d1
for how in 'dir' 'dir --no-passthrough' 'file --no-passthrough' 'new --no-passthrough' 'file --locks'; do
	what=${how%% *} options=${how#"$what"}
	# shellcheck disable=SC2086
	ok "$how: passfs starts with few descriptors" few $options
	coproc HOLD { exec setpriv --reuid=1777 --regid=1777 --clear-groups /usr/bin/python3 hold.py "$what"; }
	read -rt 60 count errno <&"${HOLD[0]}"
	like "$how: one user gets many, and then EMFILE" "$count $errno" '^(3|4|5)[0-9][0-9] 24$'
	ok "$how: another user opens files" user 1778 cat mnt/2 mnt/3 mnt/4
	ok "$how: another user opens directories" user 1778 ls -R mnt/d2 mnt/d3
	ok "$how: another user makes files" user 1778 touch "mnt/by.$what"
	ok "$how: root opens a directory" ls mnt/d4
	echo >&"${HOLD[1]}"
	wait "$HOLD_PID"
	ok "$how: what was held is free again" within 5 user 1777 ls mnt/d1
	down
	rm -rf src/d1/*
done

# ---- Files that the kernel knows, without any open file: O_PATH, as a working directory or a watch ----

cat >pin.py <<'P'
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (9000, 9000))
held = []
try:
    for i in range(6000): held.append(os.open('mnt/many/%d' % i, os.O_PATH))
except OSError as e: print(len(held), e.errno, flush=True)
else: print(len(held), 0, flush=True)
for i in sys.stdin: break
P
echo "import os; os.open('mnt/free', os.O_TMPFILE | os.O_RDWR)" >tmpfile.py
mkdir -m 777 src/free
mkdir src/many; chown 1777 src/many; (cd src/many && seq 0 5999 | xargs touch; chown 1777 1)
for how in '' --no-passthrough; do
	# shellcheck disable=SC2086
	ok "O_PATH $how: up" few $how
	coproc HOLD { exec setpriv --reuid=1777 --regid=1777 --clear-groups /usr/bin/python3 pin.py; }
	read -rt 60 count errno <&"${HOLD[0]}"
	like "O_PATH: one user gets many, and then EMFILE" "$count $errno" '^(2|3)[0-9][0-9][0-9] 24$'
	exec {pinned}<mnt/free	# else the lookup of the directory fails
	for make in 'mkdir mnt/free/d' 'mkfifo mnt/free/p' 'ln -s x mnt/free/l' 'touch mnt/free/f' '/usr/bin/python3 tmpfile.py'; do
		# shellcheck disable=SC2086
		exits 1 "O_PATH: above the share, nothing is made ($make)" user 1777 $make
	done
	like 'O_PATH: by EMFILE' "$err" 'Too many open files'
	is 'O_PATH: SOURCE has none of these names' "$(ls src/free)" ''
	exits 0 'O_PATH: a link of what the user holds is made' user 1777 ln mnt/many/1 mnt/free/link
	exec {pinned}<&-
	rm src/free/link
	ok 'O_PATH: another user opens files' user 1778 cat mnt/2 mnt/3 mnt/4
	ok 'O_PATH: and directories' user 1778 ls -lR mnt/d2 mnt/d3
	ok 'O_PATH: and makes files' user 1778 touch mnt/by.path
	ok 'O_PATH: root, too' ls -l mnt/d4
	echo >&"${HOLD[1]}"
	wait "$HOLD_PID"
	ok 'O_PATH: what was held is free again' within 5 user 1777 cat mnt/5
	down
done
rm -rf src/many

# ---- Waiting for locks ----

cat >wait.py <<'P'
import fcntl, os, sys, threading, time
def wait(i):
    fd = os.open('mnt/1', os.O_RDWR)
    try: fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError as e: refused.append(e.errno)
refused = []
for i in range(300): threading.Thread(target=wait, args=(i,), daemon=True).start()
time.sleep(2)
print(len(refused), *set(refused), flush=True)
for i in sys.stdin: break
os._exit(0)
P
chmod 666 src/1
ok 'locks: passfs starts' passfs -b --locks src mnt
coproc OWN { exec flock mnt/1 sh -c 'echo locked; read -r _'; }
read -rt 10 _ <&"${OWN[0]}"
own=("${OWN[@]}")
coproc HOLD { exec setpriv --reuid=1777 --regid=1777 --clear-groups /usr/bin/python3 wait.py; } 2>/dev/null
read -rt 60 count errno <&"${HOLD[0]}"
like 'locks: one user may wait for many, and then has ENOLCK' "$count $errno" '^1[0-9][0-9] 37$'
exits 1 'locks: another user may wait' user 1778 flock -w 1 mnt/1 true
is 'locks: and is not refused' "$err" ''
exits 1 'locks: root, too' flock -w 1 mnt/1 true
is 'locks: nor is root' "$err" ''
echo >&"${own[1]}"
kill "$HOLD_PID"
wait 2>/dev/null
down
finish
