// NumPy's .npz archives: a ZIP file with one .npy an array, stored or deflated, through libzip.

import CZip

/// Reads arrays out of `.npz` archives.
public enum NPZ {
    /// The largest array taken, in bytes before compression: 2 GiB.
    public static let entryLimit: UInt64 = 1 << 31
    /// The most entries looked at in one archive.
    static let countLimit = 65_536

    /// The arrays in the archive at `path`, in the archive's order, without their `.npy`.
    public static func names(_ path: String) throws(FileError) -> [String] {
        try names(try ByteFile.read(path), name: path)
    }

    /// The array called `name` in the archive at `path`.
    ///
    /// - Throws: `FileError`; for an unknown name it lists the names there are.
    public static func read(_ path: String, name: String) throws(FileError) -> NumericArray {
        try decode(try ByteFile.read(path), array: name, name: path)
    }

    /// The arrays in an archive of `bytes`. `name` only appears in error sentences.
    public static func names(_ bytes: [UInt8], name: String) throws(FileError) -> [String] {
        try withArchive(bytes, name) { archive throws(FileError) in try archive.arrayNames() }
    }

    /// The array `array` in an archive of `bytes`. `name` only appears in error sentences.
    public static func decode(
        _ bytes: [UInt8], array: String, name: String
    ) throws(FileError) -> NumericArray {
        let contents = try withArchive(bytes, name) { archive throws(FileError) in
            try archive.contents(of: array)
        }
        return try NPY.decode(contents, name: "\(name):\(array)")
    }

    /// For an archive without a single array.
    static func nothing(_ path: String) -> FileError {
        FileError(path, "is a ZIP archive without any .npy array", do: "save the arrays with numpy.savez")
    }

    /// `a, b, c and 7 more`, short enough for a sentence.
    static func listing(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
    }
}

// MARK: - libzip

/// An open archive. Its pointers live as long as the closure of `withArchive`.
private struct Archive {
    let handle: OpaquePointer
    let path: String

    func arrayNames() throws(FileError) -> [String] {
        let count = Int(zip_get_num_entries(handle, 0))
        guard count <= NPZ.countLimit else {
            throw FileError(
                path, "holds \(count) files, over the limit of \(NPZ.countLimit)", do: "split the archive")
        }
        let files = (0..<count).compactMap { index in
            zip_get_name(handle, zip_uint64_t(index), 0).map { String(cString: $0) }
        }
        guard !files.contains(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }) else {
            throw FileError(
                path, "is a PyTorch file, not a .npz archive",
                do: "load it with torch.load and save the array with numpy.save(path, x.numpy())")
        }
        return files.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
    }

    func contents(of array: String) throws(FileError) -> [UInt8] {
        var index = zip_name_locate(handle, array + ".npy", 0)
        if index < 0, array.hasSuffix(".npy") { index = zip_name_locate(handle, array, 0) }
        guard index >= 0 else {
            let names = try arrayNames()
            guard !names.isEmpty else { throw NPZ.nothing(path) }
            throw FileError(path, "has no array '\(array)'", do: "choose one of: \(NPZ.listing(names))")
        }
        var status = zip_stat_t()
        zip_stat_init(&status)
        guard zip_stat_index(handle, zip_uint64_t(index), 0, &status) == 0,
            status.valid & zip_uint64_t(ZIP_STAT_SIZE) != 0
        else { throw damaged(array, String(cString: zip_strerror(handle))) }
        guard status.size <= NPZ.entryLimit else {
            throw FileError(
                "\(path):\(array)", "claims \(status.size) bytes, over the limit of \(NPZ.entryLimit)",
                do: "split the array")
        }
        return try unpack(zip_uint64_t(index), array, size: Int(status.size))
    }

    /// The entry's bytes: exactly `size` of them, with the right checksum. Grows as the bytes come, so a
    /// forged size costs nothing.
    private func unpack(_ index: zip_uint64_t, _ array: String, size: Int) throws(FileError) -> [UInt8] {
        guard let file = zip_fopen_index(handle, index, 0) else {
            throw damaged(array, String(cString: zip_strerror(handle)))
        }
        defer { zip_fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Int(zip_fread(file, &chunk, zip_uint64_t(chunk.count)))
            guard count >= 0 else { throw damaged(array, String(cString: zip_file_strerror(file))) }
            guard bytes.count + count <= size else { throw damaged(array, "longer than declared") }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        guard bytes.count == size else { throw damaged(array, "shorter than declared") }
        return bytes
    }

    private func damaged(_ array: String, _ reason: String) -> FileError {
        FileError(
            "\(path):\(array)", "cannot be unpacked (libzip: \(reason))",
            do: "copy or make the archive again")
    }
}

/// Opens `bytes` as an archive for as long as `body` runs.
private func withArchive<Value>(
    _ bytes: [UInt8], _ path: String, _ body: (Archive) throws(FileError) -> Value
) throws(FileError) -> Value {
    guard !bytes.isEmpty else { throw FileError(path, "is empty", do: "pass a .npz archive") }
    var error = zip_error_t()
    zip_error_init(&error)
    defer { zip_error_fini(&error) }
    let result: Result<Value, FileError>? = bytes.withUnsafeBytes { buffer in
        guard let source = zip_source_buffer_create(buffer.baseAddress, zip_uint64_t(buffer.count), 0, &error)
        else { return nil }
        guard let handle = zip_open_from_source(source, ZIP_RDONLY, &error) else {
            zip_source_free(source)
            return nil
        }
        defer { zip_discard(handle) }  // and the source with it
        return Result { () throws(FileError) in try body(Archive(handle: handle, path: path)) }
    }
    guard let result else {
        if let kind = FileFormat(bytes), kind != .archive {
            throw FileError(
                path, "is \(kind.text), not a .npz archive", do: "save the arrays with numpy.savez")
        }
        let reason = String(cString: zip_error_strerror(&error))
        if FileFormat(bytes) == .archive {
            throw FileError(
                path, "is a .npz archive cut short or damaged (libzip: \(reason))",
                do: "copy or make the archive again")
        }
        throw FileError(
            path, "cannot be opened as a .npz archive (libzip: \(reason))", do: "save it with numpy.savez")
    }
    return try result.get()
}
