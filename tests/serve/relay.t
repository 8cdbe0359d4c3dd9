#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --keep=relay: servers that know nothing of it, killed and started again below a live mount.
. "$(dirname "$0")/../lib.sh"
start 240
need python3 pkg-config
mkdir mnt src src/dir
echo hello >src/file
echo more >src/dir/file
# Where the kernel offers rings, the relay hides them from the start; so they are off at first.
uring=/sys/module/fuse/parameters/enable_uring
has_switch() { [ "$(id -u)" = 0 ] && [ -w "$uring" ]; }
# switch_rings Y | N
switch_rings()
{
	machine free
	machine exclusive
	before=${before:-$(cat "$uring")}
	trap 'echo "$before" >"$uring"; cleanup' EXIT
	echo "$1" >"$uring"
}
if has_switch; then
	machine shared
	[ "$(cat "$uring")" = N ] || switch_rings N
fi
examples=/usr/share/doc/libfuse3-dev/examples
read -ra fuse3 <<<"$(pkg-config --cflags --libs fuse3)"
mkdir bin
for name in passthrough passthrough_ll; do cc -w -o "bin/$name" "$examples/$name.c" "${fuse3[@]}"; done

relay() { exec fmount --keep=relay --keep-tries 0 mnt -- "$@"; }
name_of() { cat "/proc/$keeper/comm"; }
is_named() { [ "$(name_of)" = "$1" ]; }
server_now() { child_named "$1" "$keeper"; }
# begin FILE PROGRAM...: FILE below mnt can be read.
begin() { local file=$1; shift; bg relay "$@" 2>log; keeper=$bg; within 10 test -e "mnt/$file"; }
# kill_server NAME COUNT: returns once the next one works.
kill_server()
{
	local pid
	pid=$(server_now "$1") && [ "$pid" ] && kill -KILL "$pid" && within 10 is_named "fuse-relay:$2"
}
descriptors() { find "/proc/$keeper/fd" -mindepth 1 | wc -l; }
end() { timeout 10 fumount mnt; within 10 gone "$keeper"; wait "$keeper"; }

# ---- An unmodified server of libfuse ----
there=$T/src
ok 'libfuse: passthrough serves' begin "$there/file" bin/passthrough -f '{}'
is 'until the first death the server has the device itself' "$(name_of)" fuse-keep:0
like 'and what cannot be kept is told at the start' "$(cat log)" 'what is open when the program ends gets ESTALE'
is 'reads' "$(cat "mnt$there/file")" hello
exec 5<"mnt$there/file"
# The server that has the device does not know the keeper, and is asked for nothing by it.
ok 'kill -9' kill_server passthrough 1
is 'another server answers' "$(timeout 5 cat "mnt$there/file")" hello
is 'a file that was open is stale' "$(timeout 5 cat <&5 2>&1)" 'cat: -: Stale file handle'
exec 5<&-
is 'fuse-info shows the keeper, as the server that it relays for' \
	"$(timeout 10 fuse-info --json "$T/mnt" | grep -o '"state":"[a-z]*"\|"keeper":{[^}]*}')" \
	"$(printf '"state":"serving"\n"keeper":{"pid":%d,"restarts":1,"relays":true}' "$keeper")"
timeout 5 ls -l "mnt$there" >/dev/null
ok 'kill -9 again' kill_server passthrough 2
open=$(descriptors)
exits 0 'a directory is listed' timeout 5 ls "mnt$there/dir"
exits 0 'a file is written' timeout 5 sh -c "echo new >mnt$there/new"
is 'to the directory below' "$(cat src/new)" new
exits 0 'and renamed' timeout 5 mv "mnt$there/new" "mnt$there/newer"
ok 'and there' test -e src/newer

# A request that the server has read, and one that it has not, while it stands still.
pid=$(server_now passthrough)
kill -STOP "$pid"
bg cat "mnt$there/dir/file" >copy; reader=$bg
bg mkdir "mnt$there/made"; maker=$bg
within 5 blocked "$reader"
ok 'kill -9 while callers wait' kill_server passthrough 3
wait "$reader"
is 'the reader has its data' "$(cat copy)" more
wait "$maker"
is 'a directory that no server had been asked for is made' "$? $(ls -d src/made)" '0 src/made'

# What happens while it is killed again and again.
cat >client.py <<'END'
import errno, os, sys
top, bad, count = sys.argv[1], [], 0
def path(call, *args):
    global count
    count += 1
    try: return call(*args)
    except OSError as e: bad.append(f"{call.__name__} {errno.errorcode[e.errno]}")
def handle(call, *args):
    while True:
        try: return call(*args)
        except OSError as e:
            if e.errno == errno.ESTALE: continue
            return bad.append(f"{call.__name__} {errno.errorcode[e.errno]}")
def read(name):
    with open(name) as f: data = f.read()
    if data != "hello\n": bad.append(f"data {data}")
def write(name):
    with open(name, "w") as f: f.write("x" * 5000)
while not os.path.exists("stop"):
    path(os.stat, top + "/file"), path(os.access, top + "/dir/file", os.R_OK), path(os.statvfs, top + "/dir")
    handle(read, top + "/file"), handle(os.listdir, top), handle(os.listdir, top + "/dir"), handle(write, top + "/w")
    path(os.chmod, top + "/w", 0o600), path(os.truncate, top + "/w", 50)
