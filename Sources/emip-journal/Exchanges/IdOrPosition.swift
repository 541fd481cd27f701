import Answers
import ArgumentParser
import JournalFormat

/// What an exchange is looked up by: an id, or a position that some output named.
struct IdOrPosition: ParsableArguments {
  @Argument(help: ArgumentHelp("As the message has it; a number that is nobody's id is a position.", valueName: "id"))
  var id: String?

  @Option(
    help: ArgumentHelp("The exchange that one of its entries stands at this position of.", valueName: "position"),
    transform: IdOrPosition.parse)
  var position: JournalPosition?

  private static func parse(_ text: String) throws -> JournalPosition {
    guard let position = LookupQuestion.position(text) else { throw ValidationError("a position is a number from 1 on.") }
    return position
  }

  func validate() throws {
    if id == nil && position == nil { throw ValidationError("name an id, or a --position.") }
    if id != nil && position != nil { throw ValidationError("an id and --position exclude each other.") }
  }

  func question(_ kind: LookupQuestion.Kind) -> LookupQuestion {
    if let position { return LookupQuestion(.position, position.description) }
    return LookupQuestion(kind, id ?? "")
  }
}
