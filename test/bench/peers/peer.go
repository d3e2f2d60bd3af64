package peers

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
)

// Peer is one container manager. Start and Stop are called by several callers at once, each
// with a container of its own.
type Peer interface {
	// Prepare brings the manager up and makes containers 0 to count-1 known to it. Its error
	// is the reason why the peer cannot be measured.
	Prepare(ctx context.Context, count int) (About, error)
	// Start returns when the manager's own call does.
	Start(ctx context.Context, id int) error
	// Stop returns when the manager says that the container is gone.
	Stop(ctx context.Context, id int) error
	// Explain gives what the manager said about a container that did not come up.
	Explain(id int) string
	// Close ends what Prepare started for the client's side.
	Close() error
}

// About describes a prepared peer.
type About struct {
	Version    string
	Note       string
	Foreground bool     // Start comes back at once and says nothing about init
	Programs   []string // whose memory is the peer's own: per container and per host
}

// Roots are the container's root directories, one for each id.
type Roots struct {
	Dir   string // holds the roots
	State string // where a peer keeps its own files
}

// Root is the root directory of one container.
func (r Roots) Root(id int) string { return filepath.Join(r.Dir, strconv.Itoa(id)) }

// Work is the directory of one peer's files.
func (r Roots) Work(peer string) string { return filepath.Join(r.State, peer) }

// name is the container's name; peers run one after another, so all that define them alike use the same names.
func name(id int) string { return "bench" + strconv.Itoa(id) }

// New makes a peer by its name.
func New(peer string, roots Roots) (Peer, error) {
	switch peer {
	case "berth":
		return &berth{roots: roots}, nil
	case "berth-userns":
		return &berthUserNS{berth{roots: roots, idmap: idmap}}, nil
	case "berthctl":
		return &berthctl{berth: berth{roots: roots}}, nil
	case "nspawn":
		return newNspawn(roots, terminateBySignal), nil
	case "nspawn-terminate":
		return newNspawn(roots, terminateByMachined), nil
	case "libvirt":
		return &libvirt{roots: roots}, nil
	case "virsh":
		return &virsh{roots: roots}, nil
	case "lxc":
		return &lxc{roots: roots}, nil
	case "runc":
		return newOCI("runc", roots), nil
	case "crun":
		return newOCI("crun", roots), nil
	}
	return nil, fmt.Errorf("peer %q: unknown", peer)
}
