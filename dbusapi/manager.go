package dbusapi

import (
	"context"
	"strconv"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// maxXMLArgs bounds the arguments of the methods that take a definition, in bytes: twice what the core
// reads of one, so that it is the core that says what is wrong with a document that is somewhat too long.
const maxXMLArgs = 2 << 20

// listsVisible is why everybody may ask for lists.
const listsVisible = "it lists what the caller may see, and is refused if he has no right at all"

// asksFor is why everybody may look for a container.
const asksFor = "it asks for what it finds, and one that is hidden is one that is missing"

func managerIface() *iface {
	return newIface(contract.ManagerInterface, managerProperties(), append(listMethods(),
		&method{
			name: "DefineXML", in: "sa{sv}", out: "o", action: contract.ActionManage, mutates: true,
			doing: "define domain", limit: maxXMLArgs, run: defineXML,
		},
		&method{
			name: "CreateXML", in: "sa{sv}", out: "o", action: contract.ActionManage, mutates: true,
			doing: "create domain", limit: maxXMLArgs, options: passOptions(), descriptors: bus.MaxDescriptors, run: createXML,
		},
		&method{
			name: "StageFDs", in: "a(sh)a{sv}", out: "u", action: contract.ActionControl, doing: "take descriptors",
			descriptors: bus.MaxDescriptors, run: stageFDs,
		},
		getAllStatsMethod(), validateXMLMethod(), convertNativeMethod(),
		&method{
			name: "GetContainerByName", in: "s", out: "o", action: contract.ActionRead, open: asksFor, doing: "find domain",
			run: getContainerByName,
		},
		&method{
			name: "GetContainerByUUID", in: "s", out: "o", action: contract.ActionRead, open: asksFor, doing: "find domain",
			run: getContainerByUUID,
		},
		&method{
			name: "GetContainerByID", in: "u", out: "o", action: contract.ActionRead, open: asksFor, doing: "find domain",
			run: getContainerByID,
		},
		&method{
			name: "GetContainerByLeader", in: "u", out: "o", action: contract.ActionRead, open: asksFor, doing: "find domain of process",
			run: getContainerByLeader,
		},
		unshiftPathMethod(), getNodeInfoMethod(), getCapabilitiesMethod(), getNodeMemoryStatsMethod(), getNodeCPUStatsMethod(),
	)...)
}

func defineXML(ctx context.Context, s *Server, c *call) ([]any, error) {
	return pathOf(s.core.Define(ctx, []byte(c.args[0].(string))))
}

func getContainerByName(ctx context.Context, s *Server, c *call) ([]any, error) {
	c.subject = c.args[0].(string)
	snap, err := s.core.ByName(c.subject)
	return s.found(ctx, c, snap, err, service.Subject{Name: c.subject})
}

func getContainerByUUID(ctx context.Context, s *Server, c *call) ([]any, error) {
	c.subject = c.args[0].(string)
	u, err := domain.ParseUUID(c.subject)
	if err != nil {
		return nil, stdError(contract.ErrorInvalidArgs, "%v", err)
	}
	snap, err := s.core.ByUUID(u)
	return s.found(ctx, c, snap, err, service.Subject{UUID: u})
}

func getContainerByID(ctx context.Context, s *Server, c *call) ([]any, error) {
	id := c.args[0].(uint32)
	c.subject = strconv.FormatUint(uint64(id), 10)
	snap, err := s.core.ByID(id)
	return s.found(ctx, c, snap, err, service.Subject{})
}

func getContainerByLeader(ctx context.Context, s *Server, c *call) ([]any, error) {
	pid := c.args[0].(uint32)
	c.subject = strconv.FormatUint(uint64(pid), 10)
	snap, err := s.core.ByLeader(pid)
	return s.found(ctx, c, snap, err, service.Subject{})
}

func pathOf(snap service.Snapshot, err error) ([]any, error) {
	if err != nil {
		return nil, err
	}
	return []any{ContainerPath(snap.UUID)}, nil
}
