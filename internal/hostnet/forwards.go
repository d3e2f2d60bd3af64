package hostnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/google/nftables"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/service"
)

// forwardTable is the table of all ports that are forwarded. It is there as long as there is one. No network's table
// has its name.
const forwardTable = "berth_ports"

// Forwards forwards ports of the host to containers. The comment of each element of a set is its owner, so nothing
// needs to be remembered.
type Forwards struct {
	host *Host

	mu sync.Mutex // guards conn, and what is in the table: whether it is empty, and so can go
	// conn stays open. When a connection is closed, the kernel waits until what it has removed is gone, some
	// milliseconds, and lets nobody else change the packet filter or remove a link meanwhile.
	conn *nftables.Conn
}

// NewForwards returns the Forwards of a host. A host without a packet filter is told when a port is to be forwarded.
func NewForwards(h *Host) *Forwards {
	f := &Forwards{host: h}
	f.conn, _ = nftables.New(nftables.AsLasting())
	return f
}

// set is a set of the table, with elements.
type set struct {
	*nftables.Set
	elements []nftables.SetElement
}

// Open forwards ports to a container. The host forwards packets from then on, and its own connections to 127.0.0.1 too.
func (f *Forwards) Open(owner string, list []service.Forward) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	sets, err := setsOf(owner, list)
	if err != nil {
		return err
	}
	err = f.change(func(c *nftables.Conn) error {
		// A transaction that fails for want of a table would cost an RCU grace period.
		there, err := hasTableOf(c, forwardTable)
		if err == nil && !there {
			err = addTable(c)
		}
		if err != nil {
			return err
		}
		return add(c, sets)
	})
	if err != nil {
		return filterError("forward ports in table "+forwardTable, err)
	}
	return f.host.admit(list)
}

// Close ends what Open did for an owner, and removes the table with the last port.
func (f *Forwards) Close(owner string, list []service.Forward) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	ours, others, err := f.owned(owner)
	if err == nil {
		err = f.host.dismiss(list, others) // before the rule goes that forbids what this allows
	}
	if err == nil && (len(ours) > 0 || len(others) == 0) {
		err = f.change(func(c *nftables.Conn) error {
			if len(others) == 0 {
				c.DelTable(table())
				return nil
			}
			for _, s := range ours {
				if err := c.SetDeleteElements(s.Set, s.elements); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("close ports in table %s of the packet filter: %w", forwardTable, err)
	}
	return nil
}

// owned returns an owner's elements, and the interfaces of what others have, "" among them.
func (f *Forwards) owned(owner string) (ours []set, others map[string]bool, err error) {
	c, err := f.connection()
	if err != nil {
		return nil, nil, err
	}
	others = map[string]bool{}
	if there, err := hasTableOf(c, forwardTable); err != nil || !there {
		return nil, others, err
	}
	for _, fam := range families() {
		for _, s := range []*nftables.Set{fam.targets(table()), fam.backs(table())} {
			all, err := c.GetSetElements(s)
			if err != nil {
				f.renew()
				return nil, nil, err
			}
			mine := set{Set: s}
			for _, e := range all {
				switch {
				case e.Comment == owner:
					mine.elements = append(mine.elements, nftables.SetElement{Key: e.Key})
				case !s.IsMap:
					others[nameOf(e.Key)] = true
				}
			}
			if len(mine.elements) > 0 {
				ours = append(ours, mine)
			}
		}
	}
	return ours, others, nil
}

// change carries out one transaction.
func (f *Forwards) change(what func(c *nftables.Conn) error) error {
	c, err := f.connection()
	if err != nil {
		return err
	}
	if err = what(c); err == nil {
		err = c.Flush()
	}
	if err != nil {
		f.renew()
	}
	return err
}

func (f *Forwards) connection() (*nftables.Conn, error) {
	if f.conn != nil {
		return f.conn, nil
	}
	c, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return nil, err
	}
	f.conn = c
	return c, nil
}

// renew replaces the connection after an error: answers may be left in it.
func (f *Forwards) renew() {
	c := f.conn
	f.conn = nil
	go func() { _ = c.CloseLasting() }() // it may wait
}

func table() *nftables.Table {
	return &nftables.Table{Name: forwardTable, Family: nftables.TableFamilyINet}
}

func addTable(c *nftables.Conn) error {
	t := c.AddTable(table())
	for _, fam := range families() {
		for _, s := range []*nftables.Set{fam.targets(t), fam.backs(t)} {
			if err := c.AddSet(s, nil); err != nil {
				return err
			}
		}
	}
	forwardChains(c, t)
	return nil
}

func add(c *nftables.Conn, sets []set) error {
	for _, s := range sets {
		if err := c.SetAddElements(s.Set, s.elements); err != nil {
			return err
		}
	}
	return nil
}

// setsOf returns the elements for the ports of a container.
func setsOf(owner string, list []service.Forward) (sets []set, err error) {
	t := table()
	for i, fam := range families() {
		targets, backs, seen := set{Set: fam.targets(t)}, set{Set: fam.backs(t)}, map[string]bool{}
		for _, p := range list {
			to, here := []string{p.To4, p.To6}[i], make([]byte, fam.length)
			if p.Address != "" {
				a, err := netip.ParseAddr(p.Address)
				if err != nil {
					return nil, err
				}
				if here = a.AsSlice(); len(here) != int(fam.length) {
					continue
				}
			}
			if to == "" {
				continue
			}
			a, err := netip.ParseAddr(to)
			if err != nil {
				return nil, err
			}
			targets.elements = append(targets.elements, nftables.SetElement{
				Key: key(here, protoOf(p), wide(p.Host)), Val: key(a.AsSlice(), wide(p.Guest)), Comment: owner,
			})
			for _, from := range []string{"", p.Link} {
				k := key(linkName(from), a.AsSlice(), protoOf(p), wide(p.Guest))
				if !seen[string(k)] {
					backs.elements = append(backs.elements, nftables.SetElement{Key: k, Comment: owner})
				}
				seen[string(k)] = true
			}
		}
		if len(targets.elements) > 0 {
			sets = append(sets, targets, backs)
		}
	}
	return sets, nil
}

func key(parts ...[]byte) (k []byte) {
	for _, p := range parts {
		k = append(k, p...)
	}
	return k
}

func protoOf(p service.Forward) []byte {
	if p.Proto == "udp" {
		return []byte{unix.IPPROTO_UDP, 0, 0, 0}
	}
	return []byte{unix.IPPROTO_TCP, 0, 0, 0}
}

// wide is the number of a port in a register.
func wide(port uint16) []byte { return append(binary.BigEndian.AppendUint16(nil, port), 0, 0) }

// nameOf is the name of the interface that a key begins with.
func nameOf(key []byte) string {
	name := key[:min(len(key), unix.IFNAMSIZ)]
	for i, b := range name {
		if b == 0 {
			return string(name[:i])
		}
	}
	return string(name)
}
