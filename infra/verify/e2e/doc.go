// Package e2e tests the real binaries from outside. In most tests, infra/local runs the three
// functions: recorder, query and compactor. MQTT clients or webhook senders produce events, and the
// test reads the events through the trace API. Some tests kill processes while events are being
// recorded.
//
// The package is a module of its own because its dependencies are heavy. For example, DuckDB comes
// with a C++ library. The tests use DuckDB as a second reader of our segments.
package e2e
