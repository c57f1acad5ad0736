/// Rewrites of the graph that change no output bit, in the order they run. One file a pass.
enum Passes {
    static func run(_ graph: inout Graph) {
        removeReshapes(&graph)
        foldPads(&graph)
        removeIdentities(&graph)
        removeUnused(&graph)
    }
}
