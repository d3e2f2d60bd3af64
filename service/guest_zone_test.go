package service

import (
	"strings"
	"testing"
	"time"
)

// TestZoneAt: the offset is that of the moment, no file is UTC, and a broken file is an error.
func TestZoneAt(t *testing.T) {
	t.Parallel()
	summer := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	if z, err := zoneAt(nil, summer); err != nil || z != (Zone{Name: "UTC"}) {
		t.Errorf("no file: %+v, %v", z, err)
	}
	// One zone, "XST", two hours east of UTC, without transitions.
	head := "TZif\x00" + strings.Repeat("\x00", 15)
	counts := "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04"
	file := []byte(head + counts + "\x00\x00\x1c\x20\x00\x00XST\x00")
	if z, err := zoneAt(file, summer); err != nil || z != (Zone{"XST", 7200}) {
		t.Errorf("XST: %+v, %v", z, err)
	}
	if _, err := zoneAt(file[:30], summer); err == nil {
		t.Error("half a file is no error")
	}
}

// FuzzZoneAt: a container's file of time zones does no harm.
func FuzzZoneAt(f *testing.F) {
	f.Add([]byte("TZif2"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if z, err := zoneAt(file, time.Unix(1, 0)); err != nil && z != (Zone{}) {
			t.Errorf("%+v and %v", z, err)
		}
	})
}
