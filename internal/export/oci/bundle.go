package oci

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/export"
	"github.com/berthd/berth/internal/plan"
)

// Bundle is what a bundle's directory has.
type Bundle struct {
	Config      *specs.Spec       // config.json
	Directories []string          // empty ones, by their paths in the bundle
	Files       map[string]string // the texts of files, by their paths in the bundle
}

// The versions of the specification that a configuration needs. Runtimes refuse one that is too new for them.
const (
	version      = "1.0.2"
	versionIDMap = "1.1.0" // mounts with id maps
)

// conversion is one that goes on.
type conversion struct {
	*export.Source
	host     export.Host
	bundle   *Bundle
	config   *specs.Spec
	warnings export.Warnings
}

// Convert makes the bundle of a container. It returns an error if a runtime would give the container more rights than
// Berth does, and nobody could see that.
func Convert(s *export.Source, h export.Host) (*Bundle, export.Warnings, error) {
	c := &conversion{Source: s, host: h}
	c.config = &specs.Spec{Version: version, Hostname: s.Plan.Hostname, Linux: &specs.Linux{}}
	c.bundle = &Bundle{Config: c.config, Files: map[string]string{}}
	if err := c.process(); err != nil {
		return nil, nil, err
	}
	c.namespaces()
	c.root()
	c.mounts()
	c.filesystems()
	c.devices()
	c.resources()
	c.config.Linux.Seccomp = seccomp(s.Plan, s.Def.OS.Arch)
	c.links()
	c.annotations()
	c.lost()
	return c.bundle, c.warnings, nil
}

func (c *conversion) warn(element, format string, args ...any) {
	c.warnings.Add(element, format, args...)
}

// annotations say whose bundle it is, and how init is asked to end.
func (c *conversion) annotations() {
	c.config.Annotations = map[string]string{"org.berth1.name": c.Def.Name, "org.berth1.uuid": c.Def.UUID.String()}
	if sig := c.Def.Extension.ShutdownSignal; sig != "" {
		c.config.Annotations["org.opencontainers.image.stopSignal"] = sig
	}
	if t := c.Def.Extension.ShutdownTimeout; t != 0 { // --systemd-cgroup passes it on to the scope
		c.config.Annotations["org.systemd.property.TimeoutStopUSec"] = fmt.Sprintf("uint64 %d", t*1_000_000)
	}
}

func idMappings(list []plan.IDRange) (out []specs.LinuxIDMapping) {
	for _, r := range list {
		out = append(out, specs.LinuxIDMapping{ContainerID: r.Inside, HostID: r.Outside, Size: r.Count})
	}
	return out
}
