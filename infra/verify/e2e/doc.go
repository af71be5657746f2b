// Package e2e tests the real binaries from outside. In most tests, infra/local hosts the three
// functions, MQTT clients or webhook senders produce events, and the trace API returns the events.
// Some tests kill processes while the events are being recorded.
//
// The package is a module of its own because its dependencies are heavy: DuckDB, the second reader
// of our segments, comes with a C++ library.
package e2e
