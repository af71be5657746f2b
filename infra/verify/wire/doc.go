// Package wire is a proxy between a client of the OSS API and the store. It makes requests and
// responses fail as networks, gateways and overloaded services do. In the tests, the client is
// the vendor's SDK, which talks to the proxy over real connections.
//
// A request reaches the store either completely or not at all. The name of a fault says which.
// For example, a request reaches the store despite the fault "500 after", but not with "500
// before".
package wire
