package client

import (
	"context"
	"os"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// OpenNamespaces opens the namespaces of a container's init, by their kind. No kinds means all. The caller closes them.
func (c *Client) OpenNamespaces(ctx context.Context, p Path, kinds ...string) (map[string]*os.File, error) {
	reply, err := c.exchange(ctx, p, contract.ContainerInterface, "OpenNamespaces", []any{append([]string{}, kinds...), noOptions()}, nil)
	if err != nil {
		return nil, err
	}
	var named map[string]dbus.Variant
	err = dbus.Store(reply.Body, &named)
	return filesOf(reply, "OpenNamespaces", err, named)
}

// OpenLeaderPIDFD opens a container's init as a pidfd. The caller closes it.
func (c *Client) OpenLeaderPIDFD(ctx context.Context, p Path) (*os.File, error) {
	return c.open(ctx, p, "OpenLeaderPIDFD", noOptions())
}
