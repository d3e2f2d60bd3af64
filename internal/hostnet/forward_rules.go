package hostnet

import (
	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// family is what the rules for ports need to know of IPv4 or IPv6.
type family struct {
	proto       uint32 // NFPROTO_*
	length      uint32 // of an address
	destination uint32 // the place of that in the header
	kind        nftables.SetDatatype
	digit       string // in the names of the sets
}

func families() []family {
	return []family{
		{unix.NFPROTO_IPV4, 4, 16, nftables.TypeIPAddr, "4"},
		{unix.NFPROTO_IPV6, 16, 24, nftables.TypeIP6Addr, "6"},
	}
}

// The parts of a key are one behind the other in registers of 4 bytes, of which this is the first.
const firstRegister = unix.NFT_REG32_00

// targets is the map from an address of the host (0 for all), protocol and port to those of the container.
func (f family) targets(t *nftables.Table) *nftables.Set {
	return &nftables.Set{
		Table: t, Name: "ports" + f.digit, IsMap: true, Concatenation: true,
		KeyType:  nftables.MustConcatSetType(f.kind, nftables.TypeInetProto, nftables.TypeInetService),
		DataType: nftables.MustConcatSetType(f.kind, nftables.TypeInetService),
	}
}

// backs is the set of the interfaces (none for the host itself), and the addresses, protocols and ports of containers
// to which connections from there get the host's address. The answers would not come back to the host otherwise.
func (f family) backs(t *nftables.Table) *nftables.Set {
	return &nftables.Set{
		Table: t, Name: "back" + f.digit, Concatenation: true,
		KeyType: nftables.MustConcatSetType(nftables.TypeIFName, f.kind, nftables.TypeInetProto, nftables.TypeInetService),
	}
}

// forwardChains adds what the sets are for. dstnat is the priority of destination NAT.
func forwardChains(c *nftables.Conn, t *nftables.Table) {
	chain := func(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority *nftables.ChainPriority, rules ...[]expr.Any) {
		made := c.AddChain(&nftables.Chain{Name: name, Table: t, Type: kind, Hooknum: hook, Priority: priority})
		for _, r := range rules {
			c.AddRule(&nftables.Rule{Table: t, Chain: made, Exprs: r})
		}
	}
	var to, back [][]expr.Any
	for _, f := range families() {
		to = append(to, f.translate(f.address()), f.translate(f.anyAddress()))
		back = append(back, f.masquerade())
	}
	// With route_localnet the host takes packets for 127.0.0.0/8 from others, which this forbids.
	chain("guard", nftables.ChainTypeFilter, nftables.ChainHookPrerouting, nftables.ChainPriorityRaw, foreignLoopback())
	chain("prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest, to...)
	chain("output", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest, to...)
	chain("postrouting", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource, back...)
}

// translate sends a packet for an address of the host to a container, if its port is in the map.
func (f family) translate(address expr.Any) []expr.Any {
	proto := firstRegister + f.length/4
	rule := append(f.is(), &expr.Fib{Register: 1, FlagDADDR: true, ResultADDRTYPE: true},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.NativeEndian.PutUint32(unix.RTN_LOCAL)}, address)
	rule = append(rule, transport(proto)...)
	return append(rule,
		&expr.Lookup{SourceRegister: firstRegister, DestRegister: firstRegister, IsDestRegSet: true, SetName: f.targets(nil).Name},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: f.proto, RegAddrMin: firstRegister, RegProtoMin: proto})
}

// masquerade gives translated packets the host's address, if the set says so.
func (f family) masquerade() []expr.Any {
	const name = unix.IFNAMSIZ / 4
	rule := append(f.is(), connection(expr.CtKeySTATUS, destinationTranslated)...)
	rule = append(rule, &expr.Meta{Key: expr.MetaKeyIIFNAME, Register: firstRegister}, f.at(firstRegister+name))
	rule = append(rule, transport(firstRegister+name+f.length/4)...)
	return append(rule, &expr.Lookup{SourceRegister: firstRegister, SetName: f.backs(nil).Name}, &expr.Masq{})
}

func (f family) is() []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{byte(f.proto)}},
	}
}

// address loads a packet's destination.
func (f family) address() expr.Any { return f.at(firstRegister) }

// anyAddress loads what stands for all addresses.
func (f family) anyAddress() expr.Any {
	return &expr.Immediate{Register: firstRegister, Data: make([]byte, f.length)}
}

func (f family) at(register uint32) expr.Any {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: f.destination, Len: f.length}
}

// transport loads the protocol and the destination's port.
func transport(register uint32) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: register},
		&expr.Payload{DestRegister: register + 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
	}
}

// foreignLoopback drops what comes for 127.0.0.0/8 from others than the host.
func foreignLoopback() []expr.Any {
	f := families()[0]
	rule := append(f.is(), link(expr.MetaKeyIIFNAME, "lo", expr.CmpOpNeq)...)
	return append(rule,
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: f.destination, Len: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{127}},
		&expr.Verdict{Kind: expr.VerdictDrop})
}
