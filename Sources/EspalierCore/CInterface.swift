// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CEspalier

// The C API of espalier.h, function by function. Nothing is decided here.

@c @implementation
public func espalier_arena_size(_ model: UnsafePointer<EspalierModel>!) -> UInt32 {
    model.pointee.arena_bytes
}

@c @implementation
public func espalier_set_input(
    _ model: UnsafePointer<EspalierModel>!, _ arena: UnsafeMutablePointer<Int8>!, _ arena_bytes: UInt32,
    _ values: UnsafePointer<Int8>!, _ count: UInt32
) -> Int32 {
    do throws(Status) {
        let engine = try Engine(model: model, arena: arena, arenaBytes: Int(arena_bytes))
        try engine.setInput(UnsafeBufferPointer(start: values, count: Int(count)))
        return ESPALIER_OK
    } catch {
        return error.code
    }
}

@c @implementation
public func espalier_set_frame(
    _ model: UnsafePointer<EspalierModel>!, _ arena: UnsafeMutablePointer<Int8>!, _ arena_bytes: UInt32,
    _ frame: UnsafePointer<EspalierFrame>!
) -> Int32 {
    do throws(Status) {
        let engine = try Engine(model: model, arena: arena, arenaBytes: Int(arena_bytes))
        try engine.setFrame(frame.pointee)
        return ESPALIER_OK
    } catch {
        return error.code
    }
}

@c @implementation
public func espalier_frame_row(
    _ frame: UnsafePointer<EspalierFrame>!, _ row: Int32, _ rgb: UnsafeMutablePointer<UInt8>!
) -> Int32 {
    do throws(Status) {
        try FramePlanes(frame.pointee).copyRow(Int(row), rgb: rgb)
        return ESPALIER_OK
    } catch {
        return error.code
    }
}

@c @implementation
public func espalier_frame_row_grey(
    _ frame: UnsafePointer<EspalierFrame>!, _ row: Int32, _ grey: UnsafeMutablePointer<UInt8>!
) -> Int32 {
    do throws(Status) {
        try FramePlanes(frame.pointee).copyRow(Int(row), grey: grey)
        return ESPALIER_OK
    } catch {
        return error.code
    }
}

@c @implementation
public func espalier_run(
    _ model: UnsafePointer<EspalierModel>!, _ arena: UnsafeMutablePointer<Int8>!, _ arena_bytes: UInt32,
    _ result: UnsafeMutablePointer<EspalierResult>!
) -> Int32 {
    do throws(Status) {
        result.pointee = try Engine(model: model, arena: arena, arenaBytes: Int(arena_bytes)).run()
        return ESPALIER_OK
    } catch {
        return error.code
    }
}

@c @implementation
public func espalier_get_output(
    _ model: UnsafePointer<EspalierModel>!, _ arena: UnsafePointer<Int8>!, _ index: UInt32,
    _ values: UnsafeMutablePointer<Int8>!, _ count: UInt32
) -> Int32 {
    do throws(Status) {
        // Reading only: the engine never writes the arena while it copies an output.
        let engine = try Engine(
            model: model, arena: UnsafeMutablePointer(mutating: arena),
            arenaBytes: Int(model.pointee.arena_bytes))
        try engine.copyOutput(Int(index), to: UnsafeMutableBufferPointer(start: values, count: Int(count)))
        return ESPALIER_OK
    } catch {
        return error.code
    }
}

@c @implementation
public func espalier_get_scores(
    _ model: UnsafePointer<EspalierModel>!, _ arena: UnsafePointer<Int8>!,
    _ permille: UnsafeMutablePointer<Int32>!, _ count: UInt32
) -> Int32 {
    do throws(Status) {
        // Reading only, as above.
        let engine = try Engine(
            model: model, arena: UnsafeMutablePointer(mutating: arena),
            arenaBytes: Int(model.pointee.arena_bytes))
        try engine.copyScores(to: UnsafeMutableBufferPointer(start: permille, count: Int(count)))
        return ESPALIER_OK
    } catch {
        return error.code
    }
}

@c @implementation
public func espalier_status_text(_ status: Int32) -> UnsafePointer<CChar>! {
    UnsafeRawPointer(Status(code: status).text.utf8Start).assumingMemoryBound(to: CChar.self)
}
