// Package wire is a proxy between clients of the bucket's API and the store. The proxy does to
// requests and responses what networks, gateways and overloaded services do. In the tests, the
// vendor's SDK speaks to the proxy over real connections.
//
// A request always reaches the store whole or not at all. The name of a fault says whether
// the request reaches the store.
package wire
