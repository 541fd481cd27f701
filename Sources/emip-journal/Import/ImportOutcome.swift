import Answers
import JournalFormat
import Recording

/// What became of one file.
struct ImportOutcome: Encodable {
  let file: String
  let report: TrafficImporter.Report
  /// When the journal's last entry had been recorded before; nil where it had none.
  let journalEnd: Timestamp?
  /// Where rejected lines went; nil where there were none.
  let rejects: String?
  /// The first line that was rejected, with its reason; nil where none was.
  let firstRejection: String?
  let seconds: Double

  var exchangesPerSecond: Double { seconds > 0 ? (Double(report.recordedExchanges) / seconds).rounded() : 0 }

  private enum CodingKeys: CodingKey {
    case file, lines, recordedExchanges, recordedEntries, recordedNow, behindLater, duplicates, refusals, recordedAgain, rejected,
      actsLeftOut, baselinesLeftOut, firstPosition, lastPosition, rejects, seconds, exchangesPerSecond
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    try container.encode(report.lines, forKey: .lines)
    try container.encode(report.recordedExchanges, forKey: .recordedExchanges)
    try container.encode(report.recordedEntries, forKey: .recordedEntries)
    try container.encode(report.recordedNow, forKey: .recordedNow)
    try container.encode(report.behindLater, forKey: .behindLater)
    try container.encode(report.duplicates, forKey: .duplicates)
    try container.encode(report.refusals, forKey: .refusals)
    try container.encode(report.recordedAgain, forKey: .recordedAgain)
    try container.encode(report.rejected, forKey: .rejected)
    try container.encode(report.actsLeftOut, forKey: .actsLeftOut)
    try container.encode(report.baselinesLeftOut, forKey: .baselinesLeftOut)
    try container.encode(report.firstPosition, forKey: .firstPosition)
    try container.encode(report.lastPosition, forKey: .lastPosition)
    try container.encode(rejects, forKey: .rejects)
    try container.encode((seconds * 1000).rounded() / 1000, forKey: .seconds)
    try container.encode(exchangesPerSecond, forKey: .exchangesPerSecond)
  }

  /// That this is hardly what was meant, where most lines were rejected; else nil.
  var warning: String? {
    guard report.rejected * 2 > report.lines, let firstRejection else { return nil }
    let share = "\(Figure.count(report.rejected)) of \(Figure.count(report.lines, "line", "lines"))"
    return
      "\(SafeText.line(file)): most of it was rejected, \(share), so it may be no traffic file; first \(SafeText.line(firstRejection))."
  }

  /// What was done, a line each for what is to be known of it.
  var lines: [String] {
    var parts = ["\(Figure.count(UInt64(report.recordedExchanges), "exchange", "exchanges")) recorded"]
    if let first = report.firstPosition, let last = report.lastPosition { parts.append("positions \(first) to \(last)") }
    if report.duplicates > 0 { parts.append("\(Figure.count(UInt64(report.duplicates))) known already") }
    if report.refusals > 0 { parts.append("\(Figure.count(UInt64(report.refusals))) of them refused messages") }
    if report.rejected > 0 { parts.append("\(Figure.count(UInt64(report.rejected), "line", "lines")) rejected") }
    return ["\(SafeText.line(file)): \(parts.joined(separator: ", "))"] + remarks.map { "  \($0)" }
  }

  private var remarks: [String] {
    var remarks: [String] = []
    if report.recordedNow > 0 {
      let end = journalEnd.map { ", \(Figure.time($0)) UTC" } ?? ""
      remarks.append(
        "\(Figure.count(report.recordedNow, "exchange counts", "exchanges count")) as recorded now: the file begins before the journal's end"
          + "\(end). Answers --as-of an earlier moment do not have them.")
    }
    if report.recordedAgain > 0 {
      remarks.append(
        "\(Figure.count(report.recordedAgain, "line", "lines")) recorded that the journal may have: what may be them there cannot be read.")
    }
    if report.behindLater > 0 {
      remarks.append(
        "\(Figure.count(report.behindLater, "exchange stands", "exchanges stand")) in the file behind later ones, by more than "
          + "\(TrafficImporter.slackMinutes) min. Recorded after those, at the latest time before: answers --as-of a moment "
          + "between the two do not have what is there.")
    }
    if report.actsLeftOut > 0, let rejects {
      remarks.append(
        "\(Figure.count(report.actsLeftOut, "entry", "entries")) left out: what a journal or its gateway did itself is not taken from a file; see "
          + "\(SafeText.line(rejects)).")
    }
    if report.baselinesLeftOut > 0 {
      let notes = report.baselinesLeftOut
      remarks.append(
        "\(Figure.count(notes, "of these is a note of a white list's baseline", "of these are notes of white lists' baselines")), so this journal "
          + "lacks \(notes == 1 ? "it" : "them") now: record such a list here with `emip-journal whitelist baseline`.")
    }
    return remarks
  }
}
