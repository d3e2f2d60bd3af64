package network

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/service"
)

// answerLimit is how long the kernel may take for one message. It answers as soon as it has the lock of all links.
const answerLimit = 10 * time.Second

// Links makes and removes the interfaces of containers.
type Links struct{}

// Make makes interfaces in a network namespace. It returns the indices of the host links by which they are reached. It
// returns a *domain.Error, which names the element, if the host cannot give what the plan asks for. Nothing is left on
// the host then: what is in the namespace goes with that.
func (Links) Make(ctx context.Context, netns *os.File, list []plan.Interface) (indices []int32, err error) {
	host, err := open()
	if err != nil {
		return nil, err
	}
	defer host.Close()
	inside, err := openIn(netns)
	if err != nil {
		return nil, err
	}
	defer inside.Close()
	m := maker{host: host, inside: inside, netns: netlink.NsFd(int(netns.Fd())), seen: map[string]netlink.Link{}}
	for i := range list {
		if err = ctx.Err(); err == nil {
			err = m.add(ctx, &list[i])
		}
		if err != nil {
			return nil, errors.Join(err, m.undo())
		}
	}
	return m.indices, nil
}

// isOurs reports whether a link is the one of a note. The alias comes after the MAC address, and a reader of /sys can
// change either.
func isOurs(link netlink.Link, l service.Link) bool {
	a := link.Attrs()
	return link.Type() == cmp.Or(l.Kind, string(plan.Veth)) && (a.Alias == l.Alias || a.Alias == "" && a.HardwareAddr.String() == l.MAC)
}

func isGone(err error) bool {
	return errors.As(err, &netlink.LinkNotFoundError{}) || errors.Is(err, unix.ENODEV)
}

// openIn opens a socket in a network namespace.
func openIn(netns *os.File) (h *netlink.Handle, err error) {
	err = namespace.Apart([]namespace.Held{{Kind: namespace.Net, File: netns}}, func() error {
		h, err = open()
		return err
	})
	return h, err
}

// open opens a socket in the thread's network namespace.
func open() (*netlink.Handle, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("rtnetlink: %w", err)
	}
	if err := h.SetSocketTimeout(answerLimit); err != nil {
		h.Close()
		return nil, fmt.Errorf("rtnetlink: %w", err)
	}
	return h, nil
}
