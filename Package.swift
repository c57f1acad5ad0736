// swift-tools-version: 6.2
import PackageDescription

// One set of sources, two modes (docs/architecture.md). By default everything is full Swift. With
// `--traits Embedded` the rooms that go on a board compile as Embedded Swift; only their products are built then.
let embedded = BuildSettingCondition.when(traits: ["Embedded"])

/// What is linked where the tools are; the firmware is linked by cross/build.
let host = BuildSettingCondition.when(platforms: [.linux], traits: ["Host"])

/// Core and Reaction: Embedded Swift that cannot allocate; optimised in debug builds too, since tests run real models.
let boardRoom: [SwiftSetting] = [
    .enableExperimentalFeature("Embedded", embedded),
    .unsafeFlags(
        [
            "-wmo", "-Xfrontend", "-no-allocations", "-Xfrontend", "-function-sections", "-Xfrontend",
            "-disable-stack-protector",
        ], embedded),
    .unsafeFlags(["-O"], .when(configuration: .debug)),
]

/// Host rooms that run over whole weight tensors: optimised in debug builds too.
let hostRoom: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
    name: "espalier",
    products: [
        .executable(name: "espalier", targets: ["espalier"]),
        .library(name: "EspalierSimulator", targets: ["EspalierSimulator"]),
        .library(name: "EspalierCore", type: .static, targets: ["EspalierCore"]),
        .library(name: "EspalierReaction", type: .static, targets: ["EspalierReaction"]),
        .library(name: "EspalierNode", type: .static, targets: ["EspalierNode"]),
    ],
    traits: [
        .trait(
            name: "Embedded", description: "Compile the board's rooms as Embedded Swift without allocations"),
        .trait(name: "Host", description: "The host tools (default)"),
        .default(enabledTraits: ["Host"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // Contracts
        .target(name: "CEspalier"),

        // Board rooms
        .target(name: "CKernels", dependencies: ["CEspalier"], cSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "EspalierCore", dependencies: ["CEspalier", "CKernels"], swiftSettings: boardRoom),
        .target(name: "EspalierReaction", dependencies: ["EspalierCore"], swiftSettings: boardRoom),
        .target(name: "CFont"),
        .target(
            name: "CLinux", dependencies: ["CEspalier", "CFont"],
            cSettings: [.define("_GNU_SOURCE")],
            linkerSettings: [
                .linkedLibrary("gpiod", host), .linkedLibrary("png", host), .linkedLibrary("jpeg", host),
                .linkedLibrary("pthread", host),
            ]),
        .target(
            name: "EspalierLinux", dependencies: ["EspalierReaction", "CLinux"], swiftSettings: boardRoom),
        .target(
            name: "EspalierNode", dependencies: ["EspalierLinux"], path: "Sources/espalier-node",
            exclude: ["main.c"], swiftSettings: boardRoom),

        // Host rooms
        .systemLibrary(
            name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(
            name: "CJPEG", pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg62-turbo-dev"]), .brew(["jpeg-turbo"])]),
        .target(
            name: "CPictures", dependencies: ["CPNG", "CJPEG"],
            linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg")]),
        .systemLibrary(
            name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
        .target(name: "EspalierScenes", swiftSettings: hostRoom),
        .target(
            name: "EspalierFiles", dependencies: ["CPictures", "CPNG", "CZip", "CCrypto"],
            swiftSettings: hostRoom),
        .target(
            name: "EspalierCompiler", dependencies: ["EspalierCore", "EspalierFiles"],
            swiftSettings: hostRoom),
        .target(
            name: "EspalierSettings",
            dependencies: [
                "EspalierReaction", "EspalierFiles", "CLinux",
                .product(name: "TOMLKit", package: "TOMLKit", condition: .when(traits: ["Host"])),
            ],
            // TOMLKit wraps a C++ library and leaves linking its runtime to whoever links TOMLKit.
            linkerSettings: [.linkedLibrary("stdc++", .when(platforms: [.linux]))]),
        .target(
            name: "EspalierSimulator",
            dependencies: [
                "EspalierReaction", "EspalierScenes", "EspalierFiles", "EspalierSettings", "CFont",
            ],
            swiftSettings: hostRoom),
        .executableTarget(
            name: "espalier",
            dependencies: [
                "EspalierCompiler", "EspalierSimulator", "EspalierFiles", "EspalierScenes",
                "EspalierSettings", "EspalierLinux",
                .product(
                    name: "ArgumentParser", package: "swift-argument-parser",
                    condition: .when(traits: ["Host"])),
            ]),

        // Tests
        .executableTarget(
            name: "espalier-fuzz", dependencies: ["EspalierCompiler", "EspalierFiles"], path: "Tests/Fuzz"),
        .target(name: "CAllocationProbe", path: "Tests/CAllocationProbe"),
        .target(name: "CClient", dependencies: ["CEspalier"], path: "Tests/CClient"),
        .target(name: "EspalierTestSupport", path: "Tests/EspalierTestSupport", swiftSettings: hostRoom),
        .testTarget(
            name: "EspalierCoreTests",
            dependencies: [
                "EspalierCore", "EspalierCompiler", "EspalierTestSupport", "CAllocationProbe", "CClient",
            ],
            swiftSettings: hostRoom),
        .testTarget(
            name: "EspalierReactionTests",
            dependencies: ["EspalierReaction", "EspalierTestSupport", "CAllocationProbe"],
            swiftSettings: hostRoom),
        .testTarget(
            name: "EspalierLinuxTests",
            dependencies: [
                "EspalierLinux", "EspalierSettings", "EspalierSimulator", "EspalierFiles",
                "EspalierTestSupport",
                "CAllocationProbe",
            ]),
        .testTarget(
            name: "EspalierCompilerTests",
            dependencies: ["EspalierCompiler", "EspalierFiles", "EspalierTestSupport"]),
        .testTarget(
            name: "EspalierCommandTests", dependencies: ["espalier", "EspalierFiles", "EspalierTestSupport"]),
        .testTarget(name: "EspalierScenesTests", dependencies: ["EspalierScenes"]),
        .testTarget(
            name: "EspalierFilesTests", dependencies: ["EspalierFiles", "EspalierTestSupport"]),
        .testTarget(
            name: "EspalierSettingsTests",
            dependencies: ["EspalierSettings", "EspalierFiles", "EspalierTestSupport", "CLinux"]),
        .testTarget(
            name: "EspalierSimulatorTests",
            dependencies: [
                "EspalierSimulator", "EspalierCompiler", "EspalierLinux", "EspalierScenes",
                "EspalierTestSupport",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
