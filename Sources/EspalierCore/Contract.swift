import CEspalier

// The Swift half of the contract's size assertions; the C half is Sources/CEspalier/contract.c.

/// True when Swift sees the contract's structures with the sizes C gives them. Checked by a test in full Swift and
/// by the optimiser in every build: `Engine` refuses to start otherwise.
@inline(__always)
func contractSizesAgree() -> Bool {
    let pointer = MemoryLayout<Int>.size
    return MemoryLayout<EspalierTensor>.stride == 56 + pointer
        && MemoryLayout<EspalierLayer>.stride == 136 + 13 * pointer
        && MemoryLayout<EspalierModel>.stride == 72 + 8 * pointer
}
