public import Foundation
public import Testing

/// The reference folder: models, golden outputs and vectors that are too big, or not ours, to be kept in the
/// package.
///
/// It is looked for at `$ESPALIER_REFERENCE`, else at `../shared/reference` beside the package. Where it is
/// absent the tests that need it are skipped and say why; with `CI=true` they run and fail instead.
public enum Reference {
    /// Where the folder is, or should be.
    public static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["ESPALIER_REFERENCE"], !path.isEmpty {
            return URL(fileURLWithPath: path, isDirectory: true)
        }
        return Package.root.appendingPathComponent("../shared/reference", isDirectory: true)
            .standardizedFileURL
    }()

    public static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.path) }

    /// True where an absent folder is a failure.
    public static var isRequired: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

    /// A file or folder of the reference.
    /// - Throws: `Missing`, one sentence, when it is not there.
    public static func url(_ path: String) throws -> URL {
        let url = folder.appendingPathComponent(path)
        guard FileManager.default.fileExists(atPath: url.path) else { throw Missing(path: url.path) }
        return url
    }

    public struct Missing: Error, CustomStringConvertible {
        public let path: String

        public var description: String {
            "There is no \(path); set ESPALIER_REFERENCE to the reference folder."
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test where the reference folder is absent, unless `CI=true`.
    public static var needsReference: Self {
        .enabled(
            if: Reference.isPresent || Reference.isRequired,
            "There is no folder \(Reference.folder.path); set ESPALIER_REFERENCE to run this test."
        )
    }
}

/// Places in this package.
public enum Package {
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file or folder of Tests/Fixtures.
    public static func fixture(_ path: String) -> URL {
        root.appendingPathComponent("Tests/Fixtures").appendingPathComponent(path)
    }
}
