package remote

import (
	"context"

	"github.com/berthd/berth/contract"
)

// procedure is one row of the table of a program.
type procedure struct {
	number int32
	name   string // of the function of libvirt's library, for errors
	// action is the polkit action and verb what rules are told: those of the method of org.berth1 that does the same.
	action, verb string
	open         string // why everybody may call this
	about        bool   // the first argument names the container that it is about
	writes       bool   // a read-only connection must not call it
	mutates      bool   // changes something: outlives its caller; on a container, keeps the order of arrival
	peeks        bool   // only looks at the container, whatever its action is
	quick        bool   // is answered from memory, ours or the kernel's: for root, in the reader's goroutine
	strange      bool   // may be called before the client has authenticated
	unopened     bool   // may be called before the connection is open
	run          func(ctx context.Context, c *call) error
}

// looks reports whether the procedure changes nothing.
func (p *procedure) looks() bool {
	return p.peeks || !p.mutates && (p.action == contract.ActionRead || p.action == contract.ActionMonitor)
}

type handler = func(ctx context.Context, c *call) error

// Why everybody may call a procedure.
const (
	openHandshake = "it says who the client is, or what the protocol can"
	openAsks      = "it asks for each container that it finds or tells of"
	openNothing   = "it tells nothing of a container or of the host"
)

// look is a procedure that reads what is known of a container.
func look(number int32, name string, run handler) *procedure {
	return &procedure{number: number, name: name, action: contract.ActionRead, verb: "Get", about: true, quick: true, run: run}
}

// as has rules told another verb: that of the method of its own that the procedure has on D-Bus.
func as(verb string, p *procedure) *procedure {
	p.verb = verb
	return p
}

// measure is one that reads live figures of a container, or its system files.
func measure(number int32, name string, run handler) *procedure {
	return &procedure{number: number, name: name, action: contract.ActionMonitor, verb: "GetStats", about: true, run: run}
}

// atOnce makes a procedure quick.
func atOnce(p *procedure) *procedure {
	p.quick = true
	return p
}

// change is one that changes a container.
func change(number int32, name, action, verb string, run handler) *procedure {
	return &procedure{number: number, name: name, action: action, verb: verb, about: true, writes: true, mutates: true, run: run}
}

// host is one that describes the host.
func host(number int32, name, action, verb string, run handler) *procedure {
	return &procedure{number: number, name: name, action: action, verb: verb, run: run}
}

// free is one that everybody may call.
func free(number int32, name, why string, run handler) *procedure {
	return &procedure{number: number, name: name, open: why, quick: true, run: run}
}

// tables returns the procedures of each program by their numbers.
func tables() map[uint32]map[int32]*procedure {
	all := map[uint32]map[int32]*procedure{programRemote: {}, programLXC: {}, programQEMU: {}}
	for _, list := range [][]*procedure{
		connectProcedures(), hostProcedures(), listProcedures(), stateProcedures(), definitionProcedures(), lifeProcedures(),
		eventProcedures(), streamProcedures(), tuneProcedures(), deviceProcedures(), figureProcedures(), bulkProcedures(),
		processorProcedures(), endProcedures(), guestProcedures(), jobProcedures(), interfaceProcedures(),
	} {
		for _, p := range list {
			all[programRemote][p.number] = p
		}
	}
	for _, p := range lxcProcedures() {
		all[programLXC][p.number] = p
	}
	return all
}
