//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// outcome is what a caller gets of a method, as far as rights are concerned.
type outcome string

const (
	admitted outcome = "admitted"
	refused  outcome = "refused"
	hidden   outcome = "hidden"
)

func outcomeOf(err error) outcome {
	var e dbus.Error
	if !errors.As(err, &e) {
		return admitted
	}
	switch e.Name {
	case contract.ErrorAccessDenied, contract.ErrorInteractionRequired:
		return refused
	case contract.ErrorUnknownObject, contract.ErrorNoSuchContainer:
		if strings.Contains(e.Error(), "no right to see it") {
			return hidden
		}
	}
	return admitted
}

// ownersMay are the actions that a rule may give the owner of a container.
var ownersMay = []string{contract.ActionRead, contract.ActionMonitor, contract.ActionControl, contract.ActionConsole, contract.ActionExec}

// callers are who calls, as polkit's rules see him.
func callers() map[string]func(context.Context, question) error {
	return map[string]func(context.Context, question) error{
		"root": func(context.Context, question) error { return errors.New("nobody is asked about root") },
		"admin": func(context.Context, question) error {
			return nil
		},
		"owner": func(_ context.Context, q question) error {
			if q.Details[contract.DetailCallerIsOwner] == "yes" && slices.Contains(ownersMay, q.Action) {
				return nil
			}
			return service.ErrDenied
		},
		"stranger": func(context.Context, question) error { return service.ErrDenied },
	}
}

// wanted is what a caller shall get of a method of an object. own says that the container is his.
func wanted(caller string, k kind, m *method, own bool) outcome {
	above := k == kindManager || k == kindLog
	switch {
	case caller == "root" || caller == "admin":
		return admitted
	case m.open == listsVisible && (caller == "stranger" || !own): // who sees none
		return refused
	case m.open == asksFor && (caller == "stranger" || !own):
		return hidden
	case m.open != "" || above && m.openAbove != "":
		return admitted
	case above:
		return refused
	case caller == "stranger" || !own:
		return hidden
	case slices.Contains(ownersMay, m.action):
		return admitted
	}
	return refused
}

// TestMatrix: each method gives each caller what his rights say: root, one whom a rule lets do everything, one whom a
// rule lets work with his own containers, and one who has no rule. Nobody is asked about root.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for name, rule := range callers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.auth.mu.Lock()
			r.auth.root = name == "root"
			r.auth.mu.Unlock()
			for _, i := range served() {
				for _, m := range i.methods {
					for k, list := range ifaces() {
						if k != kindBranch && slices.ContainsFunc(list, func(one *iface) bool { return one.name == i.name }) {
							r.checkRight(t, name, rule, k, i, m)
						}
					}
				}
			}
		})
	}
}

func (r *rig) checkRight(t *testing.T, caller string, rule func(context.Context, question) error, k kind, i *iface, m *method) {
	t.Helper()
	for _, own := range []bool{true, false} {
		path, args := r.object(t, k, own), sample(m)
		if m.open == asksFor {
			args = []any{map[string]any{"GetContainerByName": "b", "GetContainerByUUID": uuidB.String(), "GetContainerByLeader": uint32(42), "GetContainerByID": uint32(41)}[m.name]}
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		r.auth.set(rule)
		err := r.client.Object(contract.BusName, path).CallWithContext(ctx, i.name+"."+m.name, 0, args...).Err
		asked := r.auth.questions()
		cancel()
		if got, want := outcomeOf(err), wanted(caller, k, m, own); got != want {
			t.Errorf("%s of %s.%s, own %v: %s, want %s (%v)", caller, i.name, m.name, own, got, want, err)
		}
		if caller == "root" && len(asked) > 0 {
			t.Errorf("%s.%s: somebody is asked about root: %v", i.name, m.name, asked)
		}
	}
}

// object makes the container b anew, his own or another's, with one command in it, and returns the path of an object.
func (r *rig) object(t *testing.T, k kind, own bool) dbus.ObjectPath {
	t.Helper()
	snap := service.Snapshot{UUID: uuidB, Name: "b", State: service.StateRunning, ID: 41, Leader: 42, OwnedBy: service.User{Set: true, UID: 1001}}
	if own {
		snap.OwnedBy.UID = 1000
	}
	r.core.mu.Lock()
	r.core.snaps[uuidB], r.core.processes = snap, nil
	r.core.mu.Unlock()
	r.auth.set(nil)
	p, files, err := r.core.Exec(t.Context(), uuidB, service.Command{Argv: []string{"true"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		_ = f.Close()
	}
	switch k {
	case kindContainer:
		return ContainerPath(uuidB)
	case kindProcess:
		return ProcessPath(p.ProcessKey)
	case kindLog:
		return contract.LogControlPath
	case kindUnknown, kindBranch, kindManager:
	}
	return rootPath
}
