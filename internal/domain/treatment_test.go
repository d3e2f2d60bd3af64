package domain

import (
	"encoding/xml"
	"errors"
	"slices"
	"strings"
	"testing"
)

// keptNIC is an interface with much that is only kept.
const keptNIC = `<interface type='bridge' trustGuestRxFilters='yes'><mac address='52:54:00:00:00:01' type='static'/><source bridge='br0'/>` +
	`<target dev='web0'/><driver name='vhost'/><tune><sndbuf>1600</sndbuf></tune><boot order='1'/>` +
	`<address type='pci' slot='0x03'/></interface>`

// roomy is a definition with each element that can have a part of treatmentText.
const roomy = `<domain type='lxc'><name>web</name><memory>65536</memory><vcpu>2</vcpu><numatune><memory mode='strict' nodeset='0'/></numatune>` +
	`<os><type>exe</type><init>/init</init></os><clock offset='utc'><timer name='rtc'/></clock><devices>` +
	`<disk type='block'><driver type='raw'/><source dev='/dev/sdb'/><target dev='vdb'/></disk>` +
	`<filesystem><driver wrpolicy='immediate'/><source dir='/a'/><target dir='/a'/></filesystem>` +
	`<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='web0'/>` +
	`<bandwidth><inbound average='1'/><outbound average='1'/></bandwidth></interface>` +
	`<console type='pty'><source path='/dev/pts/1'/></console>` +
	`<hostdev mode='subsystem' type='usb'><source><address bus='1' device='2'/></source></hostdev></devices></domain>`

// treated are the parts of treatmentText that have no type of their own: the reason, the parent's path, and the name.
func treated() (list [][3]string) {
	for line := range strings.Lines(treatmentText) {
		before, names, _ := strings.Cut(line, ":")
		why, parent, _ := strings.Cut(before, " ")
		parent = strings.TrimSpace(parent)
		n := schema()
		for word := range strings.SplitSeq(parent, "/") {
			if parent != "" {
				n = n.children[word]
			}
		}
		for name := range strings.FieldsSeq(names) {
			attr, is := strings.CutPrefix(name, "@")
			attr, _, _ = strings.Cut(attr, "=")
			name, _ = strings.CutSuffix(name, "+")
			if is && !n.attrs[attr].own || !is && !n.children[name].own {
				list = append(list, [3]string{why, parent, name})
			}
		}
	}
	return list
}

// TestTreatment: each element and attribute of libvirt's that has no type of its own does what its reason says: it
// comes back, in a definition that reads as itself, with one warning; or it is passed over; or it is refused by name.
func TestTreatment(t *testing.T) {
	t.Parallel()
	for _, one := range treated() {
		why, parent, name := one[0], one[1], one[2]
		r, known := reasons()[why]
		if !known || r.text == "" {
			t.Fatalf("%s has no text", why)
		}
		path := parent + "/" + name
		doc, err := readElem([]byte(roomy))
		if err != nil {
			t.Fatal(err)
		}
		at := doc
		for _, word := range strings.Split(parent, "/")[1:] {
			at = at.nth(word, 0)
		}
		if attr, is := strings.CutPrefix(name, "@"); is {
			path = parent + name
			at.attrs = append(at.attrs, xml.Attr{Name: xml.Name{Local: attr}, Value: "0x7"})
		} else {
			at.add(&elem{name: name, attrs: []xml.Attr{{Name: xml.Name{Local: "a"}, Value: "1"}}, children: []*elem{{name: "b", text: "c'"}}})
		}
		text := doc.String()
		d, err := Parse([]byte(text))
		mentions := WithoutEffect([]byte(text))
		named := slices.ContainsFunc(mentions, func(m Mention) bool { return m.Element == path && m.Text == r.text && m.Line == 1 })
		e, refused := errors.AsType[*Error](err)
		switch {
		case r.kept && err == nil:
			if seen := map[string]bool{}; true {
				collect(t, format(t, d, FormatOptions{}), seen)
				if !seen[path] || !strings.HasPrefix(path, parent+"@") && (!seen[path+"@a"] || !seen[path+"/b"]) {
					t.Errorf("%s does not come back:\n%s", path, format(t, d, FormatOptions{}))
				}
			}
			fixpoint(t, d, notYetSupported())
			if named != r.warn {
				t.Errorf("%s: %+v", path, mentions)
			}
		case why == "run" && err == nil:
			if d.keeps() || named {
				t.Errorf("%s is kept", path)
			}
		case r.kept, why == "run", !refused, e.Element != path, !strings.Contains(e.Text, r.text):
			t.Errorf("%s, %s: %v", path, why, err)
		}
	}
}

