//go:build bus

package dbusapi

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/berthd/berth/service"
)

// fakeNetworks has the network "default", and remembers what was done.
type fakeNetworks struct {
	mu   sync.Mutex
	done []string
	err  error
}

func (f *fakeNetworks) note(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, what)
	return f.err
}

func (f *fakeNetworks) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.done...)
}

func (f *fakeNetworks) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeNetworks) info() service.NetworkInfo {
	return service.NetworkInfo{
		Name: "default", UUID: uuidA, Bridge: "berth0", Forward: "nat", Origin: service.OriginShipped, Active: true, Persistent: true,
	}
}

func (f *fakeNetworks) List() ([]service.NetworkInfo, error) {
	broken := service.NetworkInfo{Name: "broken", Origin: service.OriginOwn, Persistent: true, Autostart: true, Fault: "no XML"}
	return []service.NetworkInfo{broken, f.info()}, f.note("list")
}

func (f *fakeNetworks) Network(name string) (service.NetworkInfo, error) {
	return f.info(), f.note("find " + name)
}

func (f *fakeNetworks) XML(name string, inactive bool) (string, error) {
	if inactive {
		name += " inactive"
	}
	return "<network/>\n", f.note("xml " + name)
}

func (f *fakeNetworks) Leases(_ context.Context, name string) ([]service.NetworkLease, error) {
	return []service.NetworkLease{{
		MAC: "52:54:00:00:00:01", Address: netip.MustParsePrefix("192.168.179.2/24"), Client: []byte{1, 0xab}, Expires: time.UnixMicro(7),
	}}, f.note("leases " + name)
}

func (f *fakeNetworks) Define(_ context.Context, xml []byte) (service.NetworkInfo, error) {
	return f.info(), f.note("define " + string(xml))
}

func (f *fakeNetworks) Undefine(_ context.Context, name string) error {
	return f.note("undefine " + name)
}

func (f *fakeNetworks) Start(_ context.Context, name string) error { return f.note("start " + name) }

func (f *fakeNetworks) Destroy(_ context.Context, name string) error {
	return f.note("destroy " + name)
}

func (f *fakeNetworks) SetAutostart(_ context.Context, name string, on bool) error {
	if on {
		name += " on"
	}
	return f.note("autostart " + name)
}
