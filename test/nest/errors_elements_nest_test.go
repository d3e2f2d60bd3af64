//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBadElements: a mistake in elements that depend on each other is named, at define or at the
// start. At the reply no run directory, scope or machine is there.
func TestBadElements(t *testing.T) {
	clean(t)
	root := busybox(t)
	ids := func(uids, gids string) string { return "<idmap>" + uids + gids + "</idmap>" }
	const (
		uid = "<uid start='0' target='100000' count='65536'/>"
		gid = "<gid start='0' target='100000' count='65536'/>"
	)
	fs := func(attributes, inner string) string {
		return "<filesystem " + attributes + ">" + inner + "<target dir='/mnt'/></filesystem>"
	}
	for name, c := range map[string]struct {
		g     guest
		start bool // the XML is good
		want  string
	}{
		"ranges overlap inside":      {guest{More: ids(uid+"<uid start='65535' target='300000' count='1'/>", gid)}, false, "domain/idmap/uid[2]@start"},
		"ranges overlap outside":     {guest{More: ids(uid, gid+"<gid start='65536' target='165535' count='1'/>")}, false, "domain/idmap/gid[2]@target"},
		"root is not mapped":         {guest{More: ids("<uid start='1' target='100000' count='65536'/>", gid)}, false, "domain/idmap/uid"},
		"only uid":                   {guest{More: ids(uid, "")}, false, "domain/idmap"},
		"only gid":                   {guest{More: ids("", gid)}, false, "domain/idmap"},
		"341 ranges":                 {guest{More: ids(uid+strings.Repeat("<uid start='70000' target='300000' count='1'/>", 340), gid)}, false, "domain/idmap/uid[341]: there are 341"},
		"user namespace, no root":    {guest{Root: "none", More: ids(uid, gid)}, false, "domain/idmap: the host's root"},
		"chosen ids, no root":        {guest{Root: "none", More: "<container xmlns='urn:berth:container:1'><idmap mode='auto'/></container>"}, false, "berth:idmap: the host's root"},
		"user namespace, host root":  {guest{Root: "/", More: ids(uid, gid)}, false, "domain/idmap: the host's root"},
		"root cannot be mapped":      {guest{Root: "/usr", More: ids(uid, gid)}, true, "/usr: its file system"},
		"user is not mapped":         {guest{More: ids(uid, gid), Args: "<inituser>70000</inituser>"}, true, `inituser "70000" is user 70000`},
		"group is not mapped":        {guest{More: ids(uid, gid), Args: "<initgroup>70000</initgroup>"}, true, `initgroup "70000" has group 70000`},
		"unknown capability":         {guest{More: "<features><capabilities><fly state='on'/></capabilities></features>"}, false, "domain/features/capabilities/fly"},
		"unknown user":               {guest{Args: "<inituser>nosuch</inituser>"}, true, `inituser "nosuch"`},
		"unknown group":              {guest{Args: "<initgroup>nosuch</initgroup>"}, true, `initgroup "nosuch"`},
		"missing source":             {guest{Devs: fs("type='mount'", "<source dir='/nosuch/dir'/>")}, true, "/nosuch/dir: no such file"},
		"missing source of the root": {guest{Root: "/nosuch/root"}, true, "/nosuch/root: no such file"},
		"missing inner source":       {guest{Devs: fs("type='bind'", "<source dir='/nosuch/dir'/>")}, true, "/nosuch/dir: no such file"},
		"source without a path":      {guest{Devs: fs("type='mount'", "")}, false, "domain/devices/filesystem[2]/source"},
		"nbd without a format":       {guest{Devs: fs("type='file'", "<driver type='nbd'/><source file='/x'/>")}, false, "domain/devices/filesystem[2]/driver@format"},
		"ram without usage":          {guest{Devs: fs("type='ram'", "<source units='MiB'/>")}, false, "domain/devices/filesystem[2]/source@usage"},
		"root of type ram":           {guest{Devs: "<filesystem type='ram'><source usage='64'/><target dir='/'/></filesystem>"}, false, "domain/devices/filesystem[2]@type"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			c.g.Name, c.g.Init = "web", "/bin/sh"
			switch c.g.Root {
			case "":
				c.g.Root = root
			case "none":
				c.g.Root = ""
			}
			nothing := func() {
				t.Helper()
				runs, err := filepath.Glob("/run/berth/live/*")
				if err != nil || len(runs) > 0 || len(units(t, "machine-*.scope")) > 0 || len(machines(t)) > 0 {
					t.Errorf("there is something at the moment of the reply: %v, %v, %v, %v", runs, err, units(t, "machine-*.scope"), machines(t))
				}
			}
			refused := func(args ...string) {
				t.Helper()
				if r := try(t, "berthctl", args...); r.Status != 1 || r.Out != "" || !strings.Contains(r.Err, c.want) || strings.Contains(r.Err, "\n") {
					t.Errorf("berthctl %v: %+v, want %q", args, r, c.want)
				}
				nothing()
			}
			file := c.g.file(t)
			refused("create", file)
			if !c.start {
				refused("define", file)
				if _, err := os.Stat("/etc/berth/containers/web.xml"); err == nil {
					t.Error("it is defined")
				}
				return
			}
			c.g.define(t)
			refused("start", "web")
			if i := info(t, "web"); i.State != "shutoff" || i.StateReason != "failed" {
				t.Errorf("it is %s/%s", i.State, i.StateReason)
			}
		})
	}
}
