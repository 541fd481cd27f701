import JournalFormat

/// Aligned columns for people, as wide as what they hold. Texts are cut only where a terminal has no room for them, and then end with an ellipsis.
struct TextTable {
  /// A column and how it stands.
  struct Column {
    let title: String
    var isRight = false
    /// Longer texts do not widen the column where nothing is cut: they push what stands behind them. None is cut to less.
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
    let natural = columns.indices.map { index in max(columns[index].title.count, rows.map { $0[index].text.count }.max() ?? 0) }
    let room = style.terminalWidth.map { fitted(natural, to: $0) }
    let widths = columns.indices.map { index in room?[index] ?? min(natural[index], max(columns[index].limit, columns[index].title.count)) }
    func line(_ cells: [(text: String, look: Style.Look?)]) -> String {
      cells.enumerated().map { index, cell in
        let isLast = index == cells.count - 1 && !columns[index].isRight
        let text = room == nil ? cell.text : cell.text.shortened(to: widths[index])
        return style.text(isLast ? text : text.padded(to: widths[index], isRight: columns[index].isRight), cell.look)
      }.joined(separator: Self.gap)
    }
    return [line(columns.map { ($0.title, .dim) })] + rows.map { row in line(row.map { ($0.text, $0.look) }) }
  }

  private static let gap = "  "

  /// Widths that fill a terminal at most, as far as that goes: the widest columns of texts give way, to one width, and none to less than its limit.
  private func fitted(_ natural: [Int], to width: Int) -> [Int] {
    let texts = columns.indices.filter { !columns[$0].isRight }
    func widths(_ limit: Int) -> [Int] {
      columns.indices.map { columns[$0].isRight ? natural[$0] : min(natural[$0], max(limit, columns[$0].limit)) }
    }
    func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + Self.gap.count * (columns.count - 1) }
    var (low, high) = (0, texts.map { natural[$0] }.max() ?? 0)
    // The largest limit with which all fits.
    while low < high {
      let middle = (low + high + 1) / 2
      if total(widths(middle)) <= width { low = middle } else { high = middle - 1 }
    }
    return widths(low)
  }
}
