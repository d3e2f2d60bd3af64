package selinux

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestOthers: a process of the host is looked at again while it is young: it may be about to execute another program.
// An old one keeps its label, until another process has its pid. All are looked at as seldom as one start follows
// another.
func TestOthers(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	o := others{proc: h.dir + "/proc", now: func() time.Time { return h.now }, read: label}
	for i, step := range []struct {
		after time.Duration
		pid   int
		label string
		want  []string
	}{
		{0, 7, "u:r:t:s0:c0,c1", []string{"s0:c0,c1"}},
		{freshness - 1, 8, "u:r:t:s0:c0,c2", []string{"s0:c0,c1"}},
		{1, 0, "", []string{"s0:c0,c1", "s0:c0,c2"}},
		{-time.Hour, 9, "u:r:t:s0", []string{"s0:c0,c1", "s0:c0,c2"}}, // the clock was set
		{settled - 1, 7, "u:r:t:s0:c0,c3", []string{"s0:c0,c2", "s0:c0,c3"}},
		{time.Hour + settled, 9, "u:r:t:s0:c0,c4", []string{"s0:c0,c2", "s0:c0,c3", "s0:c0,c4"}},
		{settled, 9, "u:r:t:s0:c0,c5", []string{"s0:c0,c2", "s0:c0,c3", "s0:c0,c4"}},
		{settled, -9, "", []string{"s0:c0,c2", "s0:c0,c3"}},
	} {
		h.now = h.now.Add(step.after)
		switch {
		case step.pid > 0:
			h.write(t, fmt.Sprintf("proc/%d/attr/current", step.pid), step.label)
		case step.pid < 0:
			if err := os.RemoveAll(fmt.Sprintf("%s/proc/%d", h.dir, -step.pid)); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(step.want, slices.Sorted(maps.Keys(levelsOf(&o)))); diff != "" {
			t.Errorf("step %d: -want +got\n%s", i, diff)
		}
	}
	// It stays elsewhere, so that no other directory gets its inode number.
	if err := os.Rename(h.dir+"/proc/7", h.dir+"/gone"); err != nil {
		t.Fatal(err)
	}
	h.write(t, "proc/7/attr/current", "u:r:t:s0:c0,c6")
	h.now = h.now.Add(settled)
	if got := levelsOf(&o); got["s0:c0,c3"] || !got["s0:c0,c6"] {
		t.Errorf("with another process in the place of one: %v", got)
	}
}

// TestHiddenLabels: a policy that hides the labels of processes from berthd hinders no start, and is in the log once.
func TestHiddenLabels(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.write(t, "proc/7/attr/current", "u:r:t:s0:c0,c1")
	l := New(h.options)
	l.others.read = func(string, []byte) (string, error) { return "", syscall.EACCES }
	for range 2 {
		if _, err := l.Dynamic(""); err != nil {
			t.Error(err)
		}
		h.now = h.now.Add(settled)
	}
	if text := h.log.String(); strings.Count(text, "hides labels from berthd") != 1 {
		t.Errorf("the log has %s", text)
	}
}

func levelsOf(o *others) map[string]bool {
	levels, _ := o.take(false)
	return levels
}

// BenchmarkOthers: a look at all processes of this host takes three system calls for each the first time, and few
// later.
func BenchmarkOthers(b *testing.B) {
	now := time.Now()
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			o := others{proc: "/proc", read: label}
			o.look(now)
		}
	})
	b.Run("later", func(b *testing.B) {
		o := others{proc: "/proc", read: label}
		o.look(now)
		o.look(now.Add(settled))
		for b.Loop() {
			o.look(now.Add(settled))
		}
	})
}
