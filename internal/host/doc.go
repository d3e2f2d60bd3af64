// Package host knows the facts of the host that containers depend on. It reads once which file systems are
// mounted, the os-release and the kernel's abilities. It reads each time which user and group ids have an
// owner, and which processors and memory the host has and uses.
//
// It keeps no state and starts no goroutine.
package host
