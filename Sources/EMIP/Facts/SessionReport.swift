public import JournalFormat

/// An event of a session (guide 6.6.1), or an action asked of it (guide 6.6.2).
public struct SessionReport<Nature: OpenCode>: Hashable, Sendable {
  /// What happened, or is asked for.
  public let nature: Field<Nature>?
  /// The event's or action's own id.
  public let id: String?
  /// When it happened, or was asked for.
  public let dateTime: Field<Timestamp>?
  /// Free text.
  public let parameter: String?
  /// The action that an event answers, or the event that an action answers.
  public let relatedId: String?
  /// The id that IOP gave the session.
  public let serviceSessionId: String?
  /// The CPO's id of the session.
  public let execPartnerSessionId: String?
  /// The eMSP's id of the session.
  public let salePartnerSessionId: String?

  private init(_ group: LeafGroup, parent: UInt16, nature: UInt16, id: UInt16, dateTime: UInt16, parameter: UInt16, relatedId: UInt16) {
    self.nature = group.code(nature)
    // The related one of a neighbour must not be taken for this one's own: the id is the one inside the element.
    self.id = group.first { $0.path == LeafPath(name: id, parent: parent) }
    self.dateTime = group.date(dateTime)
    self.parameter = group.text(parameter)
    self.relatedId = group.text(relatedId)
    serviceSessionId = group.text(WireName.serviceSessionId)
    execPartnerSessionId = group.text(WireName.execPartnerSessionId)
    salePartnerSessionId = group.text(WireName.salePartnerSessionId)
  }
}

extension SessionReport<SessionEventNature> {
  init?(event group: LeafGroup) {
    guard group.leaves.contains(where: { $0.path.parent == WireName.sessionEvent }) else { return nil }
    self.init(
      group, parent: WireName.sessionEvent, nature: WireName.sessionEventNature, id: WireName.sessionEventId,
      dateTime: WireName.sessionEventDateTime, parameter: WireName.sessionEventParameter, relatedId: WireName.relatedSessionActionId)
  }
}

extension SessionReport<SessionActionNature> {
  init?(action group: LeafGroup) {
    guard group.leaves.contains(where: { $0.path.parent == WireName.sessionAction }) else { return nil }
    self.init(
      group, parent: WireName.sessionAction, nature: WireName.sessionActionNature, id: WireName.sessionActionId,
      dateTime: WireName.sessionActionDateTime, parameter: WireName.sessionActionParameter, relatedId: WireName.relatedSessionEventId)
  }
}
