// Package dbusapi is the D-Bus face of berthd: it translates calls, properties and changes between
// the bus and the service, and decides nothing.
//
// It owns the bus name, the table of methods with their polkit actions, and the table from errors to
// D-Bus error names; what these are called, and the XML that is served, is package contract's. It may
// import service, contract, internal/bus, internal/domain and internal/events, and no adapter.
//
// internal/bus reads the socket, and asks inbound.go what each call's arguments may be.
//
// Goroutines: godbus reads the socket in one (inbound.go runs in it and must not block) and starts
// one per call; the outbox has one that writes every reply and signal, in order. Close waits for
// all of them. Calls that change one container run one after another in order of arrival, which
// the core's tickets keep; nothing else waits for anything.
//
// Nothing is kept over a crash: containers are the service's. A lost connection is final (Lost);
// the process then ends and the next call on the bus activates a new one.
package dbusapi
