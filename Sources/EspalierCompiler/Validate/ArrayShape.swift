// Whether an array's axes are those a model wants, and which numpy call makes them so. Never a reshape that would put
// values in other places.

/// The sides of one row of an array: a model's input or output without the batch.
struct ArrayShape {
    /// As the source model has them, ones included.
    let sides: [Int]

    var count: Int { sides.reduce(1, *) }

    /// `[N, 96, 96, 3]`, for sentences; ones before the first longer side are not shown.
    var text: String {
        let shown = sides.drop { $0 == 1 }
        return "[N, " + (shown.isEmpty ? [1] : Array(shown)).map(String.init).joined(separator: ", ") + "]"
    }

    /// Whether an array of `shape` is rows of these sides; sides of 1 may be left out or put in, and a row may be flat.
    func fits(_ shape: [Int]) -> Bool {
        guard shape.count >= 2 else { return false }
        let row = Array(shape.dropFirst())
        return row == [count] || ArrayShape.isSame(row, sides)
    }

    /// What is wrong with a shape, and the numpy call, of an array x, that gives rows of these sides; nil where none does
    /// without making up values.
    func mending(_ shape: [Int]) -> (problem: String, call: String)? {
        if shape == [count] || ArrayShape.isSame(shape, sides) {
            return ("a single row without the axis N", "x[numpy.newaxis]")
        }
        guard shape.count >= 2, shape.count <= 6 else { return nil }
        if shape[0] == 1, fits(Array(shape.dropFirst())) { return ("\(text) with an axis before it", "x[0]") }
        if shape.count == sides.count + 2, shape.suffix(sides.count).elementsEqual(sides) {
            return ("\(text) in batches", "x.reshape(-1, \(ArrayShape.list(sides)))")
        }
        return transposition(shape).map { ("\(text) with its axes in another order", $0) }
    }

    private func transposition(_ shape: [Int]) -> String? {
        let orders = ArrayShape.orders(of: shape.count)
        let moved = orders.filter { $0 != Array(shape.indices) }
        func first(_ isFitting: ([Int]) -> Bool) -> String? {
            moved.first { isFitting($0.map { shape[$0] }) && !leavesPlaces($0, shape) }
                .map { "x.transpose(\(ArrayShape.list($0)))" }
        }
        // The rows stay where they are; then one row without its axis; then rows that lie along another axis.
        return moved.first { $0[0] == 0 && fits($0.map { shape[$0] }) && !leavesPlaces($0, shape) }
            .map { "x.transpose(\(ArrayShape.list($0)))" }
            ?? first { ArrayShape.isSame($0, sides) }.map { $0 + "[numpy.newaxis]" }
            ?? (isOfOtherChannels(shape) ? nil : first { isRows($0) })
    }

    /// What to do with an array of a shape that no transposition mends.
    func advice(_ shape: [Int]) -> String {
        let channels = sides.last ?? 1
        let given = shape.last ?? 0
        if isOfOtherChannels(shape) {
            if channels == 3, given == 4 { return "leave out alpha, as in x[..., :3]" }
            if channels == 3, given == 1 { return "repeat the grey value, as in numpy.repeat(x, 3, axis=-1)" }
            if channels == 1, given == 3 { return "make the pictures grey first" }
        }
        if channels == 3, ArrayShape.isSame(Array(shape.dropFirst()), Array(sides.dropLast())) {
            return "repeat the grey value, as in numpy.repeat(x[..., numpy.newaxis], 3, axis=-1)"
        }
        let isPicture =
            (channels == 1 || channels == 3) && (given == channels || (channels == 1 && shape.count == 3))
        let isChannelsFirst = sides[0] == 3 && shape.count == 4 && shape[1] == 3
        if shape.count >= 3, isPicture || isChannelsFirst {
            return "scale the pictures to it, or pass them as PNG or JPEG files in class folders"
        }
        return "pass rows of that shape"
    }

    /// Rows of the right size, with channels of another number.
    private func isOfOtherChannels(_ shape: [Int]) -> Bool {
        shape.count == sides.count + 1 && shape[1..<sides.count].elementsEqual(sides.dropLast())
    }

    // MARK: Orders

    private static func isSame(_ first: [Int], _ second: [Int]) -> Bool {
        !first.isEmpty && first.filter { $0 != 1 } == second.filter { $0 != 1 }
    }

    private func isRows(_ shape: [Int]) -> Bool {
        shape.count >= 2 && ArrayShape.isSame(Array(shape.dropFirst()), sides)
    }

    /// Whether an order of the axes only moves sides of 1, so that it would change nothing.
    private func leavesPlaces(_ order: [Int], _ shape: [Int]) -> Bool {
        let longer = order.filter { shape[$0] != 1 }
        return longer == longer.sorted()
    }

    /// All orders of some axes, those that keep more of them in order first.
    private static func orders(of count: Int) -> [[Int]] {
        var orders: [[Int]] = [[]]
        for axis in 0..<count {
            orders = orders.flatMap { order in
                (0...order.count).map { place in
                    Array(order[..<place]) + [axis] + Array(order[place...])
                }
            }
        }
        return orders.map { ($0, inversions($0)) }.sorted { $0.1 < $1.1 }.map(\.0)
    }

    private static func inversions(_ order: [Int]) -> Int {
        order.indices.reduce(0) { sum, index in sum + order[index...].count { $0 < order[index] } }
    }

    private static func list(_ numbers: some Sequence<Int>) -> String {
        numbers.map(String.init).joined(separator: ", ")
    }
}
