// Where a file keeps its constants: in its buffers, or, as today's quantisers write them, behind the flatbuffer.

/// The buffers of a file by their number.
///
/// A buffer has its bytes inside (slot 0), or says at which byte of the file they begin and how many they are (slots 1
/// and 2). Writers give equal buffers one place; any other overlap is damage.
struct TFLiteBuffers {
    private let vectors: [FlatVector]

    /// - Parameters:
    ///   - tables: the file's buffers.
    ///   - others: vectors of other tables of the flatbuffer, which no buffer behind it may reach into.
    init(_ tables: FlatVector, besides others: [FlatVector]) throws(CompilerError) {
        let file = tables.buffer
        var vectors: [FlatVector] = []
        vectors.reserveCapacity(tables.count)
        var inside: [Range<Int>] = []
        var behind: Set<Range<Int>> = []
        for index in 0..<tables.count {
            let table = try tables.table(index)
            let own = try table.vector(0, stride: 1)
            let offset = try table.scalar(1, default: UInt64(0))
            let size = try table.scalar(2, default: UInt64(0))
            // Offsets 0 and 1 are a writer's marks for "none" and "not known yet".
            guard own.count == 0, offset > 1 else {
                vectors.append(own)
                if own.count > 0 { inside.append(own.start - 4..<own.start + own.count) }
                continue
            }
            let (end, overflow) = offset.addingReportingOverflow(size)
            guard !overflow, end <= UInt64(file.bytes.count) else {
                throw CompilerError(
                    "The file is cut off or damaged: buffer \(index) has \(size) bytes from byte \(offset) on, but the "
                        + "file has \(file.bytes.count); fetch or export the model again.")
            }
            vectors.append(FlatVector(buffer: file, start: Int(offset), count: Int(size), stride: 1))
            if size > 0 { behind.insert(Int(offset)..<Int(end)) }
        }
        self.vectors = vectors
        if !behind.isEmpty {
            for vector in [tables] + others { inside += try TFLiteBuffers.places(of: vector) }
            try TFLiteBuffers.checkApart(behind, inside + [0..<8])
        }
    }

    /// Where a vector of tables and its tables are.
    private static func places(of vector: FlatVector) throws(CompilerError) -> [Range<Int>] {
        var places = [vector.start..<vector.start + vector.count * vector.stride]
        for index in 0..<vector.count {
            let position = try vector.table(index).position
            places.append(position..<position + 4)
        }
        return places
    }

    /// Parts of the flatbuffer may share bytes with each other; what is behind it may not share any.
    private static func checkApart(_ behind: Set<Range<Int>>, _ inside: [Range<Int>]) throws(CompilerError) {
        let ranges = (Array(behind) + inside).sorted {
            ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound)
        }
        var last: (end: Int, isBehind: Bool) = (0, false)
        for range in ranges {
            let isBehind = behind.contains(range)
            guard range.lowerBound >= last.end || !(isBehind || last.isBehind) else {
                throw CompilerError(
                    "The file is damaged: a buffer has bytes \(range.lowerBound) to \(min(range.upperBound, last.end)) in common "
                        + "with another part of the file; fetch or export the model again.")
            }
            if range.upperBound > last.end { last = (range.upperBound, isBehind) }
        }
    }

    subscript(index: Int) -> FlatVector {
        get throws(CompilerError) {
            guard vectors.indices.contains(index) else {
                throw CompilerError(
                    "The file is damaged: it refers to buffer \(index) of \(vectors.count); fetch or export the model again."
                )
            }
            return vectors[index]
        }
    }
}
