package seccomp

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestLoopControl: a filter that has LoopControl refuses what changes a loop device, and no other request and no other
// call.
func TestLoopControl(t *testing.T) {
	t.Parallel()
	with, err := Filter([]string{"bpf", LoopControl})
	if err != nil {
		t.Fatal(err)
	}
	without, err := Filter([]string{"bpf"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		request uint32
		refused bool
	}{
		"set":         {unix.LOOP_SET_FD, true},
		"clear":       {unix.LOOP_CLR_FD, true},
		"change":      {0x4c06, true},
		"status":      {unix.LOOP_SET_STATUS, true},
		"status64":    {unix.LOOP_SET_STATUS64, true},
		"capacity":    {unix.LOOP_SET_CAPACITY, true},
		"direct":      {unix.LOOP_SET_DIRECT_IO, true},
		"block size":  {unix.LOOP_SET_BLOCK_SIZE, true},
		"configure":   {unix.LOOP_CONFIGURE, true},
		"ask":         {unix.LOOP_GET_STATUS, false},
		"ask64":       {unix.LOOP_GET_STATUS64, false},
		"control":     {unix.LOOP_CTL_GET_FREE, false},
		"before":      {unix.LOOP_SET_FD - 1, false},
		"a terminal":  {unix.TCGETS, false},
		"a disk":      {unix.BLKGETSIZE64, false},
		"high number": {1<<31 | unix.LOOP_SET_FD, false},
	} {
		for _, a := range abis() {
			want := uint32(allow)
			if c.refused {
				want = denied
			}
			for number, want := range map[uint32]uint32{a.ioctl: want, a.ioctl + 1: allow, a.socket: allow} {
				if got := run(t, with, seen{number, a.arch, [6]uint32{3, c.request}}); got != want {
					t.Errorf("%s: call %d of %#x: %#x, want %#x", name, number, a.arch, got, want)
				}
			}
			if got := run(t, without, seen{a.ioctl, a.arch, [6]uint32{3, c.request}}); got != allow {
				t.Errorf("%s: without it, of %#x: %#x", name, a.arch, got)
			}
		}
	}
}
