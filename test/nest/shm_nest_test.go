//go:build nest

package nest

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const hostIPC = "<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><lxc:shareipc type='pid' value='1'/></lxc:namespace>"

// TestSharedMemory: everybody in a container may use shared memory and message queues, and shared memory is at
// most half of the memory limit. Programs may be mapped there.
func TestSharedMemory(t *testing.T) {
	clean(t)
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap, "host's ipc": hostIPC} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			got := tell(t, guest{Name: "web", Root: busybox(t), More: more}, `stat -c '%a %u %g' /dev/shm
dd if=/dev/zero of=/dev/shm/large bs=1M count=40 2> /dev/null || stat -c %s /dev/shm/large
rm /dev/shm/large; cp /bin/busybox /dev/shm/true; /dev/shm/true && echo executed
touch /dev/mqueue/berth-test && ls /dev/mqueue && rm /dev/mqueue/berth-test`)
			if diff := cmp.Diff("1777 0 0\n33554432\nexecuted\nberth-test", got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestTerminals: a container has at most 1,024 terminals besides its consoles. The next one is refused, and
// another container still gets its own.
func TestTerminals(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.Devs = "<console type='pty'/><console type='pty'/>"
	g.start(t)
	ptmx := proc(int(info(t, "web").Leader), "root/dev/pts/ptmx")
	var open []*os.File
	defer func() {
		for _, f := range open {
			_ = f.Close()
		}
	}()
	for {
		f, err := os.OpenFile(ptmx, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Error(err)
			}
			break
		}
		open = append(open, f)
		if len(open) > 1024 {
			break
		}
	}
	if len(open) != 1024 {
		t.Errorf("it has %d terminals", len(open))
	}
	sleeper(t, "other").start(t)
}
