#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The container recipe of README, built by its own lines and run by an OCI runtime (runc) as its
# docker run line says.
# shellcheck disable=SC2317 # what is handed to ok and within is reached
. "$(dirname "$0")/../lib.sh"
start 120
need runc perl
[ "$(awk '{ print $3 }' /proc/self/uid_map)" = 4294967295 ] || { skip 'a container' 'not root'; finish; }
readme=$top/README.md bundle=$T/bundle id=fusebox-test-$$
trap 'runc --root "$T/state" delete -f "$id" 2>/dev/null; cleanup' EXIT

dockerfile() { sed -n '/^```dockerfile$/,/^```$/{/^```/d;p}' "$readme"; }
run_line() { sed -n 's/.*&& docker run \(.*\) hello$/\1/p' "$readme"; }

# Does what `docker build` does for FROM scratch, COPY and WORKDIR.
build()
{
	local step from to
	mkdir -p "$bundle/rootfs"
	while read -r step from to; do
		case $step in
		FROM) [ "$from" = scratch ] || return 1 ;;
		COPY)
			mkdir -p "$bundle/rootfs$(dirname "$to")"
			cp "${from/#build/$BUILD}" "$bundle/rootfs$to" || return ;;
		WORKDIR) mkdir -p "$bundle/rootfs$from"; directory=$from ;;
		ENTRYPOINT) entrypoint="$from${to:+ $to}" ;;
		*) echo "unknown step: $step"; return 1 ;;
		esac
	done < <(dockerfile)
}

# The configuration that Docker derives from the options: its default capabilities and devices.
configure() # configure [OPTION...]
{
	perl -MJSON::PP -e '
		my ($entrypoint, $directory, @options) = @ARGV;
		my @capabilities = map { "CAP_$_" } qw(CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP
			NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP);
		my (@devices, @allowed);
		while (defined(my $option = shift @options)) {
			if ($option eq "--rm") {
			} elsif ($option eq "--cap-add") {
				push @capabilities, "CAP_" . shift @options;
			} elsif ($option eq "--device") {
				die unless shift @options eq "/dev/fuse";
				push @devices, { path => "/dev/fuse", type => "c", major => 10, minor => 229, fileMode => 438, uid => 0, gid => 0 };
				push @allowed, { allow => JSON::PP::true, type => "c", major => 10, minor => 229, access => "rwm" };
			} else { die "unknown option $option" }
		}
		print encode_json({
			ociVersion => "1.0.2", hostname => "hello", root => { path => "rootfs" },
			process => { args => decode_json($entrypoint), cwd => $directory, env => ["PATH=/bin"],
				user => { uid => 0, gid => 0 }, noNewPrivileges => JSON::PP::false,
				capabilities => { map { $_ => \@capabilities } qw(bounding effective permitted) } },
			mounts => [
				{ destination => "/proc", type => "proc", source => "proc" },
				{ destination => "/dev", type => "tmpfs", source => "tmpfs", options => ["nosuid", "mode=755"] },
				{ destination => "/sys", type => "sysfs", source => "sysfs", options => ["nosuid", "noexec", "nodev", "ro"] } ],
			linux => { devices => \@devices,
				namespaces => [map { { type => $_ } } qw(pid ipc uts mount network)],
				resources => { devices => [{ allow => JSON::PP::false, access => "rwm" }, @allowed] } } });' \
		"$entrypoint" "$directory" "$@" >"$bundle/config.json"
}

# run: starts the container in the background; runc waits for its end and returns its status.
run()
{
	rm -f "$T/pid"
	timeout 60 runc --root "$T/state" run --bundle "$bundle" --pid-file "$T/pid" "$id" >"$T/said" 2>&1 &
	runner=$!
}
shows() { [ -s "$T/pid" ] && [ "$(timeout 5 cat "/proc/$(cat "$T/pid")/root/mnt/hello")" = hello ]; }

ok 'the image is built by the lines of README' build
is 'there is one file in it' "$(cd "$bundle/rootfs" && find . -type f)" ./bin/hellofs
like 'there is a docker run line' "$(run_line)" '--device /dev/fuse --cap-add SYS_ADMIN'
read -ra options < <(run_line)

ok 'the runtime is configured with the options of docker run' configure "${options[@]}"
run
ok 'it mounts and serves' within 10 shows || diag "$(cat "$T/said")"
is 'as process 1 of its own' "$(sed -n 's/^NSpid:.*[[:space:]]//p' "/proc/$(cat "$T/pid")/status")" 1
began=${EPOCHREALTIME/./}
runc --root "$T/state" kill "$id" TERM
wait "$runner"
is 'SIGTERM ends it with 0' $? 0
took=$((${EPOCHREALTIME/./} - began))
diag "$took microseconds"
ok 'within 0.3 seconds' test "$took" -lt $((300000 * SLOWNESS))
like 'the container unmounts on SIGTERM' "$(cat "$T/said")" 'Unmounting "/mnt"'

# Without one of the options the error names the option.
ok 'the runtime is configured without --device' configure --cap-add SYS_ADMIN
run
wait "$runner"
is 'hellofs without --device fails' $? 1
like 'the error names /dev/fuse and --device' "$(cat "$T/said")" '^hellofs: .*/dev/fuse.*--device /dev/fuse'
ok 'the runtime is configured without --cap-add' configure --device /dev/fuse
run
wait "$runner"
is 'hellofs without --cap-add fails' $? 1
like 'without --cap-add the error names the capability' "$(cat "$T/said")" '^hellofs: /mnt: .*CAP_SYS_ADMIN'
finish
