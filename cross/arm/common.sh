# What cross/count-arm and cross/kernels-arm share; sourced from the repository's root.
. cross/targets.sh
build=.build/arm

# build_core aarch64|armv7: builds the core; sets `core`, and `compiler` for `link`.
build_core() {
    local triple flags=()
    case $1 in
    aarch64) triple=aarch64-none-none-elf compiler=aarch64-linux-gnu-gcc ;;
    armv7)
        triple=armv7-none-none-eabihf compiler=arm-linux-gnueabihf-gcc
        flags=(-Xswiftc -I -Xswiftc "$(hard_float)" -Xcc -mcpu=cortex-a7 -Xcc -mfloat-abi=hard)
        ;;
    esac
    mkdir -p "$build"
    swift build -c release --traits Embedded --triple "$triple" "${flags[@]}" --product EspalierCore \
        --scratch-path ".build/embedded/$1" >"$build/core.log" 2>&1 ||
        { cat "$build/core.log" >&2; exit 1; }
    core=.build/embedded/$1/release/libEspalierCore.a
}

# link SOURCE OUTPUT [FLAG...]
link() {
    local source=$1 output=$2
    shift 2
    "$compiler" -static -std=c11 -O2 -Wall -Wextra -Werror -Iinclude -ISources/CKernels/include \
        "$@" "$source" "$core" -Wl,--gc-sections -o "$output"
}
