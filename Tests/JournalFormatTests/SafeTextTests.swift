import JournalFormat
import Testing

@Suite struct SafeTextTests {
  @Test(arguments: [
    ("\u{1b}[31mred", "\\x1b[31mred"), ("a\u{7}b", "a\\x07b"), ("\u{9b}2J", "\\u{9b}2J"), ("\u{7f}", "\\x7f"),
    ("\u{202e}cba", "\\u{202e}cba"), ("\u{2067}x\u{2069}", "\\u{2067}x\\u{2069}"), ("a\u{200b}b", "a\\u{200b}b"),
    ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
    ("é€😀 ok", "é€😀 ok"), ("\"\u{301}\r\n", "\"\u{301}\\r\\n"),
    ("a\u{ad}\u{34f}\u{180e}\u{3164}\u{fe0f}\u{e0041}", "a\\u{ad}\\u{34f}\\u{180e}\\u{3164}\\u{fe0f}\\u{e0041}"),
  ])
  func `a line shows what would act on a terminal as an escape`(text: String, expected: String) {
    #expect(SafeText.line(text) == expected)
  }

  @Test func `a body keeps its lines, and nothing else that acts`() {
    #expect(SafeText.body(Array("a\r\nb\tc\u{1b}c\rd".utf8)) == "a\nb\tc\\x1bc\\rd")
    #expect(SafeText.body([0x61, 0xff, 0xc3, 0x62]) == "a\\xff\\xc3b")
  }
}
