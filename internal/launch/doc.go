// Package launch is berthd's side of the supervisors: it starts them, finds them again after a
// restart, and speaks to them over package wire.
//
// One goroutine per supervisor reads its socket. All supervisors execute one sealed copy of the program in
// memory. No process of a container, whatever its rights, can write to that through /proc/PID/exe
// (CVE-2019-5736).
package launch
