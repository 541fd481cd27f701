import JournalFormat

/// Aligned columns for people: as wide as what they hold, texts cut at a limit.
struct TextTable {
  /// A column and how it stands.
  struct Column {
    let title: String
    var isRight = false
    /// Longer texts are cut.
    var limit = 48

    init(_ title: String, isRight: Bool = false, limit: Int = 48) {
      self.title = title
      self.isRight = isRight
      self.limit = limit
    }
  }

  /// A cell: its text, made harmless here, and its look.
  struct Cell {
    let text: String
    var look: Style.Look?

    init(_ text: String?, _ look: Style.Look? = nil) {
      self.text = SafeText.line(text ?? "-")
      self.look = look
    }
  }

  let columns: [Column]
  private(set) var rows: [[Cell]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "a cell for each column")
    rows.append(cells)
  }

  /// The header and a line for each row, without white space at their ends.
  func lines(_ style: Style) -> [String] {
    let texts = rows.map { row in zip(row, columns).map { $0.text.shortened(to: $1.limit) } }
    let widths = columns.indices.map { index in max(columns[index].title.count, texts.map { $0[index].count }.max() ?? 0) }
    func line(_ cells: [(text: String, look: Style.Look?)]) -> String {
      cells.enumerated().map { index, cell in
        let isLast = index == cells.count - 1 && !columns[index].isRight
        return style.text(isLast ? cell.text : cell.text.padded(to: widths[index], isRight: columns[index].isRight), cell.look)
      }.joined(separator: "  ")
    }
    return [line(columns.map { ($0.title, .dim) })]
      + zip(texts, rows).map { texts, row in line(zip(texts, row).map { ($0, $1.look) }) }
  }
}
