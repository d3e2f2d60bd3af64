package service

import (
	"context"
	"syscall"
)

// scopesFake is systemd.
type scopesFake struct{ *daemon }

func (d scopesFake) Names(machine, _ string) (unit, slice string) {
	return machine + ".scope", "machine.slice"
}

func (d scopesFake) Start(_ context.Context, s Scope) (made bool, err error) {
	if err := d.call("scopes.Start"); err != nil {
		return false, err
	}
	d.mu.Lock()
	d.allowed = nil
	for _, a := range s.Plan.Devices {
		d.allowed = append(d.allowed, a.Path+" "+a.Access)
	}
	d.mu.Unlock()
	if err := d.makeUnit(s); err != nil {
		return false, err
	}
	return true, d.call("scopes.Started")
}

func (d scopesFake) makeUnit(s Scope) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.units[s.Name] != 0 {
		return syscall.EEXIST
	}
	for _, sup := range d.supervisors {
		if sup.pid == s.PID && sup.over() {
			return syscall.ESRCH
		}
	}
	d.units[s.Name], d.scopes[s.Name] = s.PID, s.Plan.Resources
	return nil
}

func (d scopesFake) Stop(_ context.Context, unit string) error {
	err := d.call("scopes.Stop")
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.units, unit)
	return err
}

func (d scopesFake) StopService(_ context.Context, unit string) error {
	return d.call("scopes.StopService " + unit)
}

func (d scopesFake) AwaitFree(context.Context, string) error { return d.call("scopes.AwaitFree") }
