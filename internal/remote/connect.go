package remote

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// uri is what this server is for.
const uri = "lxc:///system"

func connectProcedures() []*procedure {
	strange := func(p *procedure) *procedure {
		p.strange = true
		return p
	}
	ask := strange(free(70, "virConnectOpen", openHandshake, authPolkit))
	ask.quick = false
	feature := free(60, "virConnectSupportsFeature", openHandshake, supportsFeature)
	feature.strange = true
	open := free(1, "virConnectOpen", openHandshake, connectOpen)
	open.unopened = true
	return []*procedure{
		strange(free(66, "virConnectOpen", openHandshake, authList)), ask, feature, open,
		free(2, "virConnectClose", openHandshake, nothing),
		free(110, "virConnectGetURI", openNothing, answerText(uri)),
		free(3, "virConnectGetType", openNothing, answerText("LXC")),
		free(59, "virConnectGetHostname", openNothing, hostname),
		free(149, "virConnectIsSecure", openNothing, answerInt(1)),
		free(360, "virConnectRegisterCloseCallback", openNothing, nothing),
		free(361, "virConnectUnregisterCloseCallback", openNothing, nothing),
	}
}

// nothing answers a call that has no result.
func nothing(context.Context, *call) error { return nil }

func answerText(s string) handler {
	return func(_ context.Context, c *call) error {
		c.out.Text(s)
		return nil
	}
}

func answerInt(n int32) handler {
	return func(_ context.Context, c *call) error {
		c.out.I32(n)
		return nil
	}
}

// The ways to authenticate.
const (
	authNone   = 0
	authByRule = 2 // polkit
)

// authList tells how the client shall authenticate. Root need not, and neither need who only reads.
func authList(_ context.Context, c *call) error {
	way := int32(authByRule)
	if c.by.Root() || c.conn.readOnly.Load() || c.conn.known.Load() {
		way = authNone
		c.conn.authenticated()
	}
	c.out.U32(1)
	c.out.I32(way)
	return nil
}

// authPolkit asks whether the client may connect, maybe for a password: this is the moment when virsh has an agent.
func authPolkit(ctx context.Context, c *call) error {
	if c.conn.known.Load() {
		return fault(codeRPC, domainRPC, "the client has authenticated already")
	}
	if !c.conn.asking.CompareAndSwap(false, true) {
		return fault(codeRPC, domainRPC, "the client is being authenticated already")
	}
	defer c.conn.asking.Store(false)
	_ = c.conn.stream.SetReadDeadline(c.conn.since.Add(c.conn.server.patience + dialogueTime)) // however often he asks
	by := c.by
	by.Interactive = true
	err := c.conn.server.access.Allow(ctx, service.Question{Caller: by, Action: contract.ActionConnect, Verb: contract.VerbConnect})
	if err != nil && !c.conn.known.Load() {
		_ = c.conn.stream.SetReadDeadline(c.conn.since.Add(c.conn.server.patience))
	}
	switch {
	case errors.Is(err, service.ErrInteraction):
		return fault(codeAuthUnavailable, domainPolkit, "authentication unavailable: no polkit agent available to authenticate action '%s'", contract.ActionConnect)
	case err != nil:
		return fault(codeAuthFailed, domainPolkit, "authentication failed: access denied by policy (%s)", contract.ActionConnect)
	}
	c.conn.authenticated()
	c.out.I32(1)
	return nil
}

// The features that this server has: descriptors, texts in typed parameters, keepalive, callback ids in events, the
// close callback, the order of the arguments of a network's update.
func supportsFeature(_ context.Context, c *call) error {
	const keepalive = 10
	feature := c.in.I32()
	if !c.conn.known.Load() && feature != keepalive {
		return fault(codeRPC, domainRPC, "authentication required")
	}
	has := []int32{8, 9, keepalive, 14, 15, 16}
	c.out.Bool(slices.Contains(has, feature))
	return nil
}

func connectOpen(_ context.Context, c *call) error {
	name, _ := c.in.OptionalText()
	flags := c.in.U32()
	if err := c.in.Err(); err != nil {
		return c.badArguments()
	}
	const readOnly = 1
	switch {
	case c.conn.opened.Load():
		return fault(codeInternal, domainRemote, "internal error: connection already open")
	case !slices.Contains([]string{"", "lxc:///", uri, "lxc:///session"}, name) || name == "lxc:///session" && !c.by.Root():
		return fault(codeNoConnect, domainNone, "no connection driver available for %s", name)
	}
	if flags&readOnly != 0 {
		c.conn.readOnly.Store(true)
	}
	c.conn.opened.Store(true)
	return nil
}

func hostname(_ context.Context, c *call) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	c.out.Text(name)
	return nil
}
