// Package fleet turns the sums of a fleet into answers: a view of its day, and the scope of a drop.
package fleet
