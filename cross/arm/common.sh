# What cross/count-arm and cross/kernels-arm share; sourced from the repository's root.
build=.build/arm
core=.build/embedded/aarch64/release/libEspalierCore.a

build_core() {
    mkdir -p "$build"
    swift build -c release --traits Embedded --triple aarch64-none-none-elf --product EspalierCore \
        --scratch-path .build/embedded/aarch64 >"$build/core.log" 2>&1 ||
        { cat "$build/core.log" >&2; exit 1; }
}

# link SOURCE OUTPUT [FLAG...]
link() {
    local source=$1 output=$2
    shift 2
    aarch64-linux-gnu-gcc -static -std=c11 -O2 -Wall -Wextra -Werror -Iinclude -ISources/CKernels/include \
        "$@" "$source" "$core" -Wl,--gc-sections -o "$output"
}
