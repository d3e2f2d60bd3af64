package dbusapi

import (
	"cmp"
	"context"
	"errors"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/lxcconf"
	"github.com/berthd/berth/internal/lxcconf/syntax"
	"github.com/berthd/berth/internal/native"
	"github.com/berthd/berth/internal/nspawnconf"
)

// The formats that are converted. lxc-tools is libvirt's word for LXC's configuration.
const (
	lxcTools = "lxc-tools"
	nspawn   = "nspawn"
)

// convertNativeMethod asks for the right to read: it translates a text that the caller has, and reads no file and no
// container. libvirt asks for org.libvirt.api.connect.write, since its drivers look at the host for that.
func convertNativeMethod() *method {
	return &method{
		name: "ConvertNative", in: "ssa{sv}", out: "sa(sus)", action: contract.ActionRead, doing: "convert a configuration",
		options: map[string]string{
			"name": "s", "file": "s", "files": "a(ss)", "unread": "a(ss)", "root": "s", "owner": "u", "init": "s", "untrusted": "b", "dropins": "a(ss)",
		},
		limit: maxXMLArgs, run: convertNative,
	}
}

// lost is one warning in ConvertNative's reply.
type lost struct {
	File string
	Line uint32
	Text string
}

func convertNative(_ context.Context, _ *Server, c *call) ([]any, error) {
	switch format := c.args[0].(string); format {
	case lxcTools:
		return convertLXC(c)
	case nspawn:
		return convertNspawn(c)
	default:
		return nil, stdError(contract.ErrorInvalidArgs, "unsupported config type %.60s", format)
	}
}

func convertLXC(c *call) ([]any, error) {
	file := cmp.Or(option[string](c, "file"), "config")
	read := syntax.Files(texts(c, "files"), texts(c, "unread"))
	r, err := lxcconf.Convert(file, c.args[1].(string), lxcconf.Options{Name: option[string](c, "name"), Read: read})
	return converted(r, err)
}

func convertNspawn(c *call) ([]any, error) {
	o := nspawnconf.Options{
		Name: option[string](c, "name"), Root: option[string](c, "root"), Init: option[string](c, "init"), Untrusted: option[bool](c, "untrusted"),
	}
	if owner, given := c.options()["owner"].Value().(uint32); given {
		o.Owner = &owner
	}
	for _, pair := range option[[][]any](c, "dropins") {
		o.DropIns = append(o.DropIns, nspawnconf.DropIn{File: pair[0].(string), Text: pair[1].(string)})
	}
	r, err := nspawnconf.Convert(cmp.Or(option[string](c, "file"), "settings"), c.args[1].(string), o)
	return converted(r, err)
}

// converted is the reply.
func converted(r *native.Result, err error) ([]any, error) {
	if err != nil {
		return nil, err
	}
	list := make([]lost, len(r.Warnings))
	for i, w := range r.Warnings {
		list[i] = lost{w.File, uint32(w.Line), w.Text}
	}
	return []any{r.XML, list}, nil
}

// texts returns an option with texts by their names.
func texts(c *call, key string) map[string]string {
	of := map[string]string{}
	for _, pair := range option[[][]any](c, key) {
		of[pair[0].(string)] = pair[1].(string)
	}
	return of
}

// nativeError is a mistake in a configuration, with its place.
func nativeError(err error) (string, details, bool) {
	e, ok := errors.AsType[*native.Error](err)
	if !ok {
		return "", nil, false
	}
	return contract.ErrorInvalidArgs, details{
		"file": dbus.MakeVariant(e.File), "line": dbus.MakeVariant(uint32(e.Line)), "key": dbus.MakeVariant(e.Key),
	}, true
}
