# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Debian packages of any suite and architecture, by apt with sources, lists and
# state of its own: the machine's are not touched, nor are its hooks run; what it
# says about fetching (a proxy, say) holds.
#
# The mirror is the one that this machine uses; DEBIAN_MIRROR names another, and
# DEBIAN_SECURITY_MIRROR that of the security updates.

# The base addresses of archive $1 ("debian", "debian-security") in apt's sources.
mirror()
{
	apt-get update --print-uris 2>/dev/null |
		sed -n "s|^'\(.*/$1\)/dists/[^']*'.*|\1|p" | sed -n 1p
}

apt_sources() # apt_sources SUITE ARCH
{
	local base security how="arch=$2 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
	base=${DEBIAN_MIRROR:-$(mirror debian)}
	[ -n "$base" ] || { echo 'no Debian mirror in the sources of apt; set DEBIAN_MIRROR' >&2; return 1; }
	echo "deb [$how] $base $1 main"
	[ "$1" = sid ] && return
	security=${DEBIAN_SECURITY_MIRROR:-$(mirror debian-security)}
	[ -z "$security" ] || echo "deb [$how] $security $1-security main"
}

# private_apt DIRECTORY SUITE ARCH: from here on apt-get uses the configuration and lists in
# DIRECTORY.
private_apt()
{
	local apt=$1 other
	mkdir -p "$apt"/etc/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} \
		"$apt"/state/lists/partial "$apt"/cache/archives/partial
	apt_sources "$2" "$3" >"$apt/etc/sources.list" || return
	: >"$apt/status"
	{
		apt-config dump | grep '^Acquire::' || true
		cat <<-END
			APT::Architecture "$3";
			APT::Architectures { "$3"; };
			APT::Sandbox::User "root";
			APT::Get::List-Cleanup "false";
			Acquire::Languages "none";
			Acquire::Retries "3";
			Dir::Etc "$apt/etc";
			Dir::State "$apt/state";
			Dir::State::status "$apt/status";
			Dir::Cache "$apt/cache";
		END
	} >"$apt/conf"
	export APT_CONFIG=$apt/conf
	timeout 200 apt-get -q update >&2 && return
	# A mirror may serve package lists for rarer architectures that do not match its Release
	# file. Then install without the security updates, or by the suite's other name ("stable").
	if grep -q -- '-security main$' "$apt/etc/sources.list"; then
		echo "without the security updates of $2 for $3" >&2
		sed -i '/-security main$/d' "$apt/etc/sources.list"
		timeout 200 apt-get -q update >&2 && return
	fi
	other=$(sed -n 's/^Suite: //p' "$apt"/state/lists/partial/*_dists_"$2"_InRelease)
	echo "$2 as ${other:?}" >&2
	sed -i "s/ $2 main$/ $other main/" "$apt/etc/sources.list"
	timeout 200 apt-get -q update >&2
}
