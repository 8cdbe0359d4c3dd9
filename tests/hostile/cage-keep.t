#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A passfs in the cage that was taken over writes what it likes to the memory that fmount --keep hands to the
# next server, and dies. The next server reads that as root, before it is in the cage itself: it must not
# write elsewhere, nor have a descriptor that leads out of SOURCE.
. "$(dirname "$0")/../lib.sh"
start 120
need python3
need strace
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }
mkdir src src/other out mnt
echo text >src/text

# poke WHAT [NUMBER...]: what the server writes there; its numbers are those of struct head in core/fuse/kept.c and
# struct journal in applets/passfs/journal.h. `found`: prints the number of the descriptor of an open file.
cat >poke <<'END'
#!/usr/bin/python3
import glob, os, struct, sys
server, what, *numbers = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
OWN, EACH, FILES, INODE = 0x10000, 40, 5296, 8
fd = next(fd for fd in glob.glob(f'/proc/{server}/fd/*') if 'fuse-resume' in os.readlink(fd))
file = os.open(fd, os.O_RDWR)
size = next(int(b, 16) - int(a, 16) for a, b in (line.split()[0].split('-') for line in open(f'/proc/{server}/maps')
	if 'fuse-resume' in line and line.split()[2] == '%08x' % OWN))
def get(at): return struct.unpack('<Q', os.pread(file, 8, at))[0]
def put(at, *values): os.pwrite(file, struct.pack(f'<{len(values)}Q', *values), at)
# The journal begins with its own size and that of a node.
journal = next(at for at in range(OWN, OWN + size, OWN) if OWN + size - 4096 < at + (get(at) >> 16) <= OWN + size)
length, node = get(journal) >> 16, get(journal) & 0xffff
def entry(fd): return journal + FILES + fd * EACH
if what == 'found':
	print(next((fd for fd in range(1024) if get(entry(fd) + 32) == 1), ''))
if what == 'word':	# that the server was about to write: its place, its value
	put(OWN + 24, 1, numbers[0], numbers[1])
if what == 'file':	# an open file of this number
	put(entry(numbers[0]), 1, 1 << 30 | numbers[0], 0, 0, 1)
	if get(journal + 16) <= numbers[0]: put(journal + 16, numbers[0] + 1)
if what == 'most':	# how many descriptors there were
	put(journal + 16, numbers[0])
if what == 'root':	# the descriptor of SOURCE
	root = journal + length - (length - FILES - 2 * EACH * (1 << 20)) // node * node
	assert os.readlink(f'/proc/{server}/fd/{get(root) & 0xffffffff}').endswith('/src')
	os.pwrite(file, struct.pack('<i', numbers[0]), root)
END
chmod +x poke
tries=0 traced=()
up()
{
	bg "${traced[@]}" fmount --keep --keep-tries "$tries" mnt -- passfs "$@" src 2>log
	keeper=$bg
	within 5 mounted "$T/mnt" && [ "$(timeout 5 cat mnt/text)" = text ] && { server=$(child_named passfs "$keeper") || [ "${traced[*]}" ]; }
}
down() { fumount mnt && within 5 gone "$keeper"; }
another() { server=$(child_named passfs "$keeper") && [ "$server" ] && [ "$server" != "$was" ] && [ "$(timeout 5 cat mnt/text)" = text ]; }
die() { was=$server; kill -KILL "$server"; within 5 another; }
# leading_out: the descriptors of the server that are directories outside of SOURCE
leading_out()
{
	local fd
	for fd in "/proc/$server/fd"/*; do
		[ -d "$fd/" ] || continue
		[[ $(stat -Lc %d:%i "$fd") = $(stat -c %d:%i src) || $(readlink "$fd") = "$T"/src/* ]] || echo "$(basename "$fd") leads to $(readlink "$fd")"
	done
}

# ---- The next server cannot open a file that the former one had open ----
ok 'passfs --sandbox' up --sandbox
exec 5<mnt/text
number=$(./poke "$server" found)
ok "an open file is found in the memory: $number" [ -n "$number" ]
exec 5<&-
./poke "$server" file 700
ok 'the next server goes on with a file that it cannot open' die
is 'no descriptor of it leads out of SOURCE' "$(leading_out)" ''
ok 'an empty pipe has its number' test -e "/proc/$server/fd/700"

# ---- A number that the next server has in use: of the memory, the device, the sockets, the outputs ----
own=$(tr '\0' '\n' <"/proc/$server/environ" | sed -n 's/^FUSE_RESUME_STORE=\([0-9]*\),.*/\1/p')
socket=$(readlink "/proc/$server/fd/$own")
like 'the server has a socket to its keeper' "$socket" '^socket:'
for fd in 0 1 2 3 4 5 6; do ./poke "$server" file $fd; done
ok 'the next server goes on if files have the numbers of its own descriptors' die
is 'none leads out of SOURCE' "$(leading_out)" ''
link=$(readlink "/proc/$server/fd/$own")
like 'the next server has its own socket there' "$link" '^socket:'
ok 'which is not that of the one before' [ "$link" != "$socket" ]

# ---- A directory that has left SOURCE, in the place of SOURCE ----
exec 5<mnt/other
for fd in "/proc/$server/fd"/*; do
	[ "$(readlink "$fd")" != "$T/src/other" ] || number=${fd##*/}
done
is 'the server has a directory of SOURCE' "$(readlink "/proc/$server/fd/$number")" "$T/src/other"
mv src/other out/moved
./poke "$server" root "$number"
was=$server
kill -KILL "$server"
within 5 another
is 'the root directory of the next server is SOURCE' "$(readlink "/proc/$server/root")" "$T/src"
exec 5<&-
ok 'unmounts' down

tries=3
# ---- The next server undoes changes and closes forgotten nodes only inside the cage ----
# order: of each server, its filters (f) and its first notification to the kernel, RESEND (r)
order()
{
	awk '/execve\(.*"passfs"/ { if (server) print line; server = $1; line = "" }
		$1 == server && /seccomp.* = 0$/ { line = line "f" }
		$1 == server && /writev?\([0-9]+, .*"\\20\\0\\0\\0\\7\\0\\0\\0/ && line !~ /r/ { line = line "r" }
		END { print line }' trace
}
up_traced() { traced=(strace -f -qq -o trace -e 'trace=execve,seccomp,write,writev'); up --sandbox; traced=(); }
ok 'passfs --sandbox under strace' up_traced
server=$(child_named passfs "$(child_named fuse-keep:0 "$keeper")")
kill -KILL "$server"
ok 'the mount answers again' timeout 10 cat mnt/text
is 'the next server is in the cage before' "$(order | tail -n 1)" ffr
fumount mnt
within 10 gone "$keeper"

# ---- Words outside of the memory, and more descriptors than it has room for ----
ok 'passfs --sandbox, once more' up --sandbox
./poke "$server" word $((1 << 62)) 0
kill -KILL "$server"
ok 'the keeper gives up' within 10 gone "$keeper"
unlike 'no server wrote there' "$(cat log)" 'signal 11'
like 'the server says why it does not go on' "$(cat log)" 'FUSE_RESUME: .*damaged'
ok 'passfs --sandbox, a third time' up --sandbox
./poke "$server" most $((1 << 40))
kill -KILL "$server"
ok 'the keeper gives up' within 10 gone "$keeper"
unlike 'no server read beyond the memory' "$(cat log)" 'signal 11'
like 'the server says why it does not go on' "$(cat log)" 'FUSE_RESUME: .*damaged'
finish
