/// Generates traffic and writes it as NDJSON, a block at a time.
public struct TrafficWriter: ~Copyable {
  private var generator: TrafficGenerator
  private var encoder = NDJSONEncoder()
  private var block = ByteBuffer(capacity: OutputFile.blockBytes + 65_536)

  /// A writer of the traffic that `configuration` means, from its beginning.
  public init(_ configuration: TrafficConfiguration) { generator = TrafficGenerator(configuration) }

  /// Writes all exchanges, one a line.
  ///
  /// - Throws: ``OutputError`` where the output cannot be written.
  public mutating func write(to output: borrowing OutputFile) throws(OutputError) {
    while generator.next() {
      encoder.append(generator.exchange, to: &block)
      if block.count >= OutputFile.blockBytes { try output.write(&block) }
    }
    try output.write(&block)
  }

  /// Writes the manifest of the faults that are planted in what was written, one JSON object a line.
  ///
  /// - Throws: ``OutputError`` where the output cannot be written.
  public mutating func writeManifest(to output: borrowing OutputFile) throws(OutputError) {
    for fault in generator.faults {
      for byte in fault.line(generator.exchange).utf8 { block.append(byte) }
    }
    try output.write(&block)
  }
}
