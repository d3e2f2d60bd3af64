package domain

import (
	"errors"
	"slices"
	"testing"
)

// FuzzParse: any document is an error or a definition, and a definition that is formatted reads as
// itself. Each runs with the gate and without it, since each gate is lifted one day. The seeds are
// the corpus and all that is refused.
func FuzzParse(f *testing.F) {
	for _, file := range slices.Concat(documents(f, "testdata", "served", "*.xml"), documents(f, "testdata", "corpus", "*.xml")) {
		f.Add(load(f, file))
	}
	for _, r := range refused() {
		if len(r.doc) < 4096 {
			f.Add([]byte(r.doc))
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, gate := range []map[string]string{notYetSupported(), nil} {
			d, err := parse(doc, gate)
			var e *Error
			switch {
			case err == nil && d == nil, err != nil && d != nil:
				t.Fatalf("%v and %v", d, err)
			case err != nil && !errors.As(err, &e):
				t.Fatalf("%T: %v", err, err)
			case err != nil:
				continue
			}
			fixpoint(t, d, gate)
			if _, list, err := Read(doc); gate != nil && (err != nil || !slices.Equal(list, WithoutEffect(doc))) {
				t.Errorf("%v, %v", list, err)
			}
			if !isHostname(d.MachineName()) || d.Hostname() == "" {
				t.Errorf("%q: machine %q, host %q", d.Name, d.MachineName(), d.Hostname())
			}
			if d.Features.Capabilities.Keep()>>len(CapabilityNames()) != 0 {
				t.Error("a capability that does not exist is kept")
			}
			if _, err := Parse([]byte(format(t, d, FormatOptions{Live: &Live{ID: 1}}))); gate != nil && err != nil {
				t.Errorf("its live XML is refused: %v", err)
			}
		}
	})
}

// FuzzParseDevice: one device is read as itself again, or refused by an *Error, and no document makes the reader panic.
func FuzzParseDevice(f *testing.F) {
	for _, text := range []string{diskA, diskB, fuseNode, usbID, srv, nicOne, onePort, keptNIC, "<domain/>", "<console/>", "<disk", diskA + diskA} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		v, err := ParseDevice(doc)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Text == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		text, err := FormatRunDevice(v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDevice([]byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if second, err := FormatRunDevice(again); second != text || err != nil {
			t.Errorf("%v: %s\nbecomes %s", err, text, second)
		}
	})
}
