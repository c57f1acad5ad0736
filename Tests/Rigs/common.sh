# What the rigs share; sourced by bash scripts. Everything fetched or built lands in one cache outside the repository:
# Debian's kernels are GPL-2.0 and stay there.
rigs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/espalier/rigs
started=$(cut -d' ' -f1 /proc/uptime)
mkdir -p "$cache"

# note TEXT: progress, with the seconds since the script began. Standard output belongs to the guest.
note() { awk -v from="$started" -v text="$*" '{ printf "%6.1f s  %s\n", $1 - from, text }' /proc/uptime >&2; }

# missing REASON: this machine cannot have the rig. 77 tells Tests/Rigs/rig so; any other status is a verdict.
missing() { echo "$*" >&2; exit 77; }

# alone: from here to the script's end no other rig changes the cache.
alone() { exec 9>"$cache/lock"; flock 9; }

# private_apt TOOL ARGUMENT...: apt with the host's sources and keys, but with lists, architectures and downloads of its
# own; the host's packages are not seen, nothing is installed.
private_apt() {
    local tool=$1 architecture
    shift
    for architecture in amd64 arm64 armhf; do set -- -o "APT::Architectures::=$architecture" "$@"; done
    "$tool" -qq -o Dir::State="$cache/apt/state" -o Dir::State::status="$cache/apt/status" \
        -o Dir::Cache="$cache/apt/cache" -o APT::Architecture=amd64 -o APT::Sandbox::User=root \
        -o Acquire::Languages=none "$@"
}

# package_lists [again]: fetched once; again when a version has left the mirror.
package_lists() {
    [ ! -e "$cache/apt/fetched" ] || [ "${1:-}" = again ] || return 0
    command -v apt-get >/dev/null || missing "this system has no apt-get, which fetches the kernels."
    mkdir -p "$cache/apt/state/lists/partial" "$cache/apt/cache/archives/partial"
    : >"$cache/apt/status"
    # One list of many may be half-way through a change of the mirror's; what is needed has to be there.
    private_apt apt-get update >&2 || note "some package lists are missing"
    [ -n "$(version linux-source-6.1)" ] || missing "the package lists cannot be fetched; is there a network?"
    touch "$cache/apt/fetched"
    note "package lists fetched"
}

# version PACKAGE[:ARCHITECTURE]: what the lists offer.
version() { private_apt apt-cache show --no-all-versions "$1" | awk '/^Version:/ { print $2; exit }'; }

# download FOLDER PACKAGE...: the .deb files.
download() {
    local folder=$1
    shift
    (cd "$folder" && private_apt apt-get download "$@") >&2 && return 0
    package_lists again
    (cd "$folder" && private_apt apt-get download "$@") >&2 || missing "cannot fetch $*."
}

# unpacked FOLDER PACKAGE...: a folder of the cache with these packages' files, made whole or not at all.
unpacked() {
    local folder=$cache/$1 part=$cache/$1.part deb
    shift
    [ ! -d "$folder" ] || return 0
    rm -rf "$part"
    mkdir -p "$part/debs"
    download "$part/debs" "$@"
    for deb in "$part"/debs/*.deb; do dpkg -x "$deb" "$part"; done
    rm -r "$part/debs"
    mv "$part" "$folder"
    note "fetched $*"
}

# kernel_source FOLDER PATTERN...: unpacks what matches of Debian's linux-source-6.1 into a folder.
kernel_source() {
    local folder=$1
    shift
    unpacked "linux-source-$(version linux-source-6.1)" linux-source-6.1
    mkdir -p "$folder"
    tar -xf "$cache/linux-source-$(version linux-source-6.1)/usr/src/linux-source-6.1.tar.xz" -C "$folder" \
        --strip-components=1 --exclude='*/Documentation/*' --wildcards "$@"
}
