// Package wire is the protocol between berthd and a container's supervisor. It runs over
// SOCK_SEQPACKET sockets, with one message a packet and descriptors by SCM_RIGHTS.
//
//	berthd                      supervisor
//	  | Prepare + plan -----------> |  opens the sources, clones the child that becomes init
//	  | Passed + fds for init ----> |
//	  | <---------------------- Born |  has the child make mounts and devices (package initproc)
//	  |  (systemd: the scope)       |
//	  | Place + scope dir --------> |  moves itself and init
//	  | <-------------------- Placed |  cgroup namespace, rights
//	  |  (machined, NICs)           |
//	  | Continue -----------------> |  exec
//	  | <------------------ Running |
//	  |  ... the container runs; berthd may leave and connect again
//	  | (connects) ---------------> |
//	  | <--- Born + pidfd, Running  |  Begun, Over of each command
//	  | Exec + stdio -------------> |  a command: package enter
//	  | <----------- Begun, Refused |
//	  | Signal, Resize -----------> |
//	  | <--------------------- Over |
//	  | Forget -------------------> |
//	  | OpenConsole + socket -----> |  serves a client at a console
//	  | <------------ ConsoleAnswer |
//	  | ResizeConsole ------------> |
//	  | Hold + fd, LetGo ---------> |  a descriptor that a device of the container needs
//	  | <-------------------- Held |
//	  | <----------------- Notified |  init has said something
//	  | Request ------------------> |  a request to init
//	  | <----------------- Answered |
//	  | Terminate ----------------> |  a signal to init
//	  | <-------------------- Asked |  systemd has ordered the end
//	  | <------- Kept + fds, Killed |  each only if there is something to say
//	  | <------------------- Exited |
//
// Init is cloned before its control group exists, although clone3(2) could put it there. systemd needs 3 to
// 20 ms to put the supervisor into its scope (the kernel waits for an RCU grace period). In that time
// nearly all of the init stage is done.
//
// The supervisor can send Failed instead of any later message of the start. If berthd
// goes away before Running, the supervisor ends its container. Afterwards the supervisor goes on alone.
//
// A message is a type byte and a compact binary body: the supervisor must stay small, so it links no JSON
// or XML reader. The package is pure except for Conn.
package wire
