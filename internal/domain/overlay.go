package domain

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
)

// order is the order in which libvirt writes the children of an element: the place of each name.
type order map[string]int

// orders has those of the elements that can have kept children. Nobody writes to it.
var orders = sync.OnceValue(func() map[string]order { //nolint:gochecknoglobals // a constant in all but name
	all := map[string]order{}
	for path, names := range map[string]string{
		"domain": `name uuid hwuuid genid title description metadata iommufd memory currentMemory blkiotune memtune memoryBacking vcpu
			iothreads iothreadids defaultiothread cputune throttlegroups numatune resource sysinfo bootloader bootloader_args os idmap
			features cpu clock on_poweroff on_reboot on_crash on_lockfailure pm perf devices seclabel keywrap
			launchSecurity namespace container`,
		"domain/cputune": `shares period quota global_period global_quota emulator_period emulator_quota iothread_period iothread_quota
			vcpupin emulatorpin iothreadpin emulatorsched vcpusched iothreadsched cachetune memorytune`,
		"domain/numatune": "memory memnode",
		"domain/resource": "partition fibrechannel",
		"domain/os":       "type init initarg initenv initdir inituser initgroup cmdline smbios",
		"domain/features": `acpi apic pae hap viridian privnet hyperv kvm pvspinlock capabilities pmu vmport gic smm ioapic hpt vmcoreinfo
			htm nested-hv msrs ccf-assist xen cfpc sbbc ibs tcg async-teardown ras ps2 aia virtualization`,
		"domain/devices": `emulator disk controller filesystem interface smartcard serial parallel console channel tpm graphics sound audio
			video hostdev redirdev redirfilter hub watchdog memballoon rng nvram panic shmem crypto iommu vsock pstore`,
		"domain/devices/disk": `driver source backingStore backenddomain geometry blockio target iotune throttlefilters readonly shareable
			serial wwn vendor product boot alias acpi address`,
		"domain/devices/disk/driver": "iothreads statistics metadata_cache",
		"domain/devices/filesystem": `driver binary source idmap target readonly space_hard_limit space_soft_limit boot alias acpi
			address`,
		"domain/devices/interface": `mac source vlan bandwidth port ip route backenddomain target guest model driver backend teaming tune link mtu
			coalesce boot alias rom acpi address`,
		"domain/devices/console": "source log target alias acpi address",
		"domain/devices/hostdev": "driver source teaming ip route boot alias rom acpi address",
	} {
		all[path] = order{}
		for i, name := range strings.Fields(names) {
			all[path][name] = i
		}
	}
	return all
})

// place returns the place of an element among its parent's children. An unknown one is last.
func (o order) place(e *elem) int {
	if i, known := o[e.name]; known {
		return i
	}
	return len(o)
}

// sortKept puts what is kept into libvirt's order.
func sortKept(e *elem, n *node, path string) {
	if n == nil || !n.own && path != "domain" {
		return
	}
	orders()[path].sort(e.children)
	for _, child := range e.children {
		sortKept(child, n.children[child.name], path+"/"+child.name)
	}
}

// overlaid puts what is kept of a definition into its text. top is the path of the text's element.
func (d *Def) overlaid(text []byte, top string) ([]byte, error) {
	base, err := readElem(text)
	if err != nil {
		return nil, err
	}
	n := schema().children["domain"]
	devices := base
	if top == "domain" {
		if err := base.put(d.Kept, n, top); err != nil {
			return nil, err
		}
		if devices = base.child("devices"); devices == nil {
			return []byte(base.String()), nil
		}
	}
	for _, name := range []string{"disk", "filesystem", "interface", "console", "hostdev"} {
		list := slices.Collect(func(yield func(*elem) bool) {
			for _, child := range devices.children {
				if child.name == name && !yield(child) {
					return
				}
			}
		})
		count := len(d.Consoles)
		if name != "console" {
			count = d.count(DeviceKind(name))
		}
		list = list[max(len(list)-count, 0):] // the host's root of a running container comes before all others
		for i, one := range list {
			if err := one.put(*d.keptOf(name, i), n.children["devices"].children[name], atDevices+name); err != nil {
				return nil, err
			}
		}
	}
	return []byte(base.String()), nil
}

