package fsprobe

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// image is empty but for these texts.
func image(places ...place) []byte {
	b := make([]byte, 128<<10)
	for _, p := range places {
		copy(b[p.at:], p.text)
	}
	return b
}

// TestProbe: each file system is recognised by its marks, and anything else is ErrUnknown.
func TestProbe(t *testing.T) {
	t.Parallel()
	for _, m := range marks() {
		if got, err := Probe(bytes.NewReader(image(m.places...))); got != m.Type || err != nil {
			t.Errorf("%s: %+v, %v", m.Name, got, err)
		}
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "one byte": {1}, "zeros": image(), "half a mark": image(place{0, "XFS"}), "a short file": []byte("XFSBx")[:3],
		"ext4's magic in data": image(place{0x410, strings.Repeat("\x11\x53\xef", 40)}),
	} {
		if got, err := Probe(bytes.NewReader(b)); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestOne: the mark of a second file system is data where it can be, and else ErrAmbiguous.
func TestOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		places []place
		want   string
		err    error
	}{
		"ext4's magic in squashfs": {[]place{{0, "hsqs"}, {0x418, strings.Repeat("\x53\xef", 40)}}, "squashfs", nil},
		"FAT twice":                {[]place{{0x36, "FAT16   "}, {0x52, "FAT32   "}}, "vfat", nil},
		"xfs and iso9660":          {[]place{{0, "XFSB"}, {0x8001, "CD001"}}, "", ErrAmbiguous},
	} {
		if got, err := Probe(bytes.NewReader(image(c.places...))); got.Name != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// failing is a device that cannot be read.
type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, os.ErrPermission }

// TestProbeTellsReadErrors: a device that cannot be read is an error, not an unknown file system.
func TestProbeTellsReadErrors(t *testing.T) {
	t.Parallel()
	if got, err := Probe(failing{}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestMade: what mkfs.ext4 makes is recognised.
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

// FuzzProbe: any content gives a type or an error, and no panic.
func FuzzProbe(f *testing.F) {
	for _, m := range marks() {
		f.Add(image(m.places...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := Probe(bytes.NewReader(b)); (got.Name == "") == (err == nil) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
