/// The name of an encoding, as an XML declaration has it.
///
/// What declares another encoding than it is in is read as what it is: whoever declares UTF-16 and writes one byte for each letter has written UTF-8. Not
/// so where ASCII bytes may mean something else in the encoding that is declared: there the bytes of a tag may be text, and the other way round.
struct XMLEncodingName {
  /// Letters in lower case and digits; what stands between them differs from software to software.
  private let key: String

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    var key: [UInt8] = []
    for byte in bytes.prefix(256) {
      switch byte {
      case 0x30...0x39, 0x61...0x7a: key.append(byte)
      case 0x41...0x5a: key.append(byte | 0x20)
      default: continue
      }
    }
    self.key = String(decoding: key, as: UTF8.self)
  }

  /// Whether ASCII bytes may mean something else: UTF-7, HZ, ISO 2022 and what shifts as they do, the national variants of ISO 646, and EBCDIC.
  var redefinesASCII: Bool {
    if Self.parts.contains(where: key.contains) || Self.names.contains(key) || key.hasPrefix("hz") { return true }
    if key.hasPrefix("iso646") { return !["iso646us", "iso646irv1991"].contains(key) }
    return codePage.map { Self.codePages.contains($0) } ?? false
  }

  private static let parts = ["utf7", "iso2022", "ebcdic"]
  private static let names: Set<String> = [
    "utf1", "iso10646utf1", "csiso10646utf1", "scsu", "csscsu", "bocu1", "csbocu1", "jis", "jis7", "jisencoding", "csjisencoding",
  ]

  /// The number of `IBM01140`, `cp-037`, `x-ccsid00500`, `windows-20273`; nil of any other name.
  private var codePage: Int? {
    var name = key[...]
    for vendor in ["x", "cs"] where name.hasPrefix(vendor) { name = name.dropFirst(vendor.count) }
    guard let family = ["ibm", "cp", "ccsid", "windows", "codepage"].first(where: name.hasPrefix) else { return nil }
    return Int(name.dropFirst(family.count).prefix { $0.isNumber })
  }

  /// The code pages of EBCDIC by IBM's numbers and by Microsoft's, and Microsoft's of ISO 2022, UTF-7 and HZ.
  private static let codePages: Set<Int> = [
    37, 273, 274, 275, 277, 278, 280, 281, 284, 285, 290, 297, 420, 423, 424, 500, 803, 833, 836, 838, 870, 871, 875, 880, 905, 918, 924,
    930, 931, 933, 935, 937, 939, 1025, 1026, 1027, 1047, 1069, 1070, 1079, 1081, 1084, 1097, 1112, 1113, 1122, 1123, 1130, 1132, 1137,
    1140, 1141, 1142, 1143, 1144, 1145, 1146, 1147, 1148, 1149, 1153, 1154, 1155, 1156, 1157, 1158, 1160, 1164, 1364, 1371, 1377, 1388,
    1390, 1399, 4899, 4971, 5123, 8482, 12_712, 16_804, 20_273, 20_277, 20_278, 20_280, 20_284, 20_285, 20_290, 20_297, 20_420, 20_423,
    20_424, 20_833, 20_838, 20_871, 20_880, 20_905, 20_924, 21_025, 21_027, 50_220, 50_221, 50_222, 50_225, 50_227, 50_229, 52_936, 65_000,
  ]
}
