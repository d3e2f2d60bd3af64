package remote

import (
	"context"
	"strconv"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// The groups of bulk statistics.
const (
	groupState     = 1
	groupCPU       = 2
	groupBalloon   = 4
	groupVCPU      = 8
	groupInterface = 0x10
	groupBlock     = 0x20
	groupsKnown    = groupState | groupCPU | groupBalloon | groupVCPU | groupInterface | groupBlock
)

// The flags of bulk statistics, beside those of a list.
const (
	bulkNoWait  = 1 << 29
	bulkBacking = 1 << 30
	bulkEnforce = 1 << 31
	bulkList    = 0xff
)

func bulkProcedures() []*procedure {
	return []*procedure{{
		number: 344, name: "virConnectGetAllDomainStats", open: openAsks, action: contract.ActionMonitor, verb: "GetAllStats", run: bulkStats,
	}}
}

func bulkStats(ctx context.Context, c *call) error {
	n := c.in.Count(maxList, xdr.LeastDomain)
	only := make(map[domain.UUID]bool, n)
	for range n {
		only[domain.UUID(c.in.Domain().UUID)] = true
	}
	groups, flags := c.in.U32(), c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags&^uint32(bulkNoWait|bulkBacking|bulkEnforce|bulkList) != 0:
		return unknownFlags(flags, c.proc.name)
	case flags&bulkEnforce != 0 && groups&^groupsKnown != 0:
		return wrong(codeArgumentUnsupported, domainLXC, "Stats types bits 0x%x are not supported by this daemon", groups&^groupsKnown)
	case groups == 0:
		groups = groupsKnown
	}
	all, err := c.measurable(ctx)
	if err != nil {
		return err
	}
	// The right is for the container that was asked about, and not for another one that has its uuid since.
	visible := make(map[service.Subject]bool, len(all))
	for i := range all {
		visible[lasting(&all[i])] = true
	}
	stats, err := c.core().AllStats(wantedOf(groups), func(s *service.Snapshot) bool {
		return (n == 0 || only[s.UUID]) && visible[lasting(s)] && listed(s, flags&bulkList)
	})
	if err != nil {
		return err
	}
	stats = stats[:min(len(stats), maxList)]
	c.out.U32(uint32(len(stats)))
	for i := range stats {
		c.out.Domain(domainOf(&stats[i].Snapshot))
		c.out.Typed(record(&stats[i], groups))
	}
	return nil
}

// lasting is the container of a snapshot, whatever its run: no rule knows of that.
func lasting(s *service.Snapshot) service.Subject {
	subject := s.Subject()
	subject.Run = 0
	return subject
}

// measurable returns the containers whose figures the caller may read.
func (c *call) measurable(ctx context.Context) ([]service.Snapshot, error) {
	q := service.Question{Caller: c.by, Action: contract.ActionMonitor, Verb: c.proc.verb}
	list, err := service.Visible(ctx, c.conn.server.access, q, c.core().List(), (*service.Snapshot).Subject)
	if err != nil {
		return nil, &deniedError{q.Action, err}
	}
	if len(list) == 0 && !c.by.Root() {
		if err := c.conn.server.access.Allow(ctx, q); err != nil {
			return nil, &deniedError{q.Action, err}
		}
	}
	return list, nil
}

// wantedOf returns the figures that groups need.
func wantedOf(groups uint32) figures.Wanted {
	var whole figures.Group
	if groups&groupInterface != 0 {
		whole |= figures.Net
	}
	if groups&groupBlock != 0 {
		whole |= figures.IO
	}
	w := figures.Of(whole)
	if groups&(groupCPU|groupVCPU) != 0 {
		w = w.And(figures.CPUUsageUSec, figures.CPUUserUSec, figures.CPUSystemUSec)
	}
	if groups&groupBalloon != 0 {
		w = w.And(figures.MemoryCurrent)
	}
	return w
}

// record returns the statistics of a container. One that is off has its state only.
func record(s *service.Stats, groups uint32) (list []xdr.Typed) {
	if groups&groupState != 0 {
		state, reason := stateOf(&s.Snapshot)
		list = append(list, xdr.IntOf("state.state", state), xdr.IntOf("state.reason", reason))
	}
	if !active(&s.Snapshot) {
		return list
	}
	if groups&groupCPU != 0 {
		list = append(list, xdr.ULLongOf("cpu.time", usec(known(s, figures.CPUUsageUSec))),
			xdr.ULLongOf("cpu.user", usec(known(s, figures.CPUUserUSec))), xdr.ULLongOf("cpu.system", usec(known(s, figures.CPUSystemUSec))))
	}
	if groups&groupBalloon != 0 {
		used := known(s, figures.MemoryCurrent) >> 10
		list = append(list, xdr.ULLongOf("balloon.current", used), xdr.ULLongOf("balloon.maximum", maximum(&s.Snapshot)), xdr.ULLongOf("balloon.rss", used))
	}
	if groups&groupVCPU != 0 {
		list = append(list, vcpuRecord(s)...)
	}
	if groups&groupInterface != 0 {
		list = append(list, netRecord(s)...)
	}
	if groups&groupBlock != 0 {
		list = append(list, blockRecord(s)...)
	}
	return list
}

// vcpuRecord shares the time of the container out: it has no virtual processors, but clients want one.
func vcpuRecord(s *service.Stats) []xdr.Typed {
	const running = 1
	n := max(s.VCPUs, 1)
	list := []xdr.Typed{xdr.UIntOf("vcpu.current", n), xdr.UIntOf("vcpu.maximum", n)}
	for i := range min(n, 256) {
		name := "vcpu." + strconv.FormatUint(uint64(i), 10) + "."
		list = append(list, xdr.IntOf(name+"state", running), xdr.ULLongOf(name+"time", usec(known(s, figures.CPUUsageUSec))/uint64(n)))
	}
	return list
}

func netRecord(s *service.Stats) []xdr.Typed {
	links := map[string]string{}
	for _, i := range s.Snapshot.Interfaces {
		links[i.Name] = i.Link
	}
	list := []xdr.Typed{xdr.UIntOf("net.count", uint32(len(s.Figures.Interfaces)))}
	for n, i := range s.Figures.Interfaces {
		at := "net." + strconv.Itoa(n) + "."
		name := links[i.Name]
		if name == "" {
			name = i.Name
		}
		list = append(list, xdr.TextOf(at+"name", name))
		for _, t := range []struct {
			of string
			figures.Traffic
		}{{"rx.", i.Receive}, {"tx.", i.Transmit}} {
			list = append(list, xdr.ULLongOf(at+t.of+"bytes", t.Bytes), xdr.ULLongOf(at+t.of+"pkts", t.Packets),
				xdr.ULLongOf(at+t.of+"errs", t.Errors), xdr.ULLongOf(at+t.of+"drop", t.Drops))
		}
	}
	return list
}

func blockRecord(s *service.Stats) []xdr.Typed {
	list := []xdr.Typed{xdr.UIntOf("block.count", uint32(len(s.Block)))}
	for n, d := range s.Block {
		at := "block." + strconv.Itoa(n) + "."
		list = append(list, xdr.TextOf(at+"name", d.Name), xdr.TextOf(at+"path", "/dev/"+d.Name),
			xdr.ULLongOf(at+"rd.reqs", d.ReadOperations), xdr.ULLongOf(at+"rd.bytes", d.ReadBytes),
			xdr.ULLongOf(at+"wr.reqs", d.WriteOperations), xdr.ULLongOf(at+"wr.bytes", d.WriteBytes))
	}
	return list
}
