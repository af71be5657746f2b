// Package scope checks the scopes of drops against simulated fleets. The tests plant incidents whose
// scope is known in fleets of 10 to 100,000 devices, and ask about the drops of the devices that were
// hit. They also ask about ordinary drops, which must not look like incidents of the whole fleet.
//
// The fleets have the habits that mislead statistics: few devices, logins in the morning, logins that
// expire together every hour, flapping devices, a single node or none, one address for all devices,
// and sources whose times are whole seconds, whole minutes, times of receipt or one stamp for all
// drops of a delivery.
package scope
