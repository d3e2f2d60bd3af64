package network

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// TestCounters: the links of the host are counted, and those of a process that has ended are gone.
func TestCounters(t *testing.T) {
	t.Parallel()
	for _, pid := range []uint32{0, uint32(os.Getpid())} {
		links, err := Links{}.Counters(pid)
		if _, there := links["lo"]; err != nil || !there {
			t.Errorf("process %d has %v, %v", pid, links, err)
		}
	}
	if _, err := (Links{}).Counters(1<<31 - 1); !errors.Is(err, fs.ErrNotExist) { // above the largest pid
		t.Errorf("no process: %v", err)
	}
}

// BenchmarkCounters: the links of the host are read in less than a millisecond.
func BenchmarkCounters(b *testing.B) {
	for b.Loop() {
		if _, err := (Links{}).Counters(0); err != nil {
			b.Fatal(err)
		}
	}
}
