package fsprobe

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// image is empty but for one mark.
func image(at int64, text string) []byte {
	b := make([]byte, 128<<10)
	copy(b[at:], text)
	return b
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for _, m := range marks() {
		if got, err := Probe(bytes.NewReader(image(m.at, m.text))); got != m.Type || err != nil {
			t.Errorf("%s: %+v, %v", m.Name, got, err)
		}
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "one byte": {1}, "zeros": image(0, ""), "half a mark": image(0, "XFS"), "a short file": []byte("XFSBx")[:3],
	} {
		if got, err := Probe(bytes.NewReader(b)); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestMade probes what the tool makes.
func TestMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if got, err := Probe(f); got != (Type{Name: "ext4"}) || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// FuzzProbe: no panic, and a type or an error.
func FuzzProbe(f *testing.F) {
	for _, m := range marks() {
		f.Add(image(m.at, m.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := Probe(bytes.NewReader(b)); (got.Name == "") == (err == nil) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
