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

// orders is the order in which libvirt writes the children of an element, for those that can have kept ones. Nobody writes to it.
var orders = sync.OnceValue(func() map[string][]string { //nolint:gochecknoglobals // a constant in all but name
	lists := map[string][]string{}
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
		lists[path] = strings.Fields(names)
	}
	return lists
})

func childOrder(path string) []string { return orders()[path] }

// place returns the place of an element among its parent's children.
func place(order []string, name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

// sortKept puts what is kept into libvirt's order.
func sortKept(e *elem, n *node, path string) {
	if n == nil || !n.own && path != "domain" {
		return
	}
	order := childOrder(path)
	slices.SortStableFunc(e.children, func(a, b *elem) int { return place(order, a.name) - place(order, b.name) })
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
	order := childOrder(path)
	for _, child := range from.children {
		next := n.children[child.name]
		if next == nil || !next.own {
			e.insert(child, order)
			continue
		}
		i := index[child.name]
		index[child.name]++
		if child.empty() {
			continue
		}
		for len(e.counts[child.name]) <= i {
			e.insert(&elem{name: child.name}, order)
		}
		e.counts[child.name][i].merge(child, next, path+"/"+child.name)
	}
}

// insert adds a child before those that libvirt writes after it.
func (e *elem) insert(child *elem, order []string) {
	at := slices.IndexFunc(e.children, func(other *elem) bool { return place(order, other.name) > place(order, child.name) })
	e.add(child)
	if at >= 0 {
		last := len(e.children) - 1
		copy(e.children[at+1:], e.children[at:last])
		e.children[at] = child
	}
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
