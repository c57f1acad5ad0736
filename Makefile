# Two commands for everyone: `make demo` and `make test`. The others are the slower tiers that CI runs too.

# C libraries of the host tools, the compilers of the header tests, and the Arm toolchains and emulators.
HOST_PACKAGES = pkg-config g++ libpng-dev libzip-dev libssl-dev libgpiod-dev libjpeg62-turbo-dev
TEST_PACKAGES = $(HOST_PACKAGES) gcc gcc-arm-none-eabi libnewlib-arm-none-eabi
EMBEDDED_PACKAGES = $(TEST_PACKAGES) gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
	gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user-static qemu-system-arm

FIRMWARE_PACKAGES = $(HOST_PACKAGES) python3 xz-utils qemu-user-static
QEMU_PACKAGES = $(HOST_PACKAGES) gcc make xz-utils python3 qemu-system-arm gcc-aarch64-linux-gnu libc6-dev-arm64-cross
UML_PACKAGES = $(HOST_PACKAGES) gcc make bc flex bison m4 xz-utils python3 python3-venv procps

ARM_PACKAGES = $(HOST_PACKAGES) gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf \
	libc6-dev-armhf-cross gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-user qemu-system-arm python3-venv

FUZZ_MUTATIONS ?= 100000
FUZZ_SEED ?= 1
REFERENCE ?= $(or $(ESPALIER_REFERENCE),../shared/reference)

NEEDS_SWIFT = command -v swift >/dev/null || \
	{ echo "Swift 6.3 or later is needed: https://www.swift.org/install"; exit 1; }

.PHONY: help demo test embedded cortex-m firmware packages rigs rig-uml rig-aarch64 rig-armv7 rig-raspi3b kernels-arm count-arm throughput-arm bench-peers fuzz lint format clean

help:
	@echo "make demo      build everything, run the default scenario with the firmware on the simulated board"
	@echo "make test      build and run the tests"
	@echo "make embedded  build the core for x86-64, aarch64, armv7 and Cortex-M7 and run it under emulation"
	@echo "make cortex-m  build the core for Cortex-M4, M7 and M0+ and run person_detect on emulated boards"
	@echo "make firmware  build the firmware for every Linux target and run it on the simulated board under emulation"
	@echo "make packages  make a Debian package for each architecture and look into it"
	@echo "make rigs      the tests that need devices, on a real kernel's own in virtual machines; make rig-uml: one of them"
	@echo "make kernels-arm     compare the Arm kernels with the reference kernels under emulation"
	@echo "make count-arm       count instructions per inference on emulated Cortex-A53, A72, A76: ours, LiteRT, ncnn"
	@echo "make throughput-arm  estimate the inner loops' throughput with llvm-mca"
	@echo "make bench-peers     time five other engines and Espalier side by side, into docs/performance.md"
	@echo "make fuzz      damage $(FUZZ_MUTATIONS) models and compile them, with the address sanitiser"
	@echo "make lint      check the sources' format and the scripts; make format mends the format"

demo:
	@$(NEEDS_SWIFT)
	@cross/require $(HOST_PACKAGES)
	@cross/demo

test:
	@$(NEEDS_SWIFT)
	@cross/require $(TEST_PACKAGES)
	swift build -c release --traits Embedded --product EspalierCore --scratch-path .build/embedded/x86_64
	swift build --build-tests --explicit-target-dependency-import-check error
	swift test

embedded:
	@cross/require $(EMBEDDED_PACKAGES)
	cross/embedded

cortex-m:
	@$(NEEDS_SWIFT)
	@cross/require $(EMBEDDED_PACKAGES)
	cross/cortex-m/check $(REFERENCE)

firmware:
	@$(NEEDS_SWIFT)
	@cross/require $(FIRMWARE_PACKAGES)
	cross/check-firmware

packages:
	@$(NEEDS_SWIFT)
	@cross/require $(FIRMWARE_PACKAGES)
	cross/check-packages

rigs: rig-uml rig-aarch64 rig-armv7 rig-raspi3b

rig-uml:
	@$(NEEDS_SWIFT)
	@cross/require $(UML_PACKAGES)
	Tests/Rigs/rig uml Tests/Rigs/uml/tests
	Tests/Rigs/rig uml-firmware Tests/Rigs/uml/firmware

rig-aarch64 rig-armv7 rig-raspi3b:
	@$(NEEDS_SWIFT)
	@cross/require $(QEMU_PACKAGES)
	Tests/Rigs/rig $(@:rig-%=%) Tests/Rigs/qemu/firmware $(@:rig-%=%)

kernels-arm:
	@cross/require $(ARM_PACKAGES)
	cross/kernels-arm

count-arm:
	@cross/require $(ARM_PACKAGES) python3-venv
	cross/count-arm $(REFERENCE)

throughput-arm:
	@cross/require $(ARM_PACKAGES) llvm-14
	cross/throughput-arm

bench-peers:
	@$(NEEDS_SWIFT)
	@cross/require $(HOST_PACKAGES) python3-venv
	Tests/Benchmarks/run $(REFERENCE) $(if $(MODELS),--models $(MODELS))

fuzz:
	@cross/require $(HOST_PACKAGES)
	swift build -c release --sanitize=address --product espalier-fuzz --scratch-path .build/fuzz
	.build/fuzz/release/espalier-fuzz --mutations $(FUZZ_MUTATIONS) --seed $(FUZZ_SEED) \
		Tests/Fixtures/operators/*.tflite models/*/*.tflite $(wildcard $(REFERENCE)/models/tflite/*_int8.tflite)

# Names that another script sets, and empty values, are no mistakes.
lint:
	@cross/require shellcheck
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	shellcheck --severity=warning --exclude=SC2154,SC1007 $$(git grep -lE '^#!.*(bash|busybox sh)$$') Tests/Rigs/uml/*.sh Tests/Rigs/common.sh

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

clean:
	rm -rf .build build
