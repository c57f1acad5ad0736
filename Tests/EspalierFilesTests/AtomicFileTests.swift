import EspalierFiles
import Foundation
import Testing

@Suite struct AtomicFileTests {
    @Test func aFileIsReplacedWholeAndNothingElseIsLeft() throws {
        try withScratchFolder { folder in
            try AtomicFile.write([1, 2, 3], to: folder + "/a")
            try AtomicFile.write([4], to: folder + "/a", synchronise: true)
            #expect(try ByteFile.read(folder + "/a") == [4])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
        }
    }

    @Test func permissionsAndLinksSurviveReplacement() throws {
        try withScratchFolder { folder in
            let manager = FileManager.default
            try AtomicFile.write([1], to: folder + "/a")
            try manager.setAttributes([.posixPermissions: 0o751], ofItemAtPath: folder + "/a")
            try manager.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "a")
            try AtomicFile.write([2], to: folder + "/link")
            #expect(try ByteFile.read(folder + "/a") == [2])
            #expect(try manager.destinationOfSymbolicLink(atPath: folder + "/link") == "a")
            #expect(try manager.attributesOfItem(atPath: folder + "/a")[.posixPermissions] as? Int == 0o751)
        }
    }

    @Test func aMissingFolderIsExplained() {
        #expect(
            sentence { try AtomicFile.write([1], to: "/nowhere/a") }
                == "/nowhere/a cannot be written (no such file or directory); make its folder first.")
    }

    @Test func aFolderIsNotOverwritten() throws {
        try withScratchFolder { folder in
            #expect(
                sentence { try AtomicFile.write([1], to: folder) }
                    == "\(folder) cannot be written (is a directory); choose a file name and not a folder.")
        }
    }

    @Test(.enabled(if: access("/proc/self", F_OK) == 0, "needs /proc, which only Linux has"))
    func aFolderWithoutNewFilesIsExplained() {
        #expect(
            sentence { try AtomicFile.write([1], to: "/proc/self/espalier") }
                == "/proc/self/espalier cannot be written (no such file or directory); "
                + "make its folder first.")
    }

    /// sysfs lets nobody make files, not even the superuser that CI runs as.
    @Test(.enabled(if: access("/sys/kernel", F_OK) == 0, "needs /sys/kernel, which only Linux has"))
    func anUnwritableFolderIsExplained() {
        #expect(
            sentence { try AtomicFile.write([1], to: "/sys/kernel/a") }
                == "/sys/kernel/a cannot be written (permission denied); choose a folder you may write to.")
    }

    @Test(.enabled(if: access("/dev/full", F_OK) == 0, "needs /dev/full, which only Linux has"))
    func aFullDiskIsExplained() {
        #expect(
            sentence { try AtomicFile.write([1], to: "/dev/full") }
                == "/dev/full cannot be written (no space left on device); "
                + "free some space or choose another disk.")
    }

    #if os(Linux)
        /// A file size limit makes the write fail half way, as a full disk would, without filling one.
        @Test func aFailureHalfWayLeavesTheOldFileAndNoTemporary() async {
            await #expect(processExitsWith: .success) {
                try withScratchFolder { folder in
                    let path = folder + "/a"
                    try AtomicFile.write([1, 2, 3], to: path)
                    signal(SIGXFSZ, SIG_IGN)
                    var limit = rlimit(rlim_cur: 5000, rlim_max: 5000)
                    setrlimit(__rlimit_resource_t(1), &limit)
                    let text = sentence { try AtomicFile.write([UInt8](repeating: 9, count: 9000), to: path) }
                    precondition(
                        text == "\(path) cannot be written (file too large); check the path and the disk.",
                        text ?? "no error")
                    let bytes = try ByteFile.read(path)
                    precondition(bytes == [1, 2, 3])
                    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
                    precondition(names == ["a"])
                }
            }
        }

        /// Interrupted as soon as the temporary file is seen, a writer gives it its name before it dies.
        @Test func anInterruptionLeavesAWholeFileAndNoTemporary() async throws {
            let folder = "/tmp/espalier-interrupted-\(getpid())"
            let manager = FileManager.default
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: false)
            defer { try? manager.removeItem(atPath: folder) }
            await #expect(processExitsWith: .signal(SIGTERM)) {
                let folder = "/tmp/espalier-interrupted-\(getppid())"
                var signals = sigset_t()
                sigaddset(&signals, SIGTERM)
                pthread_sigmask(SIG_UNBLOCK, &signals, nil)
                nonisolated(unsafe) let writer = pthread_self()
                Thread.detachNewThread {
                    while ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).isEmpty {}
                    pthread_kill(writer, SIGTERM)
                }
                try AtomicFile.write([UInt8](repeating: 9, count: 1 << 26), to: folder + "/a")
                raise(SIGTERM)
            }
            #expect(try manager.contentsOfDirectory(atPath: folder) == ["a"])
            #expect(try manager.attributesOfItem(atPath: folder + "/a")[.size] as? Int == 1 << 26)
        }
    #endif
}