// keeps reports whether something of the definition is only kept.
func (d *Def) keeps() bool {
	return d.Kept != "" || slices.ContainsFunc(d.Consoles, func(c Console) bool { return c.Kept != "" }) ||
		slices.ContainsFunc(d.Slots(), func(s Slot) bool { return *d.at(s).kept() != "" })
}

// put adds what is kept to an element.
func (e *elem) put(k Kept, n *node, path string) error {
	if k == "" {
		return nil
	}
	from, err := readElem([]byte(k))
	if err == nil {
		e.merge(from, n, path)
	}
	return err
}

func (e *elem) merge(from *elem, n *node, path string) {
	e.attrs = append(e.attrs, from.attrs...)
	index := map[string]int{}
	own := e.children
	for _, child := range from.children {
		next := n.children[child.name]
		if next == nil || !next.own {
			e.add(child)
			continue
		}
		i := index[child.name]
		index[child.name]++
		if child.empty() {
			continue
		}
		for len(e.counts[child.name]) <= i {
			e.add(&elem{name: child.name})
		}
		e.counts[child.name][i].merge(child, next, path+"/"+child.name)
	}
	e.children = orders()[path].between(own, e.children[len(own):])
}

// sort puts children in order.
func (o order) sort(list []*elem) {
	slices.SortStableFunc(list, func(a, b *elem) int { return o.place(a) - o.place(b) })
}

// between puts new children between those that are there: each before the first that comes after it. A document may
// have 20,000 of them.
func (o order) between(there, added []*elem) []*elem {
	if len(added) == 0 {
		return there
	}
	added = slices.Clone(added)
	o.sort(added)
	list := make([]*elem, 0, len(there)+len(added))
	for _, one := range there {
		for len(added) > 0 && o.place(added[0]) < o.place(one) {
			list, added = append(list, added[0]), added[1:]
		}
		list = append(list, one)
	}
	return append(list, added...)
}

func (e *elem) child(name string) *elem {
	if list := e.counts[name]; len(list) > 0 {
		return list[0]
	}
	return nil
}

// readElem reads the text of one element, which Berth has written. It takes the content of <metadata> as it is.
func readElem(text []byte) (*elem, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	top := &elem{}
	open := []*elem{top}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return top.children[0], nil
		}
		if err != nil {
			return nil, err
		}
		last := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			one := &elem{name: t.Name.Local}
			for _, a := range t.Attr {
				if a.Name.Space == "" && a.Name.Local == "xmlns" {
					one.space = a.Value
					continue
				}
				a.Name = xml.Name{Local: written(a.Name)}
				one.attrs = append(one.attrs, a)
			}
			last.add(one)
			open = append(open, one)
			if len(open) == 3 && one.name == "metadata" {
				if one.inner, err = innerText(d, text); err != nil {
					return nil, err
				}
				open = open[:2]
			}
		case xml.EndElement:
			last.text = keptText(last, last.text)
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(t)
		}
	}
}

// innerText returns what is in the element whose start tag was read last, and reads its end tag.
func innerText(d *xml.Decoder, text []byte) (string, error) {
	from, to := d.InputOffset(), int64(0)
	for depth := 1; depth > 0; {
		to = d.InputOffset()
		token, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return string(text[from:to]), nil
}

// String returns the element as XML without blanks between tags.
func (e *elem) String() string {
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *elem) write(b *strings.Builder) {
	b.WriteString("<" + e.name)
	if e.space != "" {
		b.WriteString(" xmlns='" + inQuotes(e.space) + "'")
	}
	for _, a := range e.attrs {
		b.WriteString(" " + a.Name.Local + "='" + inQuotes(a.Value) + "'")
	}
	b.WriteString(">" + escaped(e.text) + e.inner)
	for _, child := range e.children {
		child.write(b)
	}
	b.WriteString("</" + e.name + ">")
}
