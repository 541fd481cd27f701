@main struct EmipSimulator { static func main() {} }
