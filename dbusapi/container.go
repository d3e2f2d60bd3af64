package dbusapi

import (
	"context"
	"slices"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/domain"
)

func containerIface() *iface {
	return newIface(contract.ContainerInterface, containerProperties(), append(slices.Concat(endMethods(), deviceMethods(), interfaceMethods(), metadataMethods()),
		&method{
			name: "Start", in: "a{sv}", action: contract.ActionControl, mutates: true, doing: "start domain",
			options: startOptions(), descriptors: bus.MaxDescriptors, run: startContainer,
		},
		&method{
			name: "WaitReady", in: "a{sv}", action: contract.ActionRead, doing: "wait for domain", waits: true, run: waitReady,
		},
		change("Destroy", contract.ActionControl, "destroy domain", core.Destroy),
		&method{ // it keeps no order: the start that it is for comes first
			name: "AbortJob", in: "a{sv}", action: contract.ActionControl, asks: true, doing: "abort the job of domain", run: abortJob,
		},
		getJobInfoMethod(), unshiftMethod(), getGuestInfoMethod(),
		change("Undefine", contract.ActionManage, "undefine domain", core.Undefine),
		&method{
			name: "Redefine", in: "sa{sv}", action: contract.ActionManage, mutates: true, doing: "change the definition of domain",
			options: map[string]string{"previous": "s"}, limit: 2 * maxXMLArgs, run: redefine,
		},
		&method{
			name: "Rename", in: "sa{sv}", action: contract.ActionManage, mutates: true, doing: "rename domain",
			run: rename,
		},
		&method{
			name: "SetAutostart", in: "ba{sv}", action: contract.ActionManage, mutates: true, doing: "set autostart of domain",
			options: map[string]string{"once": "b"}, run: setAutostart,
		},
		setResourcesMethod(), getResourcesMethod(),
		change("Suspend", contract.ActionControl, "suspend domain", core.Suspend),
		change("Resume", contract.ActionControl, "resume domain", core.Resume),
		&method{
			name: "GetXML", in: "ba{sv}", out: "s", action: contract.ActionRead, doing: "read the XML of domain",
			options: map[string]string{"secure": "b"},
			run:     getXML,
		},
		&method{
			name: "GetPlan", in: "ba{sv}", out: "s", action: contract.ActionRead, asks: true, doing: "read the plan of domain",
			run: getPlan,
		},
		getStatsMethod(),
		&method{
			name: "ReadConsole", in: "sa{sv}", out: "ay", action: contract.ActionConsole, doing: "read the console of domain",
			peeks: true, asks: true,
			run: readConsole,
		},
		openConsoleMethod(), resizeConsoleMethod(),
		&method{
			name: "Exec", in: "asa{sv}", out: "oa{sv}", action: contract.ActionExec, asks: true, doing: "execute a command in domain",
			options: execOptions(), limit: maxCommand, descriptors: 3, run: execute,
		},
		&method{
			name: "OpenNamespaces", in: "asa{sv}", out: "a{sv}", action: contract.ActionNamespaces, doing: "open namespaces of domain",
			run: openNamespaces,
		},
		&method{
			name: "OpenLeaderPIDFD", in: "a{sv}", out: "h", action: contract.ActionNamespaces, doing: "open init of domain",
			run: openLeaderPIDFD,
		},
		&method{
			name: "SendProcessSignal", in: "xua{sv}", action: contract.ActionExec, asks: true, doing: "send a signal to a process of domain",
			run: sendProcessSignal,
		})...,
	)
}

// change is a method that changes the container, takes only options and returns nothing.
func change(name, action, doing string, do func(core, context.Context, domain.UUID) error) *method {
	return &method{
		name: name, in: "a{sv}", action: action, mutates: true, doing: doing,
		run: func(ctx context.Context, s *Server, c *call) ([]any, error) {
			return nil, do(s.core, ctx, c.uuid)
		},
	}
}

func abortJob(ctx context.Context, s *Server, c *call) ([]any, error) {
	return nil, s.core.AbortJob(ctx, c.uuid)
}

func redefine(ctx context.Context, s *Server, c *call) ([]any, error) {
	return nil, s.core.Redefine(ctx, c.uuid, option[string](c, "previous"), []byte(c.args[0].(string)))
}

func rename(ctx context.Context, s *Server, c *call) ([]any, error) {
	return nil, s.core.Rename(ctx, c.uuid, c.args[0].(string))
}

func setAutostart(ctx context.Context, s *Server, c *call) ([]any, error) {
	if option[bool](c, "once") {
		return nil, s.core.SetAutostartOnce(ctx, c.uuid, c.args[0].(bool))
	}
	return nil, s.core.SetAutostart(ctx, c.uuid, c.args[0].(bool))
}

func getXML(_ context.Context, s *Server, c *call) ([]any, error) {
	text, err := s.core.XML(c.uuid, c.args[0].(bool))
	if err != nil {
		return nil, err
	}
	return []any{text}, nil
}

func getPlan(ctx context.Context, s *Server, c *call) ([]any, error) {
	text, err := s.core.Plan(ctx, c.uuid, c.args[0].(bool))
	if err != nil {
		return nil, err
	}
	return []any{text}, nil
}

func readConsole(ctx context.Context, s *Server, c *call) ([]any, error) {
	output, err := s.core.Console(ctx, c.uuid, c.args[0].(string))
	if err != nil {
		return nil, err
	}
	if output == nil {
		output = []byte{}
	}
	return []any{output}, nil
}
