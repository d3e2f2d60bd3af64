package service

import (
	"context"
	"net/netip"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/netxml"
)

// NetworkStore keeps the definitions of networks, and the notes of the active ones.
type NetworkStore interface {
	// Load reads all definitions. Of two with one name it returns the first: ours, libvirt's, the one that came with
	// Berth.
	Load() ([]StoredNetwork, error)
	// Save stores a definition among ours. It returns when that survives a power loss.
	Save(d *netxml.Def) error
	// Remove deletes a definition of ours. A missing one is no error.
	Remove(name string) error
	SetAutostart(name string, on bool) error

	// Notes returns the notes of all active networks, and of those whose start or stop was cut off.
	Notes() ([]NetworkNote, error)
	SaveNote(n NetworkNote) error
	// DropNote removes a note. A missing one is no error.
	DropNote(name string) error
	// FirstAfterBoot returns true the first time that it is called after a boot.
	FirstAfterBoot() (bool, error)
}

// NetworkObserver is told of every change of a network after it has happened.
type NetworkObserver interface {
	NetworkChanged(name string, uuid domain.UUID, what NetworkEvent)
}

// NetworkEvent says what happened to a network, in libvirt's words.
type NetworkEvent string

// The events.
const (
	NetworkDefined   NetworkEvent = "defined"
	NetworkUndefined NetworkEvent = "undefined"
	NetworkStarted   NetworkEvent = "started"
	NetworkStopped   NetworkEvent = "stopped"
	NetworkUpdated   NetworkEvent = "updated" // autostart, or the rules of the packet filter that others had removed
)

// Origin says whose a definition is.
type Origin string

// The origins.
const (
	OriginOwn     Origin = "berth"   // defined with Berth
	OriginLibvirt Origin = "libvirt" // libvirt's file, which is only read
	OriginShipped Origin = "shipped" // came with Berth
)

// StoredNetwork is a definition that was read.
type StoredNetwork struct {
	Name      string
	Origin    Origin
	File      string
	Def       *netxml.Def // nil if the file cannot be read
	Err       error       // why
	Autostart bool
}

// NetworkNote is what a later daemon needs of a network that is active, or half so.
type NetworkNote struct {
	Name  string
	State NoteState
	XML   string // of the complete definition
	Plan  netxml.Plan
}

// NoteState says how far a network has come.
type NoteState string

// The states of a note.
const (
	NoteChanging NoteState = "changing" // it is being started or stopped
	NoteActive   NoteState = "active"
)

// NetworkHost makes and removes what a network consists of. All methods that remove can be called for what is not
// there.
type NetworkHost interface {
	Facts(ctx context.Context) (NetworkFacts, error)
	HasLink(name string) (bool, error)
	HasFilter(f *netxml.Filter) (bool, error)
	SetFilter(f *netxml.Filter) error
	DropFilter(f *netxml.Filter) error
	// SetWays says by which bridges of the host packets may leave the networks that are apart: those of default routes,
	// and the given ones, of routed networks.
	SetWays(list []*netxml.Filter, routed []string) error
	// Watch calls filter when a table of ours has been removed, and routes when a default route of the host has come or
	// gone, until stop is called. stop does not wait for them.
	Watch(filter, routes func()) (stop func(), err error)
	// MakeBridge makes the bridge, or finishes it. It returns ErrLinkTaken if an interface of others has the name.
	MakeBridge(p *netxml.Plan) error
	DropBridge(p *netxml.Plan) error
	Serve(ctx context.Context, p *netxml.Plan) error
	Unserve(ctx context.Context, p *netxml.Plan) error
	Forward(p *netxml.Plan) error
	Leases(ctx context.Context, bridge string) ([]NetworkLease, error)
}

// NetworkFacts is what the host tells before a network is started.
type NetworkFacts struct {
	netxml.Host
	Taken []TakenNetwork
}

// TakenNetwork is a network that the host is in already, or has a route to.
type TakenNetwork struct {
	Prefix netip.Prefix
	Link   string
	Route  bool // only a route
}

// NetworkLease is an address that a host in a network has by DHCP.
type NetworkLease struct {
	MAC     string
	Address netip.Prefix
	Client  []byte // its id
	Expires time.Time
}
