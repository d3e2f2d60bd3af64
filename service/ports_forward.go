package service

import (
	"io"
	"net/netip"
)

// Forward is a port of the host whose connections go to a container: a <berth:port>. In the note of a run it says what
// a later daemon has to forward again.
type Forward struct {
	Element string `json:"element"` // its place in the definition, for errors
	Proto   string `json:"proto"`   // tcp or udp
	Address string `json:"address,omitempty"`
	Host    uint16 `json:"host"`
	Guest   uint16 `json:"guest"`
	// The container's addresses. Without one of a family, the port is not forwarded in that.
	To4 string `json:"to4,omitempty"`
	To6 string `json:"to6,omitempty"`
	// Link is the host's link that packets from the container come by: its bridge, or its host end.
	Link string `json:"link"`
	// Of a container that gets To4 by DHCP: the network, and the MAC address that it asks with.
	Network string `json:"network,omitempty"`
	MAC     string `json:"mac,omitempty"`
}

// Forwards forwards ports of the host.
type Forwards interface {
	// Reserve keeps ports from other programs of the host until what it returns is closed. If one cannot be had, it
	// returns the index of that with the error, and keeps none: EADDRINUSE if something has the port, EADDRNOTAVAIL if the
	// host has no such address, or another one.
	Reserve(list []Forward) (held io.Closer, at int, err error)
	// Open forwards ports to a container. What is forwarded already is no error.
	Open(owner string, list []Forward) error
	// Close ends all that Open did for an owner. What belongs to another one stays. Nothing to do is no error.
	Close(owner string, list []Forward) error
	// WatchFilter calls removed when a table of ours has been removed, until stop is called.
	WatchFilter(removed func()) (stop func(), err error)
	// WatchLeases calls changed when the addresses that networks have given by DHCP may have changed, until stop is
	// called.
	WatchLeases(changed func()) (stop func(), err error)
}

// NetworkReach is what a container's ports need to know of its network.
type NetworkReach struct {
	Isolated bool       // nothing from outside comes in
	Known    netip.Addr // that the network gives this container and no other
	DHCP     bool       // the network gives addresses, and Leases has them
}
