#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# passfs as root, and a file system in SOURCE that itself decides who may do what: the server is no
# way past that.
. "$(dirname "$0")/../lib.sh"
start 60
need setpriv setfattr getfattr /usr/bin/python3
[ "$(id -u)" = 0 ] || need root
# shellcheck source=../serve/passfs.sh
. "$here/serve/passfs.sh"
U=1777

# server OPTIONS LOG: a FUSE file system at src/below with one file, mounted as these options say; it
# writes the caller's uid of each request for an attribute of system.* to LOG.
cat >server.py <<'P'
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open('/dev/fuse', os.O_RDWR)
options = 'fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions%s' % (fd, sys.argv[1])
if libc.mount(b'below', b'src/below', b'fuse', 0, options.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
log = open(sys.argv[2], 'a', buffering=1)
def attr(node):
    return struct.pack('6Q10I', node, 10, 1, 0, 0, 0, 0, 0, 0, 0o40755 if node == 1 else 0o100644, 1, 0, 0, 0, 4096, 0)
def note(what, name, uid):
    if name.startswith(b'system.') and b'posix_acl' not in name or name == b'system.posix_acl_other':
        log.write('%s %s %d\n' % (what, name.decode(), uid))
while True:
    try: request = os.read(fd, 1 << 20)
    except OSError as e:
        if e.errno in (2, 4, 11): continue
        break
    length, op, unique, node, uid = struct.unpack('IIQQI', request[:28])
    body, error, reply = request[40:], 0, b''
    if op == 26: reply = struct.pack('IIIIHHI', 7, 31, 0, 0, 0, 0, 4096).ljust(64, b'\0')
    elif op == 1 and body == b'file\0': reply = struct.pack('QQQQII', 2, 0, 0, 0, 0, 0) + attr(2)
    elif op == 1: error = 2
    elif op in (3, 4): reply = struct.pack('QII', 0, 0, 0) + attr(node)
    elif op in (14, 27): reply = struct.pack('QII', 7, 0, 0)
    elif op == 15: reply = b'secret---\n'
    elif op == 17: reply = struct.pack('5Q4I24x', 0, 0, 0, 0, 0, 4096, 255, 4096, 0)
    elif op == 21: note('set', body[8:].split(b'\0')[0], uid)
    elif op == 22: note('get', body[8:].split(b'\0')[0], uid); error = 61
    elif op == 24: note('remove', body.split(b'\0')[0], uid)
    elif op in (2, 42): continue
    elif op not in (18, 25, 29, 34): error = 38
    try: os.write(fd, struct.pack('IiQ', 16 + len(reply), -error, unique) + reply)
    except OSError: pass
P
below() { awk '$5 ~ /src\/below$/ { found = 1 } END { exit !found }' /proc/self/mountinfo; }
server()
{
	bg /usr/bin/python3 server.py "$1" "$2"
	below_pid=$bg
	within 20 below || bail 'no server below'
}
end_server() { umount -l src/below; wait "$below_pid"; }
mkdir src/below

# ---- FUSE without allow_other lets in nobody but the user who mounted it ----

server '' log
exits 1 'in SOURCE another user has no access' as $U cat src/below/file
for how in '' --no-passthrough --cache=always --sandbox; do
	up ${how:+"$how"}
	exits 1 "nor through the mount ($how)" as $U cat mnt/below/file
	like 'the error: Permission denied' "$err" 'Permission denied'
	is 'root has' "$(cat mnt/below/file)" secret---
	exits 1 'nor once root has read it' as $U cat mnt/below/file
	exits 2 'nor to the directory' as $U ls mnt/below
	down
done
up --kernel-fs
is 'with --kernel-fs all have' "$(as $U cat mnt/below/file)" secret---
down
end_server
server ,allow_other log
for how in '' --sandbox; do
	up ${how:+"$how"}
	is "with allow_other all have ($how)" "$(as $U cat mnt/below/file)" secret---
	down
done

# ---- The kernel checks nobody for system.*: SOURCE's file system does, by who asks ----

for how in '' --cache=always --no-passthrough --sandbox; do
	up ${how:+"$how"}
	for name in system.nfs4_acl system.posix_acl_other; do
		: >log
		as $U setfattr -n $name -v value mnt/below/file
		as $U getfattr -n $name mnt/below/file 2>err
		as $U setfattr -x $name mnt/below/file
		is "$name: asked as the caller ($how)" "$(cat log)" "$(printf '%s\n' "set $name $U" "get $name $U" "remove $name $U")"
	done
	: >log
	setfattr -n system.nfs4_acl -v value mnt/below/file
	is 'by root as root' "$(cat log)" 'set system.nfs4_acl 0'
	down
done
end_server
finish
