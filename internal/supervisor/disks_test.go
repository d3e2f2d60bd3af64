package supervisor

import (
	"errors"
	"os"
	"testing"

	"github.com/berthd/berth/internal/wire"
)

// TestHolding: what is held under a name is closed when that is let go, when something else comes under the name, and
// at the end; a name that is not known is no error.
func TestHolding(t *testing.T) {
	t.Parallel()
	open := func() *os.File {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	closed := func(f *os.File) bool { _, err := f.Stat(); return errors.Is(err, os.ErrClosed) }
	first, second, third := open(), open(), open()
	s := &supervisor{}
	if err := s.holdDisks(&wire.Prepare{HeldNames: []string{"disk0", "disk1"}}, []*os.File{first, second}); err != nil {
		t.Fatal(err)
	}
	if err := s.holdDisks(&wire.Prepare{}, []*os.File{third}); err == nil {
		t.Error("a descriptor without a name is held")
	}
	s.devices.letGo("none")
	s.hold1("disk0", third, true)
	if !closed(first) || closed(second) || closed(third) {
		t.Error("another under the same name")
	}
	s.devices.letGo("disk1")
	if !closed(second) || closed(third) {
		t.Error("let go")
	}
	s.devices.letAllGo()
	if !closed(third) {
		t.Error("the end")
	}
}
