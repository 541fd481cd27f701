import Answers
import JournalFormat
import JournalStore
import Projections

/// The run of a `verify`.
struct VerificationRun {
  let directory: JournalDirectory
  private let progress = Progress()

  init(directory: JournalDirectory) { self.directory = directory }

  func report() throws -> VerificationReport {
    let reader: JournalReader
    do throws(JournalError) {
      reader = try JournalReader(directory)
    } catch {
      guard error.code == .manifestDamaged else { throw error }
      var report = VerificationReport()
      report.add(.init(segment: nil, message: error.message), file: error.path)
      return report
    }
    var report = VerificationReport()
    report.add(try reader.verifyManifest(), file: nil)
    let segments = reader.manifest.segments
    report.segmentCount = segments.count
    for (number, segment) in segments.enumerated() {
      report = try check(segment, reader, report, place: "verifying segment \(number + 1) of \(segments.count)")
    }
    progress.update("verifying the read models")
    for damage in try ReadModels.damages(of: reader) {
      report.add(.init(segment: nil, message: damage.message), file: damage.path)
      report.modelDamageCount += 1
    }
    progress.clear()
    return report
  }

  /// What is known with a segment checked. One that is sealed meanwhile is checked again in the file that has taken its place.
  private func check(
    _ segment: Manifest.Segment, _ reader: JournalReader, _ before: VerificationReport, place: String
  ) throws -> VerificationReport {
    var report = before
    progress.update("\(place): its pages")
    if let size = try? directory.sizeBytes(of: segment) {
      report.sizeBytes += UInt64(size)
      try checkPages(segment, reader, &report)
      let entries = try SegmentCheck.ask(segment, in: directory) { checked, count in
        progress.update("\(place): \(Figure.count(checked)) of \(Figure.count(count)) entries")
      }
      report.add(entries, file: directory.file(of: segment))
    }
    try reader.refresh()
    guard let present = reader.manifest.segments.first(where: { $0.ordinal == segment.ordinal }), present.fileName != segment.fileName
    else { return report }
    return try check(present, reader, before, place: place)
  }

  private func checkPages(_ segment: Manifest.Segment, _ reader: JournalReader, _ report: inout VerificationReport) throws(JournalError) {
    do throws(JournalError) {
      report.add(try reader.verifyPages(segment), file: directory.file(of: segment))
    } catch {
      // A file that has gone was sealed meanwhile; else whoever reads its entries says so.
      guard error.code == .segmentMissing else { throw error }
    }
  }
}

/// What `verify` says.
struct VerificationReport: Encodable {
  /// One thing that is not as it should be.
  struct Damage: Encodable {
    @OrNull private(set) var segment: String?
    @OrNull private(set) var file: String?
    @OrNull private(set) var position: UInt64?
    let message: String
  }

  var isClean: Bool { damageCount == 0 }
  private(set) var entryCount: UInt64 = 0
  private(set) var indexRowCount: UInt64 = 0
  private(set) var pageCount: UInt64 = 0
  var sizeBytes: UInt64 = 0
  var segmentCount = 0
  private(set) var damages: [Damage] = []
  /// All that were found; the list may be shorter.
  private(set) var damageCount: UInt64 = 0
  /// Those among them that are of read models.
  var modelDamageCount: UInt64 = 0
  /// What was not checked, and why.
  var notes: [String] = []

  mutating func add(_ verification: Verification, file: String?) {
    entryCount += verification.entryCount
    indexRowCount += verification.indexRowCount
    pageCount += verification.pageCount
    for damage in verification.damages { add(damage, file: file) }
    damageCount += verification.damageCount - UInt64(verification.damages.count)
  }

  mutating func add(_ damage: Verification.Damage, file: String?) {
    damageCount += 1
    damages.append(Damage(segment: damage.segment, file: file, position: damage.position, message: damage.message))
  }

  private enum CodingKeys: CodingKey {
    case clean, entryCount, indexRowCount, pageCount, sizeBytes, segmentCount, damages, damageCount, notes
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(isClean, forKey: .clean)
    try container.encode(entryCount, forKey: .entryCount)
    try container.encode(indexRowCount, forKey: .indexRowCount)
    try container.encode(pageCount, forKey: .pageCount)
    try container.encode(sizeBytes, forKey: .sizeBytes)
    try container.encode(segmentCount, forKey: .segmentCount)
    try container.encode(damages, forKey: .damages)
    try container.encode(damageCount, forKey: .damageCount)
    try container.encode(notes, forKey: .notes)
  }

  /// For a person.
  func lines(_ style: Style) -> [String] {
    var lines = damages.map { damage in
      let place = [
        damage.segment.map { "segment \($0)" }, damage.position.map { "position \($0)" }, damage.file.map { "in \(SafeText.line($0))" },
      ].compactMap { $0 }
      return style.text("damage", .red) + " \(place.joined(separator: ", ")): \(SafeText.line(damage.message))"
    }
    if damageCount > damages.count { lines.append("and \(Figure.count(damageCount - UInt64(damages.count))) more") }
    lines += notes.map { "note: \(SafeText.line($0))" }
    let extent = "\(Figure.count(entryCount, "entry", "entries")) in \(Figure.count(segmentCount, "segment", "segments"))"
    guard isClean else {
      let advice =
        modelDamageCount == damageCount
        ? "Make the read models anew with `emip-journal projection rebuild`." : "Restore what is named from a backup."
      lines.append("\(Figure.count(damageCount, "damage", "damages")) found; \(extent) could be read. \(advice)")
      return lines
    }
    let details = "\(Figure.count(indexRowCount)) index rows, \(Figure.count(pageCount)) pages, \(Figure.size(sizeBytes))"
    return lines + ["\(style.text("clean", .green)): \(extent), \(details)"]
  }
}
