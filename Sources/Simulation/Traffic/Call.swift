/// What every exchange has, whatever its operation.
struct Call {
  var operation: Operation
  var direction: Direction
  /// The partner of the platform in this exchange: caller of `toIOP`, callee of `fromIOP`.
  var peer: Partner
  /// In `fromIOP`, whose business it is: the `operatorId`.
  var counterpart = Partner.operatorBackEnd
  /// What the transactionId is made of. A retry has the same one and is the same, byte for byte.
  var transaction: UInt64
  var outcome: Outcome

  var caller: Partner { direction == .toIOP ? peer : .platform }
  var callee: Partner { direction == .toIOP ? .platform : peer }
}
