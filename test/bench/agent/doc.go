// Package agent is the half of the benchmark that runs inside a nest. It makes the root directories,
// drives the peers and takes the times.
//
// It reads requests from its input and answers them one after another (package proto). Only the callers
// of one request run at the same time. All that it makes is in the nest's /run, which disappears with
// the nest.
package agent
