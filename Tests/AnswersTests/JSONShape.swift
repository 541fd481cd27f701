import Answers
import Foundation
import Testing

/// Rows as a machine reads them.
func objects(_ rows: some Sequence<any Encodable>) throws -> [[String: Any]] {
  try rows.map { row in
    let value = try JSONSerialization.jsonObject(with: Data(try JSONOutput.bytes(row, isPretty: false)))
    return try #require(value as? [String: Any])
  }
}

/// The keys of the objects that stand at one place, of which there may be many.
struct JSONShape {
  private(set) var keys: [String: Set<Set<String>>] = [:]

  /// - Parameter maps: keys whose objects are no rows: theirs come from the data.
  init(_ objects: [[String: Any]], maps: Set<String> = []) {
    for object in objects { add(object, at: "", maps) }
  }

  private mutating func add(_ value: Any, at place: String, _ maps: Set<String>) {
    if let object = value as? [String: Any] {
      keys[place, default: []].insert(Set(object.keys))
      for (key, value) in object where !maps.contains(key) { add(value, at: place + "/" + key, maps) }
    } else if let list = value as? [Any] {
      for value in list { add(value, at: place, maps) }
    }
  }
}
