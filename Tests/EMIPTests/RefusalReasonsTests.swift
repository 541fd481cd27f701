import EMIP
import Foundation
import Testing
import XML

@Suite struct RefusalReasonsTests {
  @Test func `the page of errors explains every reason of a refusal`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("Schemas/errors.md"), encoding: .utf8)
    // A schema is read when the program starts, and refuses no message.
    let reasons =
      XMLError.Code.allCases.filter { $0 != .schema }.map { MessageRefusal.Code.xml($0) }
      + [.noEnvelope, .wrongNamespace, .noBody, .severalBodies, .emptyBody, .severalBodyChildren]
    for reason in reasons { #expect(page.contains("| `\(reason.name)` |"), "\(reason.name)") }
  }
}
