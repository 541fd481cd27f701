import JournalFormat
import TestSupport
import Testing

@testable import Projections

@Suite struct LatencyHistogramTests {
  @Test func `a bucket's upper bound is exact to 63 ms and at most a thirty-second part more above`() {
    var previous = -1
    for value in 0...200_000 as ClosedRange<UInt32> {
      let bucket = LatencyHistogram.bucket(of: value)
      let bound = LatencyHistogram.upperBound(of: bucket)
      #expect(bucket == previous || bucket == previous + 1, "\(value)")
      guard bound >= value, value < 64 ? bound == value : bound - value <= value / 32 else {
        Issue.record("\(value) is told as \(bound)")
        return
      }
      if bucket != previous && value > 0 { #expect(LatencyHistogram.upperBound(of: bucket - 1) == value - 1, "\(value)") }
      previous = bucket
    }
  }

  @Test func `what took longer than a day counts as a day`() {
    var histogram = LatencyHistogram()
    histogram.record(.max)
    histogram.record(86_400_001)
    #expect(histogram.percentile(50) == 86_400_000)
    #expect(histogram.upperBound == 86_400_000)
    #expect(histogram.count == 2)
  }

  @Test func `percentiles are those of the sorted list, by the nearest rank`() {
    var generator = SeededGenerator()
    for round in 0..<200 {
      let longest = [10, 63, 64, 200, 5_000, 100_000, 86_400_000][round % 7]
      let values = (0..<(1 + generator.below(400))).map { _ in UInt32(generator.below(longest + 1)) }
      var histogram = LatencyHistogram()
      for value in values { histogram.record(value) }
      let sorted = values.sorted()
      for percent in [1, 25, 50, 90, 99, 100] {
        // The smallest value that so many in a hundred do not exceed.
        let exact = sorted.first { value in sorted.count { $0 <= value } * 100 >= percent * sorted.count }!
        let told = histogram.percentile(UInt64(percent))!
        #expect(
          told >= exact && told - exact <= (exact < 64 ? 0 : exact / 32),
          "\(percent) of a hundred of \(sorted.count) values up to \(longest)")
      }
    }
    #expect(LatencyHistogram().percentile(50) == nil)
  }

  @Test func `what is added, taken away and stored stays what it was`() throws {
    var generator = SeededGenerator()
    for _ in 0..<50 {
      let values = (0..<generator.below(300)).map { _ in UInt32(generator.below(1 << (1 + generator.below(27)))) }
      let cut = values.isEmpty ? 0 : generator.below(values.count)
      func histogram(_ values: some Sequence<UInt32>) -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for value in values { histogram.record(value) }
        return histogram
      }
      let all = histogram(values)
      var sum = histogram(values[..<cut])
      sum.add(histogram(values[cut...]))
      #expect(sum == all)
      sum.subtract(histogram(values[..<cut]))
      #expect(sum == histogram(values[cut...]))
      var bytes: [UInt8] = []
      all.encode(to: &bytes)
      #expect(try bytes.reading { (reader) throws(FormatError) in try LatencyHistogram(&reader) } == all)
    }
  }
}
