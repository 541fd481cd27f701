/// Values under small numbers that are given out again: sessions and reports under way, so that memory follows how many are active at a
/// time and not how many there were.
struct Slab<Element>: ~Copyable {
  private var elements: [Element] = []
  private var vacant: [Int32] = []

  /// How many are held.
  var count: Int { elements.count - vacant.count }

  mutating func insert(_ element: Element) -> Int32 {
    if let index = vacant.popLast() {
      elements[Int(index)] = element
      return index
    }
    elements.append(element)
    return Int32(elements.count - 1)
  }

  mutating func remove(_ index: Int32) { vacant.append(index) }

  subscript(index: Int32) -> Element {
    get { elements[Int(index)] }
    set { elements[Int(index)] = newValue }
  }
}
