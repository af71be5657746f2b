// Package e2e tests the real binaries from outside: the three functions hosted by
// infra/local, real MQTT clients at one end, the trace API at the other, and
// processes that are killed in between.
//
// It is a module of its own because of its heavy test dependencies: DuckDB, as a
// second reader of what we write, comes with a C++ library.
package e2e
