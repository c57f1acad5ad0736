# Debian packages for other machines, fetched and unpacked into a cache outside the repository; sourced by
# bash scripts. Nothing is installed, and the host's own packages are not looked at.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/espalier
started=$(cut -d' ' -f1 /proc/uptime)
mkdir -p "$cache"

# note TEXT: progress, with the seconds since the script began.
note() { awk -v from="$started" -v text="$*" '{ printf "%6.1f s  %s\n", $1 - from, text }' /proc/uptime >&2; }

# missing REASON: this machine cannot have what is asked for. 77 tells whoever asked for it; any other status
# is a verdict.
missing() { echo "$*" >&2; exit 77; }

# unfetched WHAT: the same where it is to be fetched.
unfetched() {
    missing "$1 cannot be fetched from the Debian mirrors this machine's apt uses (its reasons are above); run this once" \
        "where there is a network: what is fetched stays in $cache."
}

# alone: from here to the script's end nobody else changes the cache.
alone() { exec 9>"$cache/lock"; flock 9; }

# private_apt TOOL ARGUMENT...: apt with the host's sources and keys, but with lists, architectures and
# downloads of its own; the host's packages are not seen, nothing is installed.
private_apt() {
    local tool=$1 architecture
    shift
    for architecture in amd64 arm64 armhf armel; do set -- -o "APT::Architectures::=$architecture" "$@"; done
    "$tool" -qq -o Dir::State="$cache/apt/state" -o Dir::State::status="$cache/apt/status" \
        -o Dir::Cache="$cache/apt/cache" -o APT::Architecture=amd64 -o APT::Sandbox::User=root \
        -o Acquire::Languages=none "$@"
}

# package_lists [again]: fetched once; again when a version has left the mirror.
package_lists() {
    [ ! -e "$cache/apt/fetched" ] || [ "${1:-}" = again ] || return 0
    command -v apt-get >/dev/null ||
        missing "this system has no apt-get, which fetches what boards need; run this on Debian or a relative of it."
    mkdir -p "$cache/apt/state/lists/partial" "$cache/apt/cache/archives/partial"
    : >"$cache/apt/status"
    # One list of many may be half-way through a change of the mirror's; what is needed has to be there.
    private_apt apt-get update >&2 || note "some package lists are missing"
    [ -n "$(version libc6:arm64)" ] || unfetched "the lists of packages for other machines"
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
    (cd "$folder" && private_apt apt-get download "$@") >&2 || unfetched "$*"
}

# unpacked FOLDER PACKAGE...: a folder of the cache with these packages' files, made whole or not at all.
unpacked() {
    local folder=$cache/$1 part=$cache/$1.part deb
    shift
    [ ! -d "$folder" ] || return 0
    rm -rf "$part"
    mkdir -p "$part/debs"
    download "$part/debs" "$@"
    for deb in "$part"/debs/*.deb; do
        dpkg -x "$deb" "$part" || missing "$(basename "$deb") cannot be unpacked into $cache; see above, and free some space."
    done
    rm -r "$part/debs"
    mv "$part" "$folder"
    note "fetched $*"
}
