// Package wire is a proxy between a client of the OSS API and the store. It imitates the
// failures of networks, gateways and overloaded services. In the tests, the client is the vendor's
// SDK, which talks to the proxy over real connections.
//
// A request reaches the store either completely or not at all. The name of the fault says which.
// For example, a request with the fault "500 after" reaches the store, but a request with "500
// before" does not.
package wire
