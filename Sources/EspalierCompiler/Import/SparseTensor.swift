// TFLite's sparse tensors: a tree of dimensions, each dense or compressed, and the values at its leaves.
//
// The dimensions are the tensor's own, those in `block_map` cut into blocks, followed by one for each block's inside. Level
// l of the tree is dimension traversal_order[l]. A dense level has every index below every node of the one above it; a
// compressed one has indices[segments[n] ..< segments[n + 1]] below node n. What the leaves leave out is stored as 0.
// Source: schema.fbs `SparsityParameters` and TensorFlow Lite's `sparsity_format_converter.cc`.

struct SparseTensor {
    private let shape: [Int]
    private let levels: [Level]

    private struct Level {
        /// How far apart two neighbouring indices are in the dense tensor.
        let step: Int
        let size: Int
        /// nil for a dense level.
        let compressed: (segments: [Int], indices: [Int])?
    }

    /// - Parameter count: how many values the shape has.
    /// - Throws: the middle of a sentence for a description that does not fit the shape.
    init(_ table: FlatTable, shape: [Int], count: Int) throws(CompilerError) {
        let rank = shape.count
        let order = try table.vector(0, stride: 4).shortIntegers("traversal order")
        let blockMap = try table.vector(1, stride: 4).shortIntegers("block map")
        let metadata = try table.vector(2, stride: 4)
        guard order.count == rank + blockMap.count, metadata.count == order.count,
            order.prefix(rank).sorted() == Array(0..<rank), order.sorted() == Array(order.indices),
            Set(blockMap).count == blockMap.count, blockMap.allSatisfy({ (0..<rank).contains($0) })
        else {
            throw CompilerError(
                "its traversal order \(order), block map \(blockMap) and \(metadata.count) dimensions do not fit its shape "
                    + "\(shape)")
        }
        var tables: [FlatTable] = []
        for index in order.indices { tables.append(try metadata.table(index)) }
        var blockSizes = Array(repeating: 1, count: rank)
        for (table, dimension) in zip(tables, order) where dimension >= rank {
            let side = blockMap[dimension - rank]
            let size = Int(try table.scalar(1, default: Int32(0)))
            guard size > 0, shape[side] % size == 0 else {
                throw CompilerError(
                    "its blocks of \(size) do not divide the side \(shape[side]) of its shape \(shape)")
            }
            blockSizes[side] = size
        }
        var steps = Array(repeating: 1, count: rank)
        for side in stride(from: rank - 2, through: 0, by: -1) {
            steps[side] = steps[side + 1] * shape[side + 1]
        }

        var levels: [Level] = []
        for (table, dimension) in zip(tables, order) {
            let side = dimension < rank ? dimension : blockMap[dimension - rank]
            let size = dimension < rank ? shape[side] / blockSizes[side] : blockSizes[side]
            let step = dimension < rank ? steps[side] * blockSizes[side] : steps[side]
            let compressed = try SparseTensor.compressed(table, size: size, most: count)
            levels.append(Level(step: step, size: size, compressed: compressed))
        }
        self.shape = shape
        self.levels = levels
    }

    /// A level's segments and indices; nil where it is dense.
    private static func compressed(_ table: FlatTable, size: Int, most: Int) throws(CompilerError) -> (
        segments: [Int], indices: [Int]
    )? {
        switch try table.scalar(0, default: Int8(0)) {
        case 0:
            let declared = Int(try table.scalar(1, default: Int32(0)))
            guard declared == size else {
                throw CompilerError("a dense dimension has \(declared) indices where its shape has \(size)")
            }
            return nil
        case 1:
            return (
                try indexVector(table, 2, "segments", most: most + 1),
                try indexVector(table, 4, "indices", most: most)
            )
        case let format:
            throw CompilerError("a dimension has format \(format), which is neither dense nor compressed")
        }
    }

    /// A union of vectors of 32, 16 or 8 bits: its kind in one slot, the table with the vector in the next.
    private static func indexVector(_ table: FlatTable, _ slot: Int, _ what: String, most: Int)
        throws(CompilerError) -> [Int]
    {
        let kind = try table.scalar(slot, default: UInt8(0))
        guard let holder = try table.table(slot + 1) else {
            throw CompilerError("a compressed dimension has no \(what)")
        }
        let strides = [1: 4, 2: 2, 3: 1] as [UInt8: Int]
        guard let stride = strides[kind] else {
            throw CompilerError("its \(what) are of kind \(kind), which is none of TFLite's")
        }
        let vector = try holder.vector(0, stride: stride)
        guard vector.count <= most else {
            throw CompilerError("it has \(vector.count) \(what), more than its shape has values")
        }
        switch stride {
        case 4: return try vector.integers(as: Int32.self).map(Int.init)
        case 2: return try vector.integers(as: UInt16.self).map(Int.init)
        default: return try vector.integers(as: UInt8.self).map(Int.init)
        }
    }

