package config

import (
	"log/slog"
	"time"

	"github.com/berthd/berth/internal/idrange"
)

// Config holds the settings of berth.conf(5).
type Config struct {
	// [Daemon]
	IdleTimeout  time.Duration // IdleTimeoutSec=; 0 means never
	LogLevel     slog.Level    // LogLevel=
	FavorDynMods bool          // FavorDynMods=, the option of cgroup2
	Audit        AuditMode     // Audit=
	Security     SecurityMode  // SecurityDriver=

	// [Container]
	StopTimeout  time.Duration // StopTimeoutSec=, at least 1 s
	ContainerEnv string        // ContainerEnv=, the value of container= in init's environment
	IDRange      idrange.Span  // IDRange=, the pool of ids for <berth:idmap mode='auto'/>
	Path         string        // Path=, the value of PATH= in init's environment

	DefaultConfined bool // DefaultConfined=: without a <seclabel> there is a dynamic label
	RequireConfined bool // RequireConfined=: no container starts without a label
}

// SecurityMode says which security labels containers get.
type SecurityMode string

// The modes. SecurityAuto takes what the host has; with SecuritySELinux no container starts without it.
const (
	SecurityAuto    SecurityMode = "auto"
	SecuritySELinux SecurityMode = "selinux"
	SecurityNone    SecurityMode = "none"
)

// AuditMode says what the host's audit log gets.
type AuditMode string

// The modes. With AuditRequired no container starts whose records cannot be written.
const (
	AuditOff      AuditMode = "off"
	AuditOn       AuditMode = "on"
	AuditRequired AuditMode = "required"
)

// Default returns the settings of an empty file.
func Default() Config {
	return Config{
		IdleTimeout:  120 * time.Second,
		LogLevel:     slog.LevelInfo,
		Audit:        AuditOn,
		Security:     SecurityAuto,
		StopTimeout:  90 * time.Second,
		ContainerEnv: "libvirt-lxc",
		IDRange:      idrange.Default(),
		Path:         "/bin:/usr/bin",
	}
}
