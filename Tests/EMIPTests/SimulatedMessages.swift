@testable import Simulation

/// The bodies of the simulator's traffic, requests and responses by turns; lost answers are left out. In a file of its own, as modules
/// share names.
func simulatedMessages(exchanges: Int, seed: UInt64) -> [[UInt8]] {
  let start = CalendarDay("2025-03-01")!
  var generator = TrafficGenerator(TrafficConfiguration(exchanges: exchanges, seed: seed, days: 2, start: start))
  var messages: [[UInt8]] = []
  while generator.next() {
    messages.append(Array(generator.exchange.requestBytes))
    messages.append(Array(generator.exchange.responseBytes))
  }
  return messages.filter { !$0.isEmpty }
}
