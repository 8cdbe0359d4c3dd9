#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Work as people do it on a kept passfs, while its server is killed, replaced (SIGHUP) or stopped for 2 s, every 0.1 to
# 2 s: git, make, SQLite, fio, rsync, mappings. No tool sees an error, and all data is right. KEEP_WORK_STRIKES is how
# many times the server ends at least under each tool, which begins anew until then.
. "$(dirname "$0")/lib.sh"
start 1200
strikes=${KEEP_WORK_STRIKES:-3}
for tool in git make sqlite3 rsync fio; do command -v "$tool" >/dev/null || bail "$tool is missing: tests/deps-long"; done
mkdir src mnt native home
mount -t tmpfs -o size=2g none src
mount -t tmpfs -o size=1g none native
export HOME=$T/home
git config --global safe.directory '*'
git clone -q "file://$top" native/repo || bail 'git clone'
env -u BUILD -u MAKEFLAGS make -s -C native/repo CONFIG=tiny all || bail 'make'

count() { cat struck; }
# Strikes until told to end.
strike()
{
	local n=0 server
	until [ -e over ]; do
		sleep "$((RANDOM % 2)).$((100 + RANDOM % 900))"
		server=$(child_named passfs "$keeper")
		[ -n "$server" ] || continue
		case $((RANDOM % 5)) in
		0) kill -HUP "$keeper" ;;
		1) kill -STOP "$server"; sleep 2; kill -KILL "$server" ;;
		2) kill -STOP "$server"; sleep 2; kill -CONT "$server"; continue ;;
		*) kill -KILL "$server" ;;
		esac
		n=$((n + 1))
		echo "$n" >struck.new && mv struck.new struck
	done
}
# Repeats WORK, which checks its own result, until the server has ended often enough meanwhile.
under_strikes() # under_strikes NAME WORK...
{
	local name=$1 from rounds=0; shift
	from=$(count)
	while [ $(($(count) - from)) -lt "$strikes" ]; do
		rounds=$((rounds + 1))
		if ! timeout -k 5 120 bash -c "set -e; $(declare -f "$1"); $1" >"said" 2>&1; then
			ok "$name, round $rounds" false || diag "$(tail -n 20 said)"
			return
		fi
	done
	ok "$name: $rounds times, $(($(count) - from)) ends of the server meanwhile" true
}
export T

clones()
{
	rm -rf mnt/repo
	git clone -q "file://$T/native/repo" mnt/repo	# $top may get another commit meanwhile
	git -C mnt/repo fsck --full --strict
	[ -z "$(git -C mnt/repo status --porcelain)" ]
	env -u BUILD -u MAKEFLAGS make -s -C mnt/repo -j2 CONFIG=tiny all
	cmp native/repo/build/tiny/fusebox mnt/repo/build/tiny/fusebox
	diff -r --exclude=.git mnt/repo src/repo
}
sql()
{
	rm -f mnt/db*
	ask() { sqlite3 -batch -bail -cmd '.timeout 20000' mnt/db "$@"; }
	insert() { for ((n = 0; n < 150; n++)); do echo "INSERT INTO t VALUES ($1, $n, randomblob($((n * 37 % 9000))));"; done | ask; }
	[ "$(ask 'PRAGMA journal_mode=WAL' 'CREATE TABLE t (who INT, n INT, data BLOB)')" = wal ]
	insert 1 & one=$!
	insert 2 & two=$!
	wait "$one"; wait "$two"
	[ "$(ask 'SELECT who, count(*), sum(n) FROM t GROUP BY who' | paste -sd' ')" = '1|150|11175 2|150|11175' ]
	[ "$(ask 'PRAGMA integrity_check')" = ok ]
	ask 'PRAGMA wal_checkpoint(TRUNCATE)'
	[ "$(sqlite3 src/db 'PRAGMA integrity_check' 'SELECT count(*) FROM t' | paste -sd' ')" = 'ok 300' ]
}
blocks()
{
	setsid -w fio --name=x --filename="$T/mnt/fio" --ioengine=psync --rw=randwrite --bsrange=4k-256k --size=16M --verify=crc32c \
		--do_verify=1 --verify_fatal=1 --fallocate=none --invalidate=1
	cmp mnt/fio src/fio
}
copies()
{
	rm -rf mnt/copy native/back
	rsync -aHAX native/repo/ mnt/copy/
	[ -z "$(rsync -aHAXnic --delete native/repo/ mnt/copy/)" ]
	rsync -aHAX mnt/copy/ native/back/
	[ -z "$(rsync -aHAXnic --delete native/repo/ native/back/)" ]
	diff -r native/repo src/copy
}
maps()
{
	rm -f mnt/map
	map_writers mnt/map 3 512 100
	cmp mnt/map src/map
}

for options in --writeback; do
	read -ra words <<<"$options"
	bg fmount --keep --keep-tries 0 mnt -- passfs "${words[@]}" src 2>log
	keeper=$bg
	ok "fmount --keep of passfs $options" within 5 mounted "$T/mnt"
	rm -f over
	echo 0 >struck
	bg strike 2>/dev/null
	striker=$bg
	under_strikes 'git clone, fsck and make' clones
	: >over
	wait "$striker"
	rm -rf mnt/*
	is 'no file is left in SOURCE' "$(ls -A src)" ''
	exits 0 'fumount' timeout 20 fumount mnt
	ok 'the keeper ends' within 5 gone "$keeper"
done
umount src native
finish