print(sorted(set(bad)) if bad else "0 failed" if count > 5 else f"{count} only")
END
# under_kills NAME DIRECTORY FIRST: six kills
under_kills()
{
	local i
	rm -f stop
	timeout 60 python3 client.py "$2" >client.log & client=$!
	for ((i = $3; i < $3 + 6; i++)); do kill_server "$1" "$i"; sleep 0.05; done
	touch stop
	wait "$client"
	is "$1: six kills" "$(cat client.log) $(name_of)" "0 failed fuse-relay:$(($3 + 5))"
}
under_kills passthrough "mnt$there" 4
is 'no descriptor is lost' "$(descriptors)" "$open"
pid=$(server_now passthrough)
kill -HUP "$keeper"
ok 'SIGHUP starts another one' within 5 is_named fuse-relay:10
is 'which serves' "$(timeout 5 cat "mnt$there/file")" hello
# The socket of the next server takes two descriptors; poll(2) of four takes a limit of four.
prlimit --pid "$keeper" --nofile=4:
kill -KILL "$(server_now passthrough)"
ok 'no descriptor is left: no server is started' within 5 grep -q 'passthrough: not started: Too many open files' log
bg cat "mnt$there/file" >copy; reader=$bg
ok 'a caller waits' within 5 blocked "$reader"
prlimit --pid "$keeper" --nofile=1024:
ok 'and has its answer once there are descriptors again' wait "$reader"
is 'from a server that was started then' "$(cat copy)" hello
pid=$(server_now passthrough)
ok 'unmounted, the keeper ends with success' end
ok 'and so does the server' gone "$pid"

# ---- Other servers ----
ok 'passthrough_ll: numbers that are addresses' begin file bin/passthrough_ll -f -o "source=$T/src" '{}'
ok 'passthrough_ll: kill -9' kill_server passthrough_ll 1
exits 0 'passthrough_ll: ls -l, with all attributes at once' timeout 5 ls -l mnt mnt/dir
ok 'passthrough_ll: unmounted' end
ok 'hellofs, as if it knew nothing' begin hello hellofs '{}'
ok 'hellofs: kill -9' kill_server hellofs 1
is 'hellofs: reads' "$(timeout 5 cat mnt/hello)" hello
pid=$(server_now hellofs)
kill -STOP "$pid"
bg stat mnt >/dev/null 2>&1; client=$bg
within 5 blocked "$client"
exits 0 'a server that hangs: fumount --wake' timeout 20 fumount --wake mnt
ok 'who waited goes on' within 5 gone "$client"
kill -CONT "$pid"
is 'and the mount' "$(timeout 5 cat mnt/hello)" hello
server=$(server_now hellofs)
kill -KILL "$keeper"
ok 'a keeper that is killed takes the server along' within 5 gone "$server"
exits 1 'and no call waits' timeout 5 stat mnt
umount -l mnt
if command -v squashfuse mksquashfs >/dev/null; then
	mksquashfs src image -quiet -no-progress >/dev/null 2>&1
	ok 'squashfuse' begin file squashfuse -f image '{}'
	ok 'squashfuse: kill -9' kill_server squashfuse 1
	is 'squashfuse: reads' "$(timeout 5 cat mnt/file)" hello
	ok 'squashfuse: kill -9 again' kill_server squashfuse 2
	is 'squashfuse: reads again' "$(timeout 5 cat mnt/dir/file)" more
	ok 'squashfuse: unmounted' end
fi

# A server that ends with success has not gone to the background only because a helper takes time to end, here that of
# its memory.
cat >bin/helped <<'END'
#!/bin/bash
python3 -c 'import time; x = b"x" * (100 << 20); open("ready", "w"); time.sleep(1000)' &
passthrough -f "$@" &
trap 'exit 0' TERM
wait
END
chmod +x bin/helped
PATH=$T/bin:$PATH
ok 'a server with a helper' begin "$there/file" helped '{}'
within 10 test -e ready
kill -TERM "$(server_now helped)"
ok 'ends with success, and is started again' within 10 is_named fuse-relay:1
is 'and serves' "$(timeout 5 cat "mnt$there/file")" hello
ok 'and is unmounted' end

# ---- What cannot be ----
# Standard input is a socket: the keeper takes no descriptor that it has not opened yet for number 0.
cat >refused.py <<'END'
import socket, subprocess
ours, its = socket.socketpair()
print(subprocess.run(["fmount", "--keep=relay", "--keep-tries", "5000", "mnt", "--", "hellofs"], stdin=its, stderr=subprocess.DEVNULL).returncode)
its.close()
print(ours.recv(100))
END
is 'too many tries: refused, and nothing is written to standard input' "$(timeout 20 python3 refused.py)" $'1\nb\'\''
printf '#!/bin/sh\nexec sleep 20 &\n' >bin/leaves
chmod +x bin/leaves
exits 1 'a server that goes to the background' timeout 10 fmount --keep=relay mnt -- bin/leaves
like 'is refused in words' "$err" 'run it in the foreground'
ok 'and unmounted' unmounted "$T/mnt"
exits 127 'no such program' fmount --keep=relay mnt -- nosuchprogram
exits 1 '--clones' fmount --keep=relay --clones 1 mnt -- hellofs
ok 'nothing stays mounted' unmounted "$T/mnt"

# ---- Rings are hidden ----
if has_switch; then
	switch_rings Y
	ok 'io_uring is on: begins' begin file passfs --transport=auto --threads=4 src
	is 'all is relayed' "$(name_of)" fuse-relay:0
	is 'the server has no ring' "$(find "/proc/$(server_now passfs)/fd" -lname '*io_uring*' -printf x)" ''
	ok 'kill -9' kill_server passfs 1
	is 'reads' "$(timeout 5 cat mnt/file)" hello
	ok 'unmounts' end
fi
finish
