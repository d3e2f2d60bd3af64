package hostnet

import (
	"github.com/godbus/dbus/v5"
)

// leasesRule matches what systemd-networkd says when an address was given, renewed or given back by its DHCP servers.
const (
	leasesRule = "type='signal',sender='" + BusName + "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',arg0='" + dhcpServer + "'"
	changedAny = "org.freedesktop.DBus.Properties.PropertiesChanged"
	theBus     = "org.freedesktop.DBus"
)

// Signals are what a Host hears of systemd-networkd.
func Signals() map[string]string { return map[string]string{changedAny: "sa{sv}as"} }

// WatchFilter implements service.Forwards.
func (f *Forwards) WatchFilter(removed func()) (stop func(), err error) {
	return watchTables(func(name string) bool { return name == forwardTable }, removed)
}

// WatchLeases implements service.Forwards. It waits for nobody: the bus has the rule before any call that comes later.
func (f *Forwards) WatchLeases(changed func()) (stop func(), err error) {
	signals := make(chan *dbus.Signal, 16)
	f.host.Bus.Signal(signals)
	f.host.Bus.BusObject().Go(theBus+".AddMatch", dbus.FlagNoReplyExpected, nil, leasesRule)
	over := make(chan struct{})
	go func() {
		for {
			select {
			case s, open := <-signals:
				if !open {
					return
				}
				if s.Name == changedAny && len(s.Body) > 0 && s.Body[0] == dhcpServer {
					changed()
				}
			case <-over:
				return
			}
		}
	}()
	return func() {
		f.host.Bus.BusObject().Go(theBus+".RemoveMatch", dbus.FlagNoReplyExpected, nil, leasesRule)
		go func() { // it waits until what has come is read, and who reads it may wait for the caller
			f.host.Bus.RemoveSignal(signals)
			close(over)
		}()
	}, nil
}
