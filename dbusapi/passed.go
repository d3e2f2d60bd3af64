package dbusapi

import (
	"context"
	"regexp"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/service"
)

// Descriptors that are passed to a container come with the call that starts it. A bus lets only so many into one
// message (16 on most system buses), so a caller can hand over more before: they are staged until a start of the
// same caller takes them, or until the caller leaves the bus.

// passOptions are the options of the methods that start a container.
func passOptions() map[string]string {
	return map[string]string{"fds": "a(sh)", "staged": "b", "autodestroy": "b", "unit": "s"}
}

// startOptions are the options of Start.
func startOptions() map[string]string {
	options := passOptions()
	options["adopt"] = "b"
	return options
}

// boundUnit is a name of a service, as systemd takes it (systemd.unit(5)).
var boundUnit = regexp.MustCompile(`^[A-Za-z0-9:_.@\\-]{1,247}\.service$`)

func stageFDs(_ context.Context, s *Server, c *call) ([]any, error) {
	n, err := s.inbound.stage(c, c.passing(c.args[0].([][]any)))
	if err != nil {
		return nil, err
	}
	return []any{uint32(n)}, nil
}

// passing returns the descriptors of a value of a(sh) with their names.
func (c *call) passing(rows [][]any) (list []service.Passed) {
	for _, row := range rows { // of two, by the signature
		list = append(list, service.Passed{Name: row[0].(string), File: c.file(row[1].(dbus.UnixFDIndex))})
	}
	return list
}

// passed returns the descriptors that the options of a start name, the staged ones first. The caller must call
// done when they are not needed any more.
func (in *inbound) passed(c *call) (list []service.Passed, done func()) {
	done = func() {}
	if option[bool](c, "staged") {
		set := in.unstage(c.caller)
		list, done = set.passed, func() { in.settle(c.caller, set) }
	}
	return append(list, c.passing(option[[][]any](c, "fds"))...), done
}

// staged is what a caller has handed over for its next start.
type staged struct {
	passed []service.Passed
	calls  []*call // whose descriptors they are
}

// settle closes descriptors that were staged, and counts them out.
func (in *inbound) settle(of *caller, set staged) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.discard(of, set)
}

// discard is settle for who holds mu.
func (in *inbound) discard(of *caller, set staged) {
	for _, c := range set.calls {
		of.account.files -= c.count
		c.closeFiles()
	}
	if of.account != nil {
		in.forget(of.account)
	}
}

// stage keeps descriptors of a call until the caller's next start. It returns how many are staged then. If those are
// too many, none is staged any more.
func (in *inbound) stage(c *call, list []service.Passed) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := &c.caller.staged
	n := len(s.passed) + len(list)
	switch {
	case in.callers[c.sender] != c.caller:
		return 0, stdError(contract.ErrorInvalidArgs, "the caller has left the bus")
	case n > service.MaxPassed:
		in.discard(c.caller, *s)
		*s = staged{}
		return 0, stdError(contract.ErrorLimitsExceeded, "%d descriptors to pass, the limit is %d", n, service.MaxPassed)
	}
	s.passed = append(s.passed, list...)
	s.calls = append(s.calls, &call{header: &bus.Header{Files: c.take()}, count: c.count})
	c.caller.account.files += c.count // until they are closed; those of the call end with it
	return len(s.passed), nil
}

// unstage takes what a caller has staged.
func (in *inbound) unstage(of *caller) staged {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := of.staged
	of.staged = staged{}
	return s
}
