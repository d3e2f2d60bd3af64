//go:build bus

package dbusapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// TestHiddenAsks: a caller who is ready for a password cannot tell a container that he may not see from one that is not
// there: by no method, neither by the error, nor by how often polkit is asked, nor by what an agent is told, which can
// be his own. So it is where a password could help, where a rule forbids the hidden one only, and where a rule forbids
// all (T14).
func TestHiddenAsks(t *testing.T) {
	t.Parallel()
	rules := map[string]func(question) error{
		"a password could help": func(question) error { return service.ErrInteraction },
		"a rule forbids this one": func(q question) error {
			if q.Details[contract.DetailContainer] == "a" && !q.Interactive {
				return service.ErrDenied
			}
			return service.ErrInteraction
		},
		"a rule forbids all": func(question) error { return service.ErrDenied },
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.core.mu.Lock()
			a := r.core.snaps[uuidA]
			a.OwnedBy, a.PrivateUsers = service.User{Set: true, UID: 1001}, true
			r.core.snaps[uuidA] = a
			r.core.mu.Unlock()
			for _, p := range hiddenAndMissing() {
				hidden, missing := r.tries(p.path, p.member, rule, p.args...), r.tries(p.absent, p.member, rule, p.missing...)
				if diff := cmp.Diff(missing, hidden); diff != "" {
					t.Errorf("%s tells what exists (-missing +hidden):\n%s", p.member, diff)
				}
			}
		})
	}
}

// pair is one call about a container that there is, and about one that there is not.
type pair struct {
	member        string
	path, absent  dbus.ObjectPath
	args, missing []any
}

// hiddenAndMissing are all methods of containers and commands, and those that look for a container.
func hiddenAndMissing() (list []pair) {
	for k, paths := range map[kind][2]dbus.ObjectPath{
		kindContainer: {ContainerPath(uuidA), ContainerPath(uuidC)},
		kindProcess: {
			ProcessPath(service.ProcessKey{Container: uuidA, Run: 1, ID: 1}), ProcessPath(service.ProcessKey{Container: uuidC, Run: 1, ID: 1}),
		},
	} {
		for _, i := range ifaces()[k] {
			for _, m := range i.methods {
				list = append(list, pair{i.name + "." + m.name, paths[0], paths[1], sample(m), sample(m)})
			}
		}
	}
	for member, args := range map[string][2]any{
		"GetContainerByName": {"a", "x"}, "GetContainerByUUID": {uuidA.String(), uuidC.String()},
		"GetContainerByID": {uint32(9), uint32(99)}, "GetContainerByLeader": {uint32(9), uint32(99)},
	} {
		list = append(list, pair{contract.ManagerInterface + "." + member, rootPath, rootPath, []any{args[0]}, []any{args[1]}})
	}
	return list
}

// told is what a caller can learn of a call: the error, how many questions there were, and what those said for which
// somebody types a password.
type told struct {
	Error string
	Asked int
	Shown []string
}

// tries makes a call of one who is ready for a password, and replaces what he has named himself.
func (r *rig) tries(path dbus.ObjectPath, member string, rule func(question) error, args ...any) (got told) {
	r.auth.set(func(_ context.Context, q question) error { return rule(q) })
	at := strings.LastIndex(member, ".")
	call := <-r.client.Send(interactively(path, member[:at], member[at+1:], args...), make(chan *dbus.Call, 1)).Done
	named := []string{string(path), "PATH", uuidA.String(), "UUID", uuidC.String(), "UUID"}
	if path == rootPath {
		named = append(named, fmt.Sprintf("%q", fmt.Sprint(args[0])), "ARG", "container:"+fmt.Sprint(args[0]), "container:ARG")
	}
	same := strings.NewReplacer(named...)
	got.Error = same.Replace(fmt.Sprint(call.Err))
	for _, q := range r.auth.questions() {
		got.Asked++
		if q.Interactive {
			got.Shown = append(got.Shown, same.Replace(fmt.Sprint(q.Action, q.Details)))
		}
	}
	slices.Sort(got.Shown)
	return got
}
