package domain

// Rate limits one direction of an interface. The zero value is no limit. A kilobyte is 1000 bytes and a kibibyte 1024,
// as libvirt passes the numbers to tc(8).
type Rate struct {
	Average uint64 // kilobytes a second
	Peak    uint64 // kilobytes a second at which a burst goes; 0 means as fast as it can
	Burst   uint64 // kibibytes that may go at once; 0 means what is sent in 10 ms
}

// IfaceBandwidth is <bandwidth>, as the container sees it: it receives what comes in.
type IfaceBandwidth struct {
	In, Out Rate
}

// The largest numbers of a <bandwidth>. The kernel counts a burst as the time that it lasts at the average rate, in
// ticks of 64 ns and 32 bits.
const (
	maxRate         = 500_000_000 // kilobytes a second
	maxBurst        = 4_000_000   // kibibytes
	maxBurstSeconds = 250
)

type ifaceBandwidth struct {
	In  *ifaceRate `xml:"inbound"`
	Out *ifaceRate `xml:"outbound"`
}

type ifaceRate struct {
	Average *uint64 `xml:"average,attr"`
	Peak    *uint64 `xml:"peak,attr"`
	Burst   *uint64 `xml:"burst,attr"`
}

func readBandwidth(i *Interface, at string, x *ifaceBandwidth, f *faults) {
	if x == nil || x.In == nil && x.Out == nil {
		return
	}
	if !i.HasHostEnd() {
		f.unsupported(at+"/bandwidth", "an interface of the type '%.40s' has no end on the host, where it could be limited", string(i.Type))
		return
	}
	if x.In != nil {
		i.Bandwidth.In = f.rate(at+"/bandwidth/inbound", x.In)
	}
	if x.Out != nil {
		i.Bandwidth.Out = f.rate(at+"/bandwidth/outbound", x.Out)
	}
}

func (f *faults) rate(at string, x *ifaceRate) (r Rate) {
	if x.Average == nil {
		f.invalid(at+"@average", "it is missing")
		return r
	}
	for _, n := range []struct {
		word  string
		given *uint64
		most  uint64
		to    *uint64
	}{{"average", x.Average, maxRate, &r.Average}, {"peak", x.Peak, maxRate, &r.Peak}, {"burst", x.Burst, maxBurst, &r.Burst}} {
		if n.given == nil {
			continue
		}
		if *n.given == 0 || *n.given > n.most {
			f.invalid(at+"@"+n.word, "%d is not from 1 to %d", *n.given, n.most)
			return Rate{}
		}
		*n.to = *n.given
	}
	f.add(r.check(at))
	return r
}

// check returns an error if the numbers of a limit contradict each other.
func (r Rate) check(at string) *Error {
	switch {
	case r.Peak != 0 && r.Peak < r.Average:
		return invalid(at+"@peak", "%d is below the average of %d", r.Peak, r.Average)
	case r.Burst*1024 > r.Average*1000*maxBurstSeconds:
		return invalid(at+"@burst", "at the average rate, %d kibibytes last longer than %d seconds", r.Burst, maxBurstSeconds)
	}
	return nil
}

func formatBandwidth(b IfaceBandwidth) *ifaceBandwidth {
	if b == (IfaceBandwidth{}) {
		return nil
	}
	return &ifaceBandwidth{In: formatRate(b.In), Out: formatRate(b.Out)}
}

func formatRate(r Rate) *ifaceRate {
	if r == (Rate{}) {
		return nil
	}
	x := &ifaceRate{Average: &r.Average}
	if r.Peak > 0 {
		x.Peak = &r.Peak
	}
	if r.Burst > 0 {
		x.Burst = &r.Burst
	}
	return x
}
