# shellcheck shell=bash
# What the rigs share; sourced by bash scripts. Debian's kernels are GPL-2.0: they stay in the cache.
rigs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$rigs/../../cross/fetch.sh"

# kernel_source FOLDER PATTERN...: unpacks what matches of Debian's linux-source-6.1 into a folder.
kernel_source() {
    local folder=$1
    shift
    unpacked "rigs/linux-source-$(version linux-source-6.1)" linux-source-6.1
    mkdir -p "$folder"
    tar -xf "$cache/rigs/linux-source-$(version linux-source-6.1)/usr/src/linux-source-6.1.tar.xz" -C "$folder" \
        --strip-components=1 --exclude='*/Documentation/*' --wildcards "$@"
}
