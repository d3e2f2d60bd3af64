// Package exporter serves text over HTTP on a listening socket that systemd has made and passed.
//
// Who may connect is the socket's mode. Each connection has one request and one answer, which a client may read as
// slowly as it likes for some seconds; at most a few are served at once, and others wait in the socket. It starts one
// goroutine, and one for each connection. It keeps nothing: a daemon that dies loses the connections, and systemd has
// the socket.
//
// It understands as much of HTTP as scrapers, curl and systemd-socket-proxyd need: net/http would make berthd larger
// by 3 MB.
package exporter
