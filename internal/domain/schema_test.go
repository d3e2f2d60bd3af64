package domain

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"libvirt.org/go/libvirtxml"
)

// TestLibvirtIsKnown: each element and attribute of libvirt is served or said not to be served.
// Unknown is only what libvirt does not know either.
func TestLibvirtIsKnown(t *testing.T) {
	t.Parallel()
	for path, x := range map[string]any{
		"domain":                             libvirtxml.Domain{},
		"domain/memory":                      libvirtxml.DomainMemory{},
		"domain/currentMemory":               libvirtxml.DomainCurrentMemory{},
		"domain/memtune":                     libvirtxml.DomainMemoryTune{},
		"domain/vcpu":                        libvirtxml.DomainVCPU{},
		"domain/cputune":                     libvirtxml.DomainCPUTune{},
		"domain/cputune/vcpupin":             libvirtxml.DomainCPUTuneVCPUPin{},
		"domain/cputune/emulatorpin":         libvirtxml.DomainCPUTuneEmulatorPin{},
		"domain/blkiotune":                   libvirtxml.DomainBlockIOTune{},
		"domain/blkiotune/device":            libvirtxml.DomainBlockIOTuneDevice{},
		"domain/numatune":                    libvirtxml.DomainNUMATune{},
		"domain/numatune/memory":             libvirtxml.DomainNUMATuneMemory{},
		"domain/resource":                    libvirtxml.DomainResource{},
		"domain/os":                          libvirtxml.DomainOS{},
		"domain/os/type":                     libvirtxml.DomainOSType{},
		"domain/idmap":                       libvirtxml.DomainIDMap{},
		"domain/idmap/uid":                   libvirtxml.DomainIDMapRange{},
		"domain/features":                    libvirtxml.DomainFeatureList{},
		"domain/features/apic":               libvirtxml.DomainFeatureAPIC{},
		"domain/features/capabilities":       libvirtxml.DomainFeatureCapabilities{},
		"domain/clock":                       libvirtxml.DomainClock{},
		"domain/devices":                     libvirtxml.DomainDeviceList{},
		"domain/devices/filesystem":          libvirtxml.DomainFilesystem{},
		"domain/devices/filesystem/driver":   libvirtxml.DomainFilesystemDriver{},
		"domain/devices/filesystem/target":   libvirtxml.DomainFilesystemTarget{},
		"domain/devices/interface":           libvirtxml.DomainInterface{},
		"domain/devices/interface/mac":       libvirtxml.DomainInterfaceMAC{},
		"domain/devices/interface/target":    libvirtxml.DomainInterfaceTarget{},
		"domain/devices/interface/guest":     libvirtxml.DomainInterfaceGuest{},
		"domain/devices/interface/model":     libvirtxml.DomainInterfaceModel{},
		"domain/devices/interface/link":      libvirtxml.DomainInterfaceLink{},
		"domain/devices/interface/mtu":       libvirtxml.DomainInterfaceMTU{},
		"domain/devices/interface/port":      libvirtxml.DomainInterfacePortOptions{},
		"domain/devices/interface/bandwidth": libvirtxml.DomainInterfaceBandwidth{},
		"domain/devices/interface/vlan":      libvirtxml.DomainInterfaceVLan{},
		"domain/devices/interface/ip":        libvirtxml.DomainInterfaceIP{},
		"domain/devices/interface/route":     libvirtxml.DomainInterfaceRoute{},
		"domain/devices/console":             libvirtxml.DomainConsole{},
		"domain/devices/console/target":      libvirtxml.DomainConsoleTarget{},
	} {
		n := schema()
		for word := range strings.SplitSeq(path, "/") {
			if n = n.children[word]; n == nil {
				t.Fatalf("%s is not in the schema", path)
			}
		}
		for field := range reflect.TypeOf(x).Fields() {
			known(t, path, n, field.Tag.Get("xml"))
		}
	}
}

func known(t *testing.T, path string, n *node, tag string) {
	t.Helper()
	name, option, _ := strings.Cut(tag, ",")
	_, attr := n.attrs[name]
	_, capability := capabilityNumber(strings.ToLower(name)) // libvirtxml has a dac_read_Search
	switch {
	case name == "" || name == "-" || name == path[strings.LastIndexByte(path, '/')+1:]: // text, or its own name
	case strings.HasPrefix(option, "attr"):
		if !attr {
			t.Errorf("%s@%s of libvirt is unknown", path, name)
		}
	case n.children[name] == nil && (!n.caps || !capability):
		t.Errorf("%s/%s of libvirt is unknown", path, name)
	}
}

// TestNothingIsLost: each attribute and each text of the schema comes back in the formatted XML, or
// is listed as meaningless.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	ignored := map[string]bool{
		"domain@id":                             true, // of a running one
		"domain/numatune/memory@placement":      true, // 'static' says nothing beside a nodeset
		"domain/devices/filesystem/source@name": true,
		"domain/devices/filesystem/source@pool": true, "domain/devices/filesystem/source@volume": true,
		"domain/devices/disk/alias@name": true, "domain/devices/hostdev/alias@name": true,
		"domain/devices/console@tty": true, "domain/devices/console/source@path": true, // of a running one
		"domain/devices/interface/guest@actual": true, "domain/devices/interface/alias@name": true, "domain/devices/interface/route@netmask": true, "domain/devices/hostdev/route@netmask": true, // prefix says it
		"domain/devices/console/alias@name": true, "domain/devices/filesystem/alias@name": true,
	}
	seen := map[string]bool{}
	for _, file := range slices.Concat(documents(t, "testdata", "served", "*.xml"), documents(t, "testdata", "corpus", "*.xml")) {
		d, err := parse(load(t, file), nil)
		if err != nil && strings.Contains(file, "corpus") {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		collect(t, format(t, d, FormatOptions{}), seen)
	}
	for line := range strings.Lines(schemaText) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		path := strings.TrimSuffix(fields[0], "+")
		if !seen[path] && !strings.HasSuffix(path, "/alias") && path != "domain/devices/console/source" && path != "domain/seclabel/imagelabel" {
			t.Errorf("no document of the corpus comes back with a %s", path)
		}
		for _, word := range fields[1:] {
			switch word {
			case "text", "number", "any", "caps":
				continue
			}
			at := path + "@" + strings.TrimRight(word, "#!")
			if !seen[at] && !ignored[at] && at != atArch {
				t.Errorf("no document of the corpus comes back with a %s", at)
			}
		}
	}
}

// collect notes the paths of the elements and attributes of a document.
func collect(t *testing.T, text string, seen map[string]bool) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	var at []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			at = append(at, qualified(x.Name))
			path := strings.Join(at, "/")
			seen[path] = true
			for _, a := range x.Attr {
				seen[path+"@"+a.Name.Local] = true
			}
		case xml.EndElement:
			at = at[:len(at)-1]
		}
	}
}
