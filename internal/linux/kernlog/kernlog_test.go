package kernlog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// kernel has records for a reader. An error comes instead of one.
type kernel []any

func (k *kernel) read(buf []byte) (int, error) {
	if len(*k) == 0 {
		return 0, unix.EAGAIN
	}
	next := (*k)[0]
	*k = (*k)[1:]
	if err, is := next.(error); is {
		return -1, err
	}
	return copy(buf, next.(string)), nil
}

// TestCollect: the kernel's own messages of OOM kills are found, with the time of each. A line break in one makes no
// second one, and neither another program nor the rest of a message can say that something was killed.
func TestCollect(t *testing.T) {
	t.Parallel()
	const kill = "Out of memory: Killed process 7 (init) x"
	for name, tc := range map[string]struct {
		log  kernel
		want []Message
	}{
		"nothing":           {nil, nil},
		"one":               {kernel{"3,100,62601999,-;" + kill + "\n"}, []Message{{"62601999", kill}}},
		"a summary":         {kernel{"6,100,5,-;oom-kill:constraint=C\n"}, []Message{{"5", "oom-kill:constraint=C"}}},
		"with its writer":   {kernel{"3,100,5,-,caller=T123;" + kill + "\n SUBSYSTEM=x\n"}, []Message{{"5", kill}}},
		"another message":   {kernel{"6,100,5,-;usb 1-1: " + kill + "\n"}, nil},
		"a forged line":     {kernel{`3,100,5,-;overlayfs: failed to resolve 'x\x0a` + kill + "': -2\n"}, nil},
		"another program":   {kernel{"11,100,5,-;" + kill + "\n"}, nil},
		"the rest of one":   {kernel{"3,100,5,c;" + kill + "\n"}, nil},
		"an odd name":       {kernel{`3,100,5,-;Out of memory: Killed process 7 (a\x0a\x5c\xc3\xbc\x) x` + "\n"}, []Message{{"5", "Out of memory: Killed process 7 (a\n\\ü\\x) x"}}},
		"some were lost":    {kernel{unix.EPIPE, unix.EINTR, "3,100,5,-;" + kill + "\n"}, []Message{{"5", kill}}},
		"what is no record": {kernel{"", ";", "3,100,5;" + kill, "x,100,5,-;" + kill, "3,100,5,-"}, nil},
	} {
		got, err := collect(tc.log.read)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got\n%s", name, err, diff)
		}
	}
	broken := kernel{unix.EPERM}
	if list, err := collect(broken.read); err == nil || list != nil || err.Error() != "read /dev/kmsg: operation not permitted" {
		t.Errorf("%v, %v", list, err)
	}
}
