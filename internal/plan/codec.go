package plan

import (
	"fmt"

	"github.com/berthd/berth/internal/pack"
)

// Pack returns the plan in its binary form (package pack).
func (p *Plan) Pack() []byte {
	var w pack.Writer
	w.String(p.Name)
	for _, b := range []bool{p.Namespaces.IPC, p.Namespaces.UTS, p.Namespaces.Net, p.Namespaces.User, p.Namespaces.Cgroup} {
		w.Bool(b)
	}
	w.U32(uint32(len(p.Join)))
	for _, j := range p.Join {
		w.String(j.Kind)
		w.String(j.Container)
		w.U32(j.PID)
		w.String(j.NetNS)
	}
	packRanges(&w, p.UIDs)
	packRanges(&w, p.GIDs)
	w.U32(uint32(len(p.Sources)))
	for _, s := range p.Sources {
		w.String(s.Path)
		w.String(string(s.Kind))
		w.String(s.Format)
		w.Bool(s.Recursive)
		w.Bool(s.IDMapped)
		w.Bool(s.ReadOnly)
		packStrings(&w, s.Hide)
	}
	w.Bool(p.ProcView)
	packMounts(&w, p.Mounts)
	w.Bool(p.Hold)
	packStrings(&w, p.ReadOnlyPaths)
	packStrings(&w, p.MaskedPaths)
	packDevices(&w, p.Devices)
	w.U32(uint32(len(p.Links)))
	for _, l := range p.Links {
		w.String(l.Path)
		w.String(l.Target)
	}
	w.U32(uint32(p.Consoles))
	packMounts(&w, p.Filesystems)
	packMounts(&w, []Mount{p.Cgroup})
	w.String(p.Hostname)
	w.Bool(p.LoopbackUp)
	packStrings(&w, p.Deny)
	w.U64(p.Caps.Keep)
	w.Bool(p.Caps.Inherit)
	w.Bool(p.NoNewPrivs)
	w.Bool(p.Linux32)
	packLimits(&w, p.Limits)
	packInit(&w, &p.Init)
	w.U32(p.StopSignal)
	w.U32(uint32(len(p.Journal.Consoles)))
	for _, n := range p.Journal.Consoles {
		w.U32(n)
	}
	packStrings(&w, p.Journal.Fields)
	w.U32(uint32(p.Passed))
	w.String(p.Notify)
	packLimits(&w, p.RLimits)
	packDevices(&w, p.Nodes)
	w.String(p.Label.Process)
	w.String(p.Label.Files)
	w.Bool(p.Label.Required)
	return w.Bytes()
}

// Unpack reads a plan that Pack wrote. It returns an error if b is cut short or has more bytes.
func Unpack(b []byte) (*Plan, error) {
	r := pack.NewReader(b)
	p := &Plan{Name: r.String()}
	for _, b := range []*bool{&p.Namespaces.IPC, &p.Namespaces.UTS, &p.Namespaces.Net, &p.Namespaces.User, &p.Namespaces.Cgroup} {
		*b = r.Bool()
	}
	for range r.Count(16) {
		p.Join = append(p.Join, Join{Kind: r.String(), Container: r.String(), PID: r.U32(), NetNS: r.String()})
	}
	p.UIDs = unpackRanges(r)
	p.GIDs = unpackRanges(r)
	for range r.Count(15) {
		p.Sources = append(p.Sources, Source{Path: r.String(), Kind: SourceKind(r.String()), Format: r.String(), Recursive: r.Bool(), IDMapped: r.Bool(), ReadOnly: r.Bool(), Hide: unpackStrings(r)})
	}
	p.ProcView = r.Bool()
	p.Mounts = unpackMounts(r)
	p.Hold = r.Bool()
	p.ReadOnlyPaths, p.MaskedPaths = unpackStrings(r), unpackStrings(r)
	p.Devices = unpackDevices(r)
	for range r.Count(8) {
		p.Links = append(p.Links, Link{Path: r.String(), Target: r.String()})
	}
	p.Consoles = int(r.U32())
	p.Filesystems = unpackMounts(r)
	for _, m := range unpackMounts(r) {
		p.Cgroup = m
	}
	p.Hostname = r.String()
	p.LoopbackUp = r.Bool()
	p.Deny = unpackStrings(r)
	p.Caps = Capabilities{Keep: r.U64(), Inherit: r.Bool()}
	p.NoNewPrivs, p.Linux32 = r.Bool(), r.Bool()
	p.Limits = unpackLimits(r)
	p.Init = unpackInit(r)
	p.StopSignal = r.U32()
	for range r.Count(4) {
		p.Journal.Consoles = append(p.Journal.Consoles, r.U32())
	}
	p.Journal.Fields = unpackStrings(r)
	p.Passed = int(r.U32())
	p.Notify = r.String()
	p.RLimits = unpackLimits(r)
	p.Nodes = unpackDevices(r)
	p.Label = Label{Process: r.String(), Files: r.String(), Required: r.Bool()}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return p, nil
}

