//go:build nest

package units_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/internal/linux/unlinked"
)

// TestEndedInANest: the name of a scope whose process has ended is free at once, however young the scope is, and
// whether the unit's file tells that or systemd's signal.
func TestEndedInANest(t *testing.T) {
	for how, watch := range map[string]func(string, func(string)) (io.Closer, error){
		"signal": nil,
		"file":   func(dir string, removed func(string)) (io.Closer, error) { return unlinked.New(dir, removed) },
	} {
		t.Run(how, func(t *testing.T) {
			h := connect(t)
			if watch != nil {
				h.client.WatchFiles(watch)
			}
			for range 20 {
				for _, age := range []time.Duration{0, time.Millisecond, 9 * time.Millisecond, 19 * time.Millisecond, 40 * time.Millisecond} {
					sleep := spawn(t, "sleep", "100")
					s := scope(sleep)
					if _, err := h.client.Start(within(t, time.Minute), s); err != nil {
						t.Fatalf("the name is not free: %v", err)
					}
					time.Sleep(age)
					group := "/sys/fs/cgroup" + strings.TrimSpace(systemctl(t, "show", "-P", "ControlGroup", s.Name))
					end(sleep)
					gone := func() bool {
						_, err := os.Stat(group)
						return errors.Is(err, fs.ErrNotExist)
					}
					if err := h.client.Ended(within(t, time.Minute), s.Name, gone); err != nil {
						t.Fatalf("after %v: %v", age, err)
					}
					if !gone() {
						t.Errorf("after %v: the control group is still there", age)
					}
				}
			}
			gone(t, "machine-test.scope")
		})
	}
}
