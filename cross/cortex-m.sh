# What building for a Cortex-M takes; sourced by bash scripts at the top of the repository after targets.sh.

# cortex_m NAME: sets `triple` and `swift_flags`, `c_compiler` with its flags, and `emulator`, whose argument
# is an image. Its clock is 25 MHz and an instruction takes a nanosecond.
cortex_m() {
    local machine processor
    swift_flags=()
    case $1 in
    cortex-m0plus)
        triple=armv6m-none-none-eabi processor=(-mcpu=cortex-m0plus) machine=mps2-an385
        swift_flags=(-Xcc -mcpu=cortex-m0plus)
        ;;
    cortex-m4)
        triple=armv7em-none-none-eabihf processor=(-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16) machine=mps2-an386
        swift_flags=(-Xswiftc -I -Xswiftc "$(hard_float)" -Xcc -mcpu=cortex-m4 -Xcc -mfloat-abi=hard)
        ;;
    cortex-m7)
        triple=armv7em-none-none-eabihf processor=(-mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16) machine=mps2-an500
        swift_flags=(-Xswiftc -I -Xswiftc "$(hard_float)" -Xcc -mcpu=cortex-m7 -Xcc -mfloat-abi=hard)
        ;;
    *) return 1 ;;
    esac
    c_compiler=(arm-none-eabi-gcc "${processor[@]}" -mthumb -ffreestanding -nostartfiles --specs=nano.specs
        -T cross/cortex-m/link.ld -fno-short-enums -Wl,--no-warn-execstack,--no-enum-size-warning
        cross/cortex-m/startup.c)
    emulator=(qemu-system-arm -M "$machine" -display none -serial none -monitor none -chardev stdio,id=console
        -icount shift=0 -semihosting-config enable=on,target=native,chardev=console -kernel)
}
