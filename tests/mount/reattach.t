#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fmount --reattach: a new mount takes the places of a dead one in containers' mount namespaces; and
# what the owner of a namespace may try meanwhile.
. "$(dirname "$0")/../lib.sh"
start 200
[ "$(id -u)" = 0 ] || { skip 'all' 'not root'; finish; }
mkdir -p source/sub mnt binds
echo whole >source/file
echo part >source/sub/file
# --reattach finds the dead mounts of this source in all mount namespaces, and leaves those of other tests alone.
label=reattach${T##*.}
serve() { fmount --wait -s "$label" mnt -- passfs --cache=none source; }
server_of() { fuse-info --json "$1" | sed -n 's/.*"server":{"pid":\([0-9]*\).*/\1/p'; }
dies() { kill -KILL "$(server_of mnt)" && within 5 bash -c '! cat mnt/file 2>/dev/null'; }
# container NAME OPTIONS COMMANDS: makes a mount namespace with unshare's OPTIONS and runs COMMANDS
# in it; pid_NAME is its process.
container()
{
	rm -f "ready.$1"
	# shellcheck disable=SC2086
	bg unshare -m $2 bash -c "$3
		touch $T/ready.$1; exec sleep 1000"
	printf -v "pid_$1" %s "$bg"
	within 10 test -e "ready.$1"
}
end() { local name pid; for name; do pid=pid_$name; kill -9 "${!pid}"; wait "${!pid}"; done 2>/dev/null; }
pid_of() { local pid=pid_$1; echo "${!pid}"; }
in_() { local pid=pid_$1; nsenter -t "${!pid}" -m "${@:2}"; }
table() { local pid=pid_$1; cat "/proc/${!pid}/mountinfo"; }

serve
connection=$(conn_of "$T/mnt")
container private '--propagation private' :
container slave '--propagation slave' :
container readonly '--propagation private' "mount -o remount,bind,ro,noexec $T/mnt"
container binds '--propagation private' "mkdir $T/binds/whole $T/binds/part; touch $T/binds/file
	mount --bind $T/mnt $T/binds/whole; mount --bind $T/mnt/sub $T/binds/part; mount --bind $T/mnt/file $T/binds/file"
container pivoted '--propagation private' "mkdir $T/root; mount -t tmpfs none $T/root
	mkdir $T/root/{old,data,proc,bin,lib,lib64,usr,tmp,dev,etc,sys,run}
	for d in bin lib lib64 usr dev; do mount --rbind /\$d $T/root/\$d; done
	mkdir -p $T/root/$T; mount --bind $T/mnt $T/root/data; mount -t proc none $T/root/proc; mount --bind $T $T/root/$T
	cd $T/root; pivot_root . old; umount -l /old"
container shared '--propagation shared' "mount -t tmpfs none $T/binds; mount --make-shared $T/binds; mkdir $T/binds/at; mount --bind $T/mnt $T/binds/at"
container user '-Ur --propagation slave' :
container hidden '--propagation private' "mkdir $T/binds/hidden; mount --bind $T/mnt $T/binds/hidden; mount -t tmpfs none $T/binds/hidden"
dies
exits 0 'fmount --replace-stale in this mount namespace' fmount --wait --replace-stale -s "$label" mnt -- passfs --cache=none source
ok 'in another mount namespace the mount is dead' bash -c '! nsenter -t "$1" -m cat "$2" 2>/dev/null' - "$(pid_of private)" "$T/mnt/file"

exits 1 '--reattach --dry-run where one mount cannot be reached' fmount --reattach --dry-run mnt
like '--dry-run names a mount that would be replaced' "$out" "$T/mnt, in the mount namespace of $(pid_of private) \([a-z]+\): would be replaced"
ok '--dry-run changes nothing' grep -q "0:$connection .* $T/mnt " <(table private)
exits 1 '--reattach where one mount cannot be reached' fmount --reattach mnt
like 'the error names the covered mount, which is not replaced' "$err" "^fmount: $T/binds/hidden, in the mount namespace of $(pid_of hidden) \([a-z]+\): not replaced: another mount is there or covers it$"
is 'no other mount is reported' "$(wc -l <<<"$err")" 1
for name in private slave shared user readonly hidden; do
	is "$name: the new server answers" "$(in_ "$name" timeout 5 cat "$T/mnt/file")" whole
done
for name in private slave shared readonly binds pivoted; do
	ok "$name: the dead mount is gone" bash -c '! grep -q " 0:$1 " "/proc/$2/mountinfo"' - "$connection" "$(pid_of "$name")"
done
is 'a mount that was read-only is so again' "$(table readonly | awk -v m="$T/mnt" '$5 == m { print $6 }')" ro,nosuid,nodev,noexec,relatime
is 'a mount that was read-write is so again' "$(table private | awk -v m="$T/mnt" '$5 == m { print $6 }')" rw,nosuid,nodev,relatime
is 'a bind of the whole serves' "$(in_ binds cat "$T/binds/whole/file")" whole
is 'a bind of a subdirectory serves' "$(in_ binds cat "$T/binds/part/file")" part
is 'a bind of a file serves' "$(in_ binds cat "$T/binds/file")" whole
is 'the mount serves below another root directory' "$(nsenter -t "$(pid_of pivoted)" -m /bin/cat /data/file)" whole
is 'a mount that was shared is so again' "$(table shared | grep -c " $T/binds/at .* shared:")" 1
is 'a locked mount is covered by the new one' "$(table user | grep -c " $T/mnt ")" 2
exits 0 'a second --reattach reports only the mount that is covered' bash -c 'fmount --reattach mnt 2>&1 | grep -v "covers it"; [ "${PIPESTATUS[1]}" = 1 ]'
end hidden user pivoted

# ---- What would be lost ----

# When a process looks up a mountpoint in a dead mount, the kernel detaches the mount that is there.
container nested '--propagation private' "mkdir $T/binds/nested; mount --bind $T/mnt $T/binds/nested; mount -t tmpfs none $T/binds/nested/sub
	echo precious >$T/binds/nested/sub/file; mkdir $T/binds/outer; mount --bind $T/mnt $T/binds/outer; mount --bind $T/mnt/sub $T/binds/outer/sub"
container alone '--propagation private' "mount --make-unbindable $T/mnt"
dies
fmount --wait --replace-stale -s "$label" mnt -- passfs --cache=none source
exits 1 '--reattach --dry-run where mounts would be lost' fmount --reattach --dry-run mnt
nested=$err
exits 1 '--reattach where mounts would be lost' fmount --reattach mnt
is '--dry-run reports the same mounts' "$nested" "$err"
like 'a mount with another one below it is not replaced' "$err" "/binds/nested, in .*: not replaced: other mounts are below it, and would be lost"
like 'a mount in a dead mount is not replaced' "$err" "/binds/outer/sub, in .*: not replaced: it is mounted in a dead mount"
is 'nothing that was mounted in a dead mount is lost' "$(table nested | grep -c " $T/binds/[a-z]*/sub ")" 2
like 'a mount that was unbindable is so again' "$(table alone | grep " $T/mnt ")" ' unbindable '
in_ nested umount -l "$T/binds/nested" "$T/binds/outer"
end nested alone

if fuse-info -k | grep -qw ALLOW_IDMAP; then
	mkdir hello
	hellofs -b "$label" hello
	container mapped '--propagation private' "mkdir $T/binds/mapped; fmount --idmap 0:100000:9 $T/hello $T/binds/mapped"
	kill -KILL "$(server_of hello)"
	within 5 bash -c '! cat hello/hello 2>/dev/null'
	exits 0 '--replace-stale of a mount that was bound idmapped' fmount --wait --replace-stale -s "$label" hello -- hellofs
	exits 1 '--reattach of an idmapped mount' fmount --reattach hello
	like 'the error names the idmapped mount' "$err" "/binds/mapped, in .*: not replaced: it is idmapped; "
	ok 'the mount that is not idmapped is replaced' in_ mapped cat "$T/hello/hello"
	end mapped
	fumount hello
fi

# ---- By name, and what is refused ----

hellofs -b binds
exits 1 '--reattach where only the program tells the mounts apart' fmount --reattach binds
like 'the error says how the old mount is named' "$err" 'tells only its program, hellofs; name the old mount as --reattach=conn:N, or mount with -s'
fumount binds
exits 0 '--reattach where no dead mount is left' fmount --reattach mnt
like 'the error: no dead mount has this type, source and owner' "$err" 'no dead mount has this type, source and owner'
exits 1 '--reattach of a connection that is alive' fmount --reattach=conn:"$(conn_of "$T/mnt")" mnt
like 'the error: not known to be dead' "$err" 'not known to be dead'
exits 1 '--reattach of a connection that does not exist' fmount --reattach=conn:999999 mnt
exits 1 '--reattach of a directory that is no FUSE mount' fmount --reattach "$T"
exits 1 '--reattach by an ordinary user' setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/bin/fmount" --reattach mnt
is 'the error: fmount: --reattach: only root may enter other mount namespaces' "$err" 'fmount: --reattach: only root may enter other mount namespaces'
exits 1 '--reattach with a program' fmount --reattach mnt -- true

# Readers in the containers get the dead mount's error or the new mount, and no other result.
cat >read.py <<'P'
import errno, os, sys
seen = set()
while not os.path.exists('stop'):
    try: seen.add(open('mnt/file').read().strip())
    except OSError as e: seen.add(errno.errorcode[e.errno])
print(sorted(seen))
P
readers=()
for name in private slave shared; do
	pid=pid_$name
	nsenter -t "${!pid}" -m --wd="$T" python3 read.py >"seen.$name" & readers+=($!); pids+=($!)
done
for _ in 1 2 3 4 5; do
	dies
	fmount --wait --replace-stale -s "$label" mnt -- passfs --cache=none source || echo bad >>errors
	fmount --reattach mnt >/dev/null 2>>errors
	for name in private slave shared; do in_ "$name" cat "$T/mnt/file" >/dev/null || echo "$name" >>errors; done
done
touch stop; wait "${readers[@]}"; rm stop
is 'five times the mount is replaced in each namespace' "$(cat errors 2>/dev/null)" ''
for name in private slave shared; do
	unlike "$name: a reader never gets ENOENT" "$(cat "seen.$name")" ENOENT
	like "$name: a reader gets to the new mount" "$(cat "seen.$name")" whole
done
end shared binds

# ---- Hostile namespaces ----

# A file system on the way that never answers.
container mute '--propagation private' "mkdir -p $T/binds/way/at; mount --bind $T/mnt $T/binds/way/at; faulty mute $T/binds/way"
dies
fmount --wait --replace-stale -s "$label" mnt -- passfs --cache=none source
began=${EPOCHREALTIME/./}
exits 1 '--reattach where a file system on the way never answers' timeout 30 fmount --reattach mnt
ok '--reattach ends within 20 seconds' since "$began" 20
like '--reattach reports the namespace that it leaves alone' "$err" "namespace of $(pid_of mute) \([a-z]+\): a file system there does not answer; left as it is"
is 'mounts in the other namespaces are replaced' "$(in_ private cat "$T/mnt/file")" whole
in_ mute abort_detach "$T/binds/way"
end mute

# /proc, /sys and the directories on the path are the namespace's; the path leads to a directory of
# root.
mkdir -p victim/at
mount -t tmpfs victim victim; mkdir victim/at
container fake '--propagation private' "mkdir -p $T/binds/fake/at; mount --bind $T/mnt $T/binds/fake/at
	mount -t tmpfs none /sys; mount --bind $T/victim $T/binds/fake; mount -t tmpfs none /proc; mkdir -p /proc/self/fd; mkfifo /proc/self/mountinfo"
dies
fmount --wait --replace-stale -s "$label" mnt -- passfs --cache=none source
exits 1 '--reattach where a name in the namespace leads to a mount of root' timeout 30 fmount --reattach mnt
is 'nothing is mounted on the mount of root' "$(table fake | grep -c " $T/binds/fake/at ")" 1
is 'the mount that can be reached is replaced' "$(in_ fake /bin/cat "$T/mnt/file")" whole
end fake

# A process of the namespace exchanges directories on the path all the time.
touch swapping
container swap '--propagation private' "mount -t tmpfs none $T/binds; mkdir -p $T/binds/a/at $T/binds/b/at; mount --bind $T/mnt $T/binds/a/at
	(cd $T/binds; while [ -e $T/swapping ]; do mv a c; mv b a; mv c b; mv a c; mv b a; mv c b; done) 2>/dev/null &"
for _ in 1 2 3; do
	dies
	fmount --wait --replace-stale -s "$label" mnt -- passfs --cache=none source
	timeout 30 fmount --reattach mnt >/dev/null 2>&1
	[ "$(table swap | grep -c "$T/binds/[abc]/at ")" = 1 ] || echo bad >>errors
done
is 'while directories are exchanged, nothing is mounted in another place' "$(cat errors 2>/dev/null)" ''
rm swapping
end swap

# A user's own mount of this type and source is not mistaken for the dead one.
end private slave readonly
type=$(mount_line "$T/mnt" | sed 's/.* - \([^ ]*\) \([^ ]*\) .*/\2/')
container spoof '-Ur --propagation private' "umount -l $T/mnt; mount -t tmpfs none $T/binds; mkdir $T/binds/at; fmount --wait -s $type $T/binds/at -- passfs $T/source
	fuse-info --json $T/binds/at | sed -n 's/.*\"server\":{\"pid\":\([0-9]*\).*/\1/p' | xargs kill -9"
exits 0 '--reattach with a mount of the same name in a user namespace' fmount --reattach mnt
is 'the mount of the same name is not replaced' "$out" ''
finish
