# What cross/count-arm and cross/kernels-arm share; sourced from the repository's root.
. cross/targets.sh
build=.build/arm

. cross/cortex-m.sh

# build_core aarch64|armv7|armv6|cortex-m...: builds the core; sets `core`, and `compiler` for `link`.
build_core() {
    local triple swift_flags=() c_compiler
    case $1 in
    aarch64) triple=aarch64-none-none-elf compiler=(aarch64-linux-gnu-gcc -static) ;;
    armv7)
        triple=armv7-none-none-eabihf compiler=(arm-linux-gnueabihf-gcc -static)
        swift_flags=(-Xswiftc -I -Xswiftc "$(hard_float)" -Xcc -mcpu=cortex-a7 -Xcc -mfloat-abi=hard)
        ;;
    armv6) # without Linux: prints by semihosting, which QEMU's user emulation knows too
        triple=armv6-none-none-eabi
        compiler=(arm-none-eabi-gcc --specs=rdimon.specs -mcpu=arm1176jzf-s -marm -fno-short-enums
            -Wl,--no-warn-execstack,--no-enum-size-warning)
        swift_flags=(-Xcc -mcpu=arm1176jzf-s)
        ;;
    *)
        cortex_m "$1"
        compiler=("${c_compiler[@]}")
        ;;
    esac
    mkdir -p "$build"
    swift build -c release --traits Embedded --triple "$triple" "${swift_flags[@]}" --product EspalierCore \
        --scratch-path ".build/embedded/$1" >"$build/core.log" 2>&1 ||
        { cat "$build/core.log" >&2; exit 1; }
    core=.build/embedded/$1/release/libEspalierCore.a
}

# link SOURCE OUTPUT [FLAG...]
link() {
    local source=$1 output=$2
    shift 2
    "${compiler[@]}" -std=c11 -O2 -Wall -Wextra -Werror -Iinclude -ISources/CKernels/include \
        "$@" "$source" "$core" -Wl,--gc-sections -o "$output"
}
