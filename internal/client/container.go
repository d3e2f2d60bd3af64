package client

import (
	"context"

	"github.com/berthd/berth/contract"
)

// Start returns when init has been executed, or when everything is undone.
func (c *Client) Start(ctx context.Context, p Path) error {
	return c.call(ctx, p, contract.ContainerInterface, "Start", []any{c.startOptions()})
}

// Destroy kills every process and returns when nothing of the run is left.
func (c *Client) Destroy(ctx context.Context, p Path) error { return c.change(ctx, p, "Destroy") }

// AbortJob ends the relabelling of a container that is being started, or the unshift of one that is off.
func (c *Client) AbortJob(ctx context.Context, p Path) error { return c.change(ctx, p, "AbortJob") }

// Undefine removes the stored definition; a running container becomes transient.
func (c *Client) Undefine(ctx context.Context, p Path) error { return c.change(ctx, p, "Undefine") }

// Suspend freezes a container.
func (c *Client) Suspend(ctx context.Context, p Path) error { return c.change(ctx, p, "Suspend") }

// Resume lets a frozen container go on.
func (c *Client) Resume(ctx context.Context, p Path) error { return c.change(ctx, p, "Resume") }

func (c *Client) change(ctx context.Context, p Path, member string) error {
	return c.call(ctx, p, contract.ContainerInterface, member, []any{noOptions()})
}

// Definition says which of a container's definitions is meant.
type Definition int

// Live is the running one, or the stored one of a container that is off; Inactive is the stored
// one.
const (
	Live Definition = iota
	Inactive
)

func (d Definition) String() string {
	if d == Inactive {
		return "inactive"
	}
	return "live"
}

// XML gives a definition.
func (c *Client) XML(ctx context.Context, p Path, d Definition) (xml string, err error) {
	err = c.call(ctx, p, contract.ContainerInterface, "GetXML", []any{d == Inactive, noOptions()}, &xml)
	return xml, err
}

// Plan gives, as JSON, what a start with a definition does inside the container.
func (c *Client) Plan(ctx context.Context, p Path, d Definition) (json string, err error) {
	err = c.call(ctx, p, contract.ContainerInterface, "GetPlan", []any{d == Inactive, noOptions()}, &json)
	return json, err
}

// Console gives the output that was kept of a console; "" is the first one.
func (c *Client) Console(ctx context.Context, p Path, device string) (output []byte, err error) {
	err = c.call(ctx, p, contract.ContainerInterface, "ReadConsole", []any{device, noOptions()}, &output)
	return output, err
}
