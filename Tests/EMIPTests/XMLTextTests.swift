import EMIP
import Testing

@Suite struct XMLTextTests {
  @Test(arguments: [
    ("a & <b> \r\n c", "a &amp; &lt;b&gt; &#13;\n c"), ("<\u{301}b>\u{338}", "&lt;\u{301}b&gt;\u{338}"), ("&\u{fe0f}", "&amp;\u{fe0f}"),
    ("\r\u{301}", "&#13;\u{301}"),
    ("é", "é"), ("", ""),
  ])
  func `markup in a text is none, whatever marks combine with it`(text: String, expected: String) {
    #expect(Array(XMLText.escaped(text).utf8) == Array(expected.utf8))
  }
}
