package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/berthd/berth/internal/idrange"
)

// Parse reads the text of one file and changes the settings in c. It returns a warning for each line
// that it cannot use.
func (c *Config) Parse(r io.Reader) (warnings []string) {
	text, err := io.ReadAll(r)
	if err != nil {
		return []string{err.Error()}
	}
	if line, ok := stray(string(text)); ok {
		warnings = append(warnings, line+": this line is before the first [Section]")
	}
	options, err := unit.DeserializeOptions(bytes.NewReader(text))
	for _, o := range options {
		if err := c.set(o.Section, o.Name, o.Value); err != nil {
			warnings = append(warnings, fmt.Sprintf("[%s] %s=%s: %v", o.Section, o.Name, o.Value, err))
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the last line is not an assignment")
		}
		warnings = append(warnings, fmt.Sprintf("everything after %s is ignored: %v", last(options), err))
	}
	return warnings
}

// stray returns the first line if it belongs to no section. The parser ignores such lines silently.
func stray(text string) (line string, found bool) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && line[0] != ';' {
			return line, line[0] != '['
		}
	}
	return "", false
}

// last names the last assignment that could be read.
func last(options []*unit.UnitOption) string {
	if len(options) == 0 {
		return "the beginning"
	}
	o := options[len(options)-1]
	return fmt.Sprintf("[%s] %s=", o.Section, o.Name)
}

func (c *Config) set(section, key, value string) error {
	switch section + "/" + key {
	case "Daemon/IdleTimeoutSec":
		return setSpan(&c.IdleTimeout, value, 0)
	case "Daemon/LogLevel":
		return setLevel(&c.LogLevel, value)
	case "Daemon/FavorDynMods":
		return setBool(&c.FavorDynMods, value)
	case "Daemon/Audit":
		return setAudit(&c.Audit, value)
	case "Daemon/SecurityDriver":
		return setSecurity(&c.Security, value)
	case "Container/DefaultConfined":
		return setBool(&c.DefaultConfined, value)
	case "Container/RequireConfined":
		return setBool(&c.RequireConfined, value)
	case "Container/StopTimeoutSec":
		return setSpan(&c.StopTimeout, value, time.Second)
	case "Container/ContainerEnv":
		return setWord(&c.ContainerEnv, value)
	case "Container/IDRange":
		return setIDRange(&c.IDRange, value)
	case "Container/Path":
		return setPath(&c.Path, value)
	}
	return fmt.Errorf("this key is unknown; known are %s", strings.Join(Keys(), ", "))
}

// Keys returns all keys, each as Section.Key.
func Keys() []string {
	return []string{
		"Daemon.IdleTimeoutSec", "Daemon.LogLevel", "Daemon.FavorDynMods", "Daemon.Audit", "Daemon.SecurityDriver",
		"Container.StopTimeoutSec", "Container.ContainerEnv", "Container.IDRange", "Container.Path",
		"Container.DefaultConfined", "Container.RequireConfined",
	}
}

func setLevel(to *slog.Level, value string) error {
	switch value {
	case "debug":
		*to = slog.LevelDebug
	case "info":
		*to = slog.LevelInfo
	case "warn":
		*to = slog.LevelWarn
	case "error":
		*to = slog.LevelError
	default:
		return errors.New("it must be debug, info, warn or error")
	}
	return nil
}

func setAudit(to *AuditMode, value string) error {
	switch mode := AuditMode(value); mode {
	case AuditOff, AuditOn, AuditRequired:
		*to = mode
		return nil
	}
	return errors.New("it must be off, on or required")
}

func setSecurity(to *SecurityMode, value string) error {
	switch mode := SecurityMode(value); mode {
	case SecurityAuto, SecuritySELinux, SecurityNone:
		*to = mode
		return nil
	}
	return errors.New("it must be auto, selinux or none")
}

// setBool sets what systemd reads as a boolean (systemd.syntax(7)).
func setBool(to *bool, value string) error {
	switch strings.ToLower(value) {
	case "yes", "y", "true", "t", "on", "1":
		*to = true
	case "no", "n", "false", "f", "off", "0":
		*to = false
	default:
		return errors.New("it must be yes or no")
	}
	return nil
}

// setWord sets a single word. It returns an error if value is empty, or has blanks or characters that
// cannot be printed.
func setWord(to *string, value string) error {
	odd := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if value == "" || strings.ContainsFunc(value, odd) {
		return errors.New("it must be one word")
	}
	*to = value
	return nil
}

func setIDRange(to *idrange.Span, value string) error {
	pool, err := idrange.ParsePool(value)
	if err == nil {
		*to = pool
	}
	return err
}

// setPath sets a list of directories. It returns an error if one is relative: that would be searched
// for in the working directory.
func setPath(to *string, value string) error {
	for dir := range strings.SplitSeq(value, ":") {
		if !path.IsAbs(dir) || strings.ContainsFunc(dir, unicode.IsControl) {
			return errors.New("it must be a list of absolute directories, separated by colons")
		}
	}
	*to = value
	return nil
}

func setSpan(to *time.Duration, value string, least time.Duration) error {
	d, err := ParseSpan(value)
	if err != nil {
		return err
	}
	if d < least {
		return fmt.Errorf("it must be at least %v, and not infinity", least)
	}
	*to = d
	return nil
}
