// Package host knows the facts of the host that containers depend on: what is mounted, who it is, what
// its kernel offers (read once), and which user and group ids have an owner (read each time).
//
// It keeps nothing and starts nothing.
package host
