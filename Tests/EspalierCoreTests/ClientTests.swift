import CClient
import Testing

/// The C API, by a program in C (Tests/CClient) that knows espalier.h only.
@Suite struct ClientTests {
    @Test func aProgramInCRunsAModelAndMeetsEveryStatus() {
        let failure = client_first_failure().map { String(cString: $0) }
        #expect(failure == nil)
    }
}
