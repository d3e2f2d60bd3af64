// Package lxcconf converts LXC's configuration, lxc.container.conf(5), to a container definition.
//
// It owns the meaning of LXC's keys, in the old and the new spelling. A key without a counterpart becomes a warning
// with its file and line: nothing is skipped in silence. It is pure: the caller passes the function that reads other
// files, and the result depends on nothing of the host.
package lxcconf

import (
	"fmt"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
	"github.com/berthd/berth/internal/native"
)

// Options of a conversion.
type Options struct {
	Name string        // of the container, if no key says it
	Read syntax.Reader // reads the files that keys name; nil reads none
}

// conversion is a configuration that is being converted.
type conversion struct {
	file     string
	options  Options
	tables   tables
	def      domain.Def
	warnings []native.Warning
	warned   map[native.Warning]bool
	fault    *native.Error // the first one

	name     syntax.Entry // lxc.uts.name
	devices  []syntax.Entry
	root     root
	mounts   []syntax.Entry
	networks networks
	limits   limits
	caps     caps
}

// Convert converts the text of a configuration. File is its name in errors and warnings. It returns a *native.Error if
// the text is no configuration, or if a value means nothing.
func Convert(file, text string, o Options) (*native.Result, error) {
	config, err := syntax.Read(file, text, o.Read)
	if err != nil {
		return nil, err
	}
	c := &conversion{file: file, options: o, tables: newTables(), def: empty(), warned: map[native.Warning]bool{}}
	for _, u := range config.Unread {
		c.warn(u.Entry, "'%.200s' is not read: %v", u.Value, u.Why)
	}
	for _, e := range config.Entries {
		c.entry(e)
	}
	for _, finish := range []func(){c.finishName, c.finishRoot, c.finishMounts, c.finishDevices, c.finishNetworks, c.finishLimits, c.finishCaps, c.finishIDMap} {
		finish()
	}
	if c.fault != nil {
		return nil, c.fault
	}
	c.warnings = append(c.warnings, native.Refused(c.def, c.file)...)
	xml, err := c.def.Format(domain.FormatOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &native.Result{XML: xml, Warnings: c.warnings}, nil
}

// empty returns the definition that each conversion begins with, which is libvirt's.
func empty() domain.Def {
	return domain.Def{
		Memory: domain.Memory{Max: 64 << 10, Current: 64 << 10}, VCPUs: 1,
		OS:         domain.OS{Init: "/sbin/init"},
		Features:   domain.Features{Capabilities: domain.Capabilities{Policy: domain.CapAllow}},
		Clock:      domain.Clock{Offset: "utc"},
		OnPoweroff: domain.ActionDestroy, OnReboot: domain.ActionRestart, OnCrash: domain.ActionDestroy,
		Consoles: []domain.Console{{TargetType: "lxc"}},
	}
}

// warn notes what a line loses, once: files include others that were included before.
func (c *conversion) warn(e syntax.Entry, format string, args ...any) {
	w := native.Warning{File: e.File, Line: e.Line, Text: e.Key + ": " + fmt.Sprintf(format, args...)}
	if !c.warned[w] {
		c.warned[w] = true
		c.warnings = append(c.warnings, w)
	}
}

// fail notes a line that means nothing. The first one ends the conversion.
func (c *conversion) fail(e syntax.Entry, format string, args ...any) {
	if c.fault == nil {
		c.fault = e.Error(fmt.Sprintf(format, args...))
	}
}

// refuse notes an error of package domain, if it is one.
func (c *conversion) refuse(e syntax.Entry, err *domain.Error) {
	if err != nil {
		c.fail(e, "%s", err.Text)
	}
}

func (c *conversion) finishName() {
	if c.def.Name == "" {
		c.def.Name = c.options.Name
	}
	if c.def.Name == "" {
		c.fail(syntax.Entry{File: c.file, Key: "lxc.uts.name"}, "it is missing: the container has no name")
		return
	}
	if host := c.def.Hostname(); host != c.def.Name && c.name.Key != "" {
		c.warn(c.name, "the host name is '%.64s': that of a container is its name, without all but letters, digits and '-'", host)
	}
}
