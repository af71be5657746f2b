// Package wire is a proxy between a client of the OSS API and the store. It makes requests and
// responses fail in the same ways as networks, gateways and overloaded services do. In the tests,
// the vendor's SDK talks to the proxy over real connections.
//
// A request reaches the store either completely or not at all. The name of each fault says whether
// the request reaches the store.
package wire
