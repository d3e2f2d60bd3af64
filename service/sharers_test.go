package service

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRenameNamed: a container that others share namespaces with by its name keeps the name, and the error says who
// they are; afterwards nothing has changed. It is free again when they name it no more.
func TestRenameNamed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld()
	s := w.service(t)
	db := define(t, s, "db")
	refused := func(want ...string) {
		t.Helper()
		var named *NamedError
		err := s.Rename(ctx, db, "base")
		if !errors.As(err, &named) {
			t.Fatalf("got %v, want %q", err, want)
		}
		if diff := cmp.Diff(want, named.By); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if _, err := s.ByName("base"); !errors.Is(err, ErrNoContainer) {
			t.Errorf("by the new name: %v", err)
		}
	}
	web := define(t, s, "web", lxcShares("<shareuts type='name' value='db'/>"))
	app := define(t, s, "app", lxcShares("<shareipc type='name' value='db'/>"))
	define(t, s, "other", lxcShares("<sharenet type='netns' value='db'/>"))
	refused("app", "web")
	if err := s.Undefine(ctx, app); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(ctx, db); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(ctx, web); err != nil {
		t.Fatal(err)
	}
	if err := s.Redefine(ctx, web, "", xmlOf("web")); err != nil {
		t.Fatal(err)
	}
	if err := s.Destroy(ctx, db); err != nil {
		t.Fatal(err)
	}
	refused("web") // it would fail to reboot
	if err := s.Destroy(ctx, web); err != nil {
		t.Fatal(err)
	}
	if err := s.Rename(ctx, db, "base"); err != nil {
		t.Errorf("named by nobody: %v", err)
	}
}

// TestNamedError: the message has the names of ten containers at most.
func TestNamedError(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprint("c", i))
	}
	for want, e := range map[string]*NamedError{
		"other definitions name it in <lxc:namespace>: 'app', 'web' (until its next start); change them first":                                    {By: []string{"app", "web"}, Runs: []string{"web"}},
		"other definitions name it in <lxc:namespace>: 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', and 2 more; change them first": {By: many},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
