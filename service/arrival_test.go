package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// TestArrival: a start goes on when the supervisor is in its control group, before systemd has said so, and init is
// executed only when systemd has. If systemd then says that it failed, nothing is left.
func TestArrival(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{"good": "", "failed": "scopes.Started"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s := w.service(t)
				u := define(t, s, "web")
				arrived, registered := make(chan struct{}), make(chan struct{})
				answered := false
				w.arrived, w.fault = arrived, fault
				w.onCall("scopes.Started", func() {
					close(arrived)
					<-registered
					synctest.Wait() // the start waits for the answer
					answered = true
				})
				w.onCall("machines.Register", func() { close(registered) })
				w.onCall("supervisor.Continue", func() {
					if !answered {
						t.Error("init is executed before systemd's answer")
					}
				})
				err := s.Start(context.Background(), u)
				if fault == "" {
					if err != nil {
						t.Fatal(err)
					}
					if err := s.Destroy(context.Background(), u); err != nil {
						t.Error(err)
					}
				} else if start, ok := errors.AsType[*StartError](err); !ok || start.Step != "job" || !errors.Is(err, errFault) {
					t.Errorf("start: %v", err)
				}
				if left := w.left(); len(left) > 0 {
					t.Errorf("left: %q", left)
				}
			})
		})
	}
}
