package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"
)

// systemBus is where the specification puts the system bus.
const systemBus = "unix:path=/run/dbus/system_bus_socket"

// dial opens the first address of a list that can be opened; "" is the system bus.
func dial(ctx context.Context, addresses string) (net.Conn, error) {
	if addresses == "" {
		addresses = os.Getenv("DBUS_SYSTEM_BUS_ADDRESS")
	}
	if addresses == "" {
		addresses = systemBus
	}
	var errs []error
	for address := range strings.SplitSeq(addresses, ";") {
		name, err := socketName(address)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, "unix", name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		return conn, nil
	}
	return nil, errors.Join(errs...)
}

// socketName turns one D-Bus address into a name for connect(2); "@" stands for the abstract
// namespace's zero byte.
func socketName(address string) (string, error) {
	pairs, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		return "", fmt.Errorf("bus address %q: not a unix socket", address)
	}
	for pair := range strings.SplitSeq(pairs, ",") {
		key, value, _ := strings.Cut(pair, "=")
		name, err := dbus.UnescapeBusAddressValue(value)
		if err != nil {
			return "", fmt.Errorf("bus address %q: %w", address, err)
		}
		switch key {
		case "path":
			return name, nil
		case "abstract":
			return "@" + name, nil
		}
	}
	return "", fmt.Errorf("bus address %q: neither path nor abstract", address)
}
