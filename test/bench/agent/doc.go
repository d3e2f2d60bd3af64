// Package agent is the half of the benchmark that runs inside a nest: it makes the root directories,
// drives the peers and takes the times.
//
// It reads requests from its input and answers them one after another (proto); only the callers
// of one request run at the same time. Everything it makes lies in the nest's /run, which
// goes away with the nest.
package agent
