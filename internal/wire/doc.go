// Package wire is what berthd, a container's supervisor and its init stage say to each other over
// SOCK_SEQPACKET sockets, one message a packet, descriptors by SCM_RIGHTS.
//
//	berthd                      supervisor                     init stage
//	  | Prepare + plan -----------> |  opens the sources, clones --> |  (plan, sources inherited)
//	  | <---------------------- Born |                                |  mounts, devices
//	  |                             | Mapped (user namespace) -----> |
//	  |                             | View + tree -----------------> |  its part of /proc
//	  |  (systemd: the scope)       | <-- Consoles + both pty sides  |
//	  | Place + scope dir --------> |  moves itself and init         |
//	  | <-------------------- Placed | Placed ---------------------> |  cgroup namespace
//	  |  (machined, NICs)           | <---------------------- Ready  |
//	  | Continue -----------------> | Continue --------------------> |  exec: its socket closes
//	  | <------------------ Running |                                |
//	  |  ... the container runs; berthd may leave and connect again  |
//	  | (connects) ---------------> |                                |
//	  | <--- Born + pidfd, Running  |                                |
//	  | Terminate ----------------> |  a signal to init              |
//	  | <------------------- Exited |                                |
//
// Init is born before it has a control group of its own, although clone(2) could bear it there:
// systemd needs 3 to 20 ms to put the supervisor into its scope (the kernel waits for an RCU grace
// period), and in that time the init stage does nearly all of its work.
//
// Failed replaces any later message of the start, from either side below. A supervisor whose
// berthd goes away before Running ends its container; afterwards it goes on alone.
//
// Messages are a type byte and a compact binary body: the supervisor must stay small, and links
// no JSON or XML reader of its own. The package is pure but for Conn.
package wire
