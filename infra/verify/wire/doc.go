// Package wire is a proxy between clients of the bucket's API and the store. It does to
// requests and responses what networks, gateways and overloaded services do. Proofs use
// it: the vendor's SDK speaks to it over real connections.
//
// What always holds: a request reaches the store whole or not at all. The name of a fault
// says whether the request reaches the store.
package wire
