// Package proof has no code of its own: its tests attack what the README guarantees.
package proof
