// Damages model files in every way a seed can think of and compiles them: each must end in success or one sentence.
//
//     espalier-fuzz [--mutations N] [--seed S] FILE.tflite...
//
// A crash prints the case that caused it. A hang, memory beyond bounds or an error that is not one sentence fails.
// Small models that still compile are run, too, in an arena with guard bytes.

import CEspalier
import EspalierCompiler
import EspalierFiles
import Foundation

var mutations = 100_000
var seed: UInt64 = 1
var only: Int?
var paths: [String] = []
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    switch argument {
    case "--mutations": mutations = arguments.popFirst().flatMap { Int($0) } ?? mutations
    case "--seed": seed = arguments.popFirst().flatMap { UInt64($0) } ?? seed
    case "--only": only = arguments.popFirst().flatMap { Int($0) }
    default: paths.append(argument)
    }
}
guard !paths.isEmpty else {
    print("usage: espalier-fuzz [--mutations N] [--seed S] [--only CASE] FILE.tflite...")
    exit(2)
}
CrashReport.install()
do {
    let files = try paths.map { (name: $0, bytes: try ByteFile.read($0)) }
    var campaign = Campaign(files: files, seed: seed)
    if let only {
        campaign.mutate(only)
    } else {
        let truncations = campaign.truncateAll()
        print("\(truncations) truncations of \(files.count) files: \(campaign.tally)")
        for index in 0..<mutations { campaign.mutate(index) }
        print("\(mutations) mutations with seed \(seed): \(campaign.tally)")
        print("greatest memory \(peakMebibytes()) MiB, slowest case \(campaign.slowestMilliseconds) ms")
    }
    guard campaign.failures.isEmpty, peakMebibytes() < 2048 else {
        for failure in campaign.failures { print(failure) }
        print("\(campaign.failures.count) failures; greatest memory \(peakMebibytes()) MiB (limit 2048)")
        exit(1)
    }
} catch {
    print("espalier-fuzz: \(error)")
    exit(1)
}