func packInit(w *pack.Writer, i *Init) {
	w.String(i.Path)
	packStrings(w, i.Args)
	packStrings(w, i.Env)
	w.String(i.Dir)
	w.String(i.User)
	w.String(i.Group)
}

func unpackInit(r *pack.Reader) Init {
	return Init{
		Path: r.String(), Args: unpackStrings(r), Env: unpackStrings(r),
		Dir: r.String(), User: r.String(), Group: r.String(),
	}
}

func packDevices(w *pack.Writer, list []Device) {
	w.U32(uint32(len(list)))
	for _, d := range list {
		w.String(d.Path)
		w.Bool(d.Block)
		w.U32(d.Major)
		w.U32(d.Minor)
		w.U32(d.Mode)
		w.String(d.Image)
	}
}

func unpackDevices(r *pack.Reader) (list []Device) {
	for range r.Count(21) {
		list = append(list, Device{Path: r.String(), Block: r.Bool(), Major: r.U32(), Minor: r.U32(), Mode: r.U32(), Image: r.String()})
	}
	return list
}

func packMounts(w *pack.Writer, list []Mount) {
	w.U32(uint32(len(list)))
	for i := range list {
		m := &list[i]
		w.String(string(m.Kind))
		w.String(m.Target)
		w.String(m.Type)
		w.U32(uint32(len(m.Options)))
		for _, o := range m.Options {
			w.String(o.Key)
			w.String(o.Value)
		}
		w.String(m.From)
		w.U32(uint32(m.Source))
		for _, b := range []bool{m.ReadOnly, m.Writable, m.NoSUID, m.NoDev, m.NoExec, m.Optional, m.Whole} {
			w.Bool(b)
		}
		w.U32(uint32(len(m.Files)))
		for _, f := range m.Files {
			w.String(f.Name)
			w.U32(f.Mode)
			w.String(f.Content)
		}
	}
}

func unpackMounts(r *pack.Reader) []Mount {
	var list []Mount
	for range r.Count(35) {
		m := Mount{Kind: MountKind(r.String()), Target: r.String(), Type: r.String()}
		for range r.Count(8) {
			m.Options = append(m.Options, Option{Key: r.String(), Value: r.String()})
		}
		m.From, m.Source = r.String(), int(r.U32())
		for _, b := range []*bool{&m.ReadOnly, &m.Writable, &m.NoSUID, &m.NoDev, &m.NoExec, &m.Optional, &m.Whole} {
			*b = r.Bool()
		}
		for range r.Count(12) {
			m.Files = append(m.Files, File{Name: r.String(), Mode: r.U32(), Content: r.String()})
		}
		list = append(list, m)
	}
	return list
}

func packLimits(w *pack.Writer, list []Limit) {
	w.U32(uint32(len(list)))
	for _, l := range list {
		w.String(l.Name)
		w.U64(l.Soft)
		w.U64(l.Hard)
	}
}

func unpackLimits(r *pack.Reader) (list []Limit) {
	for range r.Count(20) {
		list = append(list, Limit{Name: r.String(), Soft: r.U64(), Hard: r.U64()})
	}
	return list
}

func packRanges(w *pack.Writer, list []IDRange) {
	w.U32(uint32(len(list)))
	for _, r := range list {
		w.U32(r.Inside)
		w.U32(r.Outside)
		w.U32(r.Count)
	}
}

func unpackRanges(r *pack.Reader) []IDRange {
	var list []IDRange
	for range r.Count(12) {
		list = append(list, IDRange{r.U32(), r.U32(), r.U32()})
	}
	return list
}

func packStrings(w *pack.Writer, list []string) {
	w.U32(uint32(len(list)))
	for _, s := range list {
		w.String(s)
	}
}

func unpackStrings(r *pack.Reader) []string {
	var list []string
	for range r.Count(4) {
		list = append(list, r.String())
	}
	return list
}
