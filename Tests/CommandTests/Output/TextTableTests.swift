import Testing

@testable import emip_journal

@Suite struct TextTableTests {
  private static let long = String(repeating: "explained ", count: 30) + "to the end"

  private func lines(_ terminalWidth: Int?) -> [String] {
    var table = TextTable([.init("rule"), .init("position", isRight: true), .init("explanation", limit: 20)])
    table.add([.init("cdr-power"), .init("17"), .init(Self.long)])
    table.add([.init("cdr"), .init("4"), .init("short")])
    return table.lines(Style(isColored: false, terminalWidth: terminalWidth))
  }

  @Test func `nothing is cut where no terminal is`() {
    #expect(lines(nil) == ["rule       position  explanation", "cdr-power        17  \(Self.long)", "cdr               4  short"])
  }

  @Test func `a terminal cuts what it has no room for, with an ellipsis`() {
    let cut = lines(60)
    #expect(cut[1].count == 60 && cut[1].hasSuffix("…") && cut[1].hasPrefix("cdr-power        17  explained"))
    #expect(lines(1_000)[1].hasSuffix("to the end"))
    // It wraps what would be cut to nothing.
    #expect(lines(10)[1] == "cdr-power        17  explained explained…")
  }

  @Test func `one long text moves no others away`() {
    var table = TextTable([.init("subject", limit: 10), .init("explanation")])
    table.add([.init(String(repeating: "x", count: 1_000)), .init("a")])
    table.add([.init("y"), .init("b")])
    let lines = table.lines(Style(isColored: false))
    #expect(lines[1].count == 1_003 && lines[2] == "y           b")
  }
}