// TestKeptAtItsPlace: what is kept of one of several devices stays with it, in whatever order the document has things,
// and follows it through attaching, detaching, and changes of the definition.
func TestKeptAtItsPlace(t *testing.T) {
	t.Parallel()
	plain := strings.NewReplacer("52:54:00:00:00:01", "52:54:00:00:00:02", "web0", "web1", " trustGuestRxFilters='yes'", "",
		"<driver name='vhost'/>", "", "<boot order='1'/>", "", "<address type='pci' slot='0x03'/>", "", "<tune><sndbuf>1600</sndbuf></tune>", "",
		" type='static'", "").Replace(keptNIC)
	d, err := Parse([]byte(with("<pm><a/></pm><cpu mode='host-model'/><devices><serial type='pty'><alias name='serial0'/></serial>" + plain + keptNIC + "<memballoon model='none'/></devices>")))
	if err != nil {
		t.Fatal(err)
	}
	fixpoint(t, d, notYetSupported())
	whole := format(t, d, FormatOptions{})
	if d.Interfaces[0].Kept != "" || d.Interfaces[1].Kept == "" || strings.Contains(whole, "serial0") {
		t.Fatalf("%+v\n%s", d.Interfaces, whole)
	}
	v, err := ParseDevice([]byte("<filesystem><source dir='/x'/><target dir='/x'/><address type='pci'/></filesystem>"))
	if err != nil {
		t.Fatal(err)
	}
	next, at, err := d.With(v, true)
	if err != nil {
		t.Fatal(err)
	}
	if text := format(t, next, FormatOptions{Live: &Live{ID: 7}}); !strings.Contains(text, "<address type='pci'/>") || !strings.Contains(text, "<memballoon model='none'/>") {
		t.Errorf("attached:\n%s", text)
	}
	back, err := next.Without(at, false)
	if err != nil {
		t.Fatal(err)
	}
	back, err = Parse([]byte(format(t, back, FormatOptions{})))
	if err != nil || format(t, back, FormatOptions{}) != whole {
		t.Errorf("detached: %v\n%s\nwas\n%s", err, format(t, back, FormatOptions{}), whole)
	}
	first, err := d.Without(Slot{KindInterface, 0}, false)
	if err != nil || first.Interfaces[0].Kept != d.Interfaces[1].Kept {
		t.Errorf("%v: %+v", err, first.Interfaces)
	}
	tuned, err := d.Tuned([]Setting{{Property: "MemoryMax", Number: 70 << 20}}, false)
	if err != nil || tuned.Kept != d.Kept || tuned.Interfaces[1].Kept != d.Interfaces[1].Kept {
		t.Errorf("%v: %q", err, tuned.Kept)
	}
	if names := Names(WithoutEffect([]byte(whole))); names != "cpu, pm, devices/interface@trustGuestRxFilters, devices/interface/mac@type, "+
		"devices/interface/driver, devices/interface/tune, devices/interface/boot, devices/interface/address, devices/serial, devices/memballoon" {
		t.Error(names)
	}
	if list := WithoutEffectInDevice([]byte(keptNIC)); len(list) != 6 || list[0].Element != "interface@trustGuestRxFilters" {
		t.Errorf("%+v", list)
	}
}
