package network

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// refused returns an error that names the element of the definition.
func refused(element, format string, args ...any) error {
	return &domain.Error{Kind: domain.InvalidConfig, Element: element, Text: fmt.Sprintf(format, args...)}
}

// explain names the element. If a cause is known in words, it comes in the place of the kernel's.
func explain(element string, err error, words string) error {
	if known, is := errors.AsType[*domain.Error](err); is {
		return known
	}
	if words == "" || !isGone(err) && strings.HasPrefix(words, "the host has no ") {
		return fmt.Errorf("%s: %w", element, err)
	}
	return refused(element, "%s", words)
}

// made says why a veth could not be made.
func made(err error, i *plan.Interface) string {
	switch {
	case errors.Is(err, unix.EEXIST):
		return "the host has a link '" + i.Host.Name + "' already"
	case errors.Is(err, unix.EOPNOTSUPP):
		return "the host's kernel has no veth; load it with: modprobe veth"
	case isTooLarge(err) && i.MTU > 0:
		return fmt.Sprintf("a veth cannot have an MTU of %d bytes", i.MTU)
	}
	return ""
}

// taken says that the container has a link of the name, which it has made itself: a start meets none.
func taken(i *plan.Interface) string { return "the container has a link '" + i.Name + "' already" }

// port says why a link could not become a port of a bridge.
func port(err error, bridge string) string {
	if errors.Is(err, unix.EXFULL) {
		return "the bridge '" + bridge + "' has as many ports as a bridge can have, 1023"
	}
	return ""
}

// parentOf says why a macvlan could not be made on its parent.
func parentOf(err error, i *plan.Interface) string {
	switch {
	case errors.Is(err, unix.EEXIST):
		return taken(i)
	case errors.Is(err, unix.EOPNOTSUPP):
		return "the host's kernel has no macvlan; load it with: modprobe macvlan"
	case errors.Is(err, unix.EBUSY):
		return "the host's link '" + i.Parent + "' is in use in another way"
	case errors.Is(err, unix.EINVAL):
		return "the host's link '" + i.Parent + "' takes no macvlan of the mode '" + i.Mode + "': one in passthrough mode has it for itself, or it is no Ethernet"
	}
	return ""
}

// notUp says why an interface cannot be up.
func notUp(err error, i *plan.Interface) string {
	if i.Kind == plan.Macvlan && (errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EADDRINUSE)) {
		return "another link on '" + i.Parent + "' has the address " + i.MAC
	}
	return ""
}

// noIPv6 says why an address was refused.
func noIPv6(err error, text string) string {
	six := strings.Contains(text, ":")
	switch {
	case six && (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)):
		return "the network namespace has no IPv6: the host sets net.ipv6.conf.default.disable_ipv6"
	case six && errors.Is(err, unix.EOPNOTSUPP):
		return "the host's kernel has no IPv6"
	case six && errors.Is(err, unix.ENODEV), six && errors.Is(err, unix.EINVAL):
		return "the interface has no IPv6, which needs an MTU of 1280 bytes"
	}
	return ""
}

// unreachable says why a route was refused.
func unreachable(err error, r plan.NetRoute) string {
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.EINVAL):
		return "the gateway " + r.Gateway + " cannot be reached: no <ip> of the interface is in its network"
	case errors.Is(err, unix.EEXIST):
		return "the container has a route to " + r.To + " with the metric " + fmt.Sprint(r.Metric) + " already"
	}
	return ""
}
