#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The images of configs/container, put together by the Dockerfile's own steps, and run
# as its docker run lines say, by the runtime beside this file; then the pod of
# sidecar.yaml, as a kubelet would.
# shellcheck disable=SC2317 # what is handed to ok and bg is reached
. "$(dirname "$0")/../lib.sh"

configs=$top/configs/container
need perl setpriv unshare
start 60

runtime=$top/tests/boot/runtime

# lib.sh's clean-up detaches FUSE mounts only.
trap 'kill_containers; cleanup_volume; cleanup' EXIT
cleanup_volume()
{
	umount -l "$T/volume/files" 2>/dev/null
	umount -l "$T/volume" 2>/dev/null
}
# SIGKILL ends unshare, and with it process 1 and the container's other processes.
kill_containers()
{
	local pid
	for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null; done
	wait 2>/dev/null
}

# --- the Dockerfile

# The lines of stage $1, its comment included: from the blank line before it.
stage() { NAME=$1 perl -00 -ne 'print if /^FROM .* AS \Q$ENV{NAME}\E$/m' "$configs/Dockerfile"; }
# Prints the words of the stage's docker run line without the image's name, and those of its
# ENTRYPOINT.
run_line() { stage "$1" | sed -n "s/^#	docker run \(.*\) $1\$/\1/p" | tr ' ' '\n'; }
entrypoint() { stage "$1" | perl -MJSON::PP -ne 'print map { "$_\n" } @{decode_json $1} if /^ENTRYPOINT (.*)/'; }

