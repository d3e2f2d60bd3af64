// Package service is the core of berthd: the registry of containers, their life cycle, and the
// ordered steps of start, stop and recovery with their undo.
//
// It states its needs as small interfaces (ports.go) and never imports an adapter. One goroutine at a
// time changes a container (its lock); readers get Snapshots. After a crash, Recover finds every
// container again from the store and the supervisors.
package service
