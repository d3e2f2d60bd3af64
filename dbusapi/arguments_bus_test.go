//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/domain"
	private "github.com/berthd/berth/test/bus"
)

// TestArgumentsRefused: arguments that a method does not take, too many bytes of them, and such as would end
// godbus's connection are one call's error, and are never decoded.
func TestArgumentsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	raw := private.DialRaw(t, r.bus.Address)
	variants := "\x00\x00\x20\x00" + strings.Repeat("\x01y\x00v", 1<<19)
	for _, c := range []struct {
		name      string
		path      dbus.ObjectPath
		member    string
		signature string
		body      string
		want      string
	}{
		{"signatures for keys", ContainerPath(uuidA), contract.ContainerInterface + ".Start", "a{gs}", "\x0a\x00\x00\x00\x00\x00\x00\x00\x01y\x00\x00\x01\x00\x00\x00v\x00", contract.ErrorInvalidArgs},
		{"booleans for keys", rootPath, contract.ManagerInterface + ".ListContainers", "a{bv}", "\x00\x00\x00\x00\x00\x00\x00\x00", contract.ErrorInvalidArgs},
		{"2 MiB of variants", ContainerPath(uuidA), contract.ContainerInterface + ".Start", "av", variants, contract.ErrorInvalidArgs},
		{"2 MiB for no method", ContainerPath(uuidA), contract.ContainerInterface + ".Explode", "av", variants, contract.ErrorUnknownMethod},
		{"2 MiB for no object", "/nowhere", contract.ContainerInterface + ".Start", "av", variants, contract.ErrorUnknownObject},
		{"a body for none", rootPath, peerName + ".Ping", "s", "\x01\x00\x00\x00x\x00", contract.ErrorInvalidArgs},
		{"an option that is a dictionary", ContainerPath(uuidA), contract.ContainerInterface + ".Start", "a{sv}", "\x18\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00k\x00\x05a{gs}\x00" + strings.Repeat("\x00", 11), contract.ErrorInvalidArgs},
	} {
		dot := strings.LastIndexByte(c.member, '.')
		raw.Call(t, private.Headers{
			dbus.FieldDestination: dbus.MakeVariant(contract.BusName),
			dbus.FieldPath:        dbus.MakeVariant(c.path),
			dbus.FieldInterface:   dbus.MakeVariant(c.member[:dot]),
			dbus.FieldMember:      dbus.MakeVariant(c.member[dot+1:]),
			dbus.FieldSignature:   dbus.MakeVariant(dbus.ParseSignatureMust(c.signature)),
		}, []byte(c.body))
		if got := raw.Await(t); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for _, call := range []*dbus.Call{
		r.call(rootPath, contract.ManagerInterface+".DefineXML", strings.Repeat("x", maxXMLArgs), noOptions()),
		r.call(rootPath, contract.ManagerInterface+".GetContainerByName", strings.Repeat("x", maxArgs)),
	} {
		if text := fails(t, call, contract.ErrorLimitsExceeded); !strings.Contains(text, "the limit is") {
			t.Errorf("message %q", text)
		}
	}
	if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
		t.Errorf("the server after it: %v", err)
	}
}

// TestRefuse: each fault of a body has its error.
func TestRefuse(t *testing.T) {
	t.Parallel()
	m := &method{name: "Do", in: "s"}
	for _, c := range []struct {
		fault *bus.Fault
		name  string
		text  string
	}{
		{nil, "", ""},
		{&bus.Fault{Kind: bus.WrongSignature}, contract.ErrorInvalidArgs, `Do takes arguments of signature "s", not "u"`},
		{&bus.Fault{Kind: bus.TooLarge}, contract.ErrorLimitsExceeded, "the arguments of Do have 70000 bytes, the limit is 65536"},
		{&bus.Fault{Kind: bus.Malformed, Why: errors.New("a boolean is 7")}, contract.ErrorInvalidArgs, "the arguments of Do are malformed: a boolean is 7"},
	} {
		got := m.refuse(&bus.Header{Signature: "u", Length: 70000, Fault: c.fault})
		if got == nil {
			got = &busError{}
		}
		if got.name != c.name || got.text != c.text {
			t.Errorf("got %s: %s; want %s: %s", got.name, got.text, c.name, c.text)
		}
	}
}

// TestTooManyBytes: what one caller's calls hold in arguments has a bound, others are served, and so is it again when
// they are done.
func TestTooManyBytes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	release := make(chan struct{})
	r.core.set(func(context.Context, string, domain.UUID) error { <-release; return nil })
	text := strings.Repeat("x", maxXMLArgs-100)
	var calls []*dbus.Call
	for range maxBytesPerCaller / maxXMLArgs {
		calls = append(calls, r.client.Object(contract.BusName, rootPath).Go(contract.ManagerInterface+".DefineXML", 0, nil, text, noOptions()))
	}
	fails(t, r.call(rootPath, contract.ManagerInterface+".DefineXML", text, noOptions()), contract.ErrorLimitsExceeded)
	if err := r.bus.Connect(t).Object(contract.BusName, rootPath).Call(peerName+".Ping", 0).Err; err != nil {
		t.Errorf("another caller is refused: %v", err)
	}
	close(release)
	for _, call := range calls {
		<-call.Done
		var e dbus.Error
		if errors.As(call.Err, &e) && e.Name == contract.ErrorLimitsExceeded {
			t.Errorf("a call that fits: %v", call.Err)
		}
	}
	call := r.call(rootPath, contract.ManagerInterface+".DefineXML", text, noOptions())
	var e dbus.Error
	if errors.As(call.Err, &e) && e.Name == contract.ErrorLimitsExceeded {
		t.Errorf("the caller stays refused: %v", call.Err)
	}
}
