/// The SOAP faults that come with HTTP 500.
enum FaultKind: Int, CaseIterable {
  case cannotCreateTransaction, invalidMessage, internalFailure

  /// The SOAP 1.2 code.
  var code: String { self == .invalidMessage ? "Sender" : "Receiver" }

  /// The SOAP 1.1 code.
  var code11: String { self == .invalidMessage ? "Client" : "Server" }

  var reason: String {
    switch self {
    case .cannotCreateTransaction: "MSG_SUIVI_WS_CANNOT_CREATE_TRANSACTION_EXCEPTION"
    case .invalidMessage: "cvc-complex-type.2.4.a: Invalid content was found starting with element &apos;operatorId&apos;."
    case .internalFailure: "Internal error &#8211; please retry"
    }
  }

  var detail: String { self == .invalidMessage ? "VALIDATION_ERROR" : "INTERNAL_ERROR" }
}
