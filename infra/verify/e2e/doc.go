// Package e2e tests the real binaries from outside. infra/local hosts the three functions, real
// MQTT clients produce events, the trace API returns them, and processes are killed meanwhile.
//
// It is a module of its own because its test dependencies are heavy: DuckDB, the second reader of
// our segments, comes with a C++ library.
package e2e
