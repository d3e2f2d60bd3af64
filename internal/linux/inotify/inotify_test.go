package inotify

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestInstance: the events of a watched file are read until its watch ends, and a second end of it is no error.
func TestInstance(t *testing.T) {
	t.Parallel()
	i, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	watch, err := i.Add(file, unix.IN_MODIFY)
	if err != nil {
		t.Fatal(err)
	}
	seen, done := make(chan Event, 10), make(chan struct{})
	go func() {
		defer close(done)
		i.Read(func(e Event) { seen <- e })
	}()
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if e := <-seen; e.Watch != watch || e.Mask != unix.IN_MODIFY || e.Name != "" {
		t.Errorf("%+v", e)
	}
	for range 2 {
		if err := i.Remove(watch); err != nil {
			t.Error(err)
		}
	}
	if err := i.Close(); err != nil {
		t.Error(err)
	}
	<-done
}

// TestAddNothing: a path that is not there is fs.ErrNotExist.
func TestAddNothing(t *testing.T) {
	t.Parallel()
	i, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = i.Close() }()
	if _, err := i.Add(filepath.Join(t.TempDir(), "missing"), unix.IN_MODIFY); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestEvents: whatever bytes are read, the whole events among them are found.
func TestEvents(t *testing.T) {
	t.Parallel()
	event := []byte{7, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 'a', 'b', 0, 0}
	for name, tc := range map[string]struct {
		buf  []byte
		want int
	}{
		"none": {nil, 0}, "one": {event, 1}, "two": {append(event[:20:20], event...), 2}, "a cut head": {event[:15], 0},
		"a cut name": {event[:18], 0}, "a size too large": {append([]byte{7, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255}, event...), 0},
	} {
		got := events(tc.buf)
		if len(got) != tc.want || tc.want > 0 && got[0] != (Event{Watch: 7, Mask: 2, Name: "ab"}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
