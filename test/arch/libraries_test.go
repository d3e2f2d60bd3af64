package arch

import (
	"slices"
	"strings"
	"testing"
)

// TestLibraries: each library of others is used only by the packages that are there for it.
func TestLibraries(t *testing.T) {
	t.Parallel()
	fake := func(who string) bool { return strings.HasSuffix(who, "test") } // an xtest beside its x
	users := map[string]func(string) bool{
		"github.com/godbus/dbus/v5":              either(in("cmd/berthd", "dbusapi", "internal/bus", "internal/client", "internal/hostnet"), in(adapters...), fake),
		"github.com/coreos/go-systemd":           in("cmd/berthd", "internal/config", "internal/journal", "units"),
		"github.com/gdamore/tcell/v2":            is("internal/screen"),
		"github.com/google/renameio/v2":          is("internal/store"),
		"github.com/google/uuid":                 is("cmd/berthd"),
		"github.com/moby/sys/user":               is("internal/account"),
		"github.com/spf13":                       is("internal/cli"),
		"golang.org/x/sys/unix":                  not(either(in(pure...), is("service"), is("dbusapi"), in(adapters...))),
		"github.com/peterh/liner":                is("internal/cli"),
		"golang.org/x/term":                      is("internal/cli"),
		"libvirt.org/go/libvirtxml":              in("internal/domain", "internal/netxml", "internal/node"),
		"github.com/opencontainers/selinux":      is("selinux"),
		"github.com/opencontainers/runtime-spec": is("internal/export/oci"),
		"github.com/elastic/go-libaudit":         is("audit"),
		"github.com/google/nftables":             is("internal/hostnet"),
		"github.com/vishvananda/netlink":         in("internal/linux/nbd", "internal/network", "internal/hostnet"),
	}
	for _, p := range list(t, "./...") {
		who := short(p.ImportPath)
		if below("test")(who) {
			continue
		}
		for _, imported := range p.Imports {
			first, _, _ := strings.Cut(imported, "/")
			if short(imported) != "" || !strings.Contains(first, ".") {
				continue
			}
			known := false
			for library, may := range users {
				if !below(library)(imported) {
					continue
				}
				known = true
				if !may(who) {
					t.Errorf("%s imports %s, which is for others", who, imported)
				}
			}
			if !known {
				t.Errorf("%s imports %s: say in users who may", who, imported)
			}
		}
	}
}

// either is true when one of the conditions is.
func either(conditions ...func(string) bool) func(string) bool {
	return func(s string) bool {
		return slices.ContainsFunc(conditions, func(c func(string) bool) bool { return c(s) })
	}
}
