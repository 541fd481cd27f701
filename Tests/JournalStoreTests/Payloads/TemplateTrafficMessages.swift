import EMIP
import JournalFormat

@testable import JournalStore
@testable import Simulation

/// An exchange of the simulator's, read.
struct SimulatedExchange {
  let request: EntryContent
  let response: EntryContent?
}

/// Simulated traffic of every dialect. In a file of its own, as modules share names.
func simulatedExchanges(_ count: Int, seed: UInt64) -> [SimulatedExchange] {
  let start = CalendarDay("2025-03-01")!
  var generator = TrafficGenerator(TrafficConfiguration(exchanges: count, seed: seed, days: 2, start: start))
  let reader = MessageReader()
  var exchanges: [SimulatedExchange] = []
  var time: Int64 = 1_740_787_200_000
  while generator.next() {
    time += 7_919
    let observedAt = JournalFormat.Timestamp(rawValue: time)
    let response = Array(generator.exchange.responseBytes)
    exchanges.append(
      SimulatedExchange(
        request: readContent(Array(generator.exchange.requestBytes), reader: reader, observedAt: observedAt),
        response: response.isEmpty ? nil : readContent(response, reader: reader, observedAt: observedAt.adding(milliseconds: 90))))
  }
  return exchanges
}
