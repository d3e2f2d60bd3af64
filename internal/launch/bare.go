package launch

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/linux/namespace"
)

// bare is the mount namespace that those of containers are copies of (mount.Bare). The first start makes it.
type bare struct {
	mu sync.Mutex
	ns *os.File
}

// get returns the namespace. It returns an error if the host's limit of mount namespaces is reached.
func (b *bare) get() (*os.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ns != nil {
		return b.ns, nil
	}
	err := namespace.Apart(nil, func() (err error) {
		b.ns, err = mount.Bare()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("an empty mount namespace: %w", hostlimit.Clone(unix.CLONE_NEWNS, err))
	}
	return b.ns, nil
}
