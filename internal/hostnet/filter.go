package hostnet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/netxml"
)

// SetFilter makes the network's table of the packet filter, in one transaction. A table of this name is replaced.
func (h *Host) SetFilter(f *netxml.Filter) error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("packet filter: %w", err)
	}
	t := &nftables.Table{Name: f.Table, Family: nftables.TableFamilyINet}
	// A transaction that deletes needs the table to be there.
	c.AddTable(t)
	c.DelTable(t)
	c.AddTable(t)
	ways, err := h.addWays(c, t, f)
	if err != nil {
		return err
	}
	forward := c.AddChain(&nftables.Chain{
		Name: "forward", Table: t, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter,
	})
	for _, r := range forwardRules(f, ways) {
		c.AddRule(&nftables.Rule{Table: t, Chain: forward, Exprs: r})
	}
	if len(f.Masquerade) > 0 {
		post := c.AddChain(&nftables.Chain{
			Name: "postrouting", Table: t, Type: nftables.ChainTypeNAT,
			Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
		})
		for _, p := range f.Masquerade {
			c.AddRule(&nftables.Rule{Table: t, Chain: post, Exprs: masquerade(f, p)})
		}
	}
	if err := c.Flush(); err != nil {
		return filterError("make table "+f.Table, err)
	}
	return nil
}

// HasFilter reports whether the host has a network's table.
func (h *Host) HasFilter(f *netxml.Filter) (bool, error) { return hasTable(f.Table) }

func hasTable(name string) (bool, error) {
	c, err := nftables.New()
	if err != nil {
		return false, fmt.Errorf("packet filter: %w", err)
	}
	return hasTableOf(c, name)
}

func hasTableOf(c *nftables.Conn, name string) (bool, error) {
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	if err != nil {
		return false, filterError("list the tables", err)
	}
	for _, t := range tables {
		if t.Name == name {
			return true, nil
		}
	}
	return false, nil
}

// DropFilter removes the network's table. A missing one is no error.
func (h *Host) DropFilter(f *netxml.Filter) error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("packet filter: %w", err)
	}
	c.DelTable(&nftables.Table{Name: f.Table, Family: nftables.TableFamilyINet})
	if err := c.Flush(); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("packet filter: remove table %s: %w", f.Table, err)
	}
	return nil
}

// filterError says what the kernel lacks, if that is known.
func filterError(doing string, err error) error {
	lacks := ""
	switch {
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EINVAL):
		lacks = "; if the host's kernel has no nftables, load it with: modprobe nf_tables"
	case errors.Is(err, unix.ENOENT):
		lacks = "; if the host's kernel lacks a part of nftables, load it with: modprobe -a nft_ct nft_chain_nat nft_masq"
	}
	return fmt.Errorf("packet filter: %s: %w%s", doing, err, lacks)
}

// forwardRules are those of packets that come from the bridge or go to it. The first that fits decides. ways is the set
// of the bridges that they may leave by, if not all are.
func forwardRules(f *netxml.Filter, ways *nftables.Set) (rules [][]expr.Any) {
	rule := func(parts ...[]expr.Any) {
		var all []expr.Any
		for _, p := range parts {
			all = append(all, p...)
		}
		rules = append(rules, all)
	}
	from, to := link(expr.MetaKeyIIFNAME, f.Bridge, expr.CmpOpEq), link(expr.MetaKeyOIFNAME, f.Bridge, expr.CmpOpEq)
	accept, drop := verdict(expr.VerdictAccept), verdict(expr.VerdictDrop)
	translated := connection(expr.CtKeySTATUS, destinationTranslated)
	rule(from, to, accept)
	if f.Out {
		if ways != nil {
			rule(from, connection(expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED), accept)
			rule(from, translated, accept) // a port that another network offers
			rule(from, toBridge(), notIn(ways, expr.MetaKeyOIFNAME), drop)
		}
		if f.Dev != "" {
			rule(from, link(expr.MetaKeyOIFNAME, f.Dev, expr.CmpOpNeq), drop)
		}
		for _, p := range f.Sources {
			rule(from, source(p), accept)
		}
	}
	rule(from, drop)
	switch {
	case !f.In:
		if f.Out {
			rule(to, connection(expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED), accept)
			rule(to, translated, accept) // a port that was forwarded here
		}
		rule(to, drop)
	case f.Dev != "":
		rule(to, link(expr.MetaKeyIIFNAME, f.Dev, expr.CmpOpNeq), drop)
	}
	return rules
}

// destinationTranslated is the kernel's IPS_DST_NAT.
const destinationTranslated = 1 << 5

// masquerade gives packets of a network that leave the bridge the address of the interface that they go out by.
func masquerade(f *netxml.Filter, p netip.Prefix) []expr.Any {
	out := link(expr.MetaKeyOIFNAME, f.Bridge, expr.CmpOpNeq)
	if f.Dev != "" {
		out = link(expr.MetaKeyOIFNAME, f.Dev, expr.CmpOpEq)
	}
	return append(append(out, source(p)...), &expr.Masq{})
}

// source is true if a packet comes from an address of a network.
func source(p netip.Prefix) []expr.Any {
	family, offset := byte(unix.NFPROTO_IPV4), uint32(12) // of the source address in the header
	if p.Addr().Is6() {
		family, offset = unix.NFPROTO_IPV6, 8
	}
	bytes := uint32(p.Addr().BitLen() / 8)
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: bytes},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: bytes, Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()), Xor: make([]byte, bytes)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: p.Addr().AsSlice()},
	}
}

// link compares the name of the interface that a packet comes from or goes to.
func link(key expr.MetaKey, name string, op expr.CmpOp) []expr.Any {
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: linkName(name)}}
}

// connection is true if one of the bits of a packet's connection is set.
func connection(key expr.CtKey, bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: key, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}

func verdict(kind expr.VerdictKind) []expr.Any { return []expr.Any{&expr.Verdict{Kind: kind}} }
