//go:build bus

package dbusapi

import (
	"context"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// TestAdopt: the option adopt of Start reaches the service with the unit. It is refused without a unit, with what only
// a start can give, and for CreateXML.
func TestAdopt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	called := make(chan string, 1)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error { called <- op; return nil })
	start, create := contract.ContainerInterface+".Start", contract.ManagerInterface+".CreateXML"
	with := func(keys ...string) map[string]dbus.Variant {
		o := noOptions()
		for _, key := range keys {
			o[key] = dbus.MakeVariant(true)
			if key == "unit" {
				o[key] = dbus.MakeVariant("berth@web.service")
			}
		}
		return o
	}
	if err := r.call(ContainerPath(uuidA), start, with("unit", "adopt")).Err; err != nil {
		t.Fatal(err)
	}
	if op := <-called; op != "adopt berth@web.service" {
		t.Errorf("%q was called", op)
	}
	for want, err := range map[string]error{
		`option "adopt" of Start requires "unit"`:                            r.call(ContainerPath(uuidA), start, with("adopt")).Err,
		`option "adopt" of Start excludes "fds", "staged" and "autodestroy"`: r.call(ContainerPath(uuidA), start, with("unit", "adopt", "autodestroy")).Err,
		`CreateXML has no option "adopt"`:                                    r.call(rootPath, create, "new", with("unit", "adopt")).Err,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