    /// Where each stored value belongs in the dense tensor.
    ///
    /// - Parameters:
    ///   - count: how many values are stored.
    ///   - most: how many rows a file of this size can describe.
    /// - Throws: the middle of a sentence where segments, indices and values do not fit together.
    private func positions(count: Int, most: Int) throws(CompilerError) -> [Int] {
        var nodes = [0]
        for (number, level) in levels.enumerated() {
            var next: [Int] = []
            guard let (segments, indices) = level.compressed else {
                guard nodes.count * level.size <= most else {
                    throw CompilerError(
                        "dimension \(number) has \(nodes.count * level.size) rows, more than the file has bytes"
                    )
                }
                next.reserveCapacity(nodes.count * level.size)
                for node in nodes { for index in 0..<level.size { next.append(node + index * level.step) } }
                nodes = next
                continue
            }
            guard segments.count == nodes.count + 1 else {
                throw CompilerError(
                    "dimension \(number) has \(segments.count) segments where \(nodes.count + 1) are needed")
            }
            guard segments[0] == 0, segments.last == indices.count else {
                throw CompilerError(
                    "the segments of dimension \(number) do not begin with 0 and end with its \(indices.count) indices"
                )
            }
            next.reserveCapacity(indices.count)
            for (row, node) in nodes.enumerated() {
                guard segments[row] <= segments[row + 1], segments[row + 1] <= indices.count else {
                    throw CompilerError("the segments of dimension \(number) do not ascend (row \(row))")
                }
                var last = -1
                for index in indices[segments[row]..<segments[row + 1]] {
                    guard index < level.size else {
                        throw CompilerError(
                            "dimension \(number) has index \(index), but its shape \(shape) allows 0 to \(level.size - 1)"
                        )
                    }
                    guard index > last else {
                        throw CompilerError("the indices of dimension \(number) do not ascend (row \(row))")
                    }
                    next.append(node + index * level.step)
                    last = index
                }
            }
            nodes = next
        }
        guard nodes.count == count else {
            throw CompilerError("it has \(count) values where its segments and indices place \(nodes.count)")
        }
        return nodes
    }
}

// MARK: - In a model

extension SparseTensor {
    /// The most values a file's sparse tensors may have together once they are dense: 64 Mi, and 4096 for each of its
    /// bytes, so that a small file does not fill the memory.
    static func limit(fileBytes: Int) -> Int { min(1 << 26, fileBytes * 4096) }

    /// The dense values of a sparse int8 tensor.
    ///
    /// - Parameter budget: how many values may still be made; less for those that were.
    static func expand(_ tensor: TFLiteTensor, _ table: FlatTable, budget: inout Int) throws(CompilerError)
        -> [Int8]
    {
        guard tensor.type == .int8 else {
            throw CompilerError(
                "'\(tensor.name)' is a sparse tensor of \(tensor.type); only int8 ones are supported.")
        }
        guard tensor.shape.allSatisfy({ $0 > 0 }), let count = TFLiteImporter.elementCount(tensor.shape),
            count <= budget
        else {
            throw CompilerError(
                "sparse tensor '\(tensor.name)' has shape \(tensor.shape), more values than a file of this size may make "
                    + "of its few; store it dense.")
        }
        budget -= count
        let positions: [Int]
        do throws(CompilerError) {
            positions = try SparseTensor(table, shape: tensor.shape, count: count).positions(
                count: tensor.data.count, most: tensor.data.buffer.bytes.count)
        } catch  where error.description.hasSuffix(".") {
            throw error
        } catch {
            throw CompilerError(
                "sparse tensor '\(tensor.name)' is damaged: \(error.description); fetch or export the model again."
            )
        }
        var dense = [Int8](repeating: 0, count: count)
        for (position, byte) in zip(positions, tensor.data.bytes) { dense[position] = Int8(bitPattern: byte) }
        return dense
    }
}

extension TFLiteModel {
    /// Makes sparse constants of 8 bits dense. What is wrong with one is said where it is read.
    mutating func expandSparse() {
        guard let bytes = tensors.first?.data.buffer.bytes.count else { return }
        var budget = SparseTensor.limit(fileBytes: bytes)
        for index in tensors.indices {
            let tensor = tensors[index]
            guard tensor.type.isEightBit, let table = tensor.sparsity else { continue }
            do throws(CompilerError) {
                tensors[index].dense = .success(try SparseTensor.expand(tensor, table, budget: &budget))
            } catch {
                tensors[index].dense = .failure(error)
            }
        }
    }
}

extension FlatVector {
    /// The integers of a vector that has one for each dimension.
    fileprivate func shortIntegers(_ what: String) throws(CompilerError) -> [Int] {
        guard count <= 16 else {
            throw CompilerError("its \(what) has \(count) entries; at most 16 are supported")
        }
        return try integers(as: Int32.self).map(Int.init)
    }
}
