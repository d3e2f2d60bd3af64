package client

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Hostname asks systemd-hostnamed for the name of the host that the bus is on.
func (c *Client) Hostname(ctx context.Context) (name string, err error) {
	const service = "org.freedesktop.hostname1"
	msg := message("/org/freedesktop/hostname1", propertyIface, "Get", []any{service, "Hostname"})
	msg.Headers[dbus.FieldDestination] = dbus.MakeVariant(service)
	reply, err := c.conn.Exchange(ctx, msg)
	if err != nil {
		return "", callError(ctx, err)
	}
	var v dbus.Variant
	if err := dbus.Store(reply.Body, &v); err != nil {
		return "", err
	}
	return name, store("Hostname", v, &name)
}
