package service

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
)

// TestWithoutEffectIsLogged: a definition or device with parts that have no effect makes one record that names them and
// the container, whoever stores it; one that is refused, or has none, makes no record.
func TestWithoutEffectIsLogged(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	var log bytes.Buffer
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	idle := xmlOf("web", "<pm><suspend-to-mem enabled='no'/></pm><cpu mode='host-model'/>")
	records := func(want ...string) {
		t.Helper()
		got := 0
		for line := range strings.Lines(log.String()) {
			if !strings.Contains(line, "no effect") {
				continue
			}
			if got >= len(want) || !strings.Contains(line, "level=WARN") || !strings.HasSuffix(strings.ReplaceAll(line, `"`, ""), "elements="+want[got]+"\n") || !strings.Contains(line, "web") {
				t.Errorf("record %d: %s", got, line)
			}
			got++
		}
		if got != len(want) {
			t.Errorf("%d records, want %q", got, want)
		}
		log.Reset()
	}
	snap, err := s.Define(context.Background(), idle)
	if err != nil {
		t.Fatal(err)
	}
	records("pm, cpu")
	if err := s.Redefine(context.Background(), snap.UUID, "", idle); err != nil {
		t.Fatal(err)
	}
	records("pm, cpu")
	if err := s.Redefine(context.Background(), snap.UUID, "", xmlOf("other", "<pm/>")); err == nil {
		t.Fatal("another name is stored")
	}
	records()
	const device = "<filesystem><source dir='/srv'/><target dir='/srv'/><boot order='1'/></filesystem>"
	if err := s.AttachDevice(context.Background(), snap.UUID, []byte(device), TuneOptions{Config: true}); err != nil {
		t.Fatal(err)
	}
	records("filesystem/boot")
	if err := s.AttachDevice(context.Background(), snap.UUID, []byte(device), TuneOptions{Config: true}); err == nil {
		t.Fatal("a second one is attached")
	}
	records()
	if err := s.Undefine(context.Background(), snap.UUID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Define(context.Background(), xmlOf("web")); err != nil {
		t.Fatal(err)
	}
	records()
	if v, err := s.Validate([]byte(device), true); err != nil || len(v.Faults) != 0 || len(v.WithoutEffect) != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err := s.Validate([]byte("<serial/>"), true); err != nil || len(v.Faults) != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	records()
}
