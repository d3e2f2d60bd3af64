package dbusapi

import (
	"encoding/xml"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	dbusxml "github.com/godbus/dbus/v5/introspect"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// served is every interface of every object, once.
func served() map[string]*iface {
	out := make(map[string]*iface)
	for _, list := range ifaces() {
		for _, i := range list {
			out[i.name] = i
		}
	}
	return out
}

// published is every interface of the contract.
func published(t *testing.T) map[string]dbusxml.Interface {
	t.Helper()
	texts, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]dbusxml.Interface)
	for name, text := range texts {
		var i dbusxml.Interface
		if err := xml.Unmarshal([]byte(text), &i); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = i
	}
	return out
}

// TestContractInterfaces: the interfaces that are served are those of the introspection XML.
func TestContractInterfaces(t *testing.T) {
	t.Parallel()
	got, want := slices.Sorted(maps.Keys(served())), slices.Sorted(maps.Keys(published(t)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("published and served interfaces differ (-published +served):\n%s", diff)
	}
}

// TestContractMethods: the methods that are served are those of the introspection XML, with their
// types and a known action, or a reason for none.
func TestContractMethods(t *testing.T) {
	t.Parallel()
	for name, pub := range published(t) {
		i := served()[name]
		want, got := make(map[string][2]string), make(map[string][2]string)
		for _, m := range pub.Methods {
			var in, out string
			for _, a := range m.Args {
				if a.Direction == "in" {
					in += a.Type
				} else {
					out += a.Type
				}
			}
			want[m.Name] = [2]string{in, out}
		}
		for _, m := range i.methods {
			got[m.name] = [2]string{m.in, m.out}
			if m.run == nil || m.doing == "" {
				t.Errorf("%s.%s has no handler or no sentence", name, m.name)
			}
			if known := slices.Contains(contract.Actions(), m.action); !known && (m.open == "" || m.action != "") {
				t.Errorf("%s.%s has the unknown action %q", name, m.name, m.action)
			}
			if m.options != nil && !strings.HasSuffix(m.in, "a{sv}") {
				t.Errorf("%s.%s has options and no argument for them", name, m.name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("methods of %s differ (-published +served):\n%s", name, diff)
		}
	}
}

// TestContractProperties: the properties that are served are those of the introspection XML, with
// their types and change signals.
func TestContractProperties(t *testing.T) {
	t.Parallel()
	type row struct{ Sig, Access, Emits string }
	v := view{snap: &service.Snapshot{}, process: &service.Process{}}
	for name, pub := range published(t) {
		want, got := make(map[string]row), make(map[string]row)
		for _, p := range pub.Properties {
			r := row{p.Type, p.Access, "true"}
			for _, a := range p.Annotations {
				if a.Name == "org.freedesktop.DBus.Property.EmitsChangedSignal" {
					r.Emits = a.Value
				}
			}
			want[p.Name] = r
		}
		for _, p := range served()[name].props {
			access := "read"
			if served()[name].setters[p.name] != nil {
				access = "readwrite"
			}
			got[p.name] = row{p.sig, access, string(p.emits)}
			if sig := dbus.SignatureOf(p.get(v)).String(); sig != p.sig {
				t.Errorf("%s.%s gives a value of type %q, not %q", name, p.name, sig, p.sig)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("properties of %s differ (-published +served):\n%s", name, diff)
		}
	}
}

// TestContractSignals: each signal of the introspection XML is emitted with its signature, and no
// other.
func TestContractSignals(t *testing.T) {
	t.Parallel()
	want, got := make(map[string]string), make(map[string]string)
	for name, pub := range published(t) {
		for _, s := range pub.Signals {
			want[name+"."+s.Name] = ""
			for _, a := range s.Args {
				want[name+"."+s.Name] += a.Type
			}
		}
	}
	for _, e := range emitted(fullLife()) {
		got[e.Signal] = e.signature
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("signals differ (-published +emitted):\n%s", diff)
	}
}
