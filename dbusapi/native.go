package dbusapi

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/lxcconf"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// lxcTools is libvirt's word for LXC's configuration.
const lxcTools = "lxc-tools"

// convertNativeMethod asks for the right to read: it translates a text that the caller has, and reads no file and no
// container. libvirt asks for org.libvirt.api.connect.write, since its drivers look at the host for that.
func convertNativeMethod() *method {
	return &method{
		name: "ConvertNative", in: "ssa{sv}", out: "sa(sus)", action: contract.ActionRead, doing: "convert a configuration",
		options: map[string]string{"name": "s", "file": "s", "files": "a(ss)", "unread": "a(ss)"},
		limit:   maxXMLArgs, run: convertNative,
	}
}

// lost is one warning in ConvertNative's reply.
type lost struct {
	File string
	Line uint32
	Text string
}

func convertNative(_ context.Context, _ *Server, c *call) ([]any, error) {
	if format := c.args[0].(string); format != lxcTools {
		return nil, stdError(contract.ErrorInvalidArgs, "unsupported config type %.60s", format)
	}
	file := option[string](c, "file")
	if file == "" {
		file = "config"
	}
	read := syntax.Files(texts(c, "files"), texts(c, "unread"))
	r, err := lxcconf.Convert(file, c.args[1].(string), lxcconf.Options{Name: option[string](c, "name"), Read: read})
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
	var e *syntax.Error
	if !errors.As(err, &e) {
		return "", nil, false
	}
	return contract.ErrorInvalidArgs, details{
		"file": dbus.MakeVariant(e.File), "line": dbus.MakeVariant(uint32(e.Line)), "key": dbus.MakeVariant(e.Key),
	}, true
}
