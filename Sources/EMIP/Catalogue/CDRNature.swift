/// Whether a charge detail record is a session's last.
///
/// The guide gives only the words (6.5.1); on the wire there are numbers, and two have been seen for intermediate records. What a partner
/// means is therefore a matter of ``Interpretation``.
public enum CDRNature: Hashable, Sendable {
  /// The last one of its session.
  case final
  /// One while the session lasts.
  case intermediate
  /// Anything else, as written.
  case unknown(String)

  /// Reads a nature as a partner writes it.
  public struct Interpretation: Hashable, Sendable {
    /// 1 and `Final` are final; 0, 2 and `Intermediate` are intermediate.
    public static let standard = Interpretation(natures: [
      "1": .final, "final": .final, "0": .intermediate, "2": .intermediate, "intermediate": .intermediate,
    ])

    /// By their spelling in lower case.
    private let natures: [String: CDRNature]

    private init(natures: [String: CDRNature]) { self.natures = natures }

    /// - Parameters:
    ///   - final: every text that means final, in any case; nothing else does.
    ///   - intermediate: every text that means intermediate, in any case; nothing else does.
    /// - Throws: ``EMIPError`` where a text stands in both.
    public init(final: [String], intermediate: [String]) throws(EMIPError) {
      var natures: [String: CDRNature] = [:]
      for text in final { natures[text.lowercased()] = .final }
      for text in intermediate where natures.updateValue(.intermediate, forKey: text.lowercased()) == .final {
        throw EMIPError(.cdrNature, "\"\(text)\" cannot mean both a final and an intermediate record")
      }
      self.natures = natures
    }

    /// - Parameter text: without white space around it.
    public func nature(of text: String) -> CDRNature { natures[text.lowercased()] ?? .unknown(text) }

    /// - Parameter text: UTF-8 without white space around it.
    public func nature(utf8 text: some Collection<UInt8>) -> CDRNature { nature(of: String(decoding: text, as: UTF8.self)) }
  }
}
