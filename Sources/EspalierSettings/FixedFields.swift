import CEspalier

// The contract's fixed fields, from Swift: texts in `char` arrays, elements of arrays that are tuples here.

/// Writes a text, cut to fit with its terminating zero, into a `char` array.
public func setText<Field>(_ field: inout Field, _ text: String) {
    withUnsafeMutableBytes(of: &field) { bytes in
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        bytes.copyBytes(from: text.utf8.prefix(bytes.count - 1))
    }
}

/// The same for an array of `ESPALIER_SETUP_NAME_BYTES`-long `char` arrays, one a text.
public func setNames<Fields>(_ fields: inout Fields, _ names: [String]) {
    let width = Int(ESPALIER_SETUP_NAME_BYTES)
    withUnsafeMutableBytes(of: &fields) { bytes in
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
        for (index, name) in names.prefix(bytes.count / width).enumerated() {
            UnsafeMutableRawBufferPointer(rebasing: bytes[(index * width)...])
                .copyBytes(from: name.utf8.prefix(width - 1))
        }
    }
}

/// The text in a `char` array.
public func text<Field>(_ field: Field) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// Replaces element `index` of an array.
func set<Elements, Element: BitwiseCopyable>(_ elements: inout Elements, _ index: Int, _ element: Element) {
    withUnsafeMutableBytes(of: &elements) { bytes in
        bytes.storeBytes(of: element, toByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
    }
}

/// The elements of an array.
public func elements<Elements, Element: BitwiseCopyable>(_ elements: Elements, of: Element.Type) -> [Element]
{
    withUnsafeBytes(of: elements) { Array($0.bindMemory(to: Element.self)) }
}
