package peers

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// Peer is one container manager. Several callers call Start and Stop at once, each with a container of
// its own.
type Peer interface {
	// Prepare starts the manager and defines the containers 0 to count-1. It returns an error if the
	// peer cannot be measured.
	Prepare(ctx context.Context, count int) (About, error)
	// Start starts a container. It returns when the manager's own call returns.
	Start(ctx context.Context, id int) error
	// Stop stops a container. It returns when the manager says that the container has ended.
	Stop(ctx context.Context, id int) error
	// Explain returns the manager's message about a container that did not start.
	Explain(id int) string
	// Close closes the connections and processes that Prepare opened on the client's side.
	Close() error
}

// Executor is a peer that can execute commands in running containers.
type Executor interface {
	// Exec executes a command in a container, without input or output. It returns when the exit status is known, with an
	// error if that is not 0.
	Exec(ctx context.Context, id int, argv []string) error
}

// Observer is a peer that reads the figures of running containers: at least the time of processors and the memory of
// each.
type Observer interface {
	// Figures reads the figures of these containers, all that the manager has.
	Figures(ctx context.Context, ids []int) error
}

// About describes a prepared peer.
type About struct {
	Version    string
	Note       string
	Foreground bool     // Start returns at once, and its return says nothing about init
	Ready      bool     // the container's init notes no time; Start returns when it is ready
	Command    []string // the command to execute, if the containers do not have the usual one
	Programs   []string // the peer's programs, of which the memory is measured
}

// Roots has the places of the containers' root directories and of the peers' files.
type Roots struct {
	Dir   string // the directory of the root directories
	State string // the directory of the peers' own files
}

// Root returns the root directory of one container.
func (r Roots) Root(id int) string { return filepath.Join(r.Dir, strconv.Itoa(id)) }

// Work returns the directory of one peer's files.
func (r Roots) Work(peer string) string { return filepath.Join(r.State, peer) }

// name returns a container's name. It is the same for most peers, because they run one after another.
func name(id int) string { return "bench" + strconv.Itoa(id) }

// New returns the peer of a name. It returns an error if the name is unknown.
func New(peer string, roots Roots) (Peer, error) {
	switch peer {
	case "berth":
		return &berth{roots: roots}, nil
	case "berth-userns":
		return &berthUserNS{berth{roots: roots, idmap: idmap}}, nil
	case "berth-dynmods":
		return &berthDynMods{berth{roots: roots}}, nil
	case "berth-veth":
		return &berthVeth{berth{roots: roots, veth: true}}, nil
	case "berthctl":
		return &berthctl{berth: berth{roots: roots}}, nil
	case "berth-top":
		return &topLook{berth: berth{roots: roots}}, nil
	case "systemd-cgtop":
		return &cgtop{roots: roots}, nil
	case "berth-nsenter":
		return &nsenter{berth: berth{roots: roots}}, nil
	case "berth-bus":
		return &busCalls{berth{roots: roots}}, nil
	case "berth-socket":
		return &socketBerth{berth: berth{roots: roots}}, nil
	case "berth-recipe":
		return newRecipe(roots), nil
	case "floor":
		return &floor{roots: roots}, nil
	case "systemd-berth":
		return newInSystemd(roots), nil
	case "systemd-berthctl":
		return newProgramInSystemd(roots, "berthctl exec", "berthctl", "exec", "NAME", "--"), nil
	case "systemd-run":
		return newProgramInSystemd(roots, "systemd-run -M", "systemd-run", "-M", "NAME", "--wait", "--pipe", "-q"), nil
	case "systemd-shell":
		return newProgramInSystemd(roots, "machinectl shell, which hands on no exit status", "machinectl", "-q", "shell", "NAME"), nil
	case "nspawn":
		return newNspawn(roots, terminateBySignal), nil
	case "nspawn-terminate":
		return newNspawn(roots, terminateByMachined), nil
	case "nspawn-veth":
		return nspawnVeth{newNspawn(roots, terminateBySignal, "--network-bridge="+vethBridge)}, nil
	case "libvirt":
		return &libvirt{roots: roots}, nil
	case "virsh":
		return &virsh{roots: roots}, nil
	case "lxc":
		return &lxc{roots: roots}, nil
	case "lxc-veth":
		return &lxcVeth{lxc{roots: roots, veth: true}}, nil
	case "runc", "crun":
		return newOCI(peer, roots, false), nil
	case "runc-systemd", "crun-systemd":
		return newOCI(strings.TrimSuffix(peer, "-systemd"), roots, true), nil
	}
	return nil, fmt.Errorf("peer %q: unknown", peer)
}
