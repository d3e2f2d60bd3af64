package agent

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// raw is the timespec {1, 2}.
func raw() []byte { return []byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0} }

func testStamp(t *testing.T) (*stamp, *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stamp")
	s, err := newStamp(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	in, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return s, in
}

// TestStampWait: a stamp is the time that init wrote.
func TestStampWait(t *testing.T) {
	t.Parallel()
	s, in := testStamp(t)
	if _, err := in.Write(raw()); err != nil {
		t.Fatal(err)
	}
	got, err := s.wait(time.Now().Add(time.Minute))
	if want := time.Second + 2; err != nil || got != want {
		t.Errorf("wait() = %v, %v, want %v", got, err, want)
	}
}

// TestStampWaitEnds: the wait for an init that never runs ends at its deadline.
func TestStampWaitEnds(t *testing.T) {
	t.Parallel()
	s, _ := testStamp(t)
	if _, err := s.wait(time.Now().Add(time.Millisecond)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("wait() of an init that does not run: error %v, want a deadline's", err)
	}
}

// TestStampDrain: what earlier inits wrote is not taken for this one's.
func TestStampDrain(t *testing.T) {
	t.Parallel()
	s, in := testStamp(t)
	for range 100 {
		if _, err := in.Write([]byte("an earlier init.")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.drain(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(raw()); err != nil {
		t.Fatal(err)
	}
	got, err := s.wait(time.Now().Add(time.Minute))
	if want := time.Second + 2; err != nil || got != want {
		t.Errorf("wait() after drain() = %v, %v, want %v", got, err, want)
	}
}
