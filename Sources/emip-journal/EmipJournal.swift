@main struct EmipJournal { static func main() {} }
