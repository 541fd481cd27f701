import Foundation
import TestSupport
import Testing

@testable import XML

@Suite final class XMLSchemaTests {
  private let directory: String

  init() throws {
    directory = NSTemporaryDirectory() + "xml-schema-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory + "/sub dir", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  private func write(_ name: String, _ text: String) throws -> String {
    let path = directory + "/" + name
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func schema(_ body: String, attributes: String = "") throws -> String {
    try write("main.xsd", "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' \(attributes)>\(body)</xs:schema>")
  }

  /// A list of users, each with an id of hexadecimal digits.
  private func userSchema() throws -> XMLSchema {
    let id = "<xs:simpleType><xs:restriction base='xs:string'><xs:pattern value='[0-9A-F]{8}'/></xs:restriction></xs:simpleType>"
    let user = "<xs:element name='user'><xs:complexType><xs:sequence><xs:element name='id'>\(id)</xs:element>"
    let rest = "<xs:element name='age' type='xs:int' minOccurs='0'/></xs:sequence></xs:complexType></xs:element>"
    let list = "<xs:element name='list'><xs:complexType><xs:sequence><xs:element ref='user' maxOccurs='unbounded'/></xs:sequence>"
    return try XMLSchema(path: schema(user + rest + list + "</xs:complexType></xs:element>"))
  }

  private func refusal(loading path: String) -> XMLError? {
    do throws(XMLError) {
      _ = try XMLSchema(path: path)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a valid document has no findings`() throws {
    let document = "\u{feff}<?xml version='1.0'?>\n<list><user><id>04AB12CD</id><age>3</age></user></list>"
    #expect(try userSchema().findings(document) == [])
  }

  @Test func `findings name line, element and rule, but no value`() throws {
    let document = """
      <?xml version='1.0'?>
      <list>
        <user><id>secret</id><age>
          secret</age></user>
        <nobody/>
      </list>
      """
    let findings = try userSchema().findings(document)
    #expect(findings.map(\.line) == [3, 4, 5])
    #expect(findings.map(\.message.isEmpty) == [false, false, false])
    #expect(findings[0].message == "Element 'id': the value is not valid (facet 'pattern').")
    #expect(findings[1].message == "Element 'age': the value is not valid for its type.")
    #expect(findings[2].message.contains("'nobody'"))
    #expect(findings.allSatisfy { !$0.message.contains("secret") })
  }

  @Test func `stops after a hundred findings`() throws {
    let wrong = String(repeating: "<user><id/></user>", count: XMLSchema.maximumFindings)
    // What comes after is not read.
    #expect(try userSchema().findings("<list>\(wrong)<x></y></list>").count == XMLSchema.maximumFindings)
    let fewer = wrong.dropFirst("<user><id/></user>".count)
    #expect(throws: XMLError.self) { try userSchema().findings("<list>\(fewer)</nothing></list>") }
    let (findings, time) = try workTime {
      try userSchema().findings("<list>" + String(repeating: "<user><id/></user>", count: 90_000) + "</list>")
    }
    #expect(findings.count == XMLSchema.maximumFindings)
    #expect(time < .seconds(2))
  }

  @Test func `a schema validates again after any document`() throws {
    let schema = try userSchema()
    let valid = "<list><user><id>04AB12CD</id></user></list>"
    for document in ["<list/>", "<list><user>", valid, "<list><user><id>x</id></user></list>"] {
      _ = try? schema.findings(document)
      #expect(try schema.findings(valid) == [])
    }
  }

  @Test(arguments: [
    ("<!DOCTYPE list [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><list>&e;</list>", XMLError.Code.documentType),
    (String(repeating: "<list>", count: 100), .tooDeep), ("<p:list/>", .unboundPrefix), ("<list>", .truncated),
    ("<list>&e;</list>", .undefinedEntity), ("", .empty), ("<list>\0</list>", .nulByte),
    ("<?xml version='1.0' encoding='UTF-7'?><list/>", .encoding),
  ])
  func `refuses what the reader refuses`(document: String, code: XMLError.Code) throws {
    let schema = try userSchema()
    #expect { try schema.findings(document) } throws: { ($0 as? XMLError)?.code == code }
  }

  @Test func `fetches nothing that a document names`() throws {
    let other = try write("other.xsd", "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='other'/></xs:schema>")
    let location = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:noNamespaceSchemaLocation='\(other)'"
    #expect(try userSchema().findings("<other \(location)/>").count == 1)
  }

  @Test func `includes and imports files of its directory`() throws {
    let header = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'"
    _ = try write("included.xsd", "\(header)><xs:element name='a' type='xs:int'/></xs:schema>")
    _ = try write("sub dir/imported.xsd", "\(header) targetNamespace='urn:i'><xs:include schemaLocation='second.xsd'/></xs:schema>")
    _ = try write("sub dir/second.xsd", "\(header) targetNamespace='urn:i'><xs:element name='b' type='xs:int'/></xs:schema>")
    let body = "<xs:import namespace='urn:i' schemaLocation='sub%20dir/imported.xsd'/><xs:include schemaLocation='included.xsd'/>"
    let parts = "<xs:sequence><xs:element ref='a'/><xs:element ref='i:b'/></xs:sequence>"
    let root = "<xs:element name='c'><xs:complexType>\(parts)</xs:complexType></xs:element>"
    let schema = try XMLSchema(path: schema(body + root, attributes: "xmlns:i='urn:i'"))
    #expect(try schema.findings("<c><a>1</a><b xmlns='urn:i'>2</b></c>") == [])
    #expect(try schema.findings("<c><a>x</a><b xmlns='urn:i'>y</b></c>").count == 2)
  }

  @Test func `reads nothing outside its directory`() throws {
    let outside = NSTemporaryDirectory() + "xml-outside-\(UUID().uuidString).xsd"
    try Data("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'/>".utf8).write(to: URL(fileURLWithPath: outside))
    defer { try? FileManager.default.removeItem(atPath: outside) }
    try FileManager.default.createSymbolicLink(atPath: directory + "/link.xsd", withDestinationPath: outside)
    let name = (outside as NSString).lastPathComponent
    for location in ["../\(name)", outside, "file://\(outside)", "link.xsd", "http://192.0.2.1/a.xsd", "missing.xsd"] {
      let include = refusal(loading: try schema("<xs:include schemaLocation='\(location)'/>"))
      #expect(include?.code == .schema, "\(location)")
      let importing = refusal(loading: try schema("<xs:import namespace='urn:x' schemaLocation='\(location)'/>"))
      #expect(importing?.code == .schema, "\(location)")
    }
  }

  @Test func `refuses files that are no schema`() throws {
    #expect(refusal(loading: directory + "/none.xsd")?.code == .schema)
    for text in ["", "text", "<a/>", "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element/></xs:schema>"] {
      let error = refusal(loading: try write("bad.xsd", text))
      #expect(error?.code == .schema)
      #expect(error?.message.isEmpty == false)
    }
    let typed = "<!DOCTYPE a [<!ENTITY % e SYSTEM 'main.xsd'>]><xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'/>"
    #expect(refusal(loading: try write("typed.xsd", typed))?.message.contains("document type") == true)
  }

  @Test func `several threads validate with one schema`() async throws {
    let schema = try userSchema()
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<50 {
        group.addTask { try schema.findings("<list><user><id>\(number % 2 == 0 ? "04AB12CD" : "x")</id></user></list>").count }
      }
      return try await group.reduce(0, +)
    }
    #expect(counts == 25)
  }
}

extension XMLSchema {
  fileprivate func findings(_ document: String) throws -> [XMLFinding] {
    try Array(document.utf8).withUnsafeBufferPointer { try validate($0) }
  }
}
