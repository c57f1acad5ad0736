# What building for a Linux target takes; sourced by bash scripts at the top of the repository.
swift_home=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")

# hard_float: a folder with the Embedded standard library for hard-float Arm: the soft-float one under another
# name.
hard_float() {
    local module architecture overlay=$PWD/.build/embedded/overlay
    for module in Swift Synchronization _Volatile; do
        mkdir -p "$overlay/$module.swiftmodule"
        for architecture in armv6 armv7 armv7em; do
            ln -sfn "$swift_home/lib/swift/embedded/$module.swiftmodule/$architecture-none-none-eabi.swiftmodule" \
                "$overlay/$module.swiftmodule/$architecture-none-none-eabihf.swiftmodule"
        done
    done
    echo "$overlay"
}

# linux_target NAME: sets `triple` and `swift_flags` for Swift, `c_flags` for clang and its linker,
# `libraries`, `sysroot` and `emulator`; 1 for a name that is none, 2 where the sysroot cannot be had, which
# cross/sysroot has said then. The firmware links libgpiod, libpng and libjpeg into itself: their names differ
# from one Debian to the next.
linux_target() {
    sysroot=
    libraries=(-Wl,-Bstatic -lgpiod -lpng16 -lz -ljpeg -Wl,-Bdynamic -lm -lpthread)
    case $1 in
    x86_64)
        triple=x86_64-unknown-linux-gnu swift_flags=() c_flags=() emulator=()
        libraries=(-lgpiod -lpng -ljpeg -lpthread)
        # Another version of libgpiod than the machine's own: a folder with include/ and lib/.
        [ -z "${ESPALIER_LIBGPIOD:-}" ] || c_flags=("-I$ESPALIER_LIBGPIOD/include" "-L$ESPALIER_LIBGPIOD/lib" -Wno-unused-command-line-argument)
        return
        ;;
    aarch64)
        sysroot=$(cross/sysroot aarch64) || return 2
        triple=aarch64-none-none-elf swift_flags=()
        c_flags=(--target=aarch64-linux-gnu)
        emulator=(qemu-aarch64-static)
        ;;
    armv7hf)
        sysroot=$(cross/sysroot armv7hf) || return 2
        triple=armv7-none-none-eabihf
        swift_flags=(-Xswiftc -I -Xswiftc "$(hard_float)" -Xcc -mcpu=cortex-a7 -Xcc -mfloat-abi=hard)
        c_flags=(--target=arm-linux-gnueabihf -mcpu=cortex-a7 -mfpu=neon-vfpv4)
        emulator=(qemu-arm-static -cpu cortex-a7)
        ;;
    armv6)
        sysroot=$(cross/sysroot armv6) || return 2
        triple=armv6-none-none-eabi swift_flags=(-Xcc -mcpu=arm1176jzf-s)
        c_flags=(--target=arm-linux-gnueabi -mcpu=arm1176jzf-s -mfloat-abi=softfp -mfpu=vfpv2 -static)
        libraries=(-lgpiod -lpng16 -lz -ljpeg -lm -lpthread)
        emulator=(qemu-arm-static -cpu arm1176)
        ;;
    *) return 1 ;;
    esac
    c_flags+=("--sysroot=$sysroot" -fuse-ld=lld -fno-pic -no-pie -Wno-unused-command-line-argument)
    emulator+=(-L "$sysroot")
}
