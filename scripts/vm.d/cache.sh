# SPDX-License-Identifier: GPL-2.0-only
# The cache of scripts/vm: kernels, QEMU and busybox from Debian's packages, unpacked. apt runs with
# lists, sources and archives of its own, so that the system's state stays as it is; for the same
# reason it takes no lock of dpkg's, which an installation may hold.

cache=${XDG_CACHE_HOME:-/var/cache}/xvswitch-vm
tools_libraries=$cache/tools/usr/lib/x86_64-linux-gnu
release=bookworm

private_apt() {
	local program=$1
	shift
	"$program" -qq -o Dir::Etc::SourceList="$cache/apt/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State::Lists="$cache/apt/lists" -o Dir::Cache="$cache/apt" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@"
}

# The mirror is the one that the system is set to.
private_lists() {
	local mirror
	mirror=$(apt-get indextargets --format '$(RELEASE) $(CODENAME) $(REPO_URI)' \
		'Created-By: Packages' | awk -v release=$release '
		($1 == release || $2 == release) && !/security/ { print $NF; exit }')
	if [ -z "$mirror" ]; then
		echo "scripts/vm: apt's sources name no mirror of Debian $release" >&2
		return 1
	fi
	mkdir -p "$cache"/apt/{lists,archives}/partial
	printf 'deb %s %s main\n' "$mirror" $release "$mirror" $release-backports \
		>"$cache/apt/sources.list"
	private_apt apt-get update
}

# unpack FOLDER PACKAGE…: keeps /bin, /sbin and /lib links into /usr, as on the system
unpack() {
	local folder=$1 package link
	shift
	for link in bin sbin lib; do
		mkdir -p "$folder/usr/$link"
		ln -sfn usr/$link "$folder/$link"
	done
	for package in "$@"; do
		dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$folder"
	done
}

# with_tools COMMAND…: finds programs and libraries that the system lacks among the unpacked ones
with_tools() {
	LD_LIBRARY_PATH=$tools_libraries \
		PATH=$PATH:/usr/sbin:/sbin:$cache/tools/usr/sbin:$cache/tools/usr/bin "$@"
}

tools_work() {
	with_tools "$cache/tools/usr/bin/qemu-system-x86_64" --version >/dev/null 2>&1 &&
		"$cache/tools/usr/bin/busybox" true 2>/dev/null &&
		with_tools depmod --version >/dev/null 2>&1
}

# QEMU, busybox, kmod, and those of their libraries that the system lacks
make_tools() {
	local new=$cache/tools.new packages=(qemu-system-x86 busybox-static kmod xz-utils)
	rm -rf "$new" "$cache/tools" "$cache"/apt/archives/*.deb
	private_apt apt-get install --yes --download-only --no-install-recommends \
		--target-release $release-backports "${packages[@]}"
	(cd "$cache/apt/archives" && # also where the system has them
		private_apt apt-get download --target-release $release-backports "${packages[@]}")
	unpack "$new" "$cache"/apt/archives/*.deb
	# the package's links lead to the system's own kmod, which may be absent
	ln -sfn ../bin/kmod "$new/usr/sbin/depmod"
	ln -sfn ../bin/kmod "$new/usr/sbin/modprobe"
	mv "$new" "$cache/tools"
	tools_work || {
		echo "scripts/vm: the unpacked QEMU or kmod doesn't run; see $cache/tools" >&2
		return 1
	}
}

# Prints the modules, in order, that a first file system needs to reach ours.
boot_modules() {
	local name
	for name in virtio_pci virtio_rng virtio_console 9pnet_virtio 9p overlay; do
		with_tools modprobe --dirname "$1" --set-version "$2" --show-depends "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# make_kernel SERIES
make_kernel() {
	local new=$cache/kernel-$1.new package version
	package=$(private_apt apt-cache show linux-image-amd64 | awk -v series="$1." '
		$1 == "Version:" { ours = index($2, series) == 1 }
		$1 == "Depends:" && ours { print $2; exit }')
	if [ -z "$package" ]; then
		echo "scripts/vm: the mirror has no kernel $1 for Debian $release" >&2
		return 1
	fi
	version=${package#linux-image-}
	rm -rf "$new" "$cache/kernel-$1" "$cache"/apt/archives/*.deb
	(cd "$cache/apt/archives" && private_apt apt-get download "$package")
	unpack "$new" "$cache"/apt/archives/linux-image-*.deb
	rm -rf "$new/usr/share" "$cache"/apt/archives/*.deb
	mv "$new/boot/vmlinuz-$version" "$new/vmlinuz"
	with_tools depmod --basedir "$new" "$version"
	ln -s usr/lib/modules "$new/modules"
	boot_modules "$new" "$version" | sed "s|^$new|$cache/kernel-$1|" >"$new/boot-modules"
	[ -s "$new/boot-modules" ] || return 1
	mv "$new" "$cache/kernel-$1"
}

is_cached() {
	tools_work && [ -s "$cache/kernel-$1/boot-modules" ]
}

# fill_cache SERIES: once; says so, since it takes half a minute
fill_cache() {
	is_cached "$1" && return
	if ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then
		echo "scripts/vm: $cache can't be written; set XDG_CACHE_HOME" >&2
		return 1
	fi
	(
		flock 9
		is_cached "$1" && exit # another run has done it meanwhile
		echo "scripts/vm: fetching QEMU and Linux $1 into $cache" >&2
		private_lists
		tools_work || make_tools
		[ -s "$cache/kernel-$1/boot-modules" ] || make_kernel "$1"
		rm -f "$cache"/apt/archives/*.deb
	) 9>"$cache/lock"
}
