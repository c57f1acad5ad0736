/// Rewrites of the graph that change no output bit, in the order they run. One file a pass.
enum Passes {
    /// - Parameter keepsDead: leaves work in that no output depends on.
    static func run(_ graph: inout Graph, keepsDead: Bool = false) {
        removeReshapes(&graph)
        foldPads(&graph)
        removeIdentities(&graph)
        widenDepthwise(&graph)
        removeUnused(&graph)
        if keepsDead {
            graph.deadWork = .left(because: "--keep-dead was given")
        } else {
            removeDeadWork(&graph)
        }
    }
}
