package units

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Defaults is what systemd gives a service whose unit says nothing of it (systemd-system.conf(5)).
type Defaults struct {
	Limits         map[string]Limit // by the name in lower case: nofile, core, ...
	OOMScoreAdjust int32
	TimerSlack     uint64 // in nanoseconds
}

// Limit is one resource limit. Infinity means none.
type Limit struct{ Soft, Hard uint64 }

// Defaults asks systemd for its defaults. It returns an error if one of the limits in names is missing.
func (c *Client) Defaults(ctx context.Context, names []string) (Defaults, error) {
	var all map[string]dbus.Variant
	err := c.conn.Object(busName, busPath).CallWithContext(ctx, properties+"GetAll", 0, busName+".Manager").Store(&all)
	if err != nil {
		return Defaults{}, fmt.Errorf("systemd's defaults: %w", err)
	}
	d := Defaults{Limits: map[string]Limit{}}
	var errs []error
	number := func(name string) uint64 {
		n, ok := all[name].Value().(uint64)
		if !ok {
			errs = append(errs, fmt.Errorf("systemd's property %s: of type %q", name, all[name].Signature()))
		}
		return n
	}
	for _, name := range names {
		property := "DefaultLimit" + strings.ToUpper(name)
		d.Limits[name] = Limit{Soft: number(property + "Soft"), Hard: number(property)}
	}
	d.TimerSlack = number("TimerSlackNSec")
	d.OOMScoreAdjust, _ = all["DefaultOOMScoreAdjust"].Value().(int32) // systemd 250 and later
	return d, errors.Join(errs...)
}
