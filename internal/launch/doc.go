// Package launch is berthd's side of the supervisors: it starts them, finds them again after a
// restart, and speaks to them over package wire.
//
// One goroutine per supervisor reads its socket and owns what it said. The supervisor's program is
// executed from a sealed copy in memory, one for all, so that no process of a container can write to
// it through /proc/PID/exe (CVE-2019-5736), whatever its rights.
package launch
