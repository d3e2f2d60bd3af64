// Package listenfds takes the listening sockets that systemd passes to a service (sd_listen_fds(3)). It keeps no state.
package listenfds
