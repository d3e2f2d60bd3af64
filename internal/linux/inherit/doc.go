// Package inherit sets what a process has from the one that created it and that no namespace separates: limits,
// scheduling, the OOM killer's score and such. Some of it belongs to a thread, the rest to the process. It keeps
// no state.
package inherit
