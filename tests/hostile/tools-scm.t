#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A process that was handed the descriptor of a FUSE mount over a socket passes for its server, as
# far as /proc tells. fumount -R kills it only if nothing else tells who the server is, only
# through a pidfd, and only after a second look.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../late.sh"
start 100
need strace setpriv python3
[ "$(id -u)" = 0 ] || { echo '1..0 # SKIP takes root'; exit 0; }

mkdir bin user user/mnt user/mnt2
install -m 4755 "$BUILD/fusermount3" bin/fusermount3
install -m 755 "$STATIC_BOX" bin/fumount
chown 65534:65534 user user/*
own_dev
PATH=$T/bin:/usr/sbin:/usr/bin:/sbin:/bin
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all "$@"; }
# handed COUNT MOUNTPOINT...: COUNT processes receive the descriptors of these mounts over a socket.
# Each writes its number; SIGUSR1 has it close what it received.
cat >handed <<'END'
import array, os, signal, socket, subprocess, sys
def receive(s):
    data, control, _, _ = s.recvmsg(1, socket.CMSG_SPACE(4))
    return array.array("i", control[0][2])[0]
def send(s, fd):
    s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
def mount(at):
    ours, theirs = socket.socketpair()
    subprocess.run(["fusermount3", at], env=dict(os.environ, _FUSE_COMMFD=str(theirs.fileno())), pass_fds=[theirs.fileno()], check=True)
    return receive(ours)
pairs = [socket.socketpair() for _ in range(int(sys.argv[1]))]
places = sys.argv[2:]
for ours, theirs in pairs:
    if os.fork() == 0:
        got = [receive(theirs) for _ in places]
        signal.signal(signal.SIGUSR1, lambda *_: [os.close(fd) for fd in got])
        os.write(1, b"%d\n" % os.getpid())
        while True:
            signal.pause()
for at in places:
    fd = mount(at)
    for ours, _ in pairs:
        send(ours, fd)
    os.close(fd)
END
all_said() { [ "$(wc -l <said)" = "$1" ]; }
hand() # hand COUNT MOUNTPOINT...
{
	local count=$1
	nobody python3 handed "$@" >said
	within 5 all_said "$count"
	mapfile -t holders <said
	pids+=("${holders[@]}")
	# Waits for the answer to INIT, which keeps the mount busy.
	bg setpriv --reuid 65534 --regid 65534 --clear-groups stat user/mnt/none 2>/dev/null
	# shellcheck disable=SC2154 # bg is lib.sh's
	waiter=$bg
	within 5 grep -q fuse "/proc/$waiter/wchan"
}
alive() { [ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status"; }
dead() { ! alive "$1"; }
let_go()
{
	kill -9 "${holders[@]}" "$waiter" 2>/dev/null
	umount -l user/mnt user/mnt2 2>/dev/null
}

hand 1 user/mnt
strace -f -u nobody -o "$T/trace" -e trace=kill,pidfd_open,pidfd_send_signal fumount -R -f user/mnt 2>err
ok 'the only process that has the device is killed' within 5 dead "${holders[0]}"
like 'fumount reports that it kills the server' "$(cat err)" "its server, process ${holders[0]}, is killed"
like 'fumount kills the server through a pidfd' "$(cat trace)" 'pidfd_send_signal\([0-9]+, SIGKILL'
unlike 'fumount kills no process by its number' "$(cat trace)" " kill\(${holders[0]}, "
let_go

hand 2 user/mnt
exits 0 'fumount detaches a mount whose device two processes have' nobody timeout 20 fumount -R -f user/mnt
like 'fumount reports that it cannot abort the connection' "$err" 'cannot abort connection [0-9]+: Operation not permitted'
unlike 'fumount prints no count that this user cannot see' "$err" '[0-9] waiting'
ok 'the first one lives' alive "${holders[0]}"
ok 'the second one lives' alive "${holders[1]}"
let_go

hand 1 user/mnt user/mnt2
exits 0 'fumount detaches a mount whose server also has another mount' nobody timeout 20 fumount -R -f user/mnt
like 'fumount reports that it cannot abort that connection' "$err" 'cannot abort connection [0-9]+: Operation not permitted'
ok 'the process with another mount lives' alive "${holders[0]}"
let_go

# The process closes the descriptor after fumount has found it there.
hand 1 user/mnt
strace -f -u nobody -o "$T/trace" -e inject=pidfd_open:delay_enter=2s fumount -R -f user/mnt 2>err &
job=$!
begun pidfd_open fumount
kill -USR1 "${holders[0]}"
wait "$job"
ok 'a process that gave up the descriptor after it was found lives' alive "${holders[0]}"
unlike 'that process gets no signal' "$(cat trace)" 'pidfd_send_signal\([0-9]+, SIGKILL'
let_go
give_dev_back
finish
