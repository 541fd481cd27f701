import Answers
import JournalFormat

/// A census for a person.
struct CensusText {
  let census: Census
  let style: Style

  var lines: [String] { summary + table + segments }

  private var summary: [String] {
    let kinds = EntryKind.allCases.compactMap { kind in census.entriesByKind[kind].map { "\(Figure.count($0)) \(kind)" } }
    var lines = [
      "entries    \(Figure.count(census.entryCount))" + (kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))"),
      "exchanges  \(Figure.count(census.exchangeCount))",
    ]
    if let first = census.firstObservedAt, let last = census.lastObservedAt {
      lines.append("observed   \(Figure.time(first)) to \(Figure.time(last)) UTC")
    }
    var size = "size       \(Figure.size(census.sizeBytes)) for \(Figure.size(census.payloadBytes)) of bodies"
    if let bytes = census.bytesPerExchange { size += ", \(Figure.count(Int(bytes.rounded()))) bytes per exchange" }
    return lines + [size]
  }

  private var table: [String] {
    guard !census.operations.isEmpty else { return [] }
    let used = Census.outcomes.filter { outcome in census.exchanges.values.contains { $0[outcome, default: 0] != 0 } }
    let names = census.operations.map { SafeText.line($0).shortened(to: 45) }
    let width = max(9, names.map(\.count).max() ?? 0)
    let header = "operation".padded(to: width) + (["total"] + used.map(Census.name)).map { $0.padded(to: 11, isRight: true) }.joined()
    let rows = zip(names, census.operations).map { name, operation in
      let counts = used.map { outcome in
        let count = census.exchanges[operation]?[outcome] ?? 0
        let cell = (count == 0 ? "-" : Figure.count(count)).padded(to: 11, isRight: true)
        return count == 0 ? style.text(cell, .dim) : style.outcome(cell, outcome)
      }
      return name.padded(to: width) + Figure.count(census.total(operation)).padded(to: 11, isRight: true) + counts.joined()
    }
    return ["", style.text(header, .dim)] + rows
  }

  private var segments: [String] {
    guard !census.segments.isEmpty else { return [] }
    let header = "segment".padded(to: 18) + "positions".padded(to: 26) + "size".padded(to: 10, isRight: true) + "  form"
    let rows = census.segments.map { segment in
      let end = segment.lastPosition.map { Figure.count($0) } ?? "now"
      return segment.name.padded(to: 18) + "\(Figure.count(segment.firstPosition)) to \(end)".padded(to: 26)
        + Figure.size(segment.sizeBytes).padded(to: 10, isRight: true) + "  \(segment.form)"
        + (segment.awaitsSealing ? ", to be sealed" : "")
        + (segment.unindexedEntries > 0 ? ", \(Figure.count(segment.unindexedEntries)) entries not indexed yet" : "")
    }
    return ["", style.text(header, .dim)] + rows
  }
}