# Runs the steps of the Dockerfile's stage "build" here, without those that install packages and run
# make. "/src" and "/image" are paths in the Docker image.
assemble()
{
	local steps step
	mapfile -t steps < <(stage build | sed -n 's/^RUN //p')
	diag "${steps[@]}"
	[ "${#steps[@]}" = 3 ] && [[ ${steps[0]} == 'apk add '* ]] && [ "${steps[1]}" = 'make -C /src' ] || return 1
	step=${steps[2]//\/src\/build/$BUILD}
	step=${step//\/src/$top}
	step=${step//\/image/$1}
	$step
}

# --- processes in containers

# Sets $pid to process 1 of the container that bg started as $bg. $bg may have other children,
# inherited from its shell.
look_for_first()
{
	for pid in $(pgrep -P "$bg"); do
		grep -q '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" && return
	done
	return 1
}
first_process() { within 5 look_for_first; }
field() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }
name_is() { [ "$(field Name)" = "$1" ]; }
reads() { timeout 5 cat "$1"; }
shows() { [ "$(reads "$1")" = hello ]; }

# run STAGE [OPTIONS]: starts the container of STAGE; OPTIONS replace those of the Dockerfile's
# docker run line.
run()
{
	local stage=$1 options program; shift
	mapfile -t options < <(run_line "$stage")
	mapfile -t program < <(entrypoint "$stage")
	[ $# = 0 ] || options=("$@")
	exec "$runtime" "${options[@]}" "$T/image" "${program[@]}" 2>"$T/said"
}

has_lines()
{
	local stage=$1
	like "$stage: there is a docker run line" "$(run_line "$stage" | tr '\n' ' ')" '--device /dev/fuse --cap-add SYS_ADMIN '
	like "$stage: there is an ENTRYPOINT" "$(entrypoint "$stage" | head -n 1)" '^/bin/'
	like "$stage: it copies the image, and that is all" "$(stage "$stage" | grep -v '^#' | tr '\n' ' ')" \
		"^FROM scratch AS $stage COPY --from=build /image / ENTRYPOINT"
}

ok 'the image is assembled by the steps of the Dockerfile' assemble "$T/image"
is 'in it is one program, and links to it' "$(find "$T/image" -type f -perm /111)" "$T/image/bin/fusebox"
ok 'the link to the program is relative' [ "$(readlink "$T/image/bin/hellofs")" = fusebox ]

as_root_there()
{
	has_lines hello
	bg run hello
	first_process
	ok 'hello: mounts and serves' within 5 shows "/proc/$pid/root/mnt/hello"
	ok 'it is process 1' name_is hellofs
	is 'hellofs has no capabilities but those that docker run adds' "$(field CapBnd)" 00000000a82425fb
	is 'hellofs cannot gain privileges' "$(field NoNewPrivs)" 1
	is 'the file system that it is in is read-only' \
		"$(awk '$5 == "/" { print substr($6, 1, 2) }' "/proc/$pid/mountinfo")" ro
	is 'nothing of outside is mounted there' \
		"$(awk '$5 !~ "^/(|proc|sys|mnt|dev(/[a-z]+)?)$"' "/proc/$pid/mountinfo")" ''
	exits 0 'fuse-info runs in it' nsenter -t "$pid" -m -p /bin/fuse-info
	like 'fuse-info in the container shows the mount' "$out" 'serving .* hellofs .* /mnt'
	kill -TERM "$pid"
	wait "$bg"
	is 'docker stop ends it with 0' $? 0
	like 'the container unmounts when docker stops it' "$(cat "$T/said")" 'Unmounting "/mnt"'
}

as_nobody()
{
	has_lines unprivileged
	bg run unprivileged
	first_process
	ok 'unprivileged: mounts and serves' within 5 shows "/proc/$pid/root/mnt/hello"
	ok 'the server has become process 1' name_is hellofs
	is 'unprivileged: the server runs as nobody' "$(field Uid | tr '\t' ' ')" '65534 65534 65534 65534'
	is 'unprivileged: the server has the group of nobody' "$(field Gid | tr '\t' ' ')" '65534 65534 65534 65534'
	is 'unprivileged: the server has no capability' "$(field 'Cap\(Prm\|Eff\|Inh\|Amb\)' | sort -u)" 0000000000000000
	is 'unprivileged: the server can gain no capability' "$(field CapBnd) $(field NoNewPrivs)" '0000000000000000 1'
	kill -TERM "$pid"
	wait "$bg"
	is 'docker stop ends it with 0, at once, though it may not unmount' $? 0
}

# A user who leaves out these options gets this message.
without()
{
	run hello --rm --device /dev/fuse &
	wait $!
	is 'hellofs without --cap-add fails' $? 1
	like 'without --cap-add the error names what is missing' "$(cat "$T/said")" '^hellofs: /mnt: .*(not permitted|CAP_SYS_ADMIN)'
	run hello --rm --cap-add SYS_ADMIN &
	wait $!
	is 'hellofs without --device fails' $? 1
	like 'without --device the error names /dev/fuse' "$(cat "$T/said")" '^hellofs: .*/dev/fuse'
	"$runtime" --device /dev/fuse "$T/image" /bin/fmount --check /mnt >"$T/check"
	ok 'fmount --check tells what is missing' grep -q 'capabilities  *CAP_SYS_ADMIN not in effect' "$T/check"
}

# Podman without root: the container's root is root of a user namespace, and nobody outside.
as_ordinary_user()
{
	own_dev
	rootless() { exec setpriv --reuid 65534 --regid 65534 --clear-groups unshare --user --map-root-user "$runtime" "$@"; }
	local options program
	mapfile -t options < <(run_line hello)
	mapfile -t program < <(entrypoint hello)
	bg rootless "${options[@]}" "$T/image" "${program[@]}" 2>"$T/said"
	first_process
	# No process outside that user namespace may access the mount, not even root's.
	shows_inside() { [ "$(nsenter -t "$pid" -U timeout "$(longer 5)" cat "/proc/$pid/root/mnt/hello")" = hello ]; }
	ok 'an ordinary user runs hello' within 5 shows_inside
	is 'it is an ordinary user outside' "$(field Uid | cut -f1)" 65534
	kill -TERM "$pid"
	wait "$bg"
	is 'docker stop ends that with 0' $? 0
	give_dev_back
}

# --- the pod

# yaml PATH: the scalars there, one a line; a number is a place in a list.
yaml()
{
	perl -MCPAN::Meta::YAML -e '
		my $at = CPAN::Meta::YAML->read($ARGV[0])->[0];
		$at = ref $at eq "ARRAY" ? $at->[$_] : $at->{$_} for split /\./, $ARGV[1];
		print map { "$_\n" } ref $at ? @$at : $at // ();' "$configs/sidecar.yaml" "$1"
}
# container PATH [PROGRAM...]: starts the container of the pod file at PATH as the kubelet does,
# with its own image and the volume propagation that it asks for; PROGRAM replaces its command.
container()
{
	local path=$1 options=() propagation program; shift
	case $(yaml "$path.volumeMounts.0.mountPropagation") in
	Bidirectional) propagation=rshared ;;
	HostToContainer) propagation=rslave ;;
	*) propagation=rprivate ;;
	esac
	[ "$(yaml "$path.securityContext.privileged")" != true ] || options=(--privileged)
	mapfile -t program < <(yaml "$path.command")
	[ $# = 0 ] || program=("$@")
	exec "$runtime" "${options[@]}" -v "$T/volume:$(yaml "$path.volumeMounts.0.mountPath"):$propagation" \
		"$T/$(yaml "$path.image")" "${program[@]}" 2>>"$T/said"
}
# hook PATH: runs the command at PATH in the sidecar.
hook()
{
	local program
	mapfile -t program < <(yaml "$1")
	nsenter -t "$sidecar" -m -p "${program[@]}"
}
make_busybox()
{
	mkdir -p "$T"/busybox/{bin,dev,proc,sys}
	cp "$(command -v busybox)" "$T/busybox/bin/busybox"
	for applet in sh cat mkdir sleep; do ln -s busybox "$T/busybox/bin/$applet"; done
}
start_sidecar()
{
	bg container spec.initContainers.1
	runner=$bg
	first_process
	sidecar=$pid
}
probed() { hook spec.initContainers.1.startupProbe.exec.command; }
volume_empty() { unmounted "$T/volume/files"; }

pod()
{
	local name reader runner
	mv "$T/image" "$T/unprivileged"
	make_busybox
	mkdir "$T/volume"
	mount -t tmpfs none "$T/volume"
	mount --make-shared "$T/volume"	# as the kubelet's directory is on a node

	in_shell() { ("$@"); }	# it is replaced by what runs the container
	exits 0 'pod: the init container makes the directory' in_shell container spec.initContainers.0 /bin/mkdir -p /share/files
	is 'the command is that of the file' "$(yaml spec.initContainers.0.command | tr '\n' ' ')" 'mkdir -p /share/files '
	start_sidecar
	ok 'the sidecar passes its startup probe' within 5 probed
	is 'its server is nobody' "$(field Uid | cut -f1) $(field CapBnd)" '65534 0000000000000000'
	ok 'the node sees the mount' mounted "$T/volume/files"
	bg container spec.containers.0 /bin/sh -c "$(yaml spec.containers.0.command.2)" >"$T/printed"
	reader=$bg
	ok 'another container reads it' within 5 grep -qx hello "$T/printed"
	bg=$reader first_process
	reader=$pid

	kill -9 "$sidecar"
	wait "$runner" 2>/dev/null
	ok 'a killed sidecar leaves its mount behind' mounted "$T/volume/files"
	start_sidecar
	ok 'started again, it replaces that' within 5 probed
	ok 'the other container can read what the new sidecar serves' within 5 shows "/proc/$reader/root/share/files/hello"

	# The container ends with its server, which may kill the hook.
	in_shell hook spec.initContainers.1.lifecycle.preStop.exec.command 2>/dev/null
	ok 'the preStop hook unmounts' matches "$?" '^(0|137)$'
	ok 'the node has no mount after the preStop hook' volume_empty
	ok 'the other container has no mount after the preStop hook' [ "$(grep -c ' fuse' "/proc/$reader/mountinfo")" = 0 ]
	wait "$runner"
	is 'the server ends by itself, with 0' $? 0
}

as_root_there
as_nobody
without
as_ordinary_user
pod
finish
